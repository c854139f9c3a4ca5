"""The ZIP container of section 2 of docs/schemas/bundle.md, read by building every header again and comparing.

A general ZIP reader has to guess what an archive means: which of two directories, overlapping entries, sizes that
disagree. Here each byte outside the members' contents is determined by them, so nothing is left to guess and every
trick that needs an unusual header is refused as unreadable. Nothing is ever unpacked to disk.
"""

import os
import re
import stat
import struct
import zlib

from pb_service.verifier.findings import Unreadable

LIMIT = 2**32 - 1  # the format ends below 4 GiB
MEMBERS = 65_535
NAME = re.compile(r"(?!\.{1,2}(/|$))[A-Za-z0-9._-]+(/(?!\.{1,2}(/|$))[A-Za-z0-9._-]+)*")
LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END = struct.Struct("<4s4H2LH")
VERSION, DATE = 20, 33


def read_file(path: str, limit: int = LIMIT, too_large: str = "too_large") -> bytes:
    """The bytes of the file at `path`. Raises Unreadable, before reading, for what is none or exceeds `limit`."""
    try:
        # Without O_NONBLOCK a named pipe would keep the program waiting for somebody to write into it.
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable("not_a_file", path=path)
            if status.st_size > limit:
                raise Unreadable(too_large, path=path)
            return file.read()
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the path
        raise Unreadable("cannot_open", path=path) from error
    except MemoryError as error:
        raise Unreadable(too_large, path=path) from error


def read(data: bytes) -> dict[str, bytes]:
    """The members of a container by name. Raises Unreadable unless the bytes are the only spelling of its members."""
    members: dict[str, bytes] = {}
    directory = []
    position, previous = 0, b""
    while data[position : position + 4] == b"PK\x03\x04":
        if len(members) == MEMBERS - 1:
            raise Unreadable("too_many")
        if position + LOCAL.size > len(data):
            raise Unreadable("truncated")
        header = LOCAL.unpack_from(data, position)
        crc, stored, size, length = header[6:10]
        name = data[position + LOCAL.size : position + LOCAL.size + length]
        start = position + LOCAL.size + length
        if start + stored > len(data):
            raise Unreadable("truncated")
        if header != (b"PK\x03\x04", VERSION, 0, 0, 0, DATE, crc, size, size, len(name), 0):
            raise Unreadable("unusual_header", offset=position)
        text = _name(name)
        if name <= previous:
            raise Unreadable("unsorted_names", name=text)
        content = data[start : start + size]
        if zlib.crc32(content) != crc:
            raise Unreadable("bad_checksum", name=text)
        fields = (VERSION, VERSION, 0, 0, 0, DATE, crc, size, size, length, 0, 0, 0, 0, 0, position)
        directory.append(CENTRAL.pack(b"PK\x01\x02", *fields) + name)
        members[text] = content
        position, previous = start + size, name
    if not members:
        raise Unreadable("not_a_bundle")
    listing = b"".join(directory)
    end = END.pack(b"PK\x05\x06", 0, 0, len(members), len(members), len(listing), position, 0)
    tail = data[position : position + len(listing) + len(end) + 1]
    if tail != listing + end:
        raise Unreadable("truncated" if (listing + end).startswith(tail) else "unusual_directory")
    return members


def _name(raw: bytes) -> str:
    text = raw.decode("latin-1")
    if not NAME.fullmatch(text):
        raise Unreadable("bad_name", name=text)
    return text
