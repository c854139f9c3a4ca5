#!/usr/bin/env python3
"""Makes the pictures of docs/staff.md anew, from the demonstration as it is: docs/pictures/NAME.png.

    .venv/bin/python scripts/tools/screenshots.py [FOLDER]

Starts the demonstration in a data folder of its own, signs in as the role that each page is for, and takes the picture.
Needs Chromium (PB_CHROMIUM, else /usr/bin/chromium). Takes one to three minutes.
"""

import asyncio
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 1180, 820


@dataclass(frozen=True)
class Picture:
    """A page to be shown: its file, the role that sees it, and its address."""

    name: str
    role: str
    path: str


PICTURES = (
    Picture("desk", "manager", "/en/staff"),
    Picture("rounds", "manager", "/en/staff/rounds"),
    Picture("round", "manager", "/en/staff/rounds/kokeile"),
    Picture("setup", "manager", "/en/staff/rounds/kokeile/setup/rule"),
    Picture("inbox", "moderator", "/en/staff/inbox"),
    Picture("list", "manager", "/en/staff/rounds/kokeile/list"),
    Picture("opening", "manager", "/en/staff/rounds/kokeile/opening"),
    Picture("paper", "desk", "/en/staff/rounds/kokeile/desk"),
    Picture("closing", "manager", "/en/staff/rounds/kokeile/closing"),
    Picture("data", "manager", "/en/rounds/demo/data"),
)


async def take(browser: Browser, site: str, picture: Picture) -> bytes:
    """Return a picture as PNG of few colours, small enough to lie beside the text."""
    context = await browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(f"{site}/en/sign-in/development?as={picture.role}")
    form = page.locator("main form button[type=submit]").first
    if await form.count():
        await form.click()
        await page.wait_for_load_state()
    answer = await page.goto(site + picture.path)
    if answer is None or not answer.ok:
        sys.exit(f"{picture.path} cannot be shown to a {picture.role}: {answer and answer.status}")
    shot = await page.screenshot()
    await context.close()
    small = io.BytesIO()
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(32).save(small, "PNG", optimize=True)
    return small.getvalue()


async def main(folder: Path) -> None:
    """Take every picture into the folder."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 # nothing else runs here
    with tempfile.TemporaryDirectory() as data:
        environ = {**os.environ, "PB_DATA": data, "PB_PORT": "18900"}
        start = [sys.executable, "-c", "from pb_service.cli import main; main(prog_name='pb')", "run"]
        service = subprocess.Popen(  # noqa: ASYNC220
            start, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            site = next(
                found[1] for line in service.stdout or () if (found := re.search(r"(http://localhost:\d+)", line))
            )
            async with async_playwright() as playwright:
                chromium = os.environ.get("PB_CHROMIUM", "/usr/bin/chromium")
                browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                for picture in PICTURES:
                    made = await take(browser, site, picture)
                    (folder / f"{picture.name}.png").write_bytes(made)
                    print(f"{picture.name}.png  {len(made):,} bytes  {picture.path}")
                await browser.close()
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures"))
