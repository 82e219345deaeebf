"""Small pictures of images; each is kept once, on a sheet with many others."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from PIL import Image

from keras_selflearn.runs.page.text import escape

# Multiples of 8, the size of JPEG's blocks: neighbours on a sheet don't disturb each other.
_SIDES = (96, 80, 64, 48, 40, 32, 24)
_COLUMNS = _ROWS = 16
_QUALITY = 75


@dataclass(frozen=True)
class Thumbnails:
    """The thumbnails of some images of one array.

    Attributes
    ----------
    style : str
        CSS that holds the pictures.
    places : dict
        Maps the position of an image to its style class and its `background-position`.
    """

    style: str
    places: dict[int, tuple[str, str]]

    def picture(self, index: int, description: str) -> Markup:
        """Render the picture of image `index`; the description is for screen readers."""
        sheet, place = self.places[index]
        return Markup(
            f'<span class="thumb {sheet}" style="background-position:{place}" role="img"'
            f' aria-label="{escape(description)}"></span>'
        )


def make_thumbnails(
    images: np.ndarray, indices: np.ndarray, kind: str, most_pixels: float
) -> Thumbnails:
    """Make thumbnails of at most 96 pixels a side.

    Parameters
    ----------
    images : (n, height, width, 1 or 3) uint8
        Only the images at `indices` are read, one at a time.
    indices : (k,) integers
        Positions of the images; repeated ones are kept once.
    kind : str
        The start of the style classes' names.
    most_pixels : float
        Most pixels of all thumbnails together; a side has at least 24.
    """
    indices = np.unique(indices)
    width, height = thumbnail_size((images.shape[1], images.shape[2]), len(indices), most_pixels)
    rules, places = [], {}
    for number, start in enumerate(range(0, len(indices), _COLUMNS * _ROWS)):
        part = indices[start : start + _COLUMNS * _ROWS]
        rows = math.ceil(len(part) / _COLUMNS)
        sheet = np.zeros((rows * height, _COLUMNS * width, 3), np.uint8)
        for cell, index in enumerate(part):
            row, column = divmod(cell, _COLUMNS)
            # A grey image gets three equal channels.
            picture = Image.fromarray(np.broadcast_to(images[index], (*images.shape[1:3], 3)))
            if picture.size != (width, height):
                picture = picture.resize((width, height), Image.Resampling.LANCZOS)
            y, x = row * height, column * width
            sheet[y : y + height, x : x + width] = np.asarray(picture)
            places[int(index)] = (f"{kind}{number}", _place(column, row, rows))
        rules.append(
            f".{kind}{number}{{background-image:url({_data_uri(sheet)});"
            f"background-size:{100 * _COLUMNS}% {100 * rows}%;aspect-ratio:{width}/{height};"
            f"image-rendering:{'pixelated' if max(width, height) <= 40 else 'auto'}}}"
        )
    return Thumbnails("\n".join(rules), places)


def thumbnail_size(shape: tuple[int, int], number: int, most_pixels: float) -> tuple[int, int]:
    """Compute width and height of `number` thumbnails from the images' height and width."""
    height, width = shape
    for side in _SIDES:
        scale = min(side / max(height, width), 1)
        size = max(round(scale * width), 1), max(round(scale * height), 1)
        if number * size[0] * size[1] <= most_pixels:
            break
    return size


def _place(column: int, row: int, rows: int) -> str:
    """Write a place on the sheet as CSS does: in percent of the space around the picture."""
    across, down = 100 * column / (_COLUMNS - 1), 100 * row / max(rows - 1, 1)
    return f"{across:.4f}% {down:.4f}%"


def _data_uri(sheet: np.ndarray) -> str:
    """Encode a sheet as JPEG or PNG, whichever is smaller."""
    picture = Image.fromarray(sheet)
    png, jpeg = io.BytesIO(), io.BytesIO()
    picture.save(png, "PNG", optimize=True)
    # Not `optimize`: Pillow then fails on a sheet of noise.
    picture.save(jpeg, "JPEG", quality=_QUALITY, subsampling=0)
    kind, content = min(("png", png), ("jpeg", jpeg), key=lambda each: len(each[1].getvalue()))
    return f"data:image/{kind};base64,{base64.b64encode(content.getvalue()).decode('ascii')}"
