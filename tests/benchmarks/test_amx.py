from __future__ import annotations

from benchmarks.amx import bound_with_amx


def test_the_bound_holds_on_a_cpu_with_amx(cpu):
    cpu("amx_bf16")
    assert bound_with_amx(1.8) == (1.8, "")


def test_no_bound_elsewhere_and_the_reason(cpu):
    cpu("avx512_bf16")
    bound, why = bound_with_amx(1.8)
    assert bound is None
    assert "1.8 is for CPUs with AMX" in why
