"""Gradients that TensorFlow keeps for ever: each holds a graph, and all weights with it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from tensorflow.python.framework import ops

# What TensorFlow calls the gradients that it registers while it traces a function.
_TRACED = "CustomGradient-"
_lock = threading.Lock()
_blocks = 0
_before: set[str] = set()


@contextlib.contextmanager
def traced_gradients_forgotten() -> Iterator[None]:
    """Forget the gradients that TensorFlow registers in the block for functions that it traces.

    They are looked up once, while a training step is traced. TensorFlow never removes them, and so
    each training of a VGG16 would leave 190 MB behind. If there are blocks in several threads, the
    end of the last one forgets those of all.
    """
    global _blocks, _before
    registered = _registered()
    with _lock:
        if _blocks == 0:
            _before = {*registered}
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if _blocks == 0:
                for name in [each for each in registered if each.startswith(_TRACED)]:
                    if name not in _before:
                        registered.pop(name, None)


def _registered() -> dict[str, object]:
    """TensorFlow's gradients by name; nothing in a version that keeps them in another way."""
    registry = getattr(ops, "gradient_registry", None)
    return getattr(registry, "_registry", {})
