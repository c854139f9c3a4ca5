"""Writing a file so that it is there whole or not at all, also after a power cut."""

import os
from pathlib import Path


def replace(path: Path, content: bytes) -> None:
    """Put the content in the file's place, readable by its owner alone; it is on the disk when this returns."""
    beside = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
