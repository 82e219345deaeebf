from __future__ import annotations

import csv
import json
import os
import signal
import sys

import numpy as np
import pytest
from PIL import Image
from run_contents import BARE_RECORD
from waiting import run_process

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.console.signals import Stopped, stop_signals
from keras_selflearn.predict import main
from keras_selflearn.runs import new_images as module
from keras_selflearn.runs import publishing
from keras_selflearn.runs.new_images import PredictConfig, check_places, predict
from keras_selflearn.storage import unfinished

pytestmark = pytest.mark.slow

NAMES = np.array(["a/b", "..", "Cat", "cat", "3", "4", "5", "6", "7", "8"])


@pytest.fixture(scope="module")
def saved(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    options = {"weights": "random", "backbone": "tiny", "epochs": 30, "random_state": 0}
    options.update(meta_iterations=0, precision="float32", learning_rate=1e-2)
    for loss in ("triplet", "cross-entropy"):
        classifier = SelfLearningClassifier(loss=loss, **options)
        classifier.fit(digits.images[:60], NAMES[digits.labels[:60]]).save(folder / loss)
    options.update(train="head", labelling="graph", meta_iterations=1)
    head = SelfLearningClassifier(**options)
    labels = np.where(np.arange(60) < 40, NAMES[digits.labels[:60]], "-1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        head.fit(digits.images[:60], labels).save(folder / "head")
    return folder


@pytest.fixture
def photos(digits, tmp_path):
    """The first 20 images that the classifiers were trained on, ten each of the same names."""
    for i in range(20):
        path = tmp_path / "photos" / ("left" if i < 10 else "right ü") / f"{i % 10}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(digits.images[i]).save(path)
    return tmp_path / "photos"


def call(saved, photos, loss="triplet", **changes):
    options = {"run": str(saved / loss), "images": str(photos)}
    options["output"] = str(photos.parent / "labels.csv")
    return predict(PredictConfig(**{**options, **changes}))


def read(path):
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def contents(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def number(path):
    return int(path[-5]) + 10 * path.startswith("right")


@pytest.mark.slow
def test_labels_of_metric_losses(saved, photos, digits, tmp_path):
    assert call(saved, photos) == (20, 0)
    rows = read(tmp_path / "labels.csv")
    assert list(rows[0]) == ["path", "label", "confidence", "nearest"]
    assert [row["path"] for row in rows] == [
        f"{folder}/{i}.png" for folder in ("left", "right ü") for i in range(10)
    ]
    # Each is one of the labelled examples.
    assert [row["label"] for row in rows] == NAMES[digits.labels[:20]].tolist()
    assert [int(row["nearest"]) for row in rows] == list(range(20))
    assert np.abs([float(row["confidence"]) for row in rows]).max() < 1e-3
    assert contents(tmp_path)[0] == "labels.csv" and len(contents(tmp_path)) == 24


def test_labels_of_cross_entropy(saved, photos, digits, tmp_path):
    call(saved, photos, "cross-entropy")
    rows = read(tmp_path / "labels.csv")
    assert list(rows[0]) == ["path", "label", "confidence"]
    classifier = SelfLearningClassifier.load(saved / "cross-entropy")
    assert [row["label"] for row in rows] == classifier.predict(digits.images[:20]).tolist()
    probabilities = classifier.predict_proba(digits.images[:20]).max(axis=1)
    assert [float(row["confidence"]) for row in rows] == pytest.approx(probabilities, rel=1e-4)


def test_the_labels_of_a_head_come_from_no_image(saved, photos, tmp_path):
    call(saved, photos, "head")
    with (tmp_path / "labels.csv").open(newline="", encoding="utf-8-sig") as file:
        header, *rows = csv.reader(file)
    assert header == ["path", "label", "confidence"] and {len(row) for row in rows} == {3}


def test_orders(saved, photos, tmp_path):
    call(saved, photos, "cross-entropy", sort="confidence")
    rows = read(tmp_path / "labels.csv")
    sure = [float(row["confidence"]) for row in rows]
    assert sure == sorted(sure) and len(set(sure)) > 10
    call(saved, photos, "cross-entropy", sort="label", output=str(tmp_path / "by-label.csv"))
    keys = [(row["label"], float(row["confidence"])) for row in read(tmp_path / "by-label.csv")]
    assert keys == sorted(keys) and sorted(each[1] for each in keys) == sure


def test_copies_by_class(saved, photos, digits, tmp_path):
    before = {path: path.read_bytes() for path in photos.rglob("*.png")}
    call(saved, photos, copy_to=str(tmp_path / "sorted"))
    folders = {"..": "_", "a/b": "a_b", "Cat": "Cat", "cat": "cat-2"}
    copied = {
        str(path.relative_to(tmp_path / "sorted")) for path in (tmp_path / "sorted").rglob("*.png")
    }
    assert copied == {
        f"{folders.get(row['label'], row['label'])}/{row['path']}"
        for row in read(tmp_path / "labels.csv")
    }
    for path in copied:
        original = photos / path.split("/", 1)[1]
        assert (tmp_path / "sorted" / path).read_bytes() == before[original]
    assert {path: path.read_bytes() for path in photos.rglob("*.png")} == before
    assert sorted(os.listdir(tmp_path)) == ["labels.csv", "photos", "sorted"]


def test_copies_into_an_empty_folder(saved, photos, tmp_path):
    (tmp_path / "sorted").mkdir()
    call(saved, photos, copy_to=str(tmp_path / "sorted"))
    assert len(list((tmp_path / "sorted").rglob("*.png"))) == 20


def test_damaged_images_are_listed_beside_the_output(saved, photos, tmp_path, capsys):
    (photos / "left/0.png").write_bytes(b"no image")
    (photos / "z.jpg").write_bytes(b"")
    options = {"run": str(saved / "triplet"), "images": str(photos)}
    options.update(output=str(tmp_path / "labels.csv"), copy_to=str(tmp_path / "sorted"))
    main(PredictConfig(**options))
    said = capsys.readouterr().out
    assert "19 images are labelled in" in said
    assert "2 damaged files are left out" in said and "labels-skipped.csv" in said
    rows = read(tmp_path / "labels-skipped.csv")
    assert [row["path"] for row in rows] == ["left/0.png", "z.jpg"]
    assert all("cannot identify" in row["reason"] for row in rows)
    assert len(read(tmp_path / "labels.csv")) == 19
    assert len(list((tmp_path / "sorted").rglob("*.*g"))) == 19


def test_an_image_that_goes_away_before_it_is_copied_is_left_out(
    saved, photos, tmp_path, monkeypatch
):
    copy = module.copy_picture

    def vanish(source, *arguments):
        if source.name == "3.png":
            source.unlink()
        copy(source, *arguments)

    monkeypatch.setattr(module, "copy_picture", vanish)
    assert call(saved, photos, copy_to=str(tmp_path / "sorted")) == (18, 2)
    assert len(read(tmp_path / "labels.csv")) == 18
    assert [row["path"] for row in read(tmp_path / "labels-skipped.csv")] == [
        "left/3.png",
        "right ü/3.png",
    ]


def test_one_image(saved, photos, tmp_path, digits):
    call(saved, photos, images=str(photos / "left/7.png"))
    (row,) = read(tmp_path / "labels.csv")
    assert row["path"] == "7.png" and row["label"] == NAMES[digits.labels[7]]


def test_the_nearest_is_called_as_the_run_s_list_of_images_does(saved, photos, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/run.json").write_text(json.dumps(BARE_RECORD))
    os.symlink(saved / "triplet", tmp_path / "run/classifier")
    listed = "".join(f"{i},labelled/{i}.png,x\n" for i in range(60))
    (tmp_path / "run/images.csv").write_text("index,path,label\n" + listed)
    call(saved, photos, run=str(tmp_path / "run"))
    rows = read(tmp_path / "labels.csv")
    assert [row["nearest"] for row in rows] == [f"labelled/{i}.png" for i in range(20)]


def test_names_that_are_no_text_stay_as_they_are(saved, photos, tmp_path):
    name = os.fsdecode('é, "x"\n'.encode() + b"\xff.png")
    try:
        os.rename(photos / "left/0.png", photos / name)
    except OSError:
        pytest.skip("this file system takes no such name")
    call(saved, photos, copy_to=str(tmp_path / "sorted"))
    with (tmp_path / "labels.csv").open(
        newline="", encoding="utf-8-sig", errors="surrogateescape"
    ) as file:
        assert name in [row["path"] for row in csv.DictReader(file)]
    assert [path for path in (tmp_path / "sorted").rglob("*.png") if path.name == name]


BAD = [
    ({"run": None}, "--run is missing"),
    ({"images": ""}, "--images is missing"),
    ({"output": None}, "--output is missing"),
    ({"sort": "confidense"}, "did you mean 'confidence'"),
    ({"images": "none"}, "There are no images none"),
    ({"output": "there.csv"}, "there.csv is there already: choose another name with --output"),
    ({"output": "/"}, "/ is there already"),
    ({"output": "."}, ". is there already"),
    ({"output": "skip.csv"}, "skip-skipped.csv is there already"),
    ({"copy_to": "photos"}, "photos is there already: choose another name with --copy_to"),
    ({"copy_to": "there.csv"}, "there already"),
    ({"output": "photos/labels.csv"}, "is in the folder of images"),
    ({"output": "photos/left/../new/labels.csv"}, "is in the folder of images"),
    ({"output": "link/labels.csv"}, "is in the folder of images"),
    ({"copy_to": "link/sorted"}, "is in the folder of images"),
    ({"output": "sorted/labels.csv", "copy_to": "sorted"}, "which must stay empty"),
    ({"output": "/dev/null/labels.csv"}, "can't be made"),
    ({"run": "none"}, "There is no folder none"),
    ({"run": "photos"}, "photos is neither a run's folder"),
    ({"run": "empty"}, "neither a run's folder"),
    ({"images": "empty"}, "There are no images in empty"),
    ({"images": "broken"}, "None of the images in broken is whole. One is x.png: cannot identify"),
]


@pytest.mark.parametrize(("changes", "message"), BAD, ids=lambda value: str(value)[:40])
def test_what_can_t_be_used_is_one_sentence(changes, message, saved, photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("there.csv", "skip-skipped.csv"):
        (tmp_path / name).write_text("mine")
    for name in ("empty", "broken"):
        (tmp_path / name).mkdir()
    (tmp_path / "broken/x.png").write_bytes(b"")
    os.symlink(photos / "left", tmp_path / "link")
    before = contents(tmp_path)
    with pytest.raises(InputError) as error:
        call(saved, photos, **{"images": "photos", "output": "labels.csv", **changes})
    assert message in str(error.value) and len(str(error.value).splitlines()) == 1
    assert contents(tmp_path) == before


def test_a_damaged_classifier_is_an_error(saved, photos, tmp_path):
    (tmp_path / "clf").mkdir()
    (tmp_path / "clf/classifier.json").write_text("{}")
    with pytest.raises(InputError, match="classifier"):
        call(saved, photos, run=str(tmp_path / "clf"))


def test_the_folder_of_the_output_is_made(saved, photos, tmp_path):
    call(saved, photos, output=str(tmp_path / "new/folder/labels.csv"))
    assert os.listdir(tmp_path / "new/folder") == ["labels.csv"]


def test_one_image_may_have_its_labels_beside_it(saved, photos):
    config = PredictConfig(str(saved), str(photos / "left/7.png"), str(photos / "left/7.csv"))
    assert check_places(config).only == "7.png"


@pytest.mark.parametrize("error", [Stopped(signal.SIGINT), RuntimeError("x")])
def test_what_breaks_off_leaves_nothing(saved, photos, tmp_path, monkeypatch, error):
    before = contents(tmp_path)
    copy, copied = module.copy_picture, []

    def broken(source, *arguments):
        copied.append(source)
        if len(copied) == 10:
            raise error
        copy(source, *arguments)

    monkeypatch.setattr(module, "copy_picture", broken)
    with pytest.raises(type(error)):
        call(saved, photos, copy_to=str(tmp_path / "sorted"))
    assert contents(tmp_path) == before


def test_a_signal_stops_between_two_images(saved, photos, tmp_path, monkeypatch):
    before = contents(tmp_path)
    copy = module.copy_picture

    def interrupted(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        copy(*arguments)

    monkeypatch.setattr(module, "copy_picture", interrupted)
    with pytest.raises(Stopped), stop_signals():
        call(saved, photos, copy_to=str(tmp_path / "sorted"))
    assert contents(tmp_path) == before


def test_a_full_disk_is_a_sentence_and_leaves_nothing(saved, photos, small_disk):
    (small_disk / "filler").write_bytes(bytes(2**20 - 2**14))
    with pytest.raises(InputError, match="can't be|full|No space"):
        call(saved, photos, output=str(small_disk / "labels.csv"), copy_to=str(small_disk / "a"))
    assert os.listdir(small_disk) == ["filler"]


class Killed(BaseException):
    """Leaves all as it is: nothing cleans up after SIGKILL."""


@pytest.fixture
def killed(monkeypatch):
    """`killed(k, call)` calls, and what is left is what SIGKILL leaves after `k` renames."""

    def run(k, call):
        renamed = []

        def killing(real):
            def rename(source, target):
                if len(renamed) == k:
                    raise Killed
                renamed.append(target)
                real(source, target)

            return rename

        with monkeypatch.context() as patch:
            for name in ("rename_file", "rename_folder"):
                patch.setattr(publishing, name, killing(getattr(publishing, name)))
            patch.setattr(unfinished.shutil, "rmtree", lambda *_, **__: None)
            with pytest.raises(Killed):
                call()

    return run


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_predict_that_was_killed_between_its_renames_can_be_repeated(
    saved, photos, tmp_path, renames, killed
):
    (photos / "damaged.png").write_text("no image")
    copies = {"copy_to": str(tmp_path / "sorted")}
    killed(renames, lambda: call(saved, photos, **copies))
    assert (tmp_path / "labels.csv").exists() == (renames > 0)
    assert (tmp_path / "labels-skipped.csv").exists() == (renames > 1)
    assert not (tmp_path / "sorted").exists()
    assert call(saved, photos, **copies) == (20, 1)
    assert len(read(tmp_path / "labels.csv")) == 20
    assert [row["path"] for row in read(tmp_path / "labels-skipped.csv")] == ["damaged.png"]
    assert sum(path.is_file() for path in (tmp_path / "sorted").rglob("*")) == 20
    names = {"labels.csv", "labels-skipped.csv", "photos", "sorted"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_it_can_be_repeated_where_no_file_is_damaged(saved, photos, tmp_path, killed):
    copies = {"copy_to": str(tmp_path / "sorted")}
    killed(1, lambda: call(saved, photos, **copies))
    assert call(saved, photos, **copies) == (20, 0)
    assert sum(path.is_file() for path in (tmp_path / "sorted").rglob("*")) == 20
    assert {path.name for path in tmp_path.iterdir()} == {"labels.csv", "photos", "sorted"}


def test_another_command_does_not_finish_what_was_killed(saved, photos, tmp_path, killed):
    killed(1, lambda: call(saved, photos, copy_to=str(tmp_path / "sorted")))
    with pytest.raises(InputError, match="labels.csv is there already"):
        call(saved, photos, copy_to=str(tmp_path / "sorted"), sort="label")
    (tmp_path / "labels.csv").unlink()
    assert call(saved, photos, sort="label") == (20, 0)


def test_an_output_that_appears_while_predict_works_stays(saved, photos, tmp_path, monkeypatch):
    copy = module.copy_picture

    def slow(*arguments):
        (tmp_path / "labels.csv").write_text("mine")
        copy(*arguments)

    monkeypatch.setattr(module, "copy_picture", slow)
    before = contents(tmp_path)
    with pytest.raises(InputError, match="labels.csv is there already: another program"):
        call(saved, photos, copy_to=str(tmp_path / "sorted"))
    assert (tmp_path / "labels.csv").read_text() == "mine"
    assert contents(tmp_path) == sorted([*before, "labels.csv"])


def test_a_later_name_that_is_taken_leaves_none_of_the_files(saved, photos, tmp_path, monkeypatch):
    (photos / "damaged.png").write_text("no image")
    before, copy = contents(tmp_path), module.copy_picture

    def slow(*arguments):
        (tmp_path / "labels-skipped.csv").write_text("mine")
        copy(*arguments)

    monkeypatch.setattr(module, "copy_picture", slow)
    with pytest.raises(InputError, match="labels-skipped.csv is there already"):
        call(saved, photos, copy_to=str(tmp_path / "sorted"))
    assert contents(tmp_path) == sorted([*before, "labels-skipped.csv"])


def test_a_signal_when_all_is_done_stops_nothing(saved, photos, tmp_path, monkeypatch):
    publish = module.publish

    def interrupted(*arguments):
        os.kill(os.getpid(), signal.SIGTERM)
        publish(*arguments)

    monkeypatch.setattr(module, "publish", interrupted)
    with stop_signals():
        assert call(saved, photos) == (20, 0)
    assert len(read(tmp_path / "labels.csv")) == 20


@pytest.mark.slow
def test_the_command_in_a_process_of_its_own(saved, photos, tmp_path):
    command = [sys.executable, "-m", "keras_selflearn.predict", f"--run={saved / 'triplet'}"]
    command += [f"--images={photos}", f"--output={tmp_path / 'labels.csv'}"]
    result = run_process(command)
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"20 images are labelled in {tmp_path / 'labels.csv'}\n"
    assert result.stderr == f"Labelling 20 images of {photos}\n"
    again = run_process(command)
    assert again.returncode == 2 and again.stdout == ""
    assert again.stderr.count("\n") == 1 and "there already" in again.stderr
