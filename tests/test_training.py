from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_selflearn.training import Training


def test_epochs_are_epochs():
    assert Training(epochs=7, learning_rate=1.0).epochs_and_steps(40) == (7, 40)


@pytest.mark.parametrize(
    ("steps", "per_epoch", "expected"),
    [(800, 40, (20, 40)), (100, 40, (2, 50)), (100, 101, (1, 100)), (7, 3, (1, 7)), (1, 9, (1, 1))],
)
def test_steps_are_shared_out_in_equal_parts(steps, per_epoch, expected):
    training = Training(epochs=99, learning_rate=1.0, steps=steps)
    assert training.epochs_and_steps(per_epoch) == expected


@given(steps=st.integers(1, 5000), per_epoch=st.integers(1, 700))
def test_parts_make_up_the_steps_and_are_at_least_an_epoch(steps, per_epoch):
    parts, length = Training(epochs=1, learning_rate=1.0, steps=steps).epochs_and_steps(per_epoch)
    assert parts * length == steps
    assert parts == 1 or length >= per_epoch


def test_rate_is_constant_unless_asked():
    np.testing.assert_array_equal(Training(epochs=1, learning_rate=0.5).rates(4), [0.5] * 4)


def test_warm_up_rises_in_equal_parts_to_the_constant_rate():
    training = Training(epochs=1, learning_rate=1.0, warmup=0.4)
    np.testing.assert_allclose(training.rates(10), [0.2, 0.4, 0.6, 0.8] + [1.0] * 6)


def test_cosine_decay_by_hand():
    training = Training(epochs=1, learning_rate=2.0, decay="cosine")
    np.testing.assert_allclose(
        training.rates(4), [2, 1 + math.cos(math.pi / 4), 1, 1 - math.cos(math.pi / 4)]
    )


@given(
    n_steps=st.integers(1, 300),
    warmup=st.floats(0, 0.99),
    peak=st.floats(1e-6, 1),
    decay=st.sampled_from(["none", "cosine"]),
)
def test_rates_rise_then_never_rise_again_and_stay_above_zero(n_steps, warmup, peak, decay):
    rates = Training(epochs=1, learning_rate=peak, warmup=warmup, decay=decay).rates(n_steps)
    top = int(rates.argmax())
    assert (np.diff(rates[: top + 1]) > 0).all()
    assert (np.diff(rates[top:]) <= 1e-12).all()
    assert (rates > 0).all() and rates.max() <= peak * (1 + 1e-12)
