"""Weights that the package ships.

`tiny-glyphs.weights.h5` is the network `tiny`, trained on digits that are drawn from fonts:
`python -m keras_selflearn.pretrain --backbone=tiny --epochs=10 --learning_rate=1e-3
--output=tiny-glyphs.weights.h5`.
"""

from __future__ import annotations

from pathlib import Path

TINY_GLYPHS = Path(__file__).resolve().parent / "tiny-glyphs.weights.h5"
