"""Number format and devices."""

from __future__ import annotations

from dataclasses import dataclass

from keras_selflearn.console.option import Options, option
from keras_selflearn.network.names import PRECISIONS, STRATEGIES


@dataclass(frozen=True)
class DeviceOptions(Options):
    """What a network computes on, and in which number format."""

    GROUP = "devices"

    precision: str = option(
        "auto",
        "Number format: float32, mixed_bfloat16, mixed_float16, or auto (bfloat16 if native).",
        choices=PRECISIONS,
    )
    strategy: str = option(
        "none",
        "Devices to train on: none (one device) or mirrored (all visible GPUs).",
        choices=STRATEGIES,
    )
