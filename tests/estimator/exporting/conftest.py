"""Small classifiers of each kind that an export meets."""

from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn import SelfLearningClassifier

KINDS = {
    "softmax": {"image_size": 40},
    "three neighbours": {"loss": "triplet", "n_neighbors": 3},
    "vote": {"train": "head", "labelling": "vote", "mirror": True, "meta_iterations": 1},
    "graph": {"train": "head", "labelling": "graph", "preprocessing": "caffe"},
    "grey": {"loss": "triplet", "precision": "mixed_bfloat16", "image_size": 40},
}


def fit(digits, **changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 60, "meta_epochs": 1}
    options.update(meta_iterations=0, random_state=0, precision="float32", learning_rate=1e-2)
    labels = np.array(["null ü", "b", "a/c", "d", "e", "f", "g", "h", "i", "j"])[digits.labels]
    labels = np.where(np.arange(len(labels)) % 3 == 2, "-1", labels)
    images = digits.images[:120]
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
