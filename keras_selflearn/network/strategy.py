"""The devices that a network is trained on."""

from __future__ import annotations

import functools

import tensorflow as tf


def make_strategy(name: str) -> tf.distribute.Strategy:
    """Make the strategy under which a network is built and trained.

    Parameters
    ----------
    name : "none" or "mirrored"
        `none` is TensorFlow's default, one device; `mirrored` has a replica of the network on each
        visible GPU or, where there is none, on each logical CPU.

    Returns
    -------
    tf.distribute.Strategy
        The default one, too, where `mirrored` finds a single device.
    """
    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        if len(devices) > 1:
            return _mirrored(tuple(device.name for device in devices))
    return tf.distribute.get_strategy()


@functools.cache
def _mirrored(devices: tuple[str, ...]) -> tf.distribute.MirroredStrategy:
    """Make it once: a second one would count its collective operations from the same number.

    TensorFlow tells these apart by their numbers, and fails when one comes in another shape.
    """
    return tf.distribute.MirroredStrategy(devices)
