"""Pictures of people: whatever is uploaded becomes a small square that says nothing else."""

from __future__ import annotations

from io import BytesIO
from typing import IO, Any

from django.core.exceptions import ValidationError

SIDE = 256
MAX_BYTES = 5 * 1024 * 1024
# 50 megapixels is more than phones make, and 200 MB at most while it is decoded.
MAX_PIXELS = 50_000_000
FORMATS = ("PNG", "JPEG", "WEBP")
CONTENT_TYPE = "image/webp"
UNREADABLE = "This is not a picture that can be read. Choose a PNG, JPEG or WebP file."


def squared(file: IO[bytes], size: int) -> bytes:
    """Return the picture as a square WebP without any metadata; raises ValidationError.

    Only the pixels of the first frame survive: no EXIF, no profile, no trailing bytes.
    """
    # Pillow is loaded with the first picture: most processes never see one.
    from PIL import Image  # noqa: PLC0415

    if size > MAX_BYTES:
        raise ValidationError("The picture is larger than 5 MB. Choose a smaller one.")
    try:
        return _encoded(_opened(file))
    except Image.DecompressionBombError:
        raise ValidationError(_TOO_WIDE) from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError, TypeError):
        # Decoders raise all of these for broken files.
        raise ValidationError(UNREADABLE) from None


_TOO_WIDE = "The picture has more than 50 megapixels. Choose a smaller one."


def _opened(file: IO[bytes]) -> Any:
    from PIL import Image, ImageOps  # noqa: PLC0415

    picture: Any = Image.open(file, formats=FORMATS)
    if picture.width * picture.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    if picture.format == "JPEG":
        picture.draft("RGB", (2 * SIDE, 2 * SIDE))  # decodes at a fraction of the size
    picture.load()
    return ImageOps.exif_transpose(picture)


def _encoded(picture: Any) -> bytes:
    from PIL import Image, ImageOps  # noqa: PLC0415

    has_alpha = picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info
    flat = picture.convert("RGBA" if has_alpha else "RGB")
    square = ImageOps.fit(flat, (SIDE, SIDE), method=Image.Resampling.LANCZOS)
    clean = Image.new(square.mode, square.size)  # `info` of the original stays behind
    clean.paste(square)
    out = BytesIO()
    clean.save(out, "WEBP", quality=88, method=4)
    return out.getvalue()
