"""What an option may be is what the network and the losses have."""

from __future__ import annotations

from dataclasses import fields

import pytest

from keras_selflearn.console.option import declared
from keras_selflearn.losses.triplet import _DISTANCES
from keras_selflearn.network.backbone import BACKBONES
from keras_selflearn.network.model import OPTIMIZERS
from keras_selflearn.network.precision import PRECISIONS
from keras_selflearn.network.preprocessing import PREPROCESSING
from keras_selflearn.network.strategy import STRATEGIES
from keras_selflearn.options.config import Config
from keras_selflearn.options.network import BACKBONES as NAMES


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("preprocessing", PREPROCESSING),
        ("optimizer", OPTIMIZERS),
        ("precision", PRECISIONS),
        ("strategy", STRATEGIES),
        ("triplet_distance", _DISTANCES),
    ],
)
def test_each_choice_is_there_and_each_thing_can_be_chosen(name, there):
    (each,) = (each for each in fields(Config) if each.name == name)
    assert sorted(declared(each).known()) == sorted(there)


def test_each_backbone_can_be_chosen_in_any_case_and_none_else():
    assert sorted(NAMES) == sorted(BACKBONES)
    assert Config(backbone="EFFICIENTNETB0").resolve().backbone == "EfficientNetB0"
    assert Config(backbone="VGG16").resolve() == Config().resolve()
    with pytest.raises(ValueError, match="Unknown backbone 'EfficientNet0': did you mean 'Eff"):
        Config(backbone="EfficientNet0")


def test_several_networks_are_for_a_head_alone():
    resolved = Config(backbone="VGG16, efficientnetb0", train="head").resolve()
    assert resolved.backbone == "vgg16,EfficientNetB0"
    with pytest.raises(ValueError, match="only a head is fitted on several: give one, or train="):
        Config(backbone="vgg16,EfficientNetB0").resolve()
    with pytest.raises(ValueError, match="Unknown backbone 'EfficientNet0': did you mean 'Eff"):
        Config(backbone="vgg16,EfficientNet0")
