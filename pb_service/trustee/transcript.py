"""What a trustee did, in a file to print and sign."""

from datetime import UTC, datetime
from pathlib import Path


class Transcript:
    """Lines with the time of this machine, appended as they happen. Nothing secret is ever among them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, text: str) -> None:
        at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{at}  {text}\n")
