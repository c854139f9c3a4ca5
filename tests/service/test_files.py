"""Uploaded files: taken for what they are, made anew, and found again only as they were kept."""

import os
import struct
import zlib
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from moto.server import ThreadedMotoServer
from PIL import Image
from PIL.ExifTags import Base as Exif

from pb_service.platform.files import (
    BucketShelf,
    FileMissing,
    FileRefused,
    FileStore,
    FolderShelf,
    StoredFile,
    download_headers,
    safe_name,
)
from pb_service.platform.pictures import LONGEST_SIDE, PictureRefused, remake
from pb_service.service import Service
from tests.conftest import FakeClock

ALT = {"fi": "Penkki", "sv": "", "en": "A bench"}


def picture(size: tuple[int, int] = (60, 40), form: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    written = BytesIO()
    Image.new(mode, size, "#0B4F8A").save(written, form, **options)
    return written.getvalue()


def photo() -> bytes:
    """A photo lying on its side, with the place where it was taken."""
    exif = Image.Exif()
    exif[Exif.Orientation] = 6
    exif[Exif.Make] = "Somebody's phone"
    exif.get_ifd(0x8825)[2] = (60.0, 10.0, 0.0)
    return picture(exif=exif)


def test_a_picture_is_upright_and_bare() -> None:
    kept = remake(photo())
    assert (kept.width, kept.height) == (40, 60)
    assert b"Somebody" not in kept.body
    assert not Image.open(BytesIO(kept.body)).getexif()


def test_what_hangs_on_a_picture_is_gone() -> None:
    """A file that is a picture and a script, or a picture and an archive, is only a picture afterwards."""
    kept = remake(picture() + b"<script>alert(1)</script>PK\x03\x04")
    assert b"script" not in kept.body
    assert b"PK\x03\x04" not in kept.body


@pytest.mark.parametrize(
    ("form", "mode", "kind"), [("PNG", "RGBA", "png"), ("WEBP", "RGB", "jpeg"), ("PNG", "P", "jpeg")]
)
def test_every_kind_of_picture_becomes_one_of_two(form: str, mode: str, kind: str) -> None:
    assert remake(picture(form=form, mode=mode)).media_type == f"image/{kind}"


def test_a_large_picture_becomes_small() -> None:
    kept = remake(picture((3000, 1500)))
    assert (kept.width, kept.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)


def bomb() -> bytes:
    """A PNG that says it is 60,000 x 60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "no-picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no-picture"),
        (picture(form="GIF", mode="P"), "no-picture"),
        (picture()[:-200], "damaged"),
        (bomb(), "too-large"),
    ],
)
def test_what_is_no_picture_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(PictureRefused) as refused:
        remake(body)
    assert refused.value.code == code


def with_strange_exif(begins: bytes) -> bytes:
    """A picture whose camera wrote something else than it should beside the pixels."""
    exif = Image.Exif()
    exif[Exif.Orientation] = 6
    return picture(form="WEBP", exif=exif.tobytes().replace(b"MM\0*", begins))


@pytest.mark.parametrize("begins", [b"XX\0*", b"\0\0\0\0"])
def test_what_a_camera_wrote_amiss_is_no_fault_of_ours(begins: bytes) -> None:
    with pytest.raises(PictureRefused) as refused:
        remake(with_strange_exif(begins))
    assert refused.value.code == "damaged"


async def store(
    service: Service, body: bytes, name: str = "bench.jpg", alt: dict[str, str] | None = None
) -> StoredFile:
    async with service.database.transaction() as session:
        return await service.files.store(session, body, name=name, alt=ALT if alt is None else alt, now=service.clock())


async def test_a_file_is_kept_with_its_text_and_found_again(service: Service) -> None:
    row = await store(service, photo())
    async with service.database.reading() as session:
        found, body = await service.files.open(session, row.id)
    assert (found.media_type, found.alt) == ("image/jpeg", {"fi": "Penkki", "en": "A bench"})
    assert body == remake(photo()).body


async def test_a_pdf_is_a_pdf_whatever_its_name(service: Service) -> None:
    row = await store(service, b"%PDF-1.7\n<script>", name="bench.jpg", alt={})
    assert (row.kind, row.name) == ("pdf", "bench.pdf")
    headers = download_headers(row)
    assert headers["content-disposition"].startswith("attachment;")
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "alt", "code"), [(picture(), {"fi": " "}, "alt-missing"), (bytes(15_000_001), ALT, "too-long")]
)
async def test_refused_files_leave_nothing_behind(
    service: Service, body: bytes, alt: dict[str, str], code: str
) -> None:
    with pytest.raises(FileRefused) as refused:
        await store(service, body, alt=alt)
    assert refused.value.code == code
    assert not list((service.settings.data / "files").rglob("*"))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd.png"),
        ("C:\\Users\\me\\plan.exe", "plan.png"),
        ('a"b\r\nSet-Cookie: x', "abSet-Cookie x.png"),
        ("\u202egnp.exe", "gnp.png"),
        ("", "file.png"),
        ("Puistonpenkki äö", "Puistonpenkki äö.png"),
    ],
)
def test_a_name_leads_nowhere(name: str, kept: str) -> None:
    assert safe_name(name, "image/png") == kept


def test_headers_hold_one_line() -> None:
    row = StoredFile(kind="pdf", media_type="application/pdf", name=safe_name('ä"\r\nx', "application/pdf"))
    assert not any("\n" in value or "\r" in value for value in download_headers(row).values())


async def test_content_without_a_row_goes_after_a_day(service: Service, clock: FakeClock) -> None:
    row = await store(service, photo())
    shelf = FolderShelf(service.settings.data / "files")
    shelf.put(bytes(32), b"left behind")
    clock.now = clock.now.replace(year=2100)
    async with service.database.reading() as session:
        assert await service.files.sweep(session, now=clock()) == 1
        await service.files.open(session, row.id)
    async with service.database.transaction() as session:
        await service.files.erase(session, row.id)
    async with service.database.reading() as session:
        assert await service.files.sweep(session, now=clock() + timedelta(days=2)) == 1
        with pytest.raises(FileMissing):
            await service.files.open(session, row.id)


class BusyShelf(FolderShelf):
    """A shelf on which somebody puts everything once more just after the sweep has looked what is old."""

    def older_than(self, moment: datetime) -> list[bytes]:
        found = super().older_than(moment)
        for sha256 in found:
            self.put(sha256, self.get(sha256) or b"")
        return found


async def test_content_that_is_put_again_during_a_sweep_stays(service: Service) -> None:
    shelf = BusyShelf(service.settings.data / "files")
    shelf.put(bytes(32), b"a picture")
    os.utime(next(path for path in shelf.root.rglob("*") if path.is_file()), (0, 0))
    async with service.database.reading() as session:
        assert await FileStore(shelf, "").sweep(session, now=datetime.now(UTC)) == 0
    assert shelf.get(bytes(32)) == b"a picture"


async def test_changed_content_is_not_given_out(service: Service) -> None:
    row = await store(service, photo())
    path = next(path for path in (service.settings.data / "files").rglob("*") if path.is_file())
    path.write_bytes(b"something else")
    async with service.database.reading() as session:
        with pytest.raises(FileMissing):
            await service.files.open(session, row.id)


@pytest.mark.parametrize(("command", "code"), [("false", "harmful"), ("/no/such/scanner", "not-scanned")])
async def test_no_file_passes_a_scanner_that_objects_or_is_away(service: Service, command: str, code: str) -> None:
    files = FileStore(FolderShelf(service.settings.data / "files"), command)
    with pytest.raises(FileRefused) as refused:
        async with service.database.transaction() as session:
            await files.store(session, photo(), name="x.jpg", alt=ALT, now=service.clock())
    assert refused.value.code == code


async def test_a_scanner_that_is_content_lets_pass(service: Service) -> None:
    files = FileStore(FolderShelf(service.settings.data / "files"), "grep -q JFIF")
    async with service.database.transaction() as session:
        assert (await files.store(session, photo(), name="x.jpg", alt=ALT, now=service.clock())).kind == "picture"


def test_a_bucket_holds_what_a_folder_holds(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        for name, value in {
            "ACCESS_KEY_ID": "test",
            "SECRET_ACCESS_KEY": "test",
            "DEFAULT_REGION": "eu-north-1",
        }.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        host, port = server.get_host_and_port()
        shelf = BucketShelf(f"s3+http://{host}:{port}/pictures/round")
        shelf._client.create_bucket(Bucket="pictures", CreateBucketConfiguration={"LocationConstraint": "eu-north-1"})
        shelf.put(bytes(32), b"content")
        assert shelf.get(bytes(32)) == b"content"
        assert shelf.older_than(clock().replace(year=2100)) == [bytes(32)]
        shelf.remove(bytes(32))
        assert shelf.get(bytes(32)) is None
    finally:
        server.stop()
