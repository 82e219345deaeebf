from __future__ import annotations

import pytest

from benchmarks.start import run_until_first_step


def test_a_run_that_ends_before_its_first_step_says_why():
    with pytest.raises(RuntimeError, match="No step was done: .*Unknown loss 'tripled'"):
        run_until_first_step("--loss=tripled")
