"""Names as systems and people make them, through all commands: what is written is read."""

from __future__ import annotations

import csv
import os

import numpy as np
import pytest
import tensorflow as tf
from calling import call_here
from PIL import Image

from keras_selflearn.estimator.label_folder import label_folder
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.storage.csv_files import opened_csv, unshielded

pytestmark = pytest.mark.slow

CLASSES = os.fsdecode(b"caf\xe9"), "=1+1"
FILES = ["a\rb.png", "c\nd.png", '"e".png', "@f.png", "'=g.png", "$h$.png"]
FILES.append(os.fsdecode(b"\xff.png"))
QUICK = """--image_size=32 --backbone=tiny --weights=random --loss=triplet --epochs=2
--meta_epochs=1 --meta_iterations=1 --folds=2""".split()


def save(path, level):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((32, 32, 3), level, np.uint8)).save(path, "PNG")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / os.fsdecode(b"ph\xf6tos")
    try:
        for side, name in enumerate(CLASSES):
            for i in range(3):
                save(folder / "labelled" / name / f"{i}.png", 200 * side + i)
            save(folder / "test" / name / "0.png", 200 * side + 9)
        for i, name in enumerate(FILES):
            save(folder / "unlabelled" / name, 40 * i)
    except OSError:
        pytest.skip("this file system takes no such name")
    (folder / "unlabelled/phone.heif2").touch()
    (folder / "unlabelled/damaged.png").touch()
    save(folder / "astray.png", 0)
    (folder / "unlabelled/broken.jpg").symlink_to("nowhere.jpg")
    return folder


def call(module, *flags):
    process = call_here(module, *flags)
    assert process.returncode == 0, process.stderr
    return process


@pytest.fixture(scope="module")
def run(photos, tmp_path_factory):
    """The folder of a run, what it said, and what it printed."""
    results = tmp_path_factory.mktemp("results") / os.fsdecode(b"r\xe9sultats")
    process = call("main", *QUICK, f"--images={photos}", f"--results_dir={results}")
    (folder,) = results.glob("ph-tos-*")
    return folder, process.stderr, process.stdout


def rows(path):
    with opened_csv(path) as file:
        return [
            {name: unshielded(cell) for name, cell in row.items()}
            for row in csv.DictReader(file, strict=True)
        ]


def test_a_run_with_names_that_are_not_utf_8_is_whole_and_read(run):
    folder, said, _ = run
    assert "can't be drawn" not in said and (folder / "curve.png").exists()
    record = RunFolder(folder).read_run()
    assert record.status == "finished" and {*record.data.classes} == {*CLASSES}
    assert record.config.images.endswith("ph\udcf6tos")
    listed = [row["path"] for row in rows(folder / "images.csv")]
    assert {*listed} >= {f"unlabelled/{name}" for name in FILES} and len(listed) == 13
    assert {row["label"] for row in rows(folder / "pseudo_labels.csv")} <= {*CLASSES}


def test_predict_report_and_export_read_what_the_run_wrote(run, photos, tmp_path):
    folder, *_ = run
    output, copies = tmp_path / "labels.csv", tmp_path / "sorted"
    call(
        "predict",
        f"--run={folder}",
        f"--images={photos}",
        f"--output={output}",
        f"--copy_to={copies}",
    )
    labelled = rows(output)
    assert {row["label"] for row in labelled} == {*CLASSES}
    assert all((photos / row["path"]).is_file() for row in labelled)
    assert all((photos / row["nearest"]).is_file() for row in labelled)
    assert len([path for path in copies.rglob("*") if path.is_file()]) == len(labelled) == 16
    call("report", f"--run={folder}")
    call("export", f"--run={folder}", f"--output={tmp_path / 'model'}")
    names = tf.saved_model.load(str(tmp_path / "model")).signatures["class_names"]()
    assert {*names["class_names"].numpy()} == {os.fsencode(name) for name in CLASSES}
    # The table that predict wrote can be the table of labels.
    call(
        "main",
        *QUICK,
        "--folds=0",
        f"--images={photos}",
        f"--labels_csv={output}",
        f"--results_dir={tmp_path / 'again'}",
    )
    (again,) = (tmp_path / "again").glob("ph-tos-*")
    given = {row["path"]: row["label"] for row in rows(again / "images.csv")}
    assert given == {row["path"]: row["label"] for row in labelled}


def test_main_and_predict_count_alike_what_they_leave_out(run, photos, tmp_path):
    folder, said, printed = run
    output = tmp_path / "labels.csv"
    process = call("predict", f"--run={folder}", f"--images={photos}", f"--output={output}")
    for text in (printed, process.stdout):
        assert "1 damaged file is left out: " in text
    for text in (said, process.stderr):
        assert "1 files in" in text and ": 1 .heif2." in text
        assert "1 links in" in text and "for they lead nowhere: unlabelled/broken.jpg." in text
    assert "1 images in" in said and "not in one: astray.png." in said
    assert "astray.png" in {row["path"] for row in rows(output)}


def test_label_folder_counts_what_it_leaves_out(run, photos):
    from keras_selflearn import SelfLearningClassifier

    classifier = SelfLearningClassifier.load(run[0] / "classifier")
    with pytest.warns(UserWarning) as caught:
        assert len([*label_folder(classifier, photos)]) == 16
    said = [str(each.message) for each in caught]
    assert any(": 1 .heif2." in each for each in said)
    assert any("unlabelled/broken.jpg" in each for each in said)
