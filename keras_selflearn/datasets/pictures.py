"""Read one image file of any kind as RGB pixels for a network."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp")
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP")
# More than any camera has: a crafted file of a few bytes may claim any number.
_MOST_PIXELS = 250_000_000
# Of a photograph only so many times the pixels asked for are decoded, where the format allows that.
_REDUCING_GAP = 3.0
# Of damaged EXIF, which changes no pixel. Not around each image: threads that set filters for a
# while leave each other's behind.
warnings.filterwarnings("ignore", module=r"PIL\.")


def read_picture(path: Path, size: int | tuple[int, int]) -> np.ndarray:
    """Decode an image file and resize it with antialiasing. Its proportions may change.

    The first frame of several; turned as its EXIF says; transparent parts on white; grey, palette,
    CMYK and 16-bit images as RGB.

    Parameters
    ----------
    path : Path
    size : int or (int, int)
        Height and width of the result, in pixels; one number for a square.

    Returns
    -------
    (height, width, 3) uint8

    Raises
    ------
    ValueError
        With the reason, when it can't be read or is no whole image.
    """
    rows, columns = (size, size) if isinstance(size, int) else size
    enough = int(_REDUCING_GAP * max(rows, columns))
    try:
        with Image.open(path, formats=_FORMATS) as image:
            width, height = image.size
            if width * height > _MOST_PIXELS:
                raise ValueError(f"{width}x{height} pixels are too many")
            image.draft(None, (enough, enough))
            image.load()
            turned = ImageOps.exif_transpose(image)
            resized = _as_rgb(turned).resize(
                (columns, rows), Image.Resampling.BICUBIC, reducing_gap=_REDUCING_GAP
            )
            return np.asarray(resized)
    except Exception as error:  # Each of Pillow's decoders raises its own.
        raise ValueError(str(error) or type(error).__name__) from error


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16-bit grey: Pillow's own conversion cuts off all that is brighter than 255.
        grey = np.asarray(image).astype(np.float64) / 257
        return Image.fromarray(np.clip(np.round(grey), 0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        see_through = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, see_through).convert("RGB")
    return image.convert("RGB")
