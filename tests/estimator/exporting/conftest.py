"""Small classifiers of each kind that an export meets."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn import SelfLearningClassifier

KINDS = {
    "softmax": {"image_size": 40},
    "three neighbours": {"loss": "triplet", "n_neighbors": 3},
    "raw": {"loss": "triplet", "compared_embedding": "raw"},
    "statistics": {"backbone": "own", "weights": "own", "batch_statistics": True},
    "vote": {"train": "head", "labelling": "vote", "mirror": True, "meta_iterations": 1},
    "graph": {"train": "head", "labelling": "graph", "preprocessing": "caffe"},
    "grey": {"loss": "triplet", "precision": "mixed_bfloat16", "image_size": 40},
}


def own_network():
    layers = tf.keras.layers
    images = tf.keras.Input((32, 32, 3))
    features = layers.BatchNormalization()(layers.Conv2D(16, 3, strides=4)(images))
    features = layers.GlobalAveragePooling2D()(layers.ReLU()(features))
    return tf.keras.Model(images, features)


def fit(digits, **changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 60, "meta_epochs": 1}
    options.update(meta_iterations=0, random_state=0, precision="float32", learning_rate=1e-2)
    labels = np.array(["null ü", "b", "a/c", "d", "e", "f", "g", "h", "i", "j"])[digits.labels]
    labels = np.where(np.arange(len(labels)) % 3 == 2, "-1", labels)
    images = digits.images[:120]
    if changes.get("backbone") == "own":
        changes["backbone"] = own_network()
    if changes.pop("grey", False):
        images = images[..., :1]
    return SelfLearningClassifier(**{**options, **changes}).fit(images, labels[:120])


@pytest.fixture(scope="session")
def classifiers(digits, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return {kind: fit(digits, grey=kind == "grey", **each) for kind, each in KINDS.items()}


@pytest.fixture(scope="session")
def images_for(digits):
    """Images for a classifier."""
    return lambda classifier: digits.test_images[:60, ..., : classifier.image_shape_[-1]]
