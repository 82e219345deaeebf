"""The number formats that the environment lets TensorFlow compute in."""

from __future__ import annotations

import os

import pytest

# With this variable TensorFlow's convolutions in bfloat16 raise, or end the process.
_IS_LIMITED = "ONEDNN_MAX_CPU_ISA" in os.environ

needs_bfloat16 = pytest.mark.skipif(_IS_LIMITED, reason="ONEDNN_MAX_CPU_ISA is set")
# For a test that is about something else.
SOME_MIXED = "mixed_float16" if _IS_LIMITED else "mixed_bfloat16"
