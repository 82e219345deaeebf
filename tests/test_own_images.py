"""A user's folder of real images, from the command to the labels."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from calling import call_here
from PIL import Image
from places import ROOT
from waiting import run_process

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.main import Command
from keras_selflearn.main import main as repeat
from keras_selflearn.options.config import Config
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.runs.folder import RunFolder

pytestmark = pytest.mark.slow

CLASSES = ("eins 1", "zwei ②", "<b>drei &amp;")
LABELLED, UNLABELLED, TEST = 8, 50, 10  # a class
# With them 90 % of the test images are labelled rightly, where 33 % are by chance.
GLYPHS = ROOT / "keras_selflearn/network/weights/tiny-glyphs.weights.h5"
QUICK = """--dataset=folder --image_size=32 --backbone=tiny --loss=triplet --epochs=30
--meta_epochs=2 --meta_iterations=2 --selection_percent=20 --batch_size=30
--learning_rate=3e-3""".split()
QUICK.append(f"--weights={GLYPHS}")


@pytest.fixture(scope="session")
def photos(tmp_path_factory, digits):
    """Digits 1 to 3 as files of all kinds, damaged ones among them."""
    folder = tmp_path_factory.mktemp("own") / "Mes photos é"
    for digit, name in enumerate(CLASSES, 1):
        pixels = iter(digits.images[digits.labels == digit])
        for i in range(LABELLED):
            save(next(pixels), folder / f"labelled/{name}/{i} ü.png", i)
        for i in range(UNLABELLED):
            save(next(pixels), folder / f"unlabelled/{i % 3}/{digit}-{i}.jpg", i)
        for i, test in enumerate(digits.test_images[digits.test_labels == digit][:TEST]):
            save(test, folder / f"test/{name}/{i}.bmp", i)
    (folder / "unlabelled/no image.png").write_bytes(b"no image")
    whole = (folder / "unlabelled/0/1-0.jpg").read_bytes()
    (folder / "unlabelled/half.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "unlabelled/notes.txt").write_text("not an image")
    os.symlink(folder / "unlabelled/1/1-1.jpg", folder / "unlabelled/link.jpg")
    with open(os.fsencode(folder / "unlabelled/latin") + b"-\xe9.jpg", "wb") as file:
        file.write(whole)
    return folder


def save(pixels, path, number):
    """In a mode and size that depend on the number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels).resize((40 + number % 9, 44))
    modes = ["RGB", "L", "P", "RGBA"] if path.suffix == ".png" else ["RGB", "L"]
    image.convert(modes[number % len(modes)]).save(path)


def contents(folder):
    return sorted((str(path), path.lstat().st_mtime_ns) for path in folder.rglob("*"))


def command(module, *flags):
    return run_process(
        [sys.executable, "-m", f"keras_selflearn.{module}", *flags],
        errors="surrogateescape",
    )


def rows(path):
    with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def run(photos, tmp_path_factory):
    """The folder of the run that the command makes."""
    results = tmp_path_factory.mktemp("results")
    before = contents(photos)
    process = command("main", *QUICK, f"--images={photos}", f"--results_dir={results}")
    assert process.returncode == 0, process.stderr
    assert contents(photos) == before
    (folder,) = results.glob("Mes-photos-é-triplet-*")
    return folder


def test_the_run_says_what_it_was_given(run):
    data = RunFolder(run).read_run().data
    assert data.labelled_per_class == dict.fromkeys(CLASSES, LABELLED)
    assert data.classes == sorted(CLASSES)
    assert (data.train, data.test) == (3 * (LABELLED + UNLABELLED) + 2, 3 * TEST)


def test_images_and_damaged_ones_are_listed(run):
    images = rows(run / "images.csv")
    assert len(images) == 3 * (LABELLED + UNLABELLED) + 2
    assert [int(row["index"]) for row in images] == list(range(len(images)))
    given = [row for row in images if row["label"]]
    assert len(given) == 3 * LABELLED
    assert all(row["path"].startswith(f"labelled/{row['label']}/") for row in given)
    assert "unlabelled/latin-\udce9.jpg" in {row["path"] for row in images}
    skipped = {row["path"]: row["reason"] for row in rows(run / "skipped.csv")}
    assert {*skipped} == {"unlabelled/no image.png", "unlabelled/half.jpg"} and all(
        skipped.values()
    )


def test_files_with_the_same_pixels_are_listed(run):
    """A link to an image, and a file that another was copied to."""
    identical = {
        row["path"]: row["first"]
        for row in rows(run / "duplicates.csv")
        if row["same"] == "identical"
    }
    assert {frozenset(pair) for pair in identical.items()} >= {
        frozenset(("unlabelled/link.jpg", "unlabelled/1/1-1.jpg")),
        frozenset(("unlabelled/latin-\udce9.jpg", "unlabelled/0/1-0.jpg")),
    }
    assert RunFolder(run).read_run().duplicates.identical == len(identical)


