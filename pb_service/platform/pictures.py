"""Pictures that people upload, made anew: what is kept was written by us, pixel by pixel, and holds nothing else.

Where a photo was taken, whose phone it was, a script behind the picture's end: none of it survives. A picture that is
small as a file and huge when unpacked is refused before it is unpacked.
"""

import struct
import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from pb_service.platform.errors import DomainError

#: As much as a phone's photo has, and enough for a poster.
MOST_PIXELS = 50_000_000
#: The longer side of what is kept; pages show no more.
LONGEST_SIDE = 2000
_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY = 82
#: What the readers of formats, and of what cameras write beside the pixels, raise for bytes that make no sense.
_DAMAGED = (OSError, ValueError, SyntaxError, EOFError, TypeError, LookupError, ArithmeticError, struct.error)


class PictureRefused(DomainError):
    """Not a picture that is taken. ``code`` says why, for the reader's language."""

    status = 422
    type = "picture-refused"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Picture:
    """A picture as kept: JPEG, or PNG where parts are transparent."""

    body: bytes
    media_type: str
    width: int
    height: int


def remake(body: bytes) -> Picture:
    """Return the picture made anew, upright, at most LONGEST_SIDE long. Blocking. Raises PictureRefused.

    Moving pictures are taken for their first image.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image: Image.Image = Image.open(BytesIO(body), formats=_FORMATS)
            if image.width * image.height > MOST_PIXELS:
                raise PictureRefused(
                    "too-large", f"A picture may have at most {MOST_PIXELS // 1_000_000} million pixels."
                )
            image.load()
            upright = ImageOps.exif_transpose(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureRefused("too-large", "This picture is too large when unpacked.") from error
    except UnidentifiedImageError as error:
        raise PictureRefused("no-picture", "This is no JPEG, PNG or WebP picture.") from error
    except _DAMAGED as error:
        raise PictureRefused("damaged", "This picture is damaged.") from error
    see_through = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    clean = upright.convert("RGBA" if see_through else "RGB")
    clean.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    bare = Image.new(clean.mode, clean.size)
    bare.paste(clean)
    written = BytesIO()
    if see_through:
        bare.save(written, "PNG", optimize=True)
    else:
        bare.save(written, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return Picture(written.getvalue(), "image/png" if see_through else "image/jpeg", *bare.size)
