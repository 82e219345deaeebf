"""Random changes of colours and geometry, which ask more of the network than a shift does.

Each takes and returns what `shift` in `augmentation.py` does. Pixels lie between 0 and 255.
"""

from __future__ import annotations

import math

import tensorflow as tf

# Factors lie between 1 minus and 1 plus these.
_BRIGHTNESS, _CONTRAST, _SATURATION, _ZOOM = 0.4, 0.4, 0.6, 0.2
_LARGEST_ANGLE = math.radians(15)
# The weights of red, green and blue in the luma of ITU-R BT.601.
_LUMA = (0.299, 0.587, 0.114)
_GREY = 128


def brightness(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Multiply all pixels of an image by a factor from 0.6 to 1.4."""
    return _pixels(_floats(images) * _factors(images, seed, _BRIGHTNESS), images)


def contrast(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Multiply the distance of each pixel to the image's mean grey by a factor from 0.6 to 1.4."""
    floats = _floats(images)
    mean = tf.reduce_mean(_grey(floats), axis=[1, 2], keepdims=True)
    return _pixels(mean + (floats - mean) * _factors(images, seed, _CONTRAST), images)


def saturation(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Multiply the distance of each pixel to its grey by a factor from 0.4 to 1.6."""
    floats = _floats(images)
    grey = _grey(floats)
    return _pixels(grey + (floats - grey) * _factors(images, seed, _SATURATION), images)


def rotate(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Turn each image about its centre by up to 15 degrees; the pixels at the edge are repeated."""
    angles = tf.random.stateless_uniform([tf.shape(images)[0]], seed, -1, 1) * _LARGEST_ANGLE
    return _transformed(images, tf.cos(angles), tf.sin(angles))


def zoom(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Show 0.8 to 1.2 of each side of an image; the pixels at the edge are repeated."""
    shares = tf.random.stateless_uniform([tf.shape(images)[0]], seed, 1 - _ZOOM, 1 + _ZOOM)
    return _transformed(images, shares, tf.zeros_like(shares))


def square(images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Cover a square with grey: half of the shorter side, anywhere in the image."""
    height, width = images.shape[1:3]
    side = min(height, width) // 2
    seeds = tf.random.experimental.stateless_split(seed, 2)
    inside = True
    for axis, size, axis_seed in ((1, height, seeds[0]), (2, width, seeds[1])):
        first = tf.random.stateless_uniform(
            [tf.shape(images)[0], 1], axis_seed, 0, size - side + 1, tf.int32
        )
        places = tf.range(size)[None, :]
        covered = (places >= first) & (places < first + side)
        inside &= covered[:, :, None, None] if axis == 1 else covered[:, None, :, None]
    return tf.where(inside, tf.cast(_GREY, images.dtype), images)


def _floats(images: tf.Tensor) -> tf.Tensor:
    return tf.cast(images, tf.float32)


def _pixels(floats: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.round(tf.clip_by_value(floats, 0, 255)), like.dtype)


def _grey(floats: tf.Tensor) -> tf.Tensor:
    """The luma (batch, height, width, 1); grey images are their own."""
    return floats if floats.shape[-1] == 1 else tf.reduce_sum(floats * _LUMA, -1, keepdims=True)


def _factors(images: tf.Tensor, seed: tf.Tensor, largest: float) -> tf.Tensor:
    shape = [tf.shape(images)[0], 1, 1, 1]
    return tf.random.stateless_uniform(shape, seed, 1 - largest, 1 + largest)


def _transformed(images: tf.Tensor, cosine: tf.Tensor, sine: tf.Tensor) -> tf.Tensor:
    """Sample with bilinear interpolation: place p shows what was at centre + M (p - centre).

    M is ((cosine, -sine), (sine, cosine)), for each image (batch,) its own, of places (x, y).
    """
    height, width = images.shape[1:3]
    x, y = (width - 1) / 2, (height - 1) / 2
    zeros = tf.zeros_like(cosine)
    rows = [
        cosine, -sine, x - cosine * x + sine * y,
        sine, cosine, y - sine * x - cosine * y,
        zeros, zeros,
    ]  # fmt: skip
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=_floats(images),
        transforms=tf.stack(rows, axis=1),
        output_shape=[height, width],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )
    return _pixels(moved, images)
