from __future__ import annotations

import numpy as np
import pytest

from benchmarks.peak_memory import MIB, PeakMemory, can_measure

pytestmark = pytest.mark.skipif(not can_measure(), reason="memory is measured on Linux only")


def test_an_array_counts_also_when_it_is_gone_and_until_it_is_taken():
    with PeakMemory() as memory:
        for _ in range(3):
            np.ones(100 * MIB, np.uint8)
        first, second = memory.take(), memory.take()
    assert first - memory.before > 50 * MIB
    assert second - memory.before < 50 * MIB


def test_a_mapped_file_does_not_count(tmp_path):
    np.save(tmp_path / "array.npy", np.ones(100 * MIB, np.uint8))
    with PeakMemory() as memory:
        mapped = np.load(tmp_path / "array.npy", mmap_mode="r")
        assert mapped[::4096].all()
        peak = memory.take()
    assert peak - memory.before < 50 * MIB
