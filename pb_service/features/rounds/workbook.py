"""The first sheet of a workbook, read in a process of its own: whatever a file does to it, the service goes on.

The reader makes room for the whole rectangle between the first and the last cell. A workbook says itself where its
cells stand, so two of them, in a file of a thousand bytes, would ask for hundreds of gigabytes and end the process; a
stray cell in the last corner of a sheet does the same without anybody's ill will. Here memory has a bound, and time.

Nothing of the service is imported: that process begins soon, and takes little of what it may.
"""

import datetime as dt
import io
import math
import resource
import subprocess
import sys
import zipfile

import msgspec
import python_calamine

MAX_UNPACKED = 400_000_000
#: What the process that reads may take.
MAX_MEMORY = 2 * 1024**3
MAX_SECONDS = 120

Plain = str | int | float | bool

_NOT_A_WORKBOOK = (
    python_calamine.CalamineError,
    zipfile.BadZipFile,
    OSError,
    ValueError,
    IndexError,
    NotImplementedError,
)


class Reading(msgspec.Struct):
    """The lines of the sheet, or a code that says why there are none: not_a_table, too_large, too_many_rows.

    Dates and times are True: like truth values they are neither texts nor numbers.
    """

    refused: str = ""
    lines: list[list[Plain]] = []


def read_workbook(body: bytes, *, rows: int, columns: int) -> Reading:
    """Return what the first sheet holds, if it has no more than so many rows and columns. Blocking."""
    program = [sys.executable, "-I", "-m", __name__, str(rows), str(columns)]
    try:
        done = subprocess.run(program, input=body, capture_output=True, check=False, timeout=MAX_SECONDS)
    except subprocess.TimeoutExpired:
        return Reading("too_large")
    return msgspec.json.decode(done.stdout, type=Reading) if done.returncode == 0 else Reading("too_large")


def main() -> None:
    """Read a workbook from standard input and write what is in it to standard output, as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    rows, columns = map(int, sys.argv[1:])
    found = _read(sys.stdin.buffer.read(), rows, columns)
    sys.stdout.buffer.write(msgspec.json.encode(found))


def _read(body: bytes, rows: int, columns: int) -> Reading:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if sum(member.file_size for member in packed.infolist()) > MAX_UNPACKED:
                return Reading("too_large")
        sheet = python_calamine.load_workbook(io.BytesIO(body)).get_sheet_by_index(0)
        if sheet.total_height > rows or sheet.total_width > columns:
            return Reading("too_many_rows")
        # Leading empty rows stay, so that line numbers are those that the spreadsheet program shows.
        lines = sheet.to_python(skip_empty_area=False)
    except _NOT_A_WORKBOOK:
        return Reading("not_a_table")
    return Reading(lines=[[_plain(cell) for cell in line] for line in lines])


def _plain(cell: Plain | dt.date | dt.time | dt.timedelta) -> Plain:
    if isinstance(cell, dt.date | dt.time | dt.timedelta):
        return True
    return cell if not isinstance(cell, float) or math.isfinite(cell) else True


if __name__ == "__main__":
    main()
