"""The embedding that neighbours are searched in, before it is normalised for the loss."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.labelling.similarity_graph import unit_rows

pytestmark = pytest.mark.slow

OPTIONS = {
    "backbone": "tiny",
    "weights": "random",
    "embedding_size": 16,
    "epochs": 20,
    "meta_iterations": 1,
    "batch_size": 20,
    "learning_rate": 1e-3,
    "precision": "float32",
    "random_state": 0,
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    tf.config.experimental.enable_op_determinism()


def classifier(**changes):
    return SelfLearningClassifier(**{**OPTIONS, **changes})


def by_nearest(reference, labels, embeddings):
    distances = np.linalg.norm(embeddings[:, None] - reference[None], axis=-1)
    return labels[distances.argmin(axis=1)], -distances.min(axis=1)


@pytest.mark.parametrize(
    "options", [{"loss": "triplet"}, {"loss": "arcface"}, {"loss": "triplet", "train": "head"}]
)
def test_neighbours_are_searched_before_the_embedding_is_normalised(options, digits, tmp_path):
    images, labels = digits.images[:80], digits.labels[:80]
    given = np.where(np.arange(80) < 40, labels, -1)
    raw = classifier(compared_embedding="raw", **options).fit(images, given)
    embeddings = raw.transform(images)
    assert np.ptp(np.linalg.norm(embeddings, axis=1)) > 0.1
    found, confidence = by_nearest(embeddings[:40], labels[:40], embeddings[40:])
    np.testing.assert_array_equal(raw.predict(images[40:]), found)
    chosen = np.flatnonzero(raw.labeled_iter_ == 1)
    assert len(chosen)
    again = classifier(meta_iterations=0, **options).fit(images, given)
    before = classifier(meta_iterations=0, compared_embedding="raw", **options).fit(images, given)
    # The loss sees the same, so the weights are the same.
    np.testing.assert_allclose(
        unit_rows(before.transform(images)), again.transform(images), atol=1e-5
    )
    _, at_first = by_nearest(
        *(before.transform(images)[:40], labels[:40]), before.transform(images)
    )
    np.testing.assert_allclose(raw.confidence_[chosen], at_first[chosen], rtol=1e-3, atol=1e-5)
    raw.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    np.testing.assert_allclose(loaded.transform(images), embeddings, rtol=1e-4, atol=1e-5)


def test_a_far_neighbour_is_allowed_where_lengths_are_free():
    classifier(loss="triplet", compared_embedding="raw", min_confidence=-50).check_parameters()
    with pytest.raises(ValueError, match="min_confidence is -50"):
        classifier(loss="triplet", min_confidence=-50).check_parameters()
    with pytest.raises(ValueError, match="min_confidence is -50"):
        # The head of cross-entropy takes what the embedder gives.
        options = {"loss": "cross-entropy+triplet", "labelling": "nearest"}
        classifier(compared_embedding="raw", min_confidence=-50, **options).check_parameters()
