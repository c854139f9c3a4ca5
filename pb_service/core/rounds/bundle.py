"""The evidence bundle's container: a ZIP whose bytes follow from its members (docs/schemas/bundle.md section 2)."""

import struct
import zlib
from collections.abc import Mapping

_DOS_DATE = 0x0021  # 1 January 1980, the earliest a ZIP can say
_VERSION = 20


def zip_stored(members: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of the members, sorted by name and stored; the same members give the same bytes.

    zipfile is not used because it writes the platform and file modes into the headers.
    Raises ValueError for a name that is not ASCII or a bundle that would need ZIP64.
    """
    if len(members) >= 0xFFFF or sum(map(len, members.values())) >= 0xF0000000:
        raise ValueError("the bundle is too large for one file without ZIP64")
    body, directory = bytearray(), bytearray()
    for name, data in sorted(members.items()):
        encoded = name.encode("ascii")
        common = struct.pack(
            "<HHHHHIIIHH", _VERSION, 0, 0, 0, _DOS_DATE, zlib.crc32(data), len(data), len(data), len(encoded), 0
        )
        directory += b"PK\x01\x02" + struct.pack("<H", _VERSION) + common
        directory += struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + encoded
        body += b"PK\x03\x04" + common + encoded + data
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return bytes(body + directory + b"PK\x05\x06" + end)
