"""The published files of all logs on disk: ``<root>/<slug>/checkpoint``, ``…/witnessed`` and ``…/tile/…``.

A file is there whole or not at all, and stays after a power cut: it is written beside its place, synced, renamed, and
the folder synced. Whoever can write here can publish nothing of their own: tiles hang on checkpoints, and those on
the key.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from pb_service.core.record.tiles import Tile, TileError

_BESIDE = ".new-"


class TileStore:
    """Reads and writes the published files below ``root``. Blocking: call it from a thread."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, slug: str, path: str) -> bytes | None:
        """Return the file's content, or None. ``path`` must come from ``Tile.path``, or be
        ``checkpoint`` or ``witnessed``."""
        try:
            return (self.root / slug / path).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, slug: str, files: Mapping[str, bytes]) -> None:
        """Write the files durably, each whole or not at all. What stands there with the same content is left alone."""
        folders: set[Path] = set()
        for path, content in files.items():
            if self.read(slug, path) != content:
                target = self.root / slug / path
                folders |= self._make(target.parent) | {target.parent}
                self._replace(target, content)
        for folder in folders:
            _sync(folder)

    def read_tile(self, slug: str, tile: Tile) -> bytes | None:
        """Return the tile or bundle, or None. A partial one whose file is gone is cut from the full one."""
        found = self.read(slug, tile.path)
        if found is None and (full := self.read(slug, tile.full.path)) is not None:
            return tile.cut(full)
        return found

    def read_checkpoint(self, slug: str) -> bytes | None:
        """Return the newest checkpoint, with the cosignatures of witnesses if they have seen it, or None."""
        newest, witnessed = self.read(slug, "checkpoint"), self.read(slug, "witnessed")
        return witnessed if newest and witnessed and witnessed.startswith(newest) else newest

    def logs(self) -> list[str]:
        """Return the slugs of all logs with a checkpoint."""
        return sorted(path.parent.name for path in self.root.glob("*/checkpoint"))

    def tiles(self, slug: str) -> list[Tile]:
        """Return the tiles and bundles that are there, and clear away what interrupted writes have left."""
        found = []
        folder = self.root / slug
        for parent, _, names in os.walk(folder):
            for place in (Path(parent) / name for name in names):
                if place.name.startswith(_BESIDE):
                    place.unlink(missing_ok=True)
                    continue
                with suppress(TileError):
                    found.append(Tile.parse(place.relative_to(folder).as_posix()))
        return found

    def remove_partial(self, slug: str, paths: Iterable[str]) -> None:
        """Remove the partial tiles beside each full one of ``paths``: ``read_tile`` cuts them from it."""
        for path in paths:
            shutil.rmtree(self.root / slug / f"{path}.p", ignore_errors=True)

    def erase(self, slug: str) -> None:
        """Remove everything published of a rehearsal's log. Raises ValueError for any other."""
        if not slug.startswith("rehearsal-"):
            raise ValueError(f"{slug!r} is no rehearsal")
        shutil.rmtree(self.root / slug, ignore_errors=True)

    @contextmanager
    def publishing(self, slug: str) -> Iterator[None]:
        """Hold the right to replace the checkpoint, so that comparing and replacing are one step."""
        self._make(self.root / slug)
        with (self.root / slug / ".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def asking(self) -> Iterator[bool]:
        """Hold the right to ask witnesses; yields False, at once, while another process has it."""
        self._make(self.root)
        with (self.root / ".asking").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _replace(self, target: Path, content: bytes) -> None:
        """Put the content in the file's place, synced; the folder is yet to be synced."""
        beside = target.with_name(f"{_BESIDE}{target.name}-{secrets.token_hex(8)}")
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)

    def _make(self, folder: Path) -> set[Path]:
        """Make the folder and return the folders whose list of names has changed."""
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        return {place.parent for place in missing}


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
