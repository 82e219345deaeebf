"""Colours of 16 bits, of which Pillow decodes the upper byte only."""

from __future__ import annotations

import sys
from typing import Any

from PIL import Image

# The order of bytes in which the lower byte lies where the upper one is looked for.
_SWAPPED = {
    ";16B": ";16L",
    ";16L": ";16B",
    ";16N": ";16B" if sys.byteorder == "little" else ";16L",
}
_GREY_AND_ALPHA = "LA;16B"


def has_deep_colours(image: Image.Image) -> bool:
    """Say whether an image that is not loaded yet has colours, or grey and alpha, of 16 bits."""
    raw_modes = {_raw_mode(tile[3]) for tile in getattr(image, "tile", ())}
    known = {_GREY_AND_ALPHA, *(image.mode + order for order in _SWAPPED)}
    return image.mode in ("RGB", "RGBA") and bool(raw_modes) and raw_modes <= known


def lower_bytes(image: Image.Image) -> Image.Image:
    """Load the lower bytes of such an image in place of the upper ones."""
    tiles, grey = [], False
    for decoder, extents, offset, arguments in image.tile:  # type: ignore[attr-defined]
        mode = _raw_mode(arguments)
        grey = mode == _GREY_AND_ALPHA
        other = "RGBA" if grey else mode[:-4] + _SWAPPED[mode[-4:]]
        swapped = other if isinstance(arguments, str) else (other, *arguments[1:])
        tiles.append((decoder, extents, offset, swapped))
    image.tile = tiles  # type: ignore[attr-defined]
    image.load()
    if grey:
        # Four bytes a pixel: two of grey, two of alpha.
        _, lower, _, alpha = image.split()
        return Image.merge("RGBA", (lower, lower, lower, alpha))
    return image


def _raw_mode(arguments: Any) -> str:
    """What the decoder of a tile is told about its samples."""
    return str(arguments if isinstance(arguments, str) else arguments[0]) if arguments else ""
