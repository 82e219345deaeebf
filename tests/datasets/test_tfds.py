from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import shutil
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from archives import CIFAR10_CLASSES, write_cifar10, write_plant_village, write_svhn_cropped
from PIL import Image
from waiting import run_process

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.datasets import load_dataset
from keras_selflearn.datasets.tfds import load_tfds

# Tests look into no folder that they are not given by name.
PREPARED = os.environ.get("KERAS_SELFLEARN_TEST_DATA_DIR")


@pytest.fixture(autouse=True)
def decoded(tmp_path, monkeypatch):
    """The folder of decoded data sets."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "keras_selflearn" / "decoded"


@pytest.fixture
def nowhere(monkeypatch):
    """A proxy that is not there: no machine reaches a download through it."""
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


def same_images(images, labels, written):
    """Whether these are the images and labels that were written, in any order."""
    original = sorted((image.tobytes(), label) for image, label in zip(*written))
    return sorted((image.tobytes(), label) for image, label in zip(images, labels)) == original


def store(data_dir, labels=(0, 1, 2, 1)):
    """Prepare a data set of three classes without archives, in order."""
    pixels = np.random.default_rng(0).integers(0, 256, (len(labels), 32, 32, 3), np.uint8)
    examples = [(i, {"image": pixels[i], "label": label}) for i, label in enumerate(labels)]
    tfds.dataset_builders.store_as_tfds_dataset(
        name="three_classes",
        version="1.0.0",
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(32, 32, 3)),
                "label": tfds.features.ClassLabel(names=["a", "b", "c"]),
            }
        ),
        split_datasets={"train": examples, "test": examples[1:2]},
        data_dir=data_dir,
        disable_shuffling=True,
    )
    return pixels


@pytest.mark.slow
def test_cifar10_from_its_archive(tmp_path, nowhere):
    written = write_cifar10(tmp_path)
    data = load_dataset("cifar10", str(tmp_path))
    assert data.images.shape == (200, 32, 32, 3) and data.images.dtype == np.uint8
    assert data.test_images.shape == (50, 32, 32, 3) and data.test_labels.dtype == np.int64
    assert same_images(data.images, data.labels, written["train"])
    assert same_images(data.test_images, data.test_labels, written["test"])
    assert data.class_names == CIFAR10_CLASSES


@pytest.mark.slow
def test_svhn_from_its_archives(tmp_path, nowhere):
    written = write_svhn_cropped(tmp_path, train=6, test=3)
    data = load_dataset("svhn_cropped", str(tmp_path))
    assert data.images.shape == (60, 32, 32, 3) and data.test_images.shape == (30, 32, 32, 3)
    assert same_images(data.images, data.labels, written["train"])
    assert same_images(data.test_images, data.test_labels, written["test"])
    assert data.class_names == tuple("0123456789")


@pytest.mark.slow
def test_plant_village_from_its_archive(tmp_path, nowhere):
    files, class_names = write_plant_village(tmp_path)
    data = load_dataset("plant_village", str(tmp_path))
    assert data.class_names == class_names and len(class_names) == 38
    assert data.images.shape == (38 * 7, 96, 96, 3) and data.images.dtype == np.uint8
    assert np.bincount(data.labels).tolist() == [7] * 38
    assert np.bincount(data.test_labels).tolist() == [1] * 38

    def small(content):
        # Pillow, too, smooths before it makes an image smaller.
        return np.asarray(Image.open(io.BytesIO(content)).resize((96, 96), Image.BILINEAR))

    def digest(key):
        return hashlib.sha256("/".join(key).encode()).digest()

    for label, name in enumerate(class_names):
        mine = sorted((key for key in files if key[0] == name), key=digest)
        expected = [small(files[key]).astype(int) for key in mine]
        (tested,) = data.test_images[data.test_labels == label]
        assert np.abs(tested - expected[0]).max() <= 2
        trained = list(data.images[data.labels == label].astype(int))
        for image in expected[1:]:
            distances = [np.abs(other - image).max() for other in trained]
            assert min(distances) <= 2
            del trained[int(np.argmin(distances))]
        assert not trained


@pytest.mark.slow
def test_prepared_again_plant_village_is_the_same(tmp_path):
    for folder in ("first", "second"):
        write_plant_village(tmp_path / folder, count=5)
    first, second = (load_dataset("plant_village", str(tmp_path / x)) for x in ("first", "second"))
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(first.test_images, second.test_images)


def test_a_prepared_data_set_is_read_whole_and_in_order(tmp_path):
    labels = np.arange(1005) % 3
    images = store(tmp_path, labels)
    data = load_tfds("three_classes", str(tmp_path), major=1)
    np.testing.assert_array_equal(data.images, images)
    np.testing.assert_array_equal(data.labels, labels)
    np.testing.assert_array_equal(data.test_images, images[1:2])
    assert data.test_labels.tolist() == [1] and data.class_names == ("a", "b", "c")


@pytest.mark.slow
def test_decodes_again_only_what_has_changed(tmp_path, capsys):
    def load(name="here"):
        load_tfds("three_classes", str(tmp_path / name), major=1)
        return "Decoding three_classes (5 images), once" in capsys.readouterr().err

    store(tmp_path / "here")
    assert load() and not load()
    (tmp_path / "link").symlink_to(tmp_path / "here")
    assert not load("link")
    (record,) = (tmp_path / "here").glob("three_classes/1.0.0/three_classes-train*")
    os.utime(record, (1, 1))
    assert load() and not load()
    # A copy with the same times is another folder.
    shutil.copytree(tmp_path / "here", tmp_path / "there")
    assert load("there") and not load()


@pytest.mark.slow
def test_a_classifier_learns_from_the_memory_maps(tmp_path):
    write_cifar10(tmp_path)
    data = load_dataset("cifar10", str(tmp_path))
    assert isinstance(data.images, np.memmap) and not data.images.flags.writeable
    labels = np.where(np.arange(200) < 100, data.labels, -1)
    clf = SelfLearningClassifier(
        loss="cross-entropy",
        weights="random",
        backbone="tiny",
        epochs=40,
        meta_epochs=1,
        meta_iterations=1,
        selection_percent=50,
        learning_rate=1e-2,
        random_state=0,
        precision="float32",
    )
    clf.fit(data.images, labels, validation_data=(data.test_images, data.test_labels))
    assert clf.score(data.test_images, data.test_labels) > 0.5


@pytest.mark.parametrize("name", ["svhn_cropped", "cifar10", "plant_village"])
def test_without_a_network_it_is_said_at_once(name, tmp_path, dead_end):
    # What is there of another data set must not have TFDS try for minutes.
    write_svhn_cropped(tmp_path / "other", train=1, test=1)
    (tmp_path / "other" / "downloads").rename(tmp_path / "downloads")
    for note in tmp_path.glob("downloads/*.INFO"):
        note.write_text(note.read_text().replace("svhn_cropped", "another_one"))
    with pytest.raises(ValueError) as error:
        load_dataset(name, str(tmp_path))
    assert len(dead_end) == 1  # Each more would wait longer than the one before.
    assert f"'{name}' is not prepared in {tmp_path}" in str(error.value)
    command = re.search(r"`(python -c .*)` and copy", str(error.value)).group(1)
    assert f"tfds.builder('{name}', data_dir='{tmp_path}')" in command


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("a.tfrecord; No space left on device"),
    ],
)
def test_a_full_disk_is_not_called_a_download_that_failed(tmp_path, monkeypatch, error):
    def fails(*arguments, **options):
        raise error

    monkeypatch.setattr(tfds, "builder", fails)
    with pytest.raises(InputError, match="can't be put into .*No space left on device.: make room"):
        load_dataset("tfds:mnist", str(tmp_path))


@pytest.mark.slow
def test_any_version_of_the_same_images_is_read(tmp_path, nowhere):
    written = write_cifar10(tmp_path, train=2, test=1)
    load_dataset("cifar10", str(tmp_path))
    (prepared,) = tmp_path.glob("cifar10/3.*")
    old = prepared.rename(prepared.with_name("3.0.0"))
    data = load_dataset("cifar10", str(tmp_path))
    assert same_images(data.images, data.labels, written["train"])
    # A half-made folder is none, and 10 comes after 9.
    (tmp_path / "cifar10" / "incomplete.ABCDEF_3.0.11").mkdir()
    (tmp_path / "cifar10" / "3.0.9").mkdir()
    old.rename(old.with_name("3.0.10"))
    data = load_dataset("cifar10", str(tmp_path))
    assert same_images(data.images, data.labels, written["train"])


def test_a_version_of_other_images_is_not_read(tmp_path, nowhere):
    (tmp_path / "cifar10" / "2.0.1").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"not prepared in .* \(no cifar10/3\.\*\.\*\)"):
        load_dataset("cifar10", str(tmp_path))


def lose_record(folder):
    next(folder.glob("three_classes-train*")).unlink()


def cut_record(folder):
    record = next(folder.glob("three_classes-train*"))
    os.truncate(record, record.stat().st_size // 2)


def cut_record_between_examples(folder):
    record = next(folder.glob("three_classes-train*"))
    size = int.from_bytes(record.read_bytes()[:8], "little")
    os.truncate(record, size + 16)  # A length of 8 bytes and two checksums of 4.


def lose_info(folder):
    (folder / "dataset_info.json").unlink()


def lose_features(folder):
    (folder / "features.json").unlink()


def lose_all(folder):
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize(
    "damage",
    [lose_record, cut_record, cut_record_between_examples, lose_info, lose_features, lose_all],
)
def test_a_folder_that_is_not_whole_is_named(damage, tmp_path, decoded):
    store(tmp_path)
    folder = tmp_path / "three_classes" / "1.0.0"
    damage(folder)
    with pytest.raises(ValueError) as error:
        load_tfds("three_classes", str(tmp_path), major=1)
    assert f"'three_classes' in {folder} can't be read" in str(error.value)
    assert f"tfds.builder('three_classes', data_dir='{tmp_path}')" in str(error.value)
    assert not list(decoded.glob("*"))


@pytest.mark.slow
def test_the_command_that_the_message_gives_prepares_the_data_set(tmp_path, nowhere):
    """On a machine that has the archive: as TFDS finds one that it has downloaded."""
    with pytest.raises(ValueError) as error:
        load_dataset("cifar10", str(tmp_path / "here"))
    command = re.search(r"`(python -c .*)` and copy", str(error.value)).group(1)
    write_cifar10(tmp_path / "here", train=5, test=1)
    command = command.replace("python", sys.executable, 1)
    run_process(command, shell=True, check=True)
    assert len(load_dataset("cifar10", str(tmp_path / "here")).images) == 50


@pytest.mark.skipif(
    PREPARED is None,
    reason="KERAS_SELFLEARN_TEST_DATA_DIR names no folder of TFDS with a prepared CIFAR-10",
)
def test_cifar10_as_tfds_prepares_it():
    assert Path(PREPARED, "cifar10").is_dir()  # A download would take minutes.
    data = load_dataset("cifar10", PREPARED)
    assert data.images.shape == (50_000, 32, 32, 3) and data.images.dtype == np.uint8
    assert data.test_images.shape == (10_000, 32, 32, 3)
    assert np.bincount(data.labels).tolist() == [5000] * 10
    assert np.bincount(data.test_labels).tolist() == [1000] * 10
    assert data.class_names == CIFAR10_CLASSES
    assert 100 < data.images.mean() < 140


def store_features(data_dir, name, features, examples, splits=("train",)):
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="2.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={split: list(enumerate(examples)) for split in splits},
        data_dir=data_dir,
        disable_shuffling=True,
    )


def test_any_labelled_images_that_tfds_knows(tmp_path):
    pixels = store(tmp_path)
    data = load_dataset("tfds:three_classes", str(tmp_path))
    np.testing.assert_array_equal(data.images, pixels)
    assert data.labels.tolist() == [0, 1, 2, 1] and data.class_names == ("a", "b", "c")


def test_images_of_any_size_are_resized_and_a_fifth_of_a_class_is_kept_for_testing(tmp_path):
    image = tfds.features.Image(shape=(None, None, 1))
    features = {"image": image, "label": tfds.features.ClassLabel(num_classes=2)}
    examples = [
        {"image": np.full((40 + i, 50, 1), 10 * i, np.uint8), "label": i % 2} for i in range(20)
    ]
    store_features(tmp_path, "sizes", features, examples)
    with pytest.raises(ValueError, match="'sizes' differ in size: give --image_size"):
        load_dataset("tfds:sizes", str(tmp_path))
    data = load_dataset("tfds:sizes", str(tmp_path), image_size=32)
    assert data.images.shape == (16, 32, 32, 1) and data.test_images.shape == (4, 32, 32, 1)
    levels = [*data.images[:, 0, 0, 0], *data.test_images[:, 0, 0, 0]]
    labels = [*data.labels, *data.test_labels]
    assert sorted(levels) == [10 * i for i in range(20)]
    assert all(level // 10 % 2 == label for level, label in zip(levels, labels))
    assert np.bincount(data.test_labels).tolist() == [2, 2]


@pytest.mark.parametrize("features", ["image", "label"])
def test_what_is_not_labelled_images_is_refused(tmp_path, features):
    every = {"image": (tfds.features.Image(shape=(32, 32, 3)), np.zeros((32, 32, 3), np.uint8))}
    every["label"] = (tfds.features.ClassLabel(num_classes=2), 1)
    kind, value = every[features]
    store_features(tmp_path, "half", {features: kind}, [{features: value}])
    with pytest.raises(ValueError, match="'half' has no split 'train' with the features"):
        load_dataset("tfds:half", str(tmp_path))


@pytest.mark.parametrize("name", ["", "../x", "a/b/c", "a b", "/etc"])
def test_a_name_is_not_a_path(tmp_path, name):
    with pytest.raises(ValueError, match="no name of a TFDS data set"):
        load_dataset(f"tfds:{name}", str(tmp_path))


def test_a_name_that_tfds_does_not_know(tmp_path):
    with pytest.raises(ValueError, match="TensorFlow Datasets has no data set 'no_such_set'"):
        load_dataset("tfds:no_such_set", str(tmp_path))


SMALL = {
    "image": tfds.features.Image(shape=(4, 4, 1)),
    "label": tfds.features.ClassLabel(num_classes=2),
}


def store_splits(data_dir, splits, features=SMALL, dtype=np.uint8):
    """Prepare the set `small`: by split, the levels and labels of even images."""
    tfds.dataset_builders.store_as_tfds_dataset(
        name="small",
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={
            split: [
                (i, {"image": np.full((4, 4, 1), level, dtype), "label": label})
                for i, (level, label) in enumerate(pairs)
            ]
            for split, pairs in splits.items()
        },
        data_dir=data_dir,
        disable_shuffling=True,
    )


def pairs_of(images, labels):
    return [(int(image[0, 0, 0]), int(label)) for image, label in zip(images, labels)]


def load_small(data_dir, **options):
    """The levels and labels of training and test images; decoded once, then read again."""
    first = load_dataset("tfds:small", str(data_dir), **options)
    again = load_dataset("tfds:small", str(data_dir), **options)
    np.testing.assert_array_equal(first.images, again.images)
    return pairs_of(first.images, first.labels), pairs_of(first.test_images, first.test_labels)


def test_minus_1_in_train_is_an_unlabelled_image_and_is_decoded_once(tmp_path, capsys):
    train = [(1, 0), (2, -1), (3, 1), (4, -1)]
    store_splits(tmp_path, {"train": train, "test": [(5, 1), (6, 0)]})
    assert load_small(tmp_path) == (train, [(5, 1), (6, 0)])
    assert capsys.readouterr().err.count("Decoding small (6 images), once") == 1


def test_test_images_without_a_label_are_left_out(tmp_path):
    store_splits(tmp_path, {"train": [(1, 0), (2, 1)], "test": [(3, -1), (4, 1), (5, -1)]})
    assert load_small(tmp_path) == ([(1, 0), (2, 1)], [(4, 1)])


def test_a_test_split_without_labels_is_no_test_split(tmp_path):
    train = [(i, i % 2) for i in range(20)] + [(100 + i, -1) for i in range(10)]
    store_splits(tmp_path, {"train": train, "test": [(200, -1)] * 4})
    trained, tested = load_small(tmp_path)
    assert sorted(trained + tested) == sorted(train)
    assert sorted(label for _, label in tested) == [0, 0, 1, 1]


def test_a_data_set_too_small_to_be_cut_has_no_test_image(tmp_path):
    store_splits(tmp_path, {"train": [(1, 0), (2, 1)]})
    assert load_small(tmp_path) == ([(1, 0), (2, 1)], [])


def test_a_label_that_is_no_class_is_named(tmp_path):
    features = {**SMALL, "label": tfds.features.ClassLabel(num_classes=2)}
    store_splits(tmp_path, {"train": [(1, 0), (2, 1), (3, 1)]}, features)
    (description,) = tmp_path.glob("small/1.0.0/features.json")
    description.write_text(
        re.sub(r'"numClasses": "?2"?', '"numClasses": "1"', description.read_text())
    )
    with pytest.raises(ValueError, match="the label 1 in its split 'train', which is neither"):
        load_small(tmp_path)


@pytest.mark.parametrize("split", ["unlabelled", "unlabeled", "extra"])
def test_images_of_an_unlabelled_split_are_unlabelled_training_images(tmp_path, split):
    labelled = {"train": [(1, 0), (2, 1)], "test": [(3, 1)]}
    store_splits(tmp_path, {**labelled, split: [(4, -1), (5, -1)]})
    assert load_small(tmp_path) == ([(1, 0), (2, 1), (4, -1), (5, -1)], [(3, 1)])


def test_an_extra_split_with_labels_stays_out_unless_it_is_named(tmp_path):
    splits = {"train": [(1, 0), (2, 1)], "test": [(3, 1)], "extra": [(4, 0), (5, 1)]}
    store_splits(tmp_path, splits)
    assert load_small(tmp_path) == (splits["train"], splits["test"])
    named = load_small(tmp_path, unlabelled_split="extra")
    assert named == ([*splits["train"], (4, -1), (5, -1)], splits["test"])


def test_a_split_that_is_not_there_is_refused(tmp_path):
    store_splits(tmp_path, {"train": [(1, 0), (2, 1)], "more": [(3, 1)]})
    with pytest.raises(ValueError, match="Unknown split 'mroe': did you mean 'more'"):
        load_small(tmp_path, unlabelled_split="mroe")
    with pytest.raises(ValueError, match="is 'train', the split of data set 'small' whose labels"):
        load_small(tmp_path, unlabelled_split="train")


@pytest.mark.slow
@pytest.mark.parametrize("size", [None, 8])
@pytest.mark.parametrize(("dtype", "white"), [("uint8", 255), ("uint16", 65535), ("float32", 1)])
def test_each_dtype_is_scaled_by_its_own_range(tmp_path, dtype, white, size):
    image = tfds.features.Image(shape=(4, 4, 1), dtype=np.dtype(dtype))
    shares = [0, 0.2, 0.6, 1]
    train = [(share * white, i % 2) for i, share in enumerate(shares)]
    store_splits(tmp_path, {"train": train, "test": train}, {**SMALL, "image": image}, dtype)
    for said in (dtype != "uint8", False):  # once, when it is decoded
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", InputWarning)
            trained, _ = load_small(tmp_path, image_size=size)
        told = [str(each.message) for each in caught if each.category is InputWarning]
        assert len(told) == said
        assert not said or f"are {dtype}: pixels from 0 to {white} become pixels from 0" in told[0]
    assert trained == [(0, 0), (51, 1), (153, 0), (255, 1)]


def test_floats_beyond_their_range_are_refused(tmp_path):
    image = tfds.features.Image(shape=(4, 4, 1), dtype=np.dtype("float32"))
    store_splits(tmp_path, {"train": [(0, 0), (255, 1)]}, {**SMALL, "image": image}, np.float32)
    with pytest.raises(ValueError, match="'small' are float32 and have pixels outside 0 to 1"):
        load_small(tmp_path)


def test_classes_without_an_image_are_named_once_and_left_out(tmp_path):
    label = tfds.features.ClassLabel(names=["ant", "bee", "cat", "dog"])
    splits = {"train": [(1, 1), (2, 3), (3, -1)], "test": [(4, 3)]}
    store_splits(tmp_path, splits, {**SMALL, "label": label})
    with pytest.warns(InputWarning, match="no image of 2 of its 4 .* left out: ant, cat") as said:
        data = load_dataset("tfds:small", str(tmp_path))
    assert len(said) == 1 and data.class_names == ("bee", "dog")
    assert data.labels.tolist() == [0, 1, -1] and data.test_labels.tolist() == [1]
