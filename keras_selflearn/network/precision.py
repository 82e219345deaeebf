"""The number format of the network. Embeddings and losses are always float32."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tensorflow as tf

from keras_selflearn.console.errors import unknown_name
from keras_selflearn.network import cpu

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16", "auto")


def resolve_precision(precision: str) -> str:
    """Turn `auto` into `mixed_bfloat16` where the hardware computes it natively, else `float32`.

    Native means tensor cores of compute capability 8.0 on all GPUs, or, without a GPU, the CPU
    features AMX-BF16 or AVX512-BF16: elsewhere bfloat16 is emulated and slower than float32.

    Raises
    ------
    InputError
        For an unknown precision.
    """
    if precision not in PRECISIONS:
        raise unknown_name("precision", precision, PRECISIONS)
    if precision != "auto":
        return precision
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        native = all(each.get("compute_capability", (0, 0)) >= (8, 0) for each in details)
    else:
        native = bool(cpu.features() & {"amx_bf16", "avx512_bf16"})
    return "mixed_bfloat16" if native else "float32"


@contextlib.contextmanager
def precision_policy(precision: str) -> Iterator[None]:
    """Make `precision` the policy of Keras in the block: Keras' networks read nothing else."""
    mixed_precision = tf.keras.mixed_precision
    before = mixed_precision.global_policy()
    mixed_precision.set_global_policy(resolve_precision(precision))
    try:
        yield
    finally:
        mixed_precision.set_global_policy(before)
