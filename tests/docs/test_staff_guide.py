"""The staff guide: every picture in it is made by the script, and is of a page that there is."""

import importlib.util
import re
import sys

import pytest
from PIL import Image

from pb_service.settings import CHECKOUT

GUIDE = (CHECKOUT / "docs" / "staff.md").read_text(encoding="utf-8")
PICTURES = CHECKOUT / "docs" / "pictures"
ROUTES = (CHECKOUT / "tests" / "http" / "accounts" / "matrix.txt").read_text(encoding="utf-8")

spec = importlib.util.spec_from_file_location("screenshots", CHECKOUT / "scripts" / "tools" / "screenshots.py")
assert spec is not None
assert spec.loader is not None
screenshots = importlib.util.module_from_spec(spec)
sys.modules["screenshots"] = screenshots
spec.loader.exec_module(screenshots)


def test_every_picture_is_in_the_guide_once_with_words_for_who_does_not_see_it() -> None:
    shown = re.findall(r"!\[([^\]]{20,})\]\(pictures/([a-z]+)\.png\)", GUIDE)
    assert sorted(name for _, name in shown) == sorted(picture.name for picture in screenshots.PICTURES)
    assert sorted(path.stem for path in PICTURES.iterdir()) == sorted(name for _, name in shown)


@pytest.mark.parametrize("picture", screenshots.PICTURES, ids=lambda picture: picture.name)
def test_a_picture_is_small_and_of_a_page_that_there_is(picture: object) -> None:
    path = re.sub(r"/rounds/[a-z]+/", "/rounds/{slug:str}/", f"{picture.path}/".replace("/en/", "/{lang:str}/"))  # type: ignore[attr-defined]
    path = re.sub(r"/setup/[a-z]+/", "/setup/{step:str}/", path).rstrip("/")
    assert f"GET    {path} " in ROUTES
    file = PICTURES / f"{picture.name}.png"  # type: ignore[attr-defined]
    assert file.stat().st_size < 60_000
    with Image.open(file) as image:
        assert image.size == (screenshots.WIDTH, screenshots.HEIGHT)


@pytest.mark.long
async def test_the_script_makes_every_picture(tmp_path: object) -> None:
    await screenshots.main(tmp_path)
    made = sorted(path.stem for path in tmp_path.iterdir())  # type: ignore[attr-defined]
    assert made == sorted(picture.name for picture in screenshots.PICTURES)
