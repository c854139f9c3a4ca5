"""What can be wrong with an import or a download."""

from pb_service.platform.errors import DomainError


class ImportRefused(DomainError):
    """The files do not make a round that this service can count."""

    status = 422
    type = "import-refused"


class NothingToExport(DomainError):
    """The round has no published count yet."""

    status = 409
    type = "nothing-to-export"


class EvidenceRefused(DomainError):
    """Evidence for auditors cannot be asked for, allowed or taken. ``code``: phase, seed, same_hand, allowed, ended,
    absent.
    """

    status = 409
    type = "evidence-refused"

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
