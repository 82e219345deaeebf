"""Tests of what each mechanism of labels in minutes is worth."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.ablation import VARIANTS, Asked, main, prepare, right, soft_discriminant
from keras_selflearn.datasets import load_dataset
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.labelling.linear_heads import fit_discriminant

FLAGS = "--dataset=digits --backbone=tiny --weights=random --image_size=32 --folds=0"


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_the_soft_discriminant_of_hard_labels_is_that_of_the_package():
    chance = np.random.default_rng(0)
    labels = np.arange(60) % 3
    rows = (chance.normal(size=(60, 5)) + 2 * np.eye(3, 5)[labels]).astype(np.float32)
    weights = chance.uniform(1, 2, 60)
    found = soft_discriminant(rows, (np.eye(3)[labels] * weights[:, None]).astype(np.float32))
    expected = fit_discriminant(rows, labels, n_classes=3, weights=weights)
    np.testing.assert_allclose(found.kernel, expected.kernel, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found.bias, expected.bias, rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_all_of_it_is_the_preset():
    embeddings, given, truth = prepare(FLAGS, 20, 0)
    assert (given >= 0).sum() == 20 and (given[given >= 0] == truth[given >= 0]).all()
    (whole,) = (each for each in VARIANTS if each.name == "all of it")
    found = right(whole, embeddings, given, truth, {})
    images = load_dataset("digits").images
    classifier = SelfLearningClassifier(
        preset="quick", weights="random", backbone="tiny", image_size=None, random_state=0
    )
    predicted = classifier.fit(images, given).predict(images)
    expected = 100 * np.mean(predicted[given < 0] == truth[given < 0])
    # Two of the 1277 images may lie on a border that rounding moves.
    assert found == pytest.approx(expected, abs=0.2)


@pytest.mark.slow
def test_the_table_has_each_variant(tmp_path, capsys):
    output = tmp_path / "ablation.md"
    main(Asked(flags=FLAGS, labels="20,40", seeds=2, output=str(output)))
    lines = output.read_text().splitlines()
    assert lines[0] == "| variant | 20 labels | 40 labels |"
    assert [line.split(" | ")[0][2:] for line in lines[2:]] == [each.name for each in VARIANTS]
    assert all(line.count("±") == 2 for line in lines[2:])
    assert "40 labels, seed 1, no graph" in capsys.readouterr().out
