"""A run, a review, the next run, and so on."""

from __future__ import annotations

import csv

import pytest
from example_review import picture

from keras_selflearn.options.config import Config
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.runs.review.session import Change, opened

pytestmark = pytest.mark.slow


@pytest.fixture
def photos(tmp_path):
    for i in range(24):
        part = f"labelled/{i % 3}" if i < 9 else "unlabelled"
        path = tmp_path / "photos" / part / f"{i:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(i).save(path)
    return tmp_path / "photos"


def run_of(photos, corrections=None):
    options = {"dataset": "folder", "images": str(photos), "image_size": 32, "backbone": "tiny"}
    options.update(weights="random", epochs=1, meta_epochs=1, meta_iterations=1, folds=0)
    options.update(selection_percent=100, results_dir=str(photos.parent / "results"))
    return run_experiment(Config(**options, corrections=corrections)).path


def rows(path):
    with path.open(newline="", encoding="utf-8-sig") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


def said_of(session, path, action, label=""):
    (index,) = [i for i, image in enumerate(session.images) if image.path == path]
    return Change(index, action, label)


def test_what_was_rejected_is_never_labelled_again(photos):
    rejected = ("unlabelled/10.png", "unlabelled/15.png")
    first = run_of(photos)
    assert {*rejected} <= {*rows(first / "pseudo_labels.csv")}
    assert (first / "similar.npz").exists()
    with opened(first) as session:
        assert all(len(image.nearest) >= 6 for image in session.images)
        session.change([said_of(session, path, "none") for path in rejected])
        session.change([said_of(session, "unlabelled/11.png", "correct", "new")])
    second = run_of(photos, str(first / "corrections.csv"))
    with opened(second) as session:  # which has never seen the rejected images
        assert len(session.images) == 24 and len(session.said) == 3
        session.change([said_of(session, "unlabelled/12.png", "accept")])
    third = run_of(photos, str(second / "corrections.csv"))
    for run in (second, third):
        for name in ("labels.csv", "pseudo_labels.csv", "images.csv"):
            assert not {*rejected} & {*rows(run / name)}
        assert rows(run / "labels.csv")["unlabelled/11.png"]["label"] == "new"
        assert rows(run / "labels.csv")["unlabelled/11.png"]["source"] == "given"
    sources = [rows(run / "labels.csv")["unlabelled/12.png"]["source"] for run in (second, third)]
    assert sources == ["predicted", "given"]
