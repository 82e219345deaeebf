"""Work in a process of its own: what it leaves behind, above all memory, is gone with it."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from keras_selflearn.console.quiet import import_tensorflow_quietly


def in_own_process(function: Any, *arguments: Any, tensorflow: bool = False) -> Any:
    """What `function`, of a module that can be imported, returns for the `arguments`.

    With `tensorflow` the process first imports it, without its messages.
    """
    with ProcessPoolExecutor(
        1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=import_tensorflow_quietly if tensorflow else None,
    ) as pool:
        return pool.submit(function, *arguments).result()