def test_pseudo_labels_have_paths_and_matches(run):
    images, pseudo = rows(run / "images.csv"), rows(run / "pseudo_labels.csv")
    assert len(pseudo) == int(0.2 * 152) + int(0.2 * 122)
    for row in pseudo:
        assert images[int(row["index"])]["path"] == row["path"]
        assert images[int(row["matched"])]["label"] == row["label"]
        assert float(row["confidence"]) <= 0


@pytest.mark.parametrize("moved", [False, True])
def test_the_run_is_repeated_from_its_record(run, photos, moved, tmp_path):
    images = photos
    flags = [f"--from_run={run}", f"--results_dir={tmp_path / 'again'}"]
    if moved:
        images = tmp_path / "moved" / photos.name
        shutil.copytree(photos, images, symlinks=True)
        flags.append(f"--images={images}")
    repeat(command_line.parse(Command, flags))
    (again,) = (tmp_path / "again").glob("Mes-photos-é-triplet-*")
    first, second = RunFolder(run).read_run(), RunFolder(again).read_run()
    assert second.config.images == str(images)
    assert second.data_sha256 == first.data_sha256
    others = {"images", "results_dir"}
    for name in {*first.flags} - others:
        assert second.flags[name] == first.flags[name]


def test_the_data_set_can_t_be_given_with_a_run_to_repeat(run):
    flags = [f"--from_run={run}", "--dataset=folder"]
    with pytest.raises(InputError, match="--dataset can't be given with it"):
        repeat(command_line.parse(Command, flags))


def test_it_learned_something(run):
    accuracy = RunFolder(run).read_run().test_accuracy
    assert accuracy["self_learning"] > 50  # of three classes
    loaded = SelfLearningClassifier.load(run / "classifier")
    assert loaded.classes_.tolist() == sorted(CLASSES)


def test_the_page_shows_the_images_in_a_browser(run, browser):
    browser.get_log("performance")
    browser.get((run / "report.html").as_uri())
    assert browser.get_log("browser") == []
    text = browser.find_element("css selector", "body").text
    for name in CLASSES:
        assert name in text
    accuracy = RunFolder(run).read_run().test_accuracy["self_learning"]
    assert f"{accuracy:.1f} %" in text
    messages = [json.loads(each["message"])["message"] for each in browser.get_log("performance")]
    asked = {
        each["params"]["request"]["url"].split("#")[0]
        for each in messages
        if each["method"] == "Network.requestWillBeSent"
        and not each["params"]["documentURL"].startswith(("chrome:", "chrome-untrusted:"))
    }
    assert {url for url in asked if not url.startswith("data:")} == {(run / "report.html").as_uri()}


@pytest.fixture(scope="session")
def new_images(tmp_path_factory, digits):
    """Test images that the run has not seen, as somebody takes them."""
    folder = tmp_path_factory.mktemp("new") / "Neue Bilder"
    for digit in (1, 2, 3):
        for i, pixels in enumerate(digits.test_images[digits.test_labels == digit][TEST:][:10]):
            save(pixels, folder / f"{i % 2}/{digit}-{i}.webp", i)
    (folder / "broken.gif").write_bytes(b"GIF89a")
    return folder


def test_new_images_are_labelled(run, new_images, tmp_path):
    output, copies = tmp_path / "labels.csv", tmp_path / "sorted"
    flags = f"--run={run}", f"--images={new_images}", f"--output={output}", f"--copy_to={copies}"
    process = call_here("predict", *flags, "--sort=confidence")
    assert process.returncode == 0, process.stderr
    labelled = rows(output)
    assert len(labelled) == 30
    confidences = [float(row["confidence"]) for row in labelled]
    assert confidences == sorted(confidences)
    given = {row["path"]: row["label"] for row in rows(run / "images.csv")}
    assert all(given[row["nearest"]] == row["label"] for row in labelled)
    right = [row["label"] == CLASSES[int(Path(row["path"]).name[0]) - 1] for row in labelled]
    assert np.mean(right) > 0.5  # of three classes
    assert len([path for path in copies.rglob("*") if path.is_file()]) == 30
    assert [row["path"] for row in rows(tmp_path / "labels-skipped.csv")] == ["broken.gif"]
    again = call_here("predict", *flags)
    assert again.returncode == 2 and "choose another name" in again.stderr


