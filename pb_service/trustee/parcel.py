"""An errand file: the record as a trustee needs it for what is due, in one file; her answer stands in one beside it.

Whoever carries the file need not be trusted: what is in it is checked like everything that an address gives.
"""

from pathlib import Path
from zipfile import BadZipFile, ZipFile

from pb_service.core.rounds.bundle import zip_stored
from pb_service.trustee.durable import replace
from pb_service.trustee.sources import MOST_BYTES, Source, SourceError, source_of


class Parcel:
    """A record in an errand file. What is handed in is kept in the answer file, whole after each piece."""

    def __init__(self, path: Path) -> None:
        self.answer = path.with_name(f"{path.stem}-answer.zip")
        self._given: dict[str, bytes] = {}
        try:
            with ZipFile(path) as file:
                if sum(member.file_size for member in file.infolist()) > MOST_BYTES:
                    raise SourceError(f"{path} is longer than any errand.")
                self._files = {member.filename: file.read(member) for member in file.infolist()}
        except (BadZipFile, OSError, NotImplementedError) as error:
            raise SourceError(f"{path} is no errand file, or damaged: {error}.") from error

    @property
    def has_answer(self) -> bool:
        """Whether anything was handed in."""
        return bool(self._given)

    def read(self, path: str) -> bytes:
        if path not in self._files:
            raise SourceError(f"The errand has no {path}. Download it again.")
        return self._files[path]

    def hand_in(self, kind: str, body: bytes) -> None:
        self._given[f"{len(self._given):05d}-{kind}"] = body
        replace(self.answer, zip_stored(self._given))


def record_of(place: str) -> Source:
    """Return the source of an errand file, or of a record at an address or in a folder. Raises SourceError."""
    is_file = "://" not in place and Path(place).is_file()
    return Parcel(Path(place)) if is_file else source_of(place)
