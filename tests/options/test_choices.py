"""What an option may be is what the network and the losses have."""

from __future__ import annotations

from dataclasses import fields

import pytest

from keras_selflearn.console.option import declared
from keras_selflearn.losses.triplet import _DISTANCES
from keras_selflearn.network.backbone import BACKBONES
from keras_selflearn.network.model import OPTIMIZERS
from keras_selflearn.network.precision import PRECISIONS
from keras_selflearn.network.strategy import STRATEGIES
from keras_selflearn.options.config import Config


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("backbone", BACKBONES),
        ("optimizer", OPTIMIZERS),
        ("precision", PRECISIONS),
        ("strategy", STRATEGIES),
        ("triplet_distance", _DISTANCES),
    ],
)
def test_each_choice_is_there_and_each_thing_can_be_chosen(name, there):
    (each,) = (each for each in fields(Config) if each.name == name)
    assert sorted(declared(each).known()) == sorted(there)
