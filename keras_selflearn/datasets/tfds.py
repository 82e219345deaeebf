"""Data sets of the paper, prepared and read by TensorFlow Datasets (section 4.1).

TensorFlow Datasets ("TFDS") reads a prepared data set once, for `keras_selflearn.datasets.decoded`,
and need not even be imported after that.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import requests

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.dataset import Dataset
from keras_selflearn.datasets.decoded import Source, read_decoded
from keras_selflearn.datasets.test_split import choose_test
from keras_selflearn.datasets.tfds_names import check_tfds_name

# To be raised with a change to what is read from the same files.
_WAY_OF_DECODING = 1
_BATCH = 500


def load_svhn_cropped(data_dir: str | None = None) -> Dataset:
    """73,257 training and 26,032 test images of 32x32x3; see `load_tfds`."""
    return load_tfds("svhn_cropped", data_dir, major=3)


def load_cifar10(data_dir: str | None = None) -> Dataset:
    """50,000 training and 10,000 test images of 32x32x3; see `load_tfds`."""
    return load_tfds("cifar10", data_dir, major=3)


def load_plant_village(data_dir: str | None = None) -> Dataset:
    """43,454 training and 10,849 test images of 96x96x3; see `load_tfds`.

    TFDS has them uncut, and two fewer than the paper.
    """
    return load_tfds("plant_village", data_dir, major=1, size=96)


def load_tfds(
    name: str, data_dir: str | None = None, *, major: int | None = None, size: int | None = None
) -> Dataset:
    """Load splits `train` and `test` of a TFDS data set with the features `image` and `label`.

    Where there is no `test`, `train` is cut by the names of its files, or where it has none by
    their places, which do not change; see `choose_test`.

    Parameters
    ----------
    name : str
        As TFDS knows it; `NAME/CONFIG` where it has several.
    data_dir : str, optional
        Where its files are, or are put after a download; by default $TFDS_DATA_DIR or
        ~/tensorflow_datasets.
    major : int, optional
        Of the version of the data set: whatever follows, TFDS promises the same images. By default
        the newest.
    size : int, optional
        Height and width to resize images to, with antialiasing. They may be left out where images
        have one size.

    Raises
    ------
    InputError
        When the data set is not prepared there and can't be downloaded, or can't be read, or is
        not of labelled images, or can't be kept in the cache.
    """
    check_tfds_name(name)
    default = os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    data_folder = Path(data_dir or default).expanduser()
    prepared = _find_prepared(data_folder / name, major) or _prepare(name, data_folder, major)
    key = f"{name.replace('/', '-')}-{prepared.name}-{_digest(prepared, name, size)}"
    return read_decoded(key, partial(_open_source, name, prepared, size))


def _find_prepared(folder: Path, major: int | None) -> Path | None:
    """Find the folder of the newest version that is prepared."""
    names = (path.name for path in folder.glob(_version(major)))
    versions = [name.split(".") for name in names if re.fullmatch(r"\d+\.\d+\.\d+", name)]
    if not versions:
        return None
    return folder / ".".join(max(versions, key=lambda numbers: [int(each) for each in numbers]))


def _version(major: int | None) -> str:
    return f"{'*' if major is None else major}.*.*"


def _prepare(name: str, data_folder: Path, major: int | None) -> Path:
    """Download a data set, let TFDS prepare it, and return its folder."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.utils import gcs_utils

    # Older releases ask a bucket for figures that are not needed here, for minutes where there is
    # no network, and have no public switch for it.
    gcs_utils._is_gcs_disabled = True
    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    try:
        builder = tfds.builder(name, data_dir=data_folder, version=_version(major))
        if not _is_downloaded(name, data_folder / "downloads"):
            # TFDS itself tries for minutes before it says that there is no network.
            requests.head(builder.info.homepage, timeout=10)
        builder.download_and_prepare()
    except tfds.core.DatasetNotFoundError as error:
        raise InputError(
            f"TensorFlow Datasets has no data set '{name}': its names are at"
            " https://www.tensorflow.org/datasets/catalog/overview."
        ) from error
    except Exception as error:  # Each of its many downloaders and readers raises its own.
        raise InputError(
            f"Data set '{name}' is not prepared in {data_folder} (no"
            f" {name}/{_version(major)}) and can't be downloaded ({type(error).__name__}): on a"
            " connected machine run"
            f" `{_build_command(name, data_folder)}` and copy the folder here."
        ) from error
    return Path(builder.data_dir)


def _is_downloaded(name: str, downloads: Path) -> bool:
    notes = [*downloads.glob("*.INFO"), *downloads.glob(f"{name}/*.INFO")]
    return (downloads / "manual").exists() or any(f'"{name}"' in x.read_text() for x in notes)


