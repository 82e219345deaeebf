from __future__ import annotations

import pytest

from benchmarks import amx


@pytest.fixture
def cpu(monkeypatch, tmp_path):
    """Makes the machine one with a CPU of these features."""

    def have(features):
        path = tmp_path / "cpuinfo"
        path.write_text(f"processor : 0\nflags\t\t: fpu {features} sse2\n")
        monkeypatch.setattr(amx, "_CPU_INFO", path)

    return have
