"""Tiny archives of the paper's data sets in the exact formats that their builders download.

Each function leaves them in the download cache of a `data_dir`, as if TFDS had fetched them: what
comes after the download is TFDS's own. TFDS trusts a cached file that has the name of the true
archive's checksum. Images of one class share a colour, so that a network can tell them apart.
"""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import scipy.io
import tensorflow_datasets as tfds
from PIL import Image
from tensorflow_datasets.core.download import resource

CIFAR10_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


def write_cifar10(
    data_dir: Path, train: int = 20, test: int = 5, seed: int = 0
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Put `train` and `test` images a class where TFDS looks for CIFAR-10.

    Returns
    -------
    dict
        By part, "train" and "test": (n, 32, 32, 3) uint8 images and (n,) int64 labels, in the order
        of the archive.
    """
    rng = np.random.default_rng(seed)
    parts = {"train": _pictures(rng, 10, train), "test": _pictures(rng, 10, test)}
    files = {"batches.meta.txt": "".join(f"{name}\n" for name in CIFAR10_CLASSES) + "\n"}
    files = {name: text.encode() for name, text in files.items()}
    files["test_batch.bin"] = _cifar_batch(*parts["test"])
    images, labels = (np.array_split(each, 5) for each in parts["train"])
    for number in range(5):
        files[f"data_batch_{number + 1}.bin"] = _cifar_batch(images[number], labels[number])
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    _keep(data_dir, "cifar10", {"cifar-10-binary.tar.gz": archive.getvalue()})
    return parts


def write_svhn_cropped(
    data_dir: Path, train: int = 20, test: int = 5, seed: int = 0
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Put `train` and `test` images a class where TFDS looks for cropped SVHN.

    Returns what `write_cifar10` returns; a label is the digit. The part "extra", which TFDS reads
    and nobody uses, has one image a class.
    """
    rng = np.random.default_rng(seed)
    parts = {"train": _pictures(rng, 10, train), "test": _pictures(rng, 10, test)}
    files = {}
    for part, (images, labels) in {**parts, "extra": _pictures(rng, 10, 1)}.items():
        content = io.BytesIO()
        digits = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
        scipy.io.savemat(
            content, {"X": np.moveaxis(images, 0, -1), "y": digits}, do_compression=True
        )
        files[f"{part}_32x32.mat"] = content.getvalue()
    _keep(data_dir, "svhn_cropped", files)
    return parts


def write_plant_village(
    data_dir: Path, count: int = 8, seed: int = 0
) -> tuple[dict[tuple[str, str], bytes], tuple[str, ...]]:
    """Put `count` images of 256x256 a class where TFDS looks for Plant Village.

    Returns
    -------
    files : dict
        The JPEG files by the names of their class and file.
    class_names : tuple of str
        All 38, in the order of the labels.
    """
    rng = np.random.default_rng(seed)
    builder = tfds.builder_cls("plant_village")(data_dir=data_dir)
    class_names = tuple(builder.info.features["label"].names)
    images, labels = _pictures(rng, len(class_names), count, size=256)
    numbers = dict.fromkeys(class_names, 0)
    files = {}
    for image, label in zip(images, labels):
        name = class_names[label]
        numbers[name] += 1
        files[name, f"image ({numbers[name]}).JPG"] = _jpeg(image)
    archive = io.BytesIO()
    top = "Plant_leave_diseases_dataset_without_augmentation"
    with zipfile.ZipFile(archive, "w") as folder:
        for (name, file), content in files.items():
            folder.writestr(f"{top}/{name}/{file}", content)
        # The true archive has these too, and TFDS leaves them out.
        folder.writestr(f"{top}/Background_without_leaves/image (1).jpg", _jpeg(images[0]))
    name = "Plant_leaf_diseases_dataset_without_augmentation.zip"
    _keep(data_dir, "plant_village", {name: archive.getvalue()})
    return files, class_names


def _pictures(
    rng: np.random.Generator, n_classes: int, count: int, size: int = 32
) -> tuple[np.ndarray, np.ndarray]:
    """Noise on a slope of brightness on the colour of the class, in a random order."""
    colours = np.random.default_rng(0).integers(60, 196, (n_classes, 3))
    labels = rng.permutation(np.repeat(np.arange(n_classes), count))
    images = np.empty((len(labels), size, size, 3), np.uint8)
    down = np.linspace(-1, 1, size)[:, None, None]
    for image, label in zip(images, labels):
        noise = rng.normal(0, 10, (size, size, 1))
        picture = colours[label] + rng.uniform(-40, 40) * down + noise
        image[:] = np.clip(np.rint(picture), 0, 255)
    return images, labels.astype(np.int64)


def _cifar_batch(images: np.ndarray, labels: np.ndarray) -> bytes:
    channels_first = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    return np.concatenate([labels[:, None].astype(np.uint8), channels_first], axis=1).tobytes()


def _jpeg(image: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(image).save(content, "JPEG", quality=95)
    return content.getvalue()


def _keep(data_dir: Path, name: str, files: dict[str, bytes]) -> None:
    downloads = Path(data_dir, "downloads")
    downloads.mkdir(parents=True, exist_ok=True)
    for url, known in tfds.builder_cls(name).url_infos.items():
        path = downloads / resource.get_dl_fname(url, known.checksum)
        path.write_bytes(files[known.filename])
        note = {"urls": [url], "dataset_names": [name], "original_fname": known.filename}
        path.with_name(f"{path.name}.INFO").write_text(json.dumps(note))
