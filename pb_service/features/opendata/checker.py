"""The checker as one file (pb-verify.pyz): from the same sources the same bytes, on every machine.

Only its sources are read; nothing of it is imported here, nor anything else than the standard library, so that
scripts/build-verifier can use this without an environment.
"""

import io
import zipfile
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[3]
_START = "import sys\nfrom pb_service.verifier.__main__ import main\nsys.exit(main())\n"


def checker_file(root: Path = _ROOT) -> bytes:
    """Return the archive made from the sources below ``root``; raises FileNotFoundError without its licence."""
    sources = sorted((root / "pb_service" / "verifier").rglob("*.py"))
    members = {"__main__.py": _START.encode(), "pb_service/__init__.py": b""}
    members["LICENSE"] = (root / "LICENSE").read_bytes()
    members |= {path.relative_to(root).as_posix(): path.read_bytes() for path in sources}
    packed = io.BytesIO(b"#!/usr/bin/env python3\n")
    packed.seek(0, io.SEEK_END)
    with zipfile.ZipFile(packed, "a") as archive:
        for name, content in sorted(members.items()):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3  # else it says on which system it was built
            info.external_attr = 0o100644 << 16
            archive.writestr(info, content)
    return packed.getvalue()
