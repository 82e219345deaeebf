"""scikit-learn's handwritten digits: 1797 real images of 8x8, which need no download."""

from __future__ import annotations

import numpy as np
from PIL import Image
from sklearn import datasets
from sklearn.model_selection import train_test_split

from keras_selflearn.datasets.dataset import Dataset

SIZE = 32
N_TEST = 500


def load_digits(data_dir: str | None = None) -> Dataset:
    """Give 1297 training and 500 test images of 32x32x3. The split is stratified and fixed.

    Parameters
    ----------
    data_dir : ignored
        The images come with scikit-learn.
    """
    digits = datasets.load_digits()
    images = np.stack([_resize(image) for image in digits.images])
    train, test = train_test_split(
        np.arange(len(images)), test_size=N_TEST, stratify=digits.target, random_state=0
    )
    labels = digits.target.astype(np.int64)
    return Dataset(
        images=images[train],
        labels=labels[train],
        test_images=images[test],
        test_labels=labels[test],
        class_names=tuple(str(name) for name in digits.target_names),
    )


def _resize(image: np.ndarray) -> np.ndarray:
    grey = Image.fromarray(np.uint8(np.round(image * (255 / 16))))
    return np.asarray(grey.resize((SIZE, SIZE), Image.Resampling.BICUBIC).convert("RGB"))
