"""Turn decoded pixels of any kind into a small RGB image, a band of rows at a time.

So a large image needs little more memory than its decoded pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable

import numpy as np
from PIL import Image

Box = tuple[int, int, int, int]
# Before the antialiased resize, blocks of pixels are averaged until so many times the pixels
# asked for are left.
REDUCING_GAP = 3.0
PIXELS_IN_A_BAND = 2_000_000
# Whites of samples of more than 8 bits, for a file that does not say how many it uses.
_USUAL_BITS = (8, 10, 12, 14, 16)
_WITH_ALPHA = ("LA", "PA", "RGBA", "La", "RGBa")


def resized_rgb(
    image: Image.Image, columns: int, rows: int, *, low: Image.Image | None, bits: int | None
) -> Image.Image:
    """Resize a loaded image of any mode to RGB.

    Transparent parts become white, unless everything is transparent: then nothing is. Samples of
    more than 8 bits are scaled to 8, from the range that the file names or, where it names none,
    that of the usual depth (8, 10, 12, 14 or 16 bits) which just holds the brightest one.

    Parameters
    ----------
    image : Image
    columns, rows : int
        Of the result.
    low : Image or None
        The lower bytes of an image of 16-bit colours, of which `image` has the upper ones.
    bits : int or None
        How many bits of a sample the file says it uses.
    """
    width, height = image.size
    across = max(int(width / columns / REDUCING_GAP), 1)
    down = max(int(height / rows / REDUCING_GAP), 1)
    to_rgb = _converter(image, low, bits)
    if (across, down) == (1, 1):
        reduced = to_rgb((0, 0, width, height))
    else:
        reduced = Image.new("RGB", (-(-width // across), -(-height // down)))
        for box in bands(image.size, down):
            reduced.paste(to_rgb(box).reduce((across, down)), (0, box[1] // down))
    whole = (0, 0, width / across, height / down)
    return reduced.resize((columns, rows), Image.Resampling.BICUBIC, box=whole)


def is_dark(image: Image.Image) -> bool:
    """Say whether the upper bytes of 16-bit colours leave their upper bits unused."""
    extrema = (image.crop(box).getextrema() for box in bands(image.size))
    colours = (each[:3] for each in extrema)
    return all(high < 2**6 for each in colours for _, high in each)  # type: ignore[misc]


def bands(size: tuple[int, int], multiple_of: int = 1) -> Iterator[Box]:
    """Give boxes that cover the image from top to bottom, each some `multiple_of` rows high."""
    width, height = size
    rows = max(PIXELS_IN_A_BAND // width // multiple_of, 1) * multiple_of
    for top in range(0, height, rows):
        yield 0, top, width, min(top + rows, height)


def _converter(
    image: Image.Image, low: Image.Image | None, bits: int | None
) -> Callable[[Box], Image.Image]:
    if low is not None:
        return _deep_colours(image, low, bits)
    if image.mode == "F" or image.mode.startswith("I"):
        return _deep_grey(image, bits)
    if image.mode in _WITH_ALPHA or "transparency" in image.info:

        def see_through(box: Box) -> Image.Image:
            return _cut(image, box).convert("RGBA")

        if any(_alpha(see_through(box)) != (0, 0) for box in bands(image.size)):
            return lambda box: _on_white(see_through(box))
        # Programs that know no transparency leave zeros where others look for it.
        return lambda box: see_through(box).convert("RGB")
    if image.mode == "RGB":
        return lambda box: _cut(image, box)
    return lambda box: _cut(image, box).convert("RGB")


def _cut(image: Image.Image, box: Box) -> Image.Image:
    return image if box == (0, 0, *image.size) else image.crop(box)


def _alpha(image: Image.Image) -> tuple[Any, ...]:
    """The least and the greatest."""
    return image.getchannel("A").getextrema()


def _on_white(image: Image.Image) -> Image.Image:
    if _alpha(image) == (255, 255):
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _deep_grey(image: Image.Image, bits: int | None) -> Callable[[Box], Image.Image]:
    def samples(box: Box) -> np.ndarray:
        found = np.asarray(image.crop(box))
        return np.nan_to_num(found, posinf=0, neginf=0) if image.mode == "F" else found

    extrema = [(each.min(), each.max()) for each in map(samples, bands(image.size))]
    black = min(0.0, *(float(low) for low, _ in extrema))
    brightest = max(float(high) for _, high in extrema)
    white = brightest - black if black else _white(brightest, bits, image.mode == "F")

    def as_rgb(box: Box) -> Image.Image:
        return Image.fromarray(_scaled(samples(box), white, black)).convert("RGB")

    return as_rgb


def _deep_colours(
    image: Image.Image, low: Image.Image, bits: int | None
) -> Callable[[Box], Image.Image]:
    def samples(box: Box) -> np.ndarray:
        upper, lower = (np.asarray(each.crop(box)) for each in (image, low))
        return upper.astype(np.uint16) * 256 + lower

    # The fourth channel is not a colour.
    white = _white(max(samples(box)[..., :3].max() for box in bands(image.size)), bits, False)

    def as_rgb(box: Box) -> Image.Image:
        pixels = _scaled(samples(box), white)
        if pixels.shape[2] == 4:
            return _on_white(Image.fromarray(pixels))
        return Image.fromarray(pixels)

    return as_rgb


def _scaled(samples: np.ndarray, white: float, black: float = 0) -> np.ndarray:
    if samples.dtype.kind in "iu" and not black and white < 2**16:  # To look up is faster.
        return _to_8_bits(np.arange(2**16), white)[samples]
    return _to_8_bits(samples.astype(np.float64) - black, white)


def _to_8_bits(samples: np.ndarray, white: float) -> np.ndarray:
    return np.clip(np.round(samples * (255 / white)), 0, 255).astype(np.uint8)


def _white(brightest: float, bits: int | None, is_float: bool) -> float:
    """The sample that stands for white."""
    if is_float and brightest <= 1.01:
        return 1.0
    for each in [bits] if bits else _USUAL_BITS:
        if brightest < 2**each:
            return float(2**each - 1)
    # What names fewer bits may have stretched them, as the standard of PNG wants it.
    return max(65535.0, float(brightest))
