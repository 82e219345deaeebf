from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.runs.page import gather as module
from keras_selflearn.runs.page.contents import Embedded
from keras_selflearn.runs.page.gather import gather
from keras_selflearn.runs.record import HeldOut, Measured


@pytest.fixture(scope="module")
def data(digits):
    """120 digits in an order of names other than the sorted one; class 9 has no label."""
    names = tuple("7390124568")
    order = np.array([names.index(str(digit)) for digit in range(10)])
    return replace(
        digits,
        images=digits.images[:120],
        labels=order[digits.labels[:120]],
        test_images=digits.test_images[:20],
        test_labels=order[digits.test_labels[:20]],
        class_names=names,
    )


def fitted(data, **options):
    labels = np.array(data.class_names)[data.labels]
    hidden = (np.arange(120) >= 50) | (labels == "9")
    classifier = SelfLearningClassifier(
        weights="random",
        backbone="tiny",
        epochs=3,
        meta_epochs=1,
        meta_iterations=2,
        selection_percent=30,
        random_state=0,
        **options,
    )
    return classifier.fit(data.images, np.where(hidden, "-1", labels))


def gathered(classifier, data):
    embeddings = classifier.transform(data.test_images)
    embedded = Embedded(embeddings, embeddings, "test", np.arange(20))
    return gather(classifier, data, {"config": {}}, embedded)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["cross-entropy", "triplet"])
def test_what_the_classifier_says_is_what_is_gathered(loss, data, monkeypatch):
    # Less than three images at a time.
    monkeypatch.setattr(module, "_BYTES_AT_ONCE", 2 * data.images[0].size + 1)
    classifier = fitted(data, loss=loss)
    contents = gathered(classifier, data)
    names = np.array([*data.class_names, "-1"])
    np.testing.assert_array_equal(names[contents.labels], classifier.transduction_)
    chosen = contents.pseudo_labelled
    assert chosen.tolist() == np.flatnonzero(classifier.labeled_iter_ > 0).tolist() != []
    np.testing.assert_array_equal(
        names[contents.final_labels], classifier.predict(data.images[chosen])
    )
    np.testing.assert_array_equal(
        names[contents.test_predicted], classifier.predict(data.test_images)
    )
    confidence = classifier.labeller_.label(classifier.transform(data.images[chosen]))[1]
    np.testing.assert_allclose(contents.final_confidence, confidence, atol=1e-4)
    assert contents.by_distance == (loss == "triplet")
    assert (contents.nearest[chosen] >= 0).all() == (loss == "triplet")


@pytest.mark.slow
def test_a_pseudo_label_is_not_compared_with_itself(data):
    classifier = fitted(data, loss="triplet", reference="all")
    contents = gathered(classifier, data)
    given = np.flatnonzero(classifier.labeled_iter_ == 0)
    reference = classifier.transform(data.images[given])
    embeddings = classifier.transform(data.images[contents.pseudo_labelled])
    distances = np.linalg.norm(embeddings[:, None].astype(float) - reference[None], axis=2)
    np.testing.assert_allclose(-contents.final_confidence, distances.min(axis=1), atol=1e-3)
    assert (contents.final_confidence < 0).all()


@pytest.mark.slow
def test_no_image_is_embedded_but_the_pseudo_labelled(data, monkeypatch):
    classifier = fitted(data)
    embeddings = classifier.transform(data.test_images)
    seen = []
    transform = classifier.transform
    monkeypatch.setattr(classifier, "transform", lambda X: seen.extend(X) or transform(X))
    embedded = Embedded(embeddings, embeddings, "test", np.arange(20))
    contents = gather(classifier, data, {}, embedded)
    np.testing.assert_array_equal(np.array(seen), data.images[contents.pseudo_labelled])


@pytest.mark.slow
def test_what_folds_labelled_is_gathered_by_the_names_of_classes(data):
    classifier = fitted(data)
    index = np.flatnonzero(classifier.labeled_iter_ == 0)[:6]
    labels = np.array([0, 1, 2, -1, 3, 4])  # in the classifier's order; -1: not sure enough
    measured = Measured(labels.tolist(), [0.5] * 6)
    folds = [HeldOut(index=index.tolist(), after=measured)]
    embeddings = classifier.transform(data.test_images)
    embedded = Embedded(embeddings, embeddings, "test", np.arange(20))
    contents = gather(classifier, data, {"config": {}}, embedded, held_out=folds)
    names = np.array(data.class_names)
    known = labels >= 0
    given = classifier.transduction_[index][known]
    np.testing.assert_array_equal(names[contents.fold_labels], given)
    np.testing.assert_array_equal(
        names[contents.fold_predicted], classifier.classes_[labels[known]]
    )
