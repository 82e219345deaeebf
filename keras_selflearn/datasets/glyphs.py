"""Glyphs: an endless labelled source domain of digits drawn from fonts.

A network that shall learn handwritten digits from a handful of labels does better when it has
seen something like handwriting before. This module draws the digits 0 to 9 from the fonts
bundled with Matplotlib, but not as print: each glyph is reduced to its centre line, the centre
line is bent as a hand would bend it, a pen of random width follows it, and most images pass
through a low resolution, as small images of handwriting have.

Image `i` depends on nothing but `(seed, i, size)`, so the source has no end and any part of
it can be made again without making what precedes it. Strokes are bright on a dark background,
always: the contrast varies, the polarity is that of the `digits` data set.

The ranges of the variation are round numbers, the same for every class, judged by the look of the
glyphs alone: none was fitted to a handwritten data set.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage
from tqdm import tqdm

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.screen import standard_error
from keras_selflearn.datasets.dataset import Dataset

N_TRAIN = 20_000
N_TEST = 1000

# Every design with ten plain digits that all releases of Matplotlib bundle: other files hold none
# (STIXNonUni*, STIXSiz*, *Display), symbols in their place (cmex10, cmsy10, LastResort) or a marked
# 0 (DejaVuSansMono*), or came later (cmti10).
FONTS: tuple[str, ...] = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralBolIta",
    "STIXGeneralItalic",
    "cmb10",
    "cmmi10",
    "cmr10",
    "cmss10",
    "cmtt10",
)

_CLASSES = 10
_CANVAS = 32

# The height t of a point, 0 at the top and 1 at the bottom, becomes t ** exp(u) with u below this:
# the loops of one hand are large, those of another small.
_LARGEST_LIFT = 0.3
# Of the stroke, in pixels of the canvas.
_PEN = (2.0, 5.0)

_PIXEL_CENTRES = np.arange(_CANVAS, dtype=np.float32) + 0.5


def font_path(stem: str) -> Path:
    """Return the path of the font file `stem` (no suffix) among those Matplotlib bundles.

    Raises FileNotFoundError when this installation of Matplotlib lacks the file.
    """
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{stem}.ttf")
    if not path.is_file():
        raise FileNotFoundError(f"Matplotlib does not bundle the font {stem!r}: no file {path}.")
    return path


def _mask(stem: str, digit: int) -> np.ndarray:
    """Return the printed digit as a bool mask, 44 rows high within a border of two pixels."""
    # The basic layout is always compiled in; the other engine may be missing and may differ.
    font = ImageFont.truetype(str(font_path(stem)), 96, layout_engine=ImageFont.Layout.BASIC)
    left, top, right, bottom = font.getbbox(str(digit))
    picture = Image.new("L", (int(right - left), int(bottom - top)))
    ImageDraw.Draw(picture).text((-left, -top), str(digit), font=font, fill=255)
    width = round(picture.width * 44 / picture.height)
    return np.pad(np.asarray(picture.resize((width, 44), Image.Resampling.BOX)) >= 128, 2)


def _thin(mask: np.ndarray) -> np.ndarray:
    """Return the centre line, one pixel wide, of a bool mask (the algorithm of Zhang and Suen)."""
    mask = mask.copy()
    changed = True
    while changed:
        changed = False
        for first in (True, False):
            p = np.pad(mask, 1)
            n, e, s, w = p[:-2, 1:-1], p[1:-1, 2:], p[2:, 1:-1], p[1:-1, :-2]
            ring = np.stack([n, p[:-2, 2:], e, p[2:, 2:], s, p[2:, :-2], w, p[:-2, :-2]])
            neighbours = ring.sum(axis=0)
            crossings = (~ring & np.roll(ring, -1, axis=0)).sum(axis=0)
            border = ~(e & s & (n | w)) if first else ~(n & w & (e | s))
            drop = mask & (neighbours >= 2) & (neighbours <= 6) & (crossings == 1) & border
            changed |= bool(drop.any())
            mask &= ~drop
    return mask


@cache
def _font_slope(stem: str) -> float:
    """Return the slope dx / dy, y pointing down, of the stem of the 1 of a font."""
    # The middle rows, which hold neither the flag nor the foot of the 1.
    rows, columns = np.nonzero(_thin(_mask(stem, 1))[16:32])
    # Rounded, as the last bits vary with the machine and would decide between points that tie.
    return round(float(np.polyfit(rows, columns, 1)[0]), 4)


@cache
def _centre_line(stem: str, digit: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the centre line of a printed digit, made upright, and how thick the digit is there.

    Returns `points` float64 (k, 2), x and y (down) in units of the height of the digit with
    the origin at its centre, and `thickness` float64 (k,), of mean 1. Both are read-only.
    """
    mask = _mask(stem, digit)
    line = _thin(mask)
    rows, columns = np.nonzero(line)
    points = np.stack([columns - _font_slope(stem) * rows, rows], axis=1)
    points -= (points.min(axis=0) + points.max(axis=0)) / 2
    points /= np.ptp(points[:, 1])
    thickness = ndimage.distance_transform_edt(mask)[line]
    thickness /= thickness.mean()
    points.setflags(write=False)
    thickness.setflags(write=False)
    return points, thickness


