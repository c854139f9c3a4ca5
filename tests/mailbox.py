"""The mails of a test: what the service has written to its folder because no mail server is set."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from pb_service.background import job_runner
from pb_service.service import Service


async def delivered(service: Service) -> list[EmailMessage]:
    """Run all jobs that are due, and return every mail so far, oldest first."""
    await job_runner(service).run_due()
    files = sorted((service.settings.data / "mail").glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=default) for file in files]


def words(mail: EmailMessage, kind: str = "plain") -> str:
    """Return what a mail says, as ``plain`` text or as ``html``."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
