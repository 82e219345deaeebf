"""Trained networks that nobody holds any more."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace

import pytest

from keras_selflearn.network import left_over


class Circle:
    """Holds itself, as a trained model of Keras does."""

    def __init__(self):
        self.itself = self


class Net(SimpleNamespace):
    __hash__ = object.__hash__


@pytest.fixture(autouse=True)
def no_collection_of_its_own(monkeypatch):
    monkeypatch.setattr(left_over, "_trained", [])
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_what_nobody_holds_is_freed_and_no_more(monkeypatch):
    held, gone = Net(trainer=Circle()), Net(trainer=Circle())
    for network in (held, gone):
        left_over.remember(network)
    trainers = weakref.ref(held.trainer), weakref.ref(gone.trainer)
    del gone, network
    assert trainers[1]() is not None
    left_over.free_left_over()
    assert trainers[0]() is held.trainer and trainers[1]() is None
    monkeypatch.setattr(left_over.gc, "collect", None)  # nothing is collected for nothing
    left_over.free_left_over()
    assert len(left_over._trained) == 1
