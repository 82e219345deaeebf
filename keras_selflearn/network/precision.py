"""The number format of the network. Embeddings and losses are always float32."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import tensorflow as tf

from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.network import cpu
from keras_selflearn.network.names import PRECISIONS

# The sets of instructions, as oneDNN names them, that are too old for bfloat16.
_WITHOUT_BFLOAT16 = "SSE41 AVX AVX2 AVX2_VNNI AVX2_VNNI_2 AVX512_CORE AVX512_CORE_VNNI".split()


def resolve_precision(precision: str) -> str:
    """Turn `auto` into `mixed_bfloat16` where the hardware computes it natively, else `float32`.

    Native means tensor cores of compute capability 8.0 on all GPUs, or, without a GPU, the CPU
    features AMX-BF16 or AVX512-BF16: elsewhere bfloat16 is emulated and slower than float32. The
    environment may keep TensorFlow from using these features.

    Raises
    ------
    InputError
        For an unknown precision, and for `mixed_bfloat16` where TensorFlow would end the process.
    """
    if precision not in PRECISIONS:
        raise unknown_name("precision", precision, PRECISIONS)
    if precision == "mixed_bfloat16" and _has_bfloat16() and _is_limited():
        raise InputError(
            f"ONEDNN_MAX_CPU_ISA={os.environ['ONEDNN_MAX_CPU_ISA']} keeps TensorFlow from bfloat16"
            " on this processor: unset it, or give --precision=float32."
        )
    if precision != "auto":
        return precision
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        native = all(each.get("compute_capability", (0, 0)) >= (8, 0) for each in details)
    else:
        native = _has_bfloat16() and not _is_limited()
        native = native and not cpu.without_onednn()
    return "mixed_bfloat16" if native else "float32"


def _has_bfloat16() -> bool:
    return bool(cpu.features() & {"amx_bf16", "avx512_bf16"})


def _is_limited() -> bool:
    """Whether the environment keeps oneDNN, which TensorFlow computes with, from bfloat16."""
    return os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper() in _WITHOUT_BFLOAT16


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
