from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import draw_steps, steps
from benchmarks.steps import Asked, main, read
from keras_selflearn.console import command_line
from keras_selflearn.datasets import load_dataset
from keras_selflearn.reproduction.presets import Preset, flagfiles
from keras_selflearn.runs.configuration import make_classifier, resolve
from keras_selflearn.runs.data import training_labels

TINY = "--backbone=tiny --learning_rate=1e-2 --weights=random"


def measure(output, **changes):
    asked = {"dataset": "digits", "flags": TINY, "steps": "3,6", "seeds": "0,1", **changes}
    main(Asked(output=str(output), **asked))
    return read(output)


@pytest.fixture
def trainings(monkeypatch):
    """The numbers of steps of each training that begins."""
    begun = []
    original = steps._measure

    def spy(config, dataset, numbers, *others):
        begun.append((config.seed, config.steps, numbers))
        return original(config, dataset, numbers, *others)

    monkeypatch.setattr(steps, "_measure", spy)
    return begun


@pytest.mark.slow
def test_a_decaying_rate_needs_a_training_for_each_number_of_steps(tmp_path, trainings):
    records = measure(tmp_path / "steps.json")
    assert trainings == [(0, 3, [3]), (0, 6, [6]), (1, 3, [3]), (1, 6, [6])]
    assert [(r["seed"], r["steps"]) for r in records] == [(0, 3), (0, 6), (1, 3), (1, 6)]
    assert all(0 <= record["accuracy"] <= 100 for record in records)
    assert records[0]["environment"]["precision"] in ("float32", "mixed_bfloat16")


@pytest.mark.slow
def test_a_constant_rate_passes_through_the_shorter_ones(tmp_path, trainings):
    flags = f"{TINY} --decay=none --ema_momentum=0"
    along = measure(tmp_path / "a.json", flags=f"{flags} --warmup=0", seeds="0")
    assert trainings == [(0, 6, [3, 6])]
    alone = measure(tmp_path / "b.json", flags=f"{flags} --warmup=0", seeds="0", steps="3")
    assert alone[0]["accuracy"] == along[0]["accuracy"]


@pytest.mark.slow
def test_a_training_that_ends_with_an_average_is_measured_there(tmp_path, trainings):
    flags = f"{TINY} --decay=none --warmup=0 --ema_momentum=0.99"
    records = measure(tmp_path / "a.json", flags=flags, seeds="0", steps="10,40")
    assert trainings == [(0, 10, [10]), (0, 40, [40])]
    # Without the average, after the same forty steps.
    last = measure(tmp_path / "b.json", flags=flags.replace("0.99", "0"), seeds="0", steps="10,40")
    assert records[0]["accuracy"] == last[0]["accuracy"]  # the mean of one
    digits = load_dataset("digits", None)
    config = replace(resolved(flags.split()), steps=40)
    classifier = make_classifier(config).fit(digits.images, training_labels(digits, config))
    right = classifier.predict(digits.test_images).astype(int) == digits.test_labels
    assert records[1]["accuracy"] == pytest.approx(100 * right.mean()) != last[1]["accuracy"]


def resolved(flags):
    arguments = [f"--flagfile={path}" for path in flagfiles("fast", "digits")]
    preset = command_line.parse(Preset, [*arguments, *flags])
    return resolve(replace(preset, regime="n-labelled"))


@pytest.mark.slow
def test_what_is_measured_is_not_measured_again(tmp_path, trainings):
    before = measure(tmp_path / "steps.json", seeds="0", steps="3")
    after = measure(tmp_path / "steps.json", seeds="0", steps="3,6")
    assert trainings == [(0, 3, [3]), (0, 6, [6])]
    assert after[0] == before[0]


def test_validation_images_are_labelled_ones_that_training_does_not_see(tmp_path, monkeypatch):
    seen = {}

    class Stop(Exception):
        pass

    class Classifier:
        def fit(self, images, labels, callbacks):
            seen["labels"] = labels
            raise Stop

    monkeypatch.setattr(
        "keras_selflearn.runs.configuration.make_classifier", lambda _: Classifier()
    )
    with pytest.raises(Stop):
        measure(tmp_path / "steps.json", measure_on="validation")
    names, counts = np.unique(seen["labels"], return_counts=True)
    counts = dict(zip(names.tolist(), counts.tolist()))
    unlabelled = counts.pop("-1")
    assert sum(counts.values()) == 75 and len(counts) == 10  # of 100 labels
    assert unlabelled == len(seen["labels"]) - 75


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"steps": "3,x"}, "--steps is '3,x'"), ({"measure_on": "train"}, "Unknown part to measure")],
)
def test_mistakes_are_named(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        measure(tmp_path / "steps.json", **changes)


def test_picture_has_a_line_a_schedule_through_the_means(tmp_path):
    records = [
        {"preset": p, "flags": f, "seed": s, "steps": n, "accuracy": a, "measure_on": "test"}
        for p, f, s, n, a in [
            ("fast", "", 0, 400, 70.0), ("fast", "", 1, 400, 72.0), ("fast", "", 0, 800, 75.0),
            ("fast", "--warmup=0", 0, 400, 71.0), ("paper", "", 0, 8000, 76.0),
        ]
    ]  # fmt: skip
    (tmp_path / "steps.json").write_text(json.dumps(records))
    draw_steps.main(draw_steps.Asked(input=str(tmp_path / "steps.json")))
    svg = (tmp_path / "steps.svg").read_text()
    for text in (
        "fast (mean of 2 seeds)",
        "fast --warmup=0 (1 seed)",
        "paper (1 seed)",
        "published: 77.07 %",
        "8000",
    ):
        assert f">{text}<" in svg
    with pytest.raises(ValueError, match="no measurement"):
        draw_steps.main(draw_steps.Asked(input=str(tmp_path / "none.json")))
