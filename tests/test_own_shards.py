"""A user's shards, from the command to the labels of new ones."""

from __future__ import annotations

import csv
import io

import pytest
from calling import call_here
from PIL import Image
from shard_files import tar_of

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.sources.loading import load_images
from keras_selflearn.estimator.label_folder import label_folder
from keras_selflearn.options.config import Config
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.runs.new_images import PredictConfig, check_places

pytestmark = pytest.mark.slow


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def shard(images, labels=()):
    members = [(f"{i:04d}.png", png(image)) for i, image in enumerate(images)]
    members += [(f"{i:04d}.cls", f"digit {label}".encode()) for i, label in enumerate(labels)]
    return tar_of(sorted(members))


@pytest.fixture(scope="module")
def shards(digits, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own") / "shards"
    folder.mkdir()
    images, labels = (each[digits.labels < 3] for each in (digits.images, digits.labels))
    (folder / "train-0.tar").write_bytes(shard(images[:60], labels[:30]))
    (folder / "train-1.tar").write_bytes(shard(images[60:100]))
    damaged = shard(images[100:110])
    (folder / "train-2.tar").write_bytes(damaged[: len(damaged) // 2])
    tests = digits.test_labels < 3
    content = shard(digits.test_images[tests][:20], digits.test_labels[tests][:20])
    (folder / "test-0.tar").write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def run(shards, tmp_path_factory):
    options = dict(loss="triplet", backbone="tiny", weights="random", image_size=32, epochs=2)
    options |= dict(meta_iterations=1, meta_epochs=1, selection_percent=50, precision="float32")
    results = tmp_path_factory.mktemp("results")
    return run_experiment(Config(images=str(shards), results_dir=str(results), **options)).path


def rows(path):
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def test_the_run_names_each_image_by_its_shard(run):
    images = rows(run / "images.csv")
    assert [row["path"] for row in images[58:62]] == [
        "train-0.tar/0058.png",
        "train-0.tar/0059.png",
        "train-1.tar/0000.png",
        "train-1.tar/0001.png",
    ]
    assert sum(bool(row["label"]) for row in images) == 30
    ((path, reason),) = ((row["path"], row["reason"]) for row in rows(run / "skipped.csv"))
    assert path == "train-2.tar" and "images are left out" in reason


def test_the_page_shows_the_images(run):
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "data:image/" in page and "train-0.tar/00" in page


def test_the_labels_are_a_table_for_the_same_shards(run, shards, tmp_path):
    data = load_images(
        shards, image_size=32, cache_dir=tmp_path / "cache", labels_csv=run / "labels.csv"
    )
    given = {row["path"]: row["label"] for row in rows(run / "images.csv") if row["label"]}
    found = zip(data.paths, data.labels)
    assert {path: data.class_names[label] for path, label in found if label >= 0} == given


def test_predict_labels_shards_as_their_images_in_a_folder(run, shards, tmp_path, digits):
    output = tmp_path / "labels.csv"
    flags = [f"--run={run}", f"--images={shards}/*.tar", f"--output={output}"]
    said = call_here("predict", *flags)
    assert "1 damaged file is left out" in str(said)
    found = rows(output)
    assert [row["path"] for row in found] == sorted(row["path"] for row in found)
    by_path = {row["path"]: row["label"] for row in found}
    images = digits.images[digits.labels < 3]
    expected = SelfLearningClassifier.load(run / "classifier").predict(images[:100])
    names = [f"train-{i // 60}.tar/{i % 60:04d}.png" for i in range(100)]
    assert [by_path[name] for name in names] == expected.tolist()
    assert len(found) > 120 and rows(tmp_path / "labels-skipped.csv")[0]["path"] == "train-2.tar"


def test_images_at_an_address_are_labelled_as_the_files_are(run, tmp_path, digits):
    pytest.importorskip("fsspec", reason="the extra remote is missing")
    folder = tmp_path / "photos"
    for i, image in enumerate(digits.images[:20]):
        path = folder / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(image))
    (folder / "bad.png").write_bytes(b"no image")
    classifier = SelfLearningClassifier.load(run / "classifier")
    told = []
    here, there = (
        {
            each.path: (each.label, each.nearest)
            for each in label_folder(classifier, where, on_damaged=lambda *one: told.append(one))
        }
        for where in (folder, f"file://{folder}")
    )
    assert here == there and len(here) == 20
    assert told[0] == told[1] and told[0][0] == "bad.png"


@pytest.mark.parametrize(
    "flags, message",
    [
        ({"copy_to": "copies"}, "--copy_to copies images of a folder of this machine"),
        ({"images": "none-{0..2}.tar"}, "There is no shard .*none-0.tar"),
        ({"images": "nothing://x"}, "nothing://x can't be reached"),
    ],
)
def test_what_predict_can_t_use_is_said_before_any_work(shards, tmp_path, flags, message):
    pytest.importorskip("fsspec", reason="the extra remote is missing")
    options = {"run": "none", "images": str(shards), "output": str(tmp_path / "labels.csv")}
    with pytest.raises(InputError, match=message):
        check_places(PredictConfig(**{**options, **flags}))


def test_results_do_not_go_into_the_folder_of_an_address(tmp_path):
    config = Config(images=f"file://{tmp_path}", results_dir=str(tmp_path / "results"))
    with pytest.raises(InputError, match="which is only read"):
        run_experiment(config)


def test_shards_without_images_are_one_sentence(run, tmp_path):
    (tmp_path / "x.tar").write_bytes(tar_of([("1.txt", b"x")]))
    flags = [f"--run={run}", f"--images={tmp_path}/x.tar", f"--output={tmp_path}/labels.csv"]
    ended = call_here("predict", *flags)
    assert ended.returncode == 2 and "There are no images in" in ended.stderr
    assert "1 .txt" in ended.stderr and len([*tmp_path.iterdir()]) == 1
