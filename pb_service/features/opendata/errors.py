"""What can be wrong with an import or a download."""

from pb_service.platform.errors import DomainError, StepRefused


class ImportRefused(DomainError):
    """The files do not make a round that this service can count. ``code``, with ``values``, is what a translated
    sentence hangs on: none, slug, currency, currency_code, repeated, ends, amount, title, rule, ranks, key, date.
    """

    status = 422
    type = "import-refused"

    def __init__(self, message: str, code: str, **values: object) -> None:
        super().__init__(message)
        self.code, self.values = code, values


class NothingToExport(DomainError):
    """The round has no published count yet."""

    status = 409
    type = "nothing-to-export"


class EvidenceRefused(StepRefused):
    """Evidence for auditors cannot be asked for, allowed or taken. ``code``: phase, seed, same_hand, allowed, ended,
    absent.
    """

    type = "evidence-refused"
