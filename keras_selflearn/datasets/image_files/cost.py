"""What it takes to decode an image, by its header: memory and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, BinaryIO

from PIL import Image

from keras_selflearn.datasets.image_files.deep_colours import has_deep_colours
from keras_selflearn.datasets.image_files.to_rgb import PIXELS_IN_A_BAND

# Of each pixel in the file, beside the decoded image: bytes of memory and nanoseconds, as they
# were measured with Pillow 13 on a Xeon, rounded up.
_BESIDE: dict[str, tuple[float, int]] = {
    "JPEG": (0, 5),
    "PNG": (0, 30),
    "GIF": (1, 10),
    "BMP": (1, 10),
    "TIFF": (0, 25),
    "WEBP": (16, 40),
    "AVIF": (10, 40),
    "HEIF": (8, 40),
}
# Run-length BMP, which Pillow decodes in Python.
_RUN_LENGTH = (3, 400)
_BYTES_A_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
_BYTES_A_PIXEL_OF_A_BAND = 24
_BITS, _ROWS_PER_STRIP, _TILE_WIDTH, _TILE_LENGTH = 258, 278, 322, 323
_BLOCK = 2**20


@dataclass(frozen=True)
class Cost:
    """An estimate for one image.

    Attributes
    ----------
    pixels : int
        In the file.
    bytes : int
        Memory at the peak.
    seconds : float
        Of a processor.
    """

    pixels: int
    bytes: int
    seconds: float

    def times(self, number: int) -> Cost:
        """The cost of so many of them at once."""
        return Cost(self.pixels, number * self.bytes, number * self.seconds)


def cost(image: Image.Image, kind: str, stored: int, file: BinaryIO) -> Cost:
    """Estimate the cost of an image whose header is read, of format `kind`.

    Parameters
    ----------
    image : Image
        Its size may be smaller than that in the file, because a reduced one will be decoded.
    kind : str
        Pillow's name of the format.
    stored : int
        Pixels in the file.
    file : binary file
    """
    place = file.tell()
    pixels, at_once = image.width * image.height, stored
    beside, nanoseconds = _BESIDE[kind]
    if kind == "BMP" and image.info.get("compression") in (1, 2):
        beside, nanoseconds = _RUN_LENGTH
    if kind == "TIFF":
        # Decoded piece by piece, and a small image may lie in a large one.
        at_once = _pixels_in_a_piece(image)
        beside = sum(image.tag_v2.get(_BITS, (1,))) / 8  # type: ignore[attr-defined]
        stored = max(stored, at_once)
    if kind == "JPEG":
        scans = 1 if _is_one_scan(image, file) else _count_scans(file)
        nanoseconds *= scans
        if scans > 1:  # They fill up coefficients of two bytes, which are kept until the last.
            beside = 2.0 * _samples_a_pixel(image)
    decoded = pixels * _BYTES_A_PIXEL.get(image.mode, 4) * (2 if has_deep_colours(image) else 1)
    band = min(pixels, PIXELS_IN_A_BAND) * _BYTES_A_PIXEL_OF_A_BAND
    memory = decoded + int(beside * at_once) + band + file.seek(0, 2)
    file.seek(place)
    return Cost(stored, memory, stored * nanoseconds / 1e9)


def _pixels_in_a_piece(image: Image.Image) -> int:
    """Of a TIFF: in one of its tiles or strips."""
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    if _TILE_WIDTH in tags:
        return int(tags[_TILE_WIDTH]) * int(tags.get(_TILE_LENGTH, image.height))
    return image.width * min(int(tags.get(_ROWS_PER_STRIP, image.height)), image.height)


def _samples_a_pixel(image: Image.Image) -> float:
    """Of a JPEG: colours may have fewer samples than brightness."""
    factors = [(across, down) for _, across, down, _ in image.layer]  # type: ignore[attr-defined]
    most = max(across for across, _ in factors) * max(down for _, down in factors)
    return sum(across * down for across, down in factors) / most


def _is_one_scan(image: Image.Image, file: BinaryIO) -> bool:
    """Say whether the first scan of a JPEG has all that there is: then no other is read."""
    if "progressive" in image.info:
        return False
    file.seek(2)
    while len(head := file.read(4)) == 4 and head[0] == 0xFF:
        if head[1] == 0xDA:
            return file.read(1)[0] == len(image.getbands())
        file.seek(int.from_bytes(head[2:], "big") - 2, 1)
    return False


def _count_scans(file: BinaryIO) -> int:
    """How often a JPEG's pixels are gone through; a little more where it holds other JPEGs."""
    file.seek(0)
    number, last = 0, b""
    while block := file.read(_BLOCK):
        number += (last + block).count(b"\xff\xda")
        last = block[-1:]
    return max(number, 1)
