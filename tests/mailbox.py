"""The mails of a test: what the service has written to its folder because no mail server is set."""

import asyncio
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from sqlalchemy import or_, select

from pb_service.background import HANDLERS, job_runner
from pb_service.platform.jobs import Job
from pb_service.service import Service


async def delivered(service: Service) -> list[EmailMessage]:
    """Run all jobs that are due, and return every mail so far, oldest first."""
    await settled(service)
    files = sorted((service.settings.data / "mail").glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=default) for file in files]


async def settled(service: Service) -> None:
    """Run all jobs that are due; what the application's own runner has taken meanwhile is waited for."""
    runner = job_runner(service)
    open_jobs = select(Job.id).where(
        Job.dead_at.is_(None),
        or_(Job.runner.is_not(None), Job.run_at.is_(None), Job.run_at <= service.clock()),
        Job.name.in_(HANDLERS),
    )
    async with asyncio.timeout(300):
        while True:
            await runner.run_due()
            async with service.database.reading() as session:
                if await session.scalar(open_jobs.limit(1)) is None:
                    return
            await asyncio.sleep(0.02)


def words(mail: EmailMessage, kind: str = "plain") -> str:
    """Return what a mail says, as ``plain`` text or as ``html``."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
