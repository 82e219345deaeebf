"""What an option may be is what the network and the losses have."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.console.option import declared
from keras_selflearn.losses.triplet import _DISTANCES
from keras_selflearn.network.backbone import BACKBONES
from keras_selflearn.network.model import OPTIMIZERS
from keras_selflearn.network.names import BACKBONES as NAMES
from keras_selflearn.network.precision import precision_policy
from keras_selflearn.network.preprocessing import preprocess
from keras_selflearn.network.strategy import make_strategy
from keras_selflearn.options.config import Config


def known(name):
    (each,) = (each for each in fields(Config) if each.name == name)
    return declared(each).known()


@pytest.mark.parametrize(
    ("name", "there"), [("optimizer", OPTIMIZERS), ("triplet_distance", _DISTANCES)]
)
def test_each_choice_is_there_and_each_thing_can_be_chosen(name, there):
    assert sorted(known(name)) == sorted(there)


def test_each_way_to_scale_pixels_scales_them_in_its_own_way():
    grey = tf.fill((1, 1, 1, 3), tf.constant(64, tf.uint8))
    modes = [mode for mode in known("preprocessing") if mode != "imagenet"]  # it names another
    scaled = {tuple(np.round(preprocess(grey, mode).numpy().ravel(), 3)) for mode in modes}
    assert len(scaled) == len(modes) == 5


@pytest.mark.parametrize("name", known("strategy"))
def test_each_strategy_can_be_made(name):
    assert make_strategy(name).num_replicas_in_sync >= 1


@pytest.mark.parametrize("name", known("precision"))
def test_each_precision_becomes_the_policy_of_keras(name):
    with precision_policy(name):
        policy = tf.keras.mixed_precision.global_policy().name
    assert policy == name or name == "auto" and policy in known("precision")


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
