"""The page as one file: pictures inside, and a button that saves corrections.csv."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from keras_selflearn.runs.review.labelled_images import LabelledImage
from keras_selflearn.runs.review.page import page
from keras_selflearn.runs.review.pictures import jpeg
from keras_selflearn.runs.review.session import Session

# More would be too large for a browser to open at once.
MOST_IMAGES = 8000
# Up to so many images have pictures of so many pixels a side. Either is about 20 MB at most.
_SIDES = ((1000, 160), (3000, 96), (MOST_IMAGES, 64))


def static_page(session: Session) -> tuple[str, str]:
    """Render the page, and give it with a sentence on what it lacks; empty if it has all images.

    Pictures that can't be read are left out, and their place says so.
    """
    shown = most_doubted(session.images, MOST_IMAGES)
    note = ""
    if len(shown) < len(session.images):
        note = (
            f"This file shows the {len(shown):,} most doubted of {len(session.images):,} images;"
            " the page that the command serves has all."
        )
    side = next(side for most, side in _SIDES if len(shown) <= most)

    def picture(index: int) -> str:
        try:
            content = jpeg(session.folder / session.images[index].path, side)
        except ValueError:
            return ""
        return f"data:image/jpeg;base64,{base64.b64encode(content).decode('ascii')}"

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        pictures = list(pool.map(picture, shown))
    return page(session, shown=shown, pictures=pictures, note=note), note


def most_doubted(images: Sequence[LabelledImage], most: int) -> list[int]:
    """Give the positions of so many images, those with the most doubt, in their order.

    An image without a label comes before all others, and one without a doubt after them.
    """

    def doubt(i: int) -> float:
        image = images[i]
        return 2.0 if not image.label else -1.0 if image.doubt is None else image.doubt

    return sorted(sorted(range(len(images)), key=lambda i: -doubt(i))[:most])
