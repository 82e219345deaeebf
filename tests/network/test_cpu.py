from __future__ import annotations

import platform

import pytest

from keras_selflearn.network import cpu

_INFO = """processor\t: 0
model name\t: Some CPU: fast
flags\t\t: fpu avx2 amx_bf16
power management: ts

processor\t: 1
model name\t: Some CPU: fast
flags\t\t: fpu avx2
"""


@pytest.fixture
def described(tmp_path, monkeypatch):
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(cpu, "_INFO", path)
    return path


def test_name_and_features_are_those_of_linux(described):
    described.write_text(_INFO)
    assert cpu.name() == "Some CPU: fast"
    assert cpu.features() == {"fpu", "avx2", "amx_bf16"}


@pytest.mark.parametrize("there", [False, True])
def test_what_linux_does_not_say(described, there):
    if there:  # as on other architectures
        described.write_text("processor : 0\nBogoMIPS : 50.00\n")
    assert cpu.name() == (platform.processor() or platform.machine())
    assert cpu.features() == frozenset()
