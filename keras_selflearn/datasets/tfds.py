"""Data sets of the paper, prepared and read by TensorFlow Datasets (section 4.1).

TensorFlow Datasets ("TFDS") reads a prepared data set once, for `keras_selflearn.datasets.decoded`,
and need not even be imported after that.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import requests

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.screen import standard_error
from keras_selflearn.datasets.dataset import Dataset
from keras_selflearn.datasets.decoded import Source, read_decoded
from keras_selflearn.datasets.earlier_rows import file_identity
from keras_selflearn.datasets.empty_classes import without_empty_classes
from keras_selflearn.datasets.pixel_range import check_pixel_dtype
from keras_selflearn.datasets.tfds_names import check_tfds_name
from keras_selflearn.datasets.tfds_reading import read_images
from keras_selflearn.datasets.tfds_splits import split_images
from keras_selflearn.storage.names import with_end

# To be raised with a change to what is read from the same files.
_WAY_OF_DECODING = 2


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
    name: str,
    data_dir: str | None = None,
    *,
    major: int | None = None,
    size: int | None = None,
    unlabelled_split: str | None = None,
) -> Dataset:
    """Load the images of a TFDS data set with the features `image` and `label`.

    The split `train` is for training, `test` for testing, and the images of an unlabelled split
    are training images without a label. Where `test` is missing or has no label, `train` is cut by
    the names of its files, or where it has none by their places, which do not change; see
    `split_images`. Pixels of other dtypes are scaled to uint8; see `to_uint8`.

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
    unlabelled_split : str, optional
        See `split_images`.

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
    digest = _digest(prepared, name, size, unlabelled_split)
    key = with_end(name.replace("/", "-"), f"-{prepared.name}-{digest}")
    dataset = read_decoded(key, partial(_open_source, name, prepared, size, unlabelled_split))
    return without_empty_classes(dataset, name)


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
    if not standard_error().isatty():
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
        if why := _why_not_written(error):
            raise InputError(
                f"Data set '{name}' can't be put into {data_folder} ({why}): make room, or choose"
                " another --data_dir."
            ) from error
        raise InputError(
            f"Data set '{name}' is not prepared in {data_folder} (no"
            f" {name}/{_version(major)}) and can't be downloaded ({type(error).__name__}): on a"
            " connected machine run"
            f" `{_build_command(name, data_folder)}` and copy the folder here."
        ) from error
    return Path(builder.data_dir)


def _why_not_written(error: BaseException) -> str | None:
    """What keeps files from being written, if that is what an error says."""
    for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
        if getattr(error, "errno", None) == number or os.strerror(number) in str(error):
            return os.strerror(number)
    return None


def _is_downloaded(name: str, downloads: Path) -> bool:
    notes = [*downloads.glob("*.INFO"), *downloads.glob(f"{name}/*.INFO")]
    return (downloads / "manual").exists() or any(f'"{name}"' in x.read_text() for x in notes)


def _build_command(name: str, data_folder: Path) -> str:
    # Not TFDS's own command, which needs packages that it does not bring.
    builder = f"tfds.builder({name!r}, data_dir={str(data_folder)!r})"
    return f'python -c "import tensorflow_datasets as tfds; {builder}.download_and_prepare()"'


def _digest(prepared: Path, name: str, size: int | None, unlabelled_split: str | None) -> str:
    records = sorted(prepared.glob(f"{name.split('/')[0]}-*"))
    files = [(path.name, *file_identity(path)) for path in records]
    source = (_WAY_OF_DECODING, size, unlabelled_split, str(prepared.resolve()), files)
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


def _open_source(
    name: str, prepared: Path, size: int | None, unlabelled_split: str | None
) -> Source:
    import tensorflow_datasets as tfds

    with _reading(name, prepared):
        builder = tfds.builder_from_directory(prepared)
        features = builder.info.features
        _check_features(name, features, builder.info.splits, size)
        found = split_images(builder, name, unlabelled_split)
        shape = features["image"].shape
        if size:
            shape = (size, size, shape[2])
    parts = np.concatenate([part for _, part in found.values()])
    shapes = {part: (int(np.sum(parts == part)), *shape) for part in ("train", "test")}

    def read() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        with _reading(name, prepared):
            for split, (labels, part) in found.items():
                done = 0
                for images in read_images(builder, split, size, name):
                    here = slice(done, done + len(images))
                    done += len(images)
                    for each in shapes:
                        chosen = part[here] == each
                        yield each, images[chosen], labels[here][chosen]

    return Source(name, shapes, tuple(features["label"].names), read())


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
    check_pixel_dtype(np.dtype(features["image"].np_dtype).name, name)
    if features["image"].shape[2] is None:
        raise InputError(
            f"Images of data set '{name}' differ in their number of channels: choose another, or"
            " use --dataset=folder."
        )
    if not size and None in features["image"].shape[:2]:
        raise InputError(f"Images of data set '{name}' differ in size: give --image_size.")
