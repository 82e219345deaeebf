"""The name and the features of the processor, as Linux gives them, and how they are used."""

from __future__ import annotations

import os
import platform
from pathlib import Path

_INFO = Path("/proc/cpuinfo")


def name() -> str:
    """Name of the processor's model, or of its family if the model is unknown."""
    return next(iter(_values("model name")), platform.processor() or platform.machine())


def features() -> frozenset[str]:
    """Features of the processor in Linux' words, such as `avx512_bf16`. Empty if unknown."""
    return frozenset(" ".join(_values("flags")).split())


def without_onednn() -> bool:
    """Whether the environment keeps TensorFlow from oneDNN, which computes with these features."""
    return os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0"


def _values(key: str) -> list[str]:
    lines = _INFO.read_text(encoding="utf-8").splitlines() if _INFO.exists() else []
    pairs = (line.partition(":") for line in lines)
    return [value.strip() for name, _, value in pairs if name.strip() == key]
