"""Free trained networks that nobody holds any more, before memory is taken for the next one."""

from __future__ import annotations

import gc
import weakref

import tensorflow as tf

from keras_selflearn.network.model import Network

_trained: list[tuple[weakref.ref[Network], weakref.ref[tf.keras.Model]]] = []


def remember(network: Network) -> None:
    """Note a network that is trained from now on."""
    _trained.append((weakref.ref(network), weakref.ref(network.trainer)))


def free_left_over() -> None:
    """Collect the models of networks that are gone.

    Keras' models hold themselves in circles, with the optimiser's copies of all weights. Python
    would collect them at some time. A collection takes a part of a second, and so it is done only
    where there is something to collect.
    """
    if any(network() is None and trainer() is not None for network, trainer in _trained):
        gc.collect()
    _trained[:] = [each for each in _trained if each[1]() is not None]