def _as_written(
    digit: int, points: np.ndarray, thickness: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Now and then turn the printed form of a digit into one that is usual by hand.

    Takes and returns `points` (k, 2) and `thickness` (k,) as `_centre_line` gives
    them; k may change.
    """
    choice, amount, extra = rng.random(3)
    x, y = points.T
    keep = np.ones(len(points), bool)
    stroke = np.empty((0, 2))
    if digit == 1:
        # No foot, mostly; and a flag that is straight and reaches far down, or none at all.
        stem = np.median(x[np.abs(y) < 0.25])
        if choice < 0.5:
            keep &= (np.abs(x - stem) <= 0.04) | (y <= 0.3)
        keep &= (np.abs(x - stem) <= 0.04) | (y >= 0)
        if choice >= 0.25:
            end = [stem - 0.12 - 0.35 * amount, -0.4 + 0.6 * extra]
            stroke = np.linspace([stem, -0.5], end, 24)
    elif digit == 4 and choice < 0.5:
        # Open at the top: the left stroke is steeper and the stem begins further down.
        side = (x < np.max(x[y < -0.4]) - 0.06) & (y < y[np.argmin(x)])
        steeper = x.min() + (x - x.min()) * (0.1 + 0.7 * amount)
        points = np.stack([np.where(side, steeper, x), y], axis=1)
        keep = side | (y > -0.5 + 0.45 * extra)
    elif digit in (6, 9) and choice < 0.5:
        # A straight tail in the place of the hook; a 6 is a 9 upside down.
        turn = 1 if digit == 9 else -1
        keep = turn * y < 0.12
        start = np.max(turn * x[keep & (turn * y > 0)])
        stroke = turn * np.linspace([start, 0.1], [start - 0.35 * amount, 0.5], 22)
    elif digit == 7 and choice < 0.5:
        # A bar across the stem.
        level = -0.1 + 0.25 * amount
        middle = x[np.argmin(np.abs(y - level))]
        stroke = np.array([middle, level]) + np.linspace([-0.25, 0.05], [0.25, -0.05], 20)
    points = np.concatenate([points[keep], stroke])
    thickness = np.concatenate([thickness[keep], np.ones(len(stroke))])
    return points, thickness


def _bend(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return `points` (k, 2) smoothly and randomly displaced, slanted and turned."""
    x, y = points.T
    lift = rng.uniform(-_LARGEST_LIFT, _LARGEST_LIFT)
    y = np.clip(y + 0.5, 0, None) ** np.exp(lift) - 0.5
    # One end of the digit becomes wider than the other.
    points = np.stack([x * np.exp(rng.normal(0, 0.5) * y), y], axis=1)

    waves = 4
    frequency = rng.uniform(-1, 1, (2, waves))
    phase = rng.uniform(0, 2 * np.pi, waves)
    amplitude = rng.normal(0, 0.04, (waves, 2)) * rng.uniform(0, 1)
    points = points + np.sin(2 * np.pi * points @ frequency + phase) @ amplitude

    slant = rng.normal(0, 0.2)
    angle = rng.normal(0, 0.12)
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[1, 0], [-slant, 1]]) @ np.array([[cos, sin], [-sin, cos]])


