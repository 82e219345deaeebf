"""A callback of `SelfLearningClassifier.fit`."""

from __future__ import annotations

from typing import Callable

import tensorflow as tf


class AfterMetaIteration(tf.keras.callbacks.Callback):
    """Calls `act` after the first training and after each meta-iteration."""

    def __init__(self, act: Callable[[], object]):
        super().__init__()
        self._act = act

    def on_meta_iteration_end(self, *_) -> None:
        """Call it."""
        self._act()
