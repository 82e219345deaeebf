"""Small pictures of images, each kept once, many to a file."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from keras_selflearn.runs.page.text import escape

# Multiples of 8, as the blocks of JPEG are: neighbours on a sheet leave each other alone.
_SIDES = (96, 80, 64, 48, 40, 32, 24)
_COLUMNS = _ROWS = 16
_QUALITY = 75


@dataclass(frozen=True)
class Thumbnails:
    """Of some images of one array.

    Attributes
    ----------
    style : str
        CSS that holds the pictures.
    places : dict
        From the position of an image to its style class and its place on the sheet, as
        `background-position` has it.
    """

    style: str
    places: dict[int, tuple[str, str]]

    def picture(self, index: int, description: str) -> str:
        """HTML of the picture of image `index`; the description is its text in words."""
        sheet, place = self.places[index]
        return (
            f'<span class="thumb {sheet}" style="background-position:{place}" role="img"'
            f' aria-label="{escape(description)}"></span>'
        )


def make_thumbnails(
    images: np.ndarray, indices: np.ndarray, kind: str, most_pixels: float
) -> Thumbnails:
    """Thumbnails of at most 96 pixels a side.

    Parameters
    ----------
    images : (n, height, width, 3) uint8
        Only those that are shown are read, one at a time.
    indices : (k,) integers
        Which to show; what is there twice is kept once.
    kind : str
        Begins the names of the style classes.
    most_pixels : float
        Of all thumbnails together, as far as 24 pixels a side allow.
    """
    indices = np.unique(indices)
    width, height = thumbnail_size(images.shape[1:3], len(indices), most_pixels)
    rules, places = [], {}
    for number, start in enumerate(range(0, len(indices), _COLUMNS * _ROWS)):
        part = indices[start : start + _COLUMNS * _ROWS]
        rows = math.ceil(len(part) / _COLUMNS)
        sheet = np.zeros((rows * height, _COLUMNS * width, 3), np.uint8)
        for cell, index in enumerate(part):
            row, column = divmod(cell, _COLUMNS)
            picture = Image.fromarray(np.asarray(images[index]))
            if picture.size != (width, height):
                picture = picture.resize((width, height), Image.Resampling.LANCZOS)
            y, x = row * height, column * width
            sheet[y : y + height, x : x + width] = picture
            places[int(index)] = (f"{kind}{number}", _place(column, row, rows))
        rules.append(
            f".{kind}{number}{{background-image:url({_data_uri(sheet)});"
            f"background-size:{100 * _COLUMNS}% {100 * rows}%;aspect-ratio:{width}/{height};"
            f"image-rendering:{'pixelated' if max(width, height) <= 40 else 'auto'}}}"
        )
    return Thumbnails("\n".join(rules), places)


def thumbnail_size(shape: tuple[int, int], number: int, most_pixels: float) -> tuple[int, int]:
    """Width and height of each of `number` thumbnails of images of this height and width."""
    height, width = shape
    for side in _SIDES:
        scale = min(side / max(height, width), 1)
        size = max(round(scale * width), 1), max(round(scale * height), 1)
        if number * size[0] * size[1] <= most_pixels:
            break
    return size


def _place(column: int, row: int, rows: int) -> str:
    """In percent of what the sheet is larger than the picture."""
    across, down = 100 * column / (_COLUMNS - 1), 100 * row / max(rows - 1, 1)
    return f"{across:.4f}% {down:.4f}%"


def _data_uri(sheet: np.ndarray) -> str:
    """As JPEG or PNG, whichever is smaller."""
    picture = Image.fromarray(sheet)
    png, jpeg = io.BytesIO(), io.BytesIO()
    picture.save(png, "PNG", optimize=True)
    # Not `optimize`: Pillow then fails on a sheet of noise.
    picture.save(jpeg, "JPEG", quality=_QUALITY, subsampling=0)
    kind, content = min(("png", png), ("jpeg", jpeg), key=lambda each: len(each[1].getvalue()))
    return f"data:image/{kind};base64,{base64.b64encode(content.getvalue()).decode('ascii')}"
