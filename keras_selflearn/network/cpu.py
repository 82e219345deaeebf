"""The processor, as Linux describes it."""

from __future__ import annotations

import platform
from pathlib import Path

_INFO = Path("/proc/cpuinfo")


def name() -> str:
    """Of its model, or of its family where nothing more is known."""
    return next(iter(_values("model name")), platform.processor() or platform.machine())


def features() -> frozenset[str]:
    """What it can, in Linux' words (`avx512_bf16`, ...); none where it is not known."""
    return frozenset(" ".join(_values("flags")).split())


def _values(key: str) -> list[str]:
    lines = _INFO.read_text(encoding="utf-8").splitlines() if _INFO.exists() else []
    pairs = (line.partition(":") for line in lines)
    return [value.strip() for name, _, value in pairs if name.strip() == key]
