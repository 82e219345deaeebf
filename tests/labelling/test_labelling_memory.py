"""Tests of what the rounds of self-learning share."""

from __future__ import annotations

import numpy as np

from keras_selflearn.labelling.memory import Memory

ROWS = np.arange(6.0).reshape(2, 3)


def test_the_same_is_computed_once():
    memory, made = Memory(), []

    def result(kind="sum", rows=ROWS, settings=(1,)):
        return memory.once(kind, (rows,), settings, lambda: made.append(rows) or len(made))

    assert result() == 1
    assert result(rows=ROWS.copy()) == 1
    assert result(kind="other") == 2
    assert result() == 1
    assert result(settings=(2,)) == 3
    assert result(rows=ROWS.reshape(3, 2), settings=(2,)) == 4
    assert result(rows=ROWS + 1, settings=(2,)) == 5
    assert result() == 6  # only the last one is kept


def test_nothing_is_a_result():
    memory, made = Memory(), []
    for _ in range(2):
        assert memory.once("none", (ROWS,), (), lambda: made.append(1)) is None
    assert made == [1]
