from __future__ import annotations

import numpy as np
import pytest

from benchmarks import training, vgg16
from benchmarks.settings import Settings
from benchmarks.vgg16 import make_learner, random_examples, random_images


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(vgg16, "BACKBONE", "tiny")
    monkeypatch.setattr(training, "_IMAGES", 300)
    monkeypatch.setattr(training, "_LABELLED", 150)


@pytest.mark.slow
def test_a_line_of_ratios_with_its_bound(capsys):
    (line,) = training.lines(Settings(rounds=2))
    assert (line.unit, line.at_least, line.at_most) == ("x", 0.97, None)
    assert len(line.rounds) == 2 and min(line.rounds) > 0
    assert "3 epochs of 150 images" in line.note
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_both_train_the_same_weights_for_as_many_steps():
    images, examples = random_images(300, 32), random_examples(300, 150)
    learner = make_learner(images, epochs=3)
    optimizer = learner.network.trainer.optimizer
    bare = training.bare_training(learner, examples)
    weights = [learner.network.trainer.get_weights()]
    for train in (lambda: learner.train(examples, 1), bare):
        train()
        weights.append(learner.network.trainer.get_weights())
    assert int(optimizer.iterations) == 2 * 3 * 2  # batches of 100 and 50
    for before, after in zip(weights, weights[1:]):
        assert all(not np.array_equal(one, other) for one, other in zip(before, after))
