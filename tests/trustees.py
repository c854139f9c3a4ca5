"""Trustees with machines of their own: folders, real `pb trustee` processes, and a browser that carries files."""

import asyncio
import io
import re
import sys
import zipfile
from asyncio.subprocess import PIPE
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pb_service.core.record import checkpoint
from pb_service.core.record.policy import Asked, Policy
from pb_service.core.record.signatures import public_bytes
from pb_service.core.record.witness import Witness, cosign
from pb_service.core.rounds.bundle import zip_stored
from pb_service.core.rounds.setup import Trustee, TrusteesStep
from pb_service.service import Service
from tests.staff import Desk, Member, hire

PB = (sys.executable, "-c", "from pb_service.cli import main; main(prog_name='pb')")
NAMES = ("Aila", "Birk", "Celia")
APART = TrusteesStep(
    mode="split", trustees=tuple(Trustee(name, f"{name.lower()}@example.org") for name in NAMES), threshold=2
)


@dataclass
class Holder:
    """A trustee with her account and her folder."""

    member: Member
    folder: Path
    key: str = ""


@dataclass
class Trustees:
    """All trustees of a round, the desk they come to, and the witness who signs every head."""

    service: Service
    desk: Desk
    slug: str
    folder: Path
    witness: Ed25519PrivateKey = field(repr=False)
    holders: list[Holder] = field(default_factory=list)

    @property
    def page(self) -> str:
        return f"staff/rounds/{self.slug}/trustees"

    @property
    def passphrase(self) -> Path:
        return self.folder / "passphrase"

    async def hire(self, *, staff: int = 3) -> None:
        """Give so many trustees an account and a folder."""
        self.passphrase.write_text("a good passphrase")
        for name in NAMES[:staff]:
            member = await hire(self.service, "trustee", name=name)
            holder = Holder(member, self.folder / name)
            said = await pb("trustee", "new", holder.folder, "--name", name, "--passphrase-file", self.passphrase)
            holder.key = said.split()[-1]
            self.holders.append(holder)

    async def publish(self) -> None:
        """Give entries their places, and let the witness sign the head."""
        await self.service.sequencer.settle()
        note = self.service.tiles.read(self.slug, "checkpoint")
        assert note
        line = cosign(checkpoint.parse(note), "witness", self.witness, int(self.service.clock().timestamp()))
        self.service.tiles.write(self.slug, {"witnessed": note + line.encode()})

    async def errand(self, holder: Holder, name: str = "errand.zip") -> Path | None:
        """What is due of a trustee as her page has it, None if nothing is."""
        await self.desk.enter(holder.member)
        if "Download the errand" not in (await self.desk.get(self.page)).text:
            return None
        given = await self.desk.get(f"{self.page}/errand.zip")
        assert given.status_code == 200
        path = holder.folder / name
        path.write_bytes(given.content)
        return path

    async def answer(self, holder: Holder, errand: Path, *options: str) -> bytes:
        """Let her tool do what is due, on her machine."""
        origin = f"example.org/pb/{self.slug}"
        vkey = checkpoint.vkey(origin, public_bytes(self.service.log_key))
        kinds = (await self.desk.get(self.page)).text
        command = "rehearse" if "pb trustee rehearse" in kinds else "go"
        given = ("--log", vkey, "--yes", "--passphrase-file", self.passphrase)
        await pb("trustee", command, holder.folder, errand, *given, *options)
        return errand.with_name(f"{errand.stem}-answer.zip").read_bytes()

    async def upload(self, holder: Holder, body: bytes) -> httpx.Response:
        """Send the answer as her browser does."""
        return await self.upload_as(holder, body)

    async def upload_as(self, holder: Holder, body: bytes) -> httpx.Response:
        """Send an answer, whoever made it."""
        await self.desk.enter(holder.member)
        shown = (await self.desk.get("staff")).text
        csrf = shown.split('name="csrf" value="')[1].split('"')[0]
        return await self.desk.client.post(
            f"/en/{self.page}/answer",
            data={"csrf": csrf},
            files={"answer": ("answer.zip", body, "application/zip")},
            headers={"origin": "http://localhost", "referer": f"http://localhost/en/{self.page}"},
        )

    async def go_round(self, *options: str, but: tuple[int, ...] = ()) -> list[str]:
        """Let everybody do what is due, again and again until nothing is. Returns who did something, by name."""
        did: list[str] = []
        while True:
            before = len(did)
            for number, holder in enumerate(self.holders, start=1):
                if number in but:
                    continue
                await self.publish()
                errand = await self.errand(holder)
                if errand is None:
                    continue
                sent = await self.upload(holder, await self.answer(holder, errand, *options))
                assert sent.status_code == 303, sent.text
                did.append(holder.folder.name)
            if len(did) == before:
                return did


def witnesses() -> tuple[Ed25519PrivateKey, Policy]:
    """A witness, and the policy that names it."""
    key = Ed25519PrivateKey.generate()
    return key, Policy((Asked(Witness("witness", public_bytes(key)), "http://127.0.0.1:1"),), 1)


def damaged(answer: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """An answer of which every piece was changed."""
    with zipfile.ZipFile(io.BytesIO(answer)) as file:
        return zip_stored({name: change(name, file.read(name)) for name in file.namelist()})


async def pb(*arguments: object) -> str:
    """Run a command in a process of its own, and return what it says. Secrets that it shows are typed back."""
    process = await asyncio.create_subprocess_exec(
        *PB, *map(str, arguments), stdin=PIPE, stdout=PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdin
    assert process.stdout
    said, is_typed = "", False
    while chunk := await process.stdout.read(1 << 16):
        said += chunk.decode()
        if "copies with a code that can be scanned? [y/N]" in said and not is_typed:
            rows = re.findall(r"^ {4}([0-9A-Z][-0-9A-Z*~$= ]+)$", said, re.MULTILINE)
            process.stdin.write("\n".join(["n", *rows, ""]).encode())
            is_typed = True
    assert await process.wait() == 0, said
    return said
