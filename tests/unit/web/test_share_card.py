"""The picture beside a shared link: of one size, whatever the title, in the letters of the pages."""

from io import BytesIO

import pytest
from PIL import Image

from pb_service.web.share_card import HEIGHT, WIDTH, share_card


def drawn(title: str) -> Image.Image:
    return Image.open(BytesIO(share_card(title, above="Vanha satama · nro 7", below=["12 000 €", "Kevät"])))


@pytest.mark.parametrize("title", ["Penkki", "Ö" * 200, "Ławki w parku " * 20, "", "🌳 \u202e"])
def test_every_title_fits(title: str) -> None:
    image = drawn(title)
    assert (image.size, image.format) == ((WIDTH, HEIGHT), "PNG")
    edge = image.convert("L").crop((WIDTH - 60, 0, WIDTH, HEIGHT))
    assert edge.getextrema()[0] == edge.getextrema()[1]


def test_other_words_are_another_picture() -> None:
    assert drawn("Åland").tobytes() != drawn("Aland").tobytes()
