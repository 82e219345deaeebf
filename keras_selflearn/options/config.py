"""All that can be asked of an experiment, as data: each field is a flag of the command line."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field, replace
from typing import Any

from keras_selflearn.console.errors import InputError, check_integer, check_number, unknown_name
from keras_selflearn.datasets import DATASETS, FOLDER, TFDS_PREFIX, dataset_entry
from keras_selflearn.datasets.splitting import check_one_of_each
from keras_selflearn.losses import loss_names

_AT_LEAST_ONE = ("train_images", "test_images", "all_labelled_epochs", "steps", "meta_steps")
_AT_LEAST_ONE += ("evaluate_every",)
# What differs between machines or in what is shown, and changes nothing in a result. Initial
# weights are told apart by their content, not by where they are.
PLACES = ("results_dir", "data_dir", "images", "labels_csv", "weights", "profile")
PLACES += ("checkpoint_minutes",)
_OF_OWN_IMAGES = ("images", "labels_csv")
# Whoever brings a folder has said which images are labelled.
_NOT_OF_OWN_IMAGES = ("labels", "labels_per_class", "train_images", "test_images")
_IMAGE_SIZE = 96
REGIMES = ("n-labelled", "self-learning", "all-labelled")


def option(default: Any, meaning: str) -> Any:
    """A dataclass field that says what it means, for `--help`."""
    return field(default=default, metadata={"help": meaning})


@dataclass(frozen=True)
class Config:
    """One experiment of section 4. None: the data set's own or, for `optimizer`, the loss's."""

    dataset: str = option("digits", f"{', '.join(DATASETS)}, tfds:NAME or folder.")
    images: str | None = option(None, "Of --dataset=folder: your folder of images.")
    image_size: int | None = option(
        None, "Of --dataset=folder (default 96) and tfds:NAME: height and width to resize to."
    )
    labels_csv: str | None = option(
        None, "Of --dataset=folder: a table of path and label; all others are unlabelled."
    )
    loss: str = option("cross-entropy", f"Loss: {', '.join(loss_names())}.")
    weights: str | None = option(
        None, "Initial weights: random, imagenet or a path (default: the data set's)."
    )
    backbone: str = option("vgg16", "Network: vgg16, or tiny for tests and teaching.")
    regime: str = option(
        "self-learning",
        "Training data: n-labelled (the initial labels), self-learning or all-labelled.",
    )
    train_images: int | None = option(
        None, "At most so many training images: a fixed, class-balanced subset (default: all)."
    )
    test_images: int | None = option(
        None, "At most so many test images: a fixed, class-balanced subset (default: all)."
    )
    labels: int | None = option(
        None, "Initially labelled examples, over all classes (default: the data set's)."
    )
    labels_per_class: str | None = option(
        None,
        "Initially labelled examples of each class by name, in place of --labels: cat=9,dog=4.",
    )
    selection_percent: float | None = option(
        None, "Percent of the unlabelled that join in a meta-iteration (default: the data set's)."
    )
    selection: str = option("global", "Most confident of all (global) or per class (stratified).")
    min_confidence: float | None = option(
        None, "Label none less sure: a probability, or minus a distance (metric losses; e.g. -0.5)."
    )
    reference: str = option(
        "initial", "Labelled examples that nearest neighbours are sought among: initial or all."
    )
    n_neighbors: int = option(1, "Nearest neighbours that vote.")
    validation_features: str = option(
        "as-is", "Embeddings for the test accuracy of metric losses: as-is or standardised."
    )
    order: str = option(
        "label-first",
        "Steps of a meta-iteration: label-first (the paper's figure 1) or train-first.",
    )
    meta_iterations: int | None = option(
        None, "Times to label, select, merge and re-train (default: the data set's)."
    )
    epochs: int | None = option(None, "Epochs on the initial labels (default: the data set's).")
    meta_epochs: int | None = option(
        None, "Epochs in each meta-iteration (default: the data set's)."
    )
    steps: int | None = option(None, "Gradient steps on the initial labels, in place of epochs.")
    meta_steps: int | None = option(
        None, "Gradient steps in each meta-iteration, in place of meta_epochs."
    )
    settled_epochs: int | None = option(
        None, "End a training once its loss has not fallen by 0.01 in so many epochs."
    )
    all_labelled_epochs: int | None = option(
        None, "Epochs of regime all-labelled (default: those on the initial labels)."
    )
    batch_size: int = option(100, "Images in a mini-batch.")
    embedding_size: int = option(256, "Dimensions of the embedding.")
    optimizer: str | None = option(
        None, "adam, rmsprop or sgd (default: rmsprop for contrastive, else adam)."
    )
    learning_rate: float = option(1e-4, "Learning rate of the first training.")
    self_learning_rate: float | None = option(
        None, "Learning rate of the meta-iterations (default: a tenth of learning_rate)."
    )
    decay: str = option(
        "none", "Of the learning rate within each training: none, or cosine, down to 0."
    )
    warmup: float = option(
        0.0, "Share of each training's steps in which the learning rate rises, 0 to below 1."
    )
    ema_momentum: float = option(
        0.0, "Of the average of its weights that a training ends with; 0: with the last weights."
    )
    dropout: float = option(0.2, "Share of the pooled features dropped in training, 0 to 1.")
    augment: str = option("shift", "Augmentations, comma-separated: shift, flip; or none.")
    label_smoothing: float = option(
        0.0, "Of cross-entropy: share of each label spread over all classes, 0 to below 1."
    )
    margin: float = option(1.0, "Margin of triplet and contrastive loss, in embedding distance.")
    triplet_distance: str = option(
        "euclidean", "Distance of triplet loss: euclidean as in the paper, or squared."
    )
    contrastive_power: int = option(1, "Power of the distance: 1 as in the paper, 2 as Hadsell's.")
    arcface_scale: float = option(30.0, "Radius of ArcFace's hypersphere.")
    arcface_margin: float = option(0.5, "ArcFace's angular margin, in radians.")
    precision: str = option(
        "auto", "float32, mixed_bfloat16, mixed_float16, or auto: bfloat16 where it is native."
    )
    strategy: str = option(
        "none", "Devices to train on: none (one), or mirrored (all visible GPUs)."
    )
    evaluate_every: int = option(
        1, "Measure the test images in each so manieth meta-iteration, and in the last."
    )
    folds: int | None = option(
        None, "Of cross-validation on the labelled images (default: 3 without test images, else 0)."
    )
    early_stop: bool = option(
        False, "End at the meta-iteration from which the cross-validated accuracy rises no more."
    )
    seed: int = option(0, "Seed of the labelled choice, the weights, order and augmentation.")
    deterministic: bool = option(False, "Same numbers each time on the same machine; slower.")
    checkpoint_minutes: float = option(
        5.0, "Minutes from one checkpoint to the next within a training."
    )
    profile: bool = option(False, "Print where the time goes, by stage.")
    results_dir: str = option("results", "Folder in which each run makes a folder of its own.")
    data_dir: str | None = option(
        None, "Folder of TensorFlow Datasets (default: ~/tensorflow_datasets)."
    )

    def resolve(self) -> Config:
        """Fill in what the data set decides and check the names.

        Raises
        ------
        InputError
            For an unknown data set, loss or regime, or a number out of range.
        """
        entry = dataset_entry(self.dataset)
        self._check_images()
        if self.loss not in loss_names():
            raise unknown_name("loss", self.loss, loss_names())
        if self.regime not in REGIMES:
            raise unknown_name("regime", self.regime, REGIMES)
        check_integer("seed", self.seed, least=0, most=2**32 - 1)
        if self.meta_iterations is not None:
            check_integer("meta_iterations", self.meta_iterations, least=0)
        check_number("checkpoint_minutes", self.checkpoint_minutes, above=0)
        for name in _AT_LEAST_ONE:
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name), least=1)
        if self.optimizer == "" or not self.results_dir:
            raise InputError("--optimizer and --results_dir can't be empty: leave the flag out.")
        if self.folds is not None:
            check_integer("folds", self.folds, least=0)
        if self.folds == 1 or self.early_stop and self.folds == 0:
            raise InputError(
                f"--folds is {self.folds}: give at least 2 to cross-validate"
                f"{', as --early_stop does' if self.early_stop else ', or 0 not to'}."
            )
        of_entry = ("weights", "labels", "selection_percent", "meta_iterations", "epochs")
        of_entry += ("meta_epochs",)
        missing = {name: getattr(entry, name) for name in of_entry if getattr(self, name) is None}
        if self.labels_per_class is not None:
            missing.pop("labels", None)
            numbers_by_class(self.labels_per_class)
        resolved = replace(self, **missing)
        if self.dataset == FOLDER:
            resolved = replace(resolved, image_size=self.image_size or _IMAGE_SIZE)
        if resolved.self_learning_rate is None:
            resolved = replace(resolved, self_learning_rate=self.learning_rate / 10)
        if resolved.all_labelled_epochs is None:
            resolved = replace(resolved, all_labelled_epochs=resolved.epochs)
        resolved._check_numbers(entry.classes)
        return resolved

    def initial_labels(self) -> int | None:
        """How many examples of a resolved configuration are labelled at first.

        None where only the data tell.
        """
        if self.dataset == FOLDER or self.regime == "all-labelled":
            return None
        if self.labels_per_class is not None:
            return sum(numbers_by_class(self.labels_per_class).values())
        return self.labels

    def fewest_labels(self) -> int | None:
        """How many examples of the class that has the fewest are labelled at first, as above."""
        number, classes = self.initial_labels(), dataset_entry(self.dataset).classes
        if number is not None and self.labels_per_class is not None:
            return min(numbers_by_class(self.labels_per_class).values())
        return None if number is None or classes is None else number // classes

    def _check_numbers(self, classes: int | None) -> None:
        """Raise an `InputError` for numbers of images and labels that can't be had together."""
        labels = self.initial_labels()
        numbers = {"label": None if self.labels_per_class is not None else labels}
        for kind, images in (("training", self.train_images), ("test", self.test_images)):
            numbers[f"{kind} image"] = images
        for kind, number in numbers.items():
            if classes is not None and number is not None:
                check_one_of_each(kind, number, classes)
        if None not in (labels, self.train_images) and labels > self.train_images:
            raise InputError(
                f"--train_images is {self.train_images}, but {labels} of them shall be labelled:"
                " ask for as many images at least, or for fewer labels."
            )

    def _check_images(self) -> None:
        """Raise an `InputError` for flags of another kind of data set."""
        is_folder, is_tfds = self.dataset == FOLDER, self.dataset.startswith(TFDS_PREFIX)
        refused = [] if is_folder else [*_OF_OWN_IMAGES]
        refused += [*_NOT_OF_OWN_IMAGES] if is_folder else []
        refused += [] if is_folder or is_tfds else ["image_size"]
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
        if self.image_size is not None:
            check_integer("image_size", self.image_size, least=32, most=4096)


def numbers_by_class(text: str) -> dict[str, int]:
    """Of `cat=9,dog=4`: by class, how many; a name with a comma in it in double quotes, as in CSV.

    Raises
    ------
    InputError
        When it is written otherwise.
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
