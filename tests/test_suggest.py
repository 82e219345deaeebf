"""The command that lists what to label, from a folder to the table for the next run."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.listing import list_folder
from keras_selflearn.options.config import Config
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.suggest import SuggestConfig, main

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def photos(tmp_path_factory, digits):
    """Three digits as files: two of each are labelled, and one file is damaged."""
    folder = tmp_path_factory.mktemp("own") / "photos"
    for digit in (1, 2, 3):
        of_digit = digits.images[digits.labels == digit]
        for i, image in enumerate(of_digit[:20]):
            place = folder / (f"labelled/=n{digit}" if i < 2 else "unlabelled")
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(place / f"{digit}-{i}.png")
    (folder / "unlabelled/broken.png").write_bytes(b"no image")
    return folder


def call(*flags):
    main(command_line.parse(SuggestConfig, flags))


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def fill_in(path, labels):
    """As a user does, in the first rows."""
    found = rows(path)
    for row, label in zip(found, labels):
        row["label"] = label
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, found[0].keys())
        writer.writeheader()
        writer.writerows(found)


@pytest.fixture(scope="module")
def run(photos, tmp_path_factory):
    config = Config(
        dataset="folder",
        images=str(photos),
        results_dir=str(tmp_path_factory.mktemp("results")),
        image_size=32,
        backbone="tiny",
        weights="random",
        train="head",
        labelling="graph",
        graph_neighbors=5,
        meta_iterations=1,
        folds=0,
    ).resolve()
    return run_experiment(config).path


def test_a_run_says_what_to_label_next(run, photos, tmp_path, capsys):
    output = tmp_path / "next.csv"
    call(f"--run={run}", "--number=9", f"--output={output}")
    said = capsys.readouterr().out
    assert f"9 images to label: {output}" in said and f"--corrections={output}" in said
    found = rows(output)
    assert [*found[0]] == "path label predicted probability second stands_for".split()
    assert len({row["path"] for row in found}) == 9
    for row in found:
        assert row["path"].startswith("unlabelled/") and row["label"] == ""
        assert {row["predicted"], row["second"]} < {"'=n1", "'=n2", "'=n3"}
        assert 0 < float(row["probability"]) < 1 and int(row["stands_for"]) >= 1
    # The list as it is changes nothing; with a label it gives one.
    before, after = list_folder(photos), list_folder(photos, None, output)
    assert sorted(zip(after.paths, after.labels)) == sorted(zip(before.paths, before.labels))
    first = found[0]["path"]
    fill_in(output, ["'=n2"])
    corrected = list_folder(photos, None, output)
    label = corrected.labels[corrected.paths.index(first)]
    assert corrected.class_names[label] == "=n2"
    assert np.sum(corrected.labels >= 0) == 1 + np.sum(before.labels >= 0)


def test_what_is_there_is_not_overwritten(run, tmp_path):
    output = tmp_path / "next.csv"
    output.write_text("mine")
    with pytest.raises(InputError, match="is there already"):
        call(f"--run={run}", f"--output={output}")
    assert output.read_text() == "mine"


def test_changed_images_are_another_run(run, photos, tmp_path):
    new = photos / "unlabelled/new.png"
    Image.fromarray(np.full((32, 32, 3), 7, np.uint8)).save(new)
    try:
        with pytest.raises(InputError, match="were changed: start a new run"):
            call(f"--run={run}", f"--output={tmp_path / 'next.csv'}")
    finally:
        new.unlink()
    assert not [*tmp_path.iterdir()]


def test_without_a_run_there_is_what_to_label_first(photos, tmp_path, capsys):
    output = tmp_path / "first.csv"
    flags = ["--backbone=tiny", "--weights=random", "--image_size=32", "--number=12"]
    call(f"--images={photos / 'unlabelled'}", f"--output={output}", *flags)
    said = capsys.readouterr().out
    assert "1 damaged file is left out" in said and f"--labels_csv={output}" in said
    found = rows(output)
    assert len({row["path"] for row in found}) == 12
    assert not any(row["label"] or row["predicted"] or row["probability"] for row in found)
    assert sum(int(row["stands_for"]) for row in found) == 54
    fill_in(output, "ab")
    listing = list_folder(photos / "unlabelled", output)
    assert sorted(listing.labels[listing.labels >= 0]) == [0, 1]
    assert len(listing.paths) == 55
