from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keras_selflearn.training.schedule import Schedule


def test_epochs_are_epochs():
    assert Schedule(epochs=7, learning_rate=1.0).epochs_and_steps(40) == (7, 40)


@pytest.mark.parametrize(
    ("steps", "per_epoch", "expected"),
    [(800, 40, (20, 40)), (100, 40, (2, 50)), (100, 101, (1, 100)), (7, 3, (1, 7)), (1, 9, (1, 1))],
)
def test_steps_are_shared_out_in_equal_parts(steps, per_epoch, expected):
    training = Schedule(epochs=99, learning_rate=1.0, steps=steps)
    assert training.epochs_and_steps(per_epoch) == expected


@given(steps=st.integers(1, 5000), per_epoch=st.integers(1, 700))
def test_parts_make_up_the_steps_and_are_at_least_an_epoch(steps, per_epoch):
    parts, length = Schedule(epochs=1, learning_rate=1.0, steps=steps).epochs_and_steps(per_epoch)
    assert parts * length == steps
    assert parts == 1 or length >= per_epoch


def test_rate_is_constant_unless_asked():
    np.testing.assert_array_equal(Schedule(epochs=1, learning_rate=0.5).rates(4), [0.5] * 4)


def test_warm_up_rises_in_equal_parts_to_the_constant_rate():
    training = Schedule(epochs=1, learning_rate=1.0, warmup=0.4)
    np.testing.assert_allclose(training.rates(10), [0.2, 0.4, 0.6, 0.8] + [1.0] * 6)


def test_cosine_decay_by_hand():
    training = Schedule(epochs=1, learning_rate=2.0, decay="cosine")
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
    rates = Schedule(epochs=1, learning_rate=peak, warmup=warmup, decay=decay).rates(n_steps)
    top = int(rates.argmax())
    assert (np.diff(rates[: top + 1]) > 0).all()
    assert (np.diff(rates[top:]) <= 1e-12).all()
    assert (rates > 0).all() and rates.max() <= peak * (1 + 1e-12)


class Model:
    """As much of one as `EarlyStopping` uses."""

    stop_training = False


def settled_after(losses, patience):
    """After how many epochs Keras' own callback ends a training with these losses, if it does."""
    stopping = tf.keras.callbacks.EarlyStopping("loss", min_delta=0.01, patience=patience)
    model = Model()
    stopping.set_model(model)
    stopping.on_train_begin()
    for epoch, loss in enumerate(losses):
        stopping.on_epoch_end(epoch, {"loss": loss})
        if model.stop_training:
            return epoch + 1
    return None


@settings(derandomize=True, deadline=None)
@given(
    # No two differ by the 0.01 at which rounding would decide.
    losses=st.lists(st.integers(-40, 40).map(lambda n: n / 128), max_size=12),
    patience=st.integers(1, 5),
)
@example(losses=[1.0, 1.0], patience=1)
@example(losses=[1.0, 0.995, 0.985, 0.98], patience=2)  # falls, but by less than 0.01 at a time
def test_a_training_has_settled_when_keras_would_stop_it(losses, patience):
    training = Schedule(epochs=99, learning_rate=1.0, settled_epochs=patience)
    settled = [n for n in range(len(losses) + 1) if training.has_settled(losses[:n])]
    assert next(iter(settled), None) == settled_after(losses, patience)


def test_settling_by_hand():
    training = Schedule(epochs=99, learning_rate=1.0, settled_epochs=2)
    assert not training.has_settled([3.0, 2.0, 2.5])
    assert training.has_settled([3.0, 2.0, 2.5, 1.995])
    assert not training.has_settled([3.0, 2.0, 2.5, 1.98])


def test_a_training_settles_only_where_it_is_asked_to():
    assert not Schedule(epochs=99, learning_rate=1.0).has_settled([1.0] * 50)
