"""Bounds that only a CPU with AMX can keep: bfloat16 is far faster there than elsewhere."""

from __future__ import annotations

from keras_selflearn.network import cpu


def bound_with_amx(at_least: float) -> tuple[float | None, str]:
    """The bound and nothing, or, on a machine without AMX, no bound and why."""
    if "amx_bf16" in cpu.features():
        return at_least, ""
    return None, f"; the bound of {at_least} is for CPUs with AMX, which this is not"