def _draw(digit: int, rng: np.random.Generator) -> np.ndarray:
    """Return one digit as float32 (_CANVAS, _CANVAS), its stroke 1 and its background 0."""
    stem = FONTS[rng.integers(len(FONTS))]
    points, thickness = _as_written(digit, *_centre_line(stem, digit), rng)
    points = _bend(points, rng)

    pen = rng.uniform(*_PEN) / 2
    radius = (pen * thickness ** rng.uniform(0, 1)).astype(np.float32)

    # However it was bent, the writing fills most of the box from top to bottom.
    low, high = points.min(axis=0), points.max(axis=0)
    width, height = high - low
    scale_y = (_CANVAS * rng.uniform(0.8, 1.0) - 2 * pen) / height
    widest = (_CANVAS - 2 * pen) / max(width, 1e-6)
    scale_x = min(scale_y * np.exp(rng.normal(0, 0.25)), widest)
    points = (points - (low + high) / 2) * [scale_x, scale_y]
    points = (points + _CANVAS / 2 + rng.normal(0, 1.0, 2)).astype(np.float32)

    # x and y apart, as the squares are few then and only their sums many.
    across = (_PIXEL_CENTRES[:, None] - points[:, 0]) ** 2
    down = (_PIXEL_CENTRES[:, None] - points[:, 1]) ** 2
    outside = (np.sqrt(down[:, None] + across) - radius).min(axis=2)
    return np.clip(0.5 - outside, 0, 1)


def _check(seed: int, size: int) -> None:
    if seed < 0:
        raise InputError(f"seed must be at least 0, got {seed}.")
    if size < 8:
        raise InputError(f"size must be at least 8, got {size}.")


def render_glyph(i: int, *, seed: int = 0, size: int = 32) -> np.ndarray:
    """Draw image `i` of the endless source `seed`; its label is `i % 10`.

    Parameters
    ----------
    i, seed : int
        At least 0.
    size : int
        Height and width, at least 8. The digit is drawn on a canvas of 32 pixels whatever it is,
        so a larger size shows no more detail.

    Returns
    -------
    (size, size, 3) uint8
        Three equal channels, the stroke bright on dark; a function of the arguments alone.

    Raises
    ------
    InputError
        When an argument is too small.
    FileNotFoundError
        When Matplotlib was installed without its fonts.
    """
    if i < 0:
        raise InputError(f"i must be at least 0, got {i}.")
    _check(seed, size)
    rng = np.random.default_rng([seed, i])
    picture = Image.fromarray(_draw(i % _CLASSES, rng))
    if rng.random() < 0.75:
        side = int(rng.integers(8, 21))
        picture = picture.resize((side, side), Image.Resampling.BOX)
    smooth = Image.Resampling.BICUBIC if rng.random() < 0.5 else Image.Resampling.BILINEAR
    stroke = np.asarray(picture.resize((size, size), smooth)) * rng.uniform(1, 1.3)
    dark = rng.uniform(0, 30) if rng.random() < 0.5 else 0.0
    bright = rng.uniform(150, 255)
    grey = dark + (bright - dark) * np.clip(stroke, 0, 1)
    grey += rng.normal(0, rng.uniform(0, 8), grey.shape)
    grey = np.clip(np.rint(grey), 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def render_glyphs(n: int, *, seed: int = 0, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Draw the first `n` images of the endless source `seed`, with a bar on a terminal.

    Returns
    -------
    images : (n, size, size, 3) uint8
        Image i is `render_glyph(i, seed=seed, size=size)`.
    labels : (n,) int64
        Label i is `i % 10`.

    Raises
    ------
    InputError
        When `n` is less than 1, and as `render_glyph`.
    """
    if n < 1:
        raise InputError(f"n must be at least 1, got {n}.")
    _check(seed, size)
    images = np.empty((n, size, size, 3), np.uint8)
    for i in tqdm(
        range(n), desc="drawing glyphs", leave=False, disable=None, file=standard_error()
    ):
        images[i] = render_glyph(i, seed=seed, size=size)
    return images, np.arange(n, dtype=np.int64) % _CLASSES


def load_glyphs(data_dir: str | None = None) -> Dataset:
    """The first 20,000 glyphs of seed 0 to train on and 1000 of seed 1 to test on.

    Parameters
    ----------
    data_dir : ignored
        The fonts come with Matplotlib.
    """
    images, labels = render_glyphs(N_TRAIN, seed=0)
    test_images, test_labels = render_glyphs(N_TEST, seed=1)
    names = tuple(str(digit) for digit in range(_CLASSES))
    return Dataset(images, labels, test_images, test_labels, names)
