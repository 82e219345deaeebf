"""Which images a run gets, and which of them are labelled."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import Options, option
from keras_selflearn.datasets import DATASETS, FOLDER, TFDS_PREFIX, dataset_entry
from keras_selflearn.datasets.splitting import check_one_of_each

REGIMES = ("n-labelled", "self-learning", "all-labelled")
# The folder itself says which images are labelled.
_NOT_FOR_A_FOLDER = ("labels", "labels_per_class", "train_images", "test_images")


def _is_of_tfds(options: DataOptions) -> bool:
    return options.dataset.startswith(TFDS_PREFIX)


def starts_from_few_labels(options: DataOptions) -> bool:
    """Whether the run hides the labels of most training images."""
    return options.regime != "all-labelled"


@dataclass(frozen=True)
class DataOptions(Options):
    """The data set, its size, and its labels."""

    GROUP = "data"

    dataset: str = option("digits", f"Data set: {', '.join(DATASETS)}, tfds:NAME or folder.")
    images: str | None = option(
        None,
        "Folder of your images, or shards, or an address. Then --dataset=folder may be left out.",
        place=True,
    )
    labels_csv: str | None = option(
        None,
        "Table of path and label for --dataset=folder; other images are unlabelled.",
        place=True,
    )
    corrections: str | None = option(
        None,
        "Table of path and label that is added to the labels of --dataset=folder.",
        place=True,
    )
    regime: str = option(
        "self-learning",
        "Training: n-labelled (initial labels only), self-learning or all-labelled.",
        choices=REGIMES,
    )
    train_images: int | None = option(
        None,
        "Number of training images to use, a fixed class-balanced subset.",
        least=1,
        without="all",
    )
    test_images: int | None = option(
        None, "Number of test images to use, a fixed class-balanced subset.", least=1, without="all"
    )
    labels: int | None = option(
        None,
        "Number of initially labelled images over all classes.",
        of_data_set=True,
        used=starts_from_few_labels,
    )
    labels_per_class: str | None = option(
        None,
        "Number of initially labelled images in each class, for example cat=9,dog=4.",
        without="--labels for all",
        used=starts_from_few_labels,
    )
    data_dir: str | None = option(
        None,
        "Folder in which TensorFlow Datasets keeps its files.",
        without="~/tensorflow_datasets",
        place=True,
    )
    unlabelled_split: str | None = option(
        None,
        "Split of a tfds:NAME data set whose images are unlabelled training images.",
        without="unlabelled, unlabeled, or extra if it has no label",
        used=_is_of_tfds,
    )

    def check_data(self) -> None:
        """Check the options against each other.

        Raises
        ------
        InputError
            For an unknown data set, and for an option that the data set does not take or lacks.
        """
        dataset_entry(self.dataset)
        is_folder, is_tfds = self.dataset == FOLDER, _is_of_tfds(self)
        refused = list(_NOT_FOR_A_FOLDER) if is_folder else ["images", "labels_csv", "corrections"]
        if not is_tfds:
            refused.append("unlabelled_split")
        for name in refused:
            if getattr(self, name) is not None:
                raise InputError(f"--{name} is not for --dataset={self.dataset}: leave it out.")
        if is_folder and self.images is None:
            raise InputError("--dataset=folder needs --images=DIR, the folder of your images.")
        if is_tfds and self.labels is None and self.labels_per_class is None:
            raise InputError(f"--dataset={self.dataset} needs --labels, how many to start from.")
        if self.labels is not None and self.labels_per_class is not None:
            raise InputError(
                "--labels and --labels_per_class exclude each other: give one of them."
            )
        if self.labels_per_class is not None:
            numbers_by_class(self.labels_per_class)

    def initial_labels(self) -> int | None:
        """The number of initially labelled images; None if only the data say it."""
        if self.dataset == FOLDER or not starts_from_few_labels(self):
            return None
        if self.labels_per_class is not None:
            return sum(numbers_by_class(self.labels_per_class).values())
        return self.labels

    def fewest_labels(self) -> int | None:
        """The number of initial labels of the smallest class; None as for `initial_labels`."""
        number, classes = self.initial_labels(), dataset_entry(self.dataset).classes
        if number is not None and self.labels_per_class is not None:
            return min(numbers_by_class(self.labels_per_class).values())
        return None if number is None or classes is None else number // classes

    def check_numbers(self) -> None:
        """Check the numbers of images and labels against each other, once they are resolved.

        Raises
        ------
        InputError
            For numbers that the data set can't have together.
        """
        labels, classes = self.initial_labels(), dataset_entry(self.dataset).classes
        numbers = {"label": None if self.labels_per_class is not None else labels}
        numbers |= {"training image": self.train_images, "test image": self.test_images}
        for kind, number in numbers.items():
            if classes is not None and number is not None:
                check_one_of_each(kind, number, classes)
        if labels is not None and self.train_images is not None and labels > self.train_images:
            raise InputError(
                f"--train_images is {self.train_images}, but {labels} of them shall be labelled:"
                f" give at least {labels} images, or fewer labels."
            )


def numbers_by_class(text: str) -> dict[str, int]:
    """Read `cat=9,dog=4` as the number of each class.

    A name that has a comma stands in double quotes, as in CSV.

    Raises
    ------
    InputError
        When the text is written in another way.
    """
    numbers = {}
    for pair in next(csv.reader([text]), []):
        name, _, number = pair.strip().rpartition("=")
        if not (name and number.isascii() and number.isdigit() and int(number)) or name in numbers:
            raise InputError(
                f"--labels_per_class is '{text}': give each class once, with at least one label, as"
                " in cat=9,dog=4."
            )
        numbers[name] = int(number)
    return numbers