def test_the_exported_model_says_what_the_classifier_says(run, digits, tmp_path):
    process = command("export", f"--run={run}", f"--output={tmp_path / 'model'}")
    assert process.returncode == 0, process.stderr
    signatures = tf.saved_model.load(str(tmp_path / "model")).signatures
    images = digits.test_images[:3]
    out = signatures["serving_default"](images=tf.constant(images))
    names = signatures["class_names"]()["class_names"].numpy()
    assert out["embedding"].shape == (3, 256) and out["probabilities"].shape == (3, 3)
    assert (names[out["probabilities"].numpy().argmax(axis=1)] == out["label"].numpy()).all()
    expected = SelfLearningClassifier.load(run / "classifier").predict(images)
    assert [label.decode() for label in out["label"].numpy()] == expected.tolist()


def config(photos, results, **changes):
    options = {"dataset": "folder", "images": str(photos), "image_size": 32, "backbone": "tiny"}
    options.update(weights="random", epochs=2, meta_epochs=1, meta_iterations=2, loss="triplet")
    options.update(results_dir=str(results), deterministic=True)
    return Config(**{**options, **changes})


@pytest.fixture
def without_test(photos, tmp_path):
    folder = tmp_path / "photos"
    shutil.copytree(photos, folder, symlinks=True)
    shutil.rmtree(folder / "test")
    return folder


def test_without_test_images_accuracy_is_cross_validated_and_called_that(without_test, tmp_path):
    folder = run_experiment(config(without_test, tmp_path / "results"))
    run = folder.read_run()
    assert run.test_accuracy == {}
    assert run.accuracies == [None] * 3
    estimate = run.cross_validation
    assert estimate.folds == 3 and len(estimate.accuracy) == len(run.history) == 3
    assert all(0 <= accuracy <= 100 for accuracy in estimate.accuracy)
    with np.load(folder.path / "embeddings-final.npz", allow_pickle=False) as content:
        assert content["of"] == "train" and len(content["embeddings"]) == 176
    assert (folder.path / "curve.png").exists()
    again = run_experiment(config(without_test, tmp_path / "results"))
    assert again.path != folder.path and again.read_run().cross_validation == estimate


def test_without_folds_there_is_no_accuracy(without_test, tmp_path):
    folder = run_experiment(config(without_test, tmp_path / "results", folds=0))
    run = folder.read_run()
    assert run.cross_validation is None and run.test_accuracy == {}
    assert not (folder.path / "curve.png").exists() and run.status == "finished"


def test_a_run_ends_where_the_cross_validated_accuracy_rises_no_more(photos, tmp_path):
    asked = config(photos, tmp_path, early_stop=True, folds=2, meta_iterations=3)
    run = run_experiment(asked).read_run()
    accuracy = run.cross_validation.accuracy
    assert len(accuracy) == 4
    assert len(run.history) == 1 + accuracy.index(max(accuracy))


def test_a_class_with_a_single_image_can_t_be_cross_validated(without_test, tmp_path, capsys):
    for path in sorted((without_test / "labelled" / CLASSES[0]).iterdir())[1:]:
        path.unlink()
    process = call_here(
        "main", *QUICK, "--epochs=1", f"--images={without_test}", f"--results_dir={tmp_path}"
    )
    assert process.returncode == 0, process.stderr
    assert "there are no test images, and a class has a single labelled one" in process.stdout
    warnings = [line for line in process.stderr.splitlines() if line.startswith("Warning")]
    assert len(warnings) == 3
    assert "1 files in" in warnings[0] and "1 .txt" in warnings[0]
    assert "have fewer than 3 labelled images: eins 1 (1)" in warnings[1]
    assert "Cross-validation has no folds in place of 3" in warnings[2]
    with pytest.raises(ValueError, match="--early_stop cross-validates"):
        run_experiment(config(without_test, tmp_path / "results", early_stop=True))


def test_results_never_go_into_the_folder_of_images(photos, monkeypatch):
    before = contents(photos)
    monkeypatch.chdir(photos)
    for results in ("results", "."):
        with pytest.raises(ValueError, match="which is only read: choose another with --results"):
            run_experiment(config(".", results))
    assert contents(photos) == before


def test_a_run_that_ends_early_says_why(photos, tmp_path):
    flags = [*QUICK, "--epochs=1", f"--images={photos}", f"--results_dir={tmp_path}"]
    process = call_here("main", *flags, "--min_confidence=0")
    assert process.returncode == 0, process.stderr
    assert f"\n{photos.name}, triplet loss, " in process.stdout
    reason = "In meta-iteration 1 no pseudo-label was as sure as --min_confidence=0.0. This ended"
    assert f"{reason} the run." in process.stdout
    (folder,) = tmp_path.glob("Mes-photos-*")
    assert RunFolder(folder).read_run().termination == "no_change"
    assert f"Nothing was pseudo-labelled. {reason}" in (folder / "report.html").read_text()
