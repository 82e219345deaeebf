"""Keras' progress bar for features, which are computed without Keras' `fit`."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_selflearn.console.errors import InputError


def check_verbose(verbose: Any) -> None:
    """Raise an `InputError` unless Keras' `fit` takes this."""
    if isinstance(verbose, bool) or verbose not in (0, 1, 2, "auto"):
        raise InputError(f"verbose is {verbose!r}: give 0, 1, 2 or 'auto', as in Keras.")


def feature_progress(verbose: int | str) -> list[tf.keras.callbacks.Callback]:
    """Return a callback that shows how many features are computed; none with `verbose` 0."""
    return [] if verbose == 0 else [_FeatureProgress(1 if verbose == "auto" else int(verbose))]


class _FeatureProgress(tf.keras.callbacks.Callback):
    def __init__(self, verbose: int) -> None:
        super().__init__()
        self._verbose = verbose
        self._bar: Any = None
        self._of: tuple[str, int] | None = None

    def on_features(self, kind: str, done: int, n: int) -> None:
        """Show that so many of the images of this kind are done."""
        if self._of != (kind, n):
            self._of = kind, n
            self._bar = tf.keras.utils.Progbar(n, verbose=self._verbose, unit_name="image")
        self._bar.update(done)
