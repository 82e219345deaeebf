"""Tests of several networks: what a `backbone` names, their weights, and the joined network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from own_models import own_model

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.network.head_network import build_head_network
from keras_selflearn.network.image_shape import check_image_shape, check_image_size
from keras_selflearn.network.side_by_side import (
    check_backbones,
    check_few_features,
    each_backbone,
    identity_of_all,
    n_features_of_all,
    weights_of_each,
)

CHANCE = np.random.default_rng(0)
IMAGES = CHANCE.integers(0, 256, (6, 32, 40, 3), np.uint8)


def test_a_text_and_a_list_name_networks():
    model = own_model()
    assert each_backbone("tiny") == ("tiny",)
    assert each_backbone("tiny, VGG16") == ("tiny", "VGG16")
    assert each_backbone([model, "tiny", "a,b.h5"]) == (model, "tiny", "a,b.h5")
    assert each_backbone(model) == (model,)
    assert each_backbone(Path("a,b.h5")) == (Path("a,b.h5"),)
    for none_or_too_many in ([], ["tiny"] * 9, "tiny" + ",tiny" * 8):
        with pytest.raises(ValueError, match="give one, or up to 8"):
            each_backbone(none_or_too_many)


@pytest.mark.parametrize(
    ("backbones", "weights", "each"),
    [
        (["tiny"], "random", ["random"]),
        (["VGG16", "VGG19"], "imagenet", ["imagenet", "imagenet"]),
        (["VGG16", "a.h5"], "imagenet", ["imagenet", "own"]),
        (["a.h5", "VGG16"], "w.h5", ["own", "w.h5"]),
        (["a.h5", "b.keras"], "own", ["own", "own"]),
        (["a.h5", "b.keras"], "random", ["random", "random"]),
    ],
)
def test_weights_are_for_networks_that_have_none(backbones, weights, each):
    assert weights_of_each(backbones, weights) == each


def test_what_one_network_can_not_be_several_can_not(tmp_path):
    own_model(size=40).save(tmp_path / "fixed.h5")
    mine = str(tmp_path / "fixed.h5")
    check_backbones(["tiny", mine], "random")
    check_backbones(["vgg16", own_model()], "imagenet")
    for backbone, weights, message in (
        ("tiny,vgg", "random", "Unknown backbone 'vgg'"),
        ("tiny,", "random", "Unknown backbone ''"),
        ("tiny,none.keras", "random", "There is no model file none.keras"),
        ("vgg16,tiny", "imagenet", "'tiny' has no 'imagenet' weights"),
        (["tiny", mine], "own", "weights 'own' are those of a model of your own"),
        ([mine, own_model()], "random", "A model of your own has its own weights"),
        (["tiny", "VGG19", mine], "w.h5", "w.h5 is for one network, and .* tiny and VGG19: give"),
        (["tiny", 3], "random", "backbone is 3: give a name"),
        (["tiny", ["vgg16"]], "random", "backbone is .'vgg16'.: give a name"),
    ):
        with pytest.raises(ValueError, match=message):
            check_backbones(backbone, weights)


def test_each_network_must_take_the_images():
    with pytest.raises(ValueError, match="Xception needs at least 71x71.*--image_size=71"):
        check_image_shape((64, 64, 3), backbone="tiny,Xception")
    with pytest.raises(ValueError, match="InceptionV3 needs at least 75: give image_size=75"):
        check_image_size(71, backbone=["Xception", "InceptionV3"])
    with pytest.raises(ValueError, match="takes 40x40: give image_size=40"):
        check_image_shape((64, 64, 3), backbone=["tiny", own_model(size=40)])
    check_image_shape((80, 80, 3), backbone="Xception,InceptionV3")


def test_identity_and_features_are_of_all():
    model = own_model()
    assert identity_of_all("TINY") == "tiny"
    both = identity_of_all(["vgg19", model])
    assert both == f"VGG19,{identity_of_all(own_model())}"
    assert both != identity_of_all([model, "vgg19"])
    assert n_features_of_all(["vgg19", model, "tiny"]) == 512 + 6 + 32


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("mirror", [False, True])
def test_the_embedding_joins_rows_of_length_one(mirror):
    model = own_model(ends="vector")
    subject = build_head_network(
        backbone=["tiny", model, "tiny"],
        weights="random",
        image_shape=(32, 40, 3),
        n_classes=3,
        precision="float32",
        mirror=mirror,
    )
    assert subject.seen_shape == (32, 40, 3) and len(subject.backbones) == 3
    scales = [(CHANCE.uniform(1, 9, d), CHANCE.normal(size=d)) for d in (32, 6, 32)]
    subject.set_embedding(scales)
    views = [IMAGES, IMAGES[:, :, ::-1]] if mirror else [IMAGES]
    networks = [subject.backbones[0], model, subject.backbones[2]]
    rows = []
    for network, pixels, (scale, shift) in zip(networks, (255, 1, 255), scales):
        features = [np.asarray(network(view / np.float32(pixels))) for view in views]
        rows.append(unit(np.mean(features, axis=0) * scale + shift))
    np.testing.assert_allclose(subject.embed_batch(IMAGES), unit(np.hstack(rows)), atol=1e-4)


def test_all_networks_see_resized_images():
    subject = build_head_network(
        backbone="tiny,tiny",
        weights="random",
        image_shape=(8, 8, 1),
        n_classes=2,
        precision="float32",
        image_size=71,
    )
    assert subject.seen_shape == (71, 71, 1)
    assert subject.embedder.output_shape[-1] == 32 + 32


def test_more_features_than_a_head_can_take_are_one_sentence(tmp_path):
    layers = tf.keras.layers
    images = tf.keras.Input((40, 40, 3))
    model = tf.keras.Model(images, layers.Flatten()(layers.Conv2D(6, 3)(images)))
    with pytest.raises(InputError, match="gives 8664 features .* in place of Flatten"):
        check_few_features(model)
    check_few_features(["NASNetLarge", "NASNetLarge"])
    with pytest.raises(InputError, match="gives 10112 features .* or fewer networks"):
        check_few_features("NASNetLarge,NASNetLarge,ResNet50")
    options = {"weights": "own", "image_size": None}
    with pytest.raises(InputError, match="in place of Flatten"):
        SelfLearningClassifier(preset="quick", backbone=model, **options).check_parameters()
    SelfLearningClassifier(backbone=model, weights="own").check_parameters()
