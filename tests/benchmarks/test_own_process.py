from __future__ import annotations

import os
import sys

import pytest

from benchmarks.own_process import in_own_process


def state(argument):
    return argument, os.getpid(), "tensorflow" in sys.modules


@pytest.mark.slow
def test_the_function_runs_elsewhere_with_tensorflow_only_where_it_is_asked_for():
    for tensorflow in (False, True):
        argument, process, imported = in_own_process(state, "x", tensorflow=tensorflow)
        assert argument == "x"
        assert process != os.getpid()
        assert imported == tensorflow