def _build_command(name: str, data_folder: Path) -> str:
    # Not TFDS's own command, which needs packages that it does not bring.
    builder = f"tfds.builder({name!r}, data_dir={str(data_folder)!r})"
    return f'python -c "import tensorflow_datasets as tfds; {builder}.download_and_prepare()"'


def _digest(prepared: Path, name: str, size: int | None) -> str:
    records = sorted(prepared.glob(f"{name.split('/')[0]}-*"))
    files = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in records]
    source = (_WAY_OF_DECODING, size, str(prepared.resolve()), files)
    return hashlib.sha256(repr(source).encode()).hexdigest()[:8]


@contextlib.contextmanager
def _reading(name: str, prepared: Path) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # TFDS and TensorFlow have one for each kind of damage.
        raise InputError(
            f"Data set '{name}' in {prepared} can't be read ({type(error).__name__}): if it is"
            " damaged or not whole, delete that folder and prepare it again with"
            f" `{_build_command(name, prepared.parent.parent)}`."
        ) from error


def _open_source(name: str, prepared: Path, size: int | None) -> Source:
    import tensorflow_datasets as tfds

    with _reading(name, prepared):
        builder = tfds.builder_from_directory(prepared)
        splits, features = builder.info.splits, builder.info.features
        _check_features(name, features, splits, size)
        class_names = tuple(features["label"].names)
        if "test" in splits:
            test = None
            sizes = {part: splits[part].num_examples for part in ("train", "test")}
        else:
            test = _choose_test(builder)
            sizes = {"train": int(np.sum(~test)), "test": int(np.sum(test))}
        shape = features["image"].shape
        if size:
            shape = (size, size, shape[2])
    shapes = {part: (n, *shape) for part, n in sizes.items()}
    batches = _whole_batches if test is None else partial(_cut_batches, test)

    def read() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        with _reading(name, prepared):
            yield from batches(builder, size)

    return Source(name, shapes, class_names, read())


def _check_features(
    name: str, features: Mapping[str, Any], splits: Mapping[str, Any], size: int | None
) -> None:
    import tensorflow_datasets as tfds

    labelled_images = (
        {"image", "label"} <= {*features}
        and isinstance(features["image"], tfds.features.Image)
        and isinstance(features["label"], tfds.features.ClassLabel)
    )
    if "train" not in splits or not labelled_images:
        raise InputError(
            f"Data set '{name}' has no split 'train' with the features 'image' and 'label' (one"
            " class an image): choose another, or use --dataset=folder."
        )
    if not size and None in features["image"].shape[:2]:
        raise InputError(f"Images of data set '{name}' differ in size: give --image_size.")


def _whole_batches(builder: Any, size: int | None) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    for part in ("train", "test"):
        for images, labels in _read_images(builder, part, size):
            yield part, images, labels


def _cut_batches(
    test: np.ndarray, builder: Any, size: int | None
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    done = 0
    for images, labels in _read_images(builder, "train", size):
        in_test = test[done : done + len(labels)]
        done += len(labels)
        yield "train", images[~in_test], labels[~in_test]
        yield "test", images[in_test], labels[in_test]


def _choose_test(builder: Any) -> np.ndarray:
    import tensorflow_datasets as tfds

    named = "image/filename" in builder.info.features
    features = ["label", "image/filename"] if named else ["label"]
    batches = list(tfds.as_numpy(_read(builder, "train", features).batch(_BATCH)))
    labels = np.concatenate([batch["label"] for batch in batches])
    if not named:
        return choose_test(labels, [str(i).encode() for i in range(len(labels))])
    files = np.concatenate([batch["image/filename"] for batch in batches])
    names = builder.info.features["label"].names
    # File names repeat from class to class.
    keys = [names[label].encode() + b"/" + file for label, file in zip(labels, files)]
    return choose_test(labels, keys)


def _read_images(
    builder: Any, split: str, size: int | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    import tensorflow as tf
    import tensorflow_datasets as tfds

    def pixels_and_label(example: dict[str, Any]) -> tuple[Any, Any]:
        image = example["image"]
        if size:
            image = tf.image.resize(image, (size, size), antialias=True)
            image = tf.saturate_cast(tf.round(image), tf.uint8)
        return image, example["label"]

    examples = _read(builder, split, ["image", "label"])
    examples = examples.map(pixels_and_label, num_parallel_calls=tf.data.AUTOTUNE)
    yield from tfds.as_numpy(examples.batch(_BATCH).prefetch(1))


def _read(builder: Any, split: str, features: list[str]) -> Any:
    """A `tf.data.Dataset` of some features, in the order of the records.

    TFDS writes examples in the order of a hash of their keys: prepared again, they come in the
    same order.
    """
    import tensorflow_datasets as tfds

    return builder.as_dataset(
        split=split,
        shuffle_files=False,
        decoders=tfds.decode.PartialDecoding(dict.fromkeys(features, True)),
        read_config=tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False),
    )
