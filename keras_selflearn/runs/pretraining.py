"""Train a backbone on a source data set, and keep its weights for others to start from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import Options, option, same_as
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.console.several import values_in
from keras_selflearn.datasets import DATASETS, FOLDER, Dataset, dataset_entry
from keras_selflearn.options.config import Config
from keras_selflearn.storage.files import make_writable

if TYPE_CHECKING:
    import tensorflow as tf

# Keras 3 writes weights under no other name.
SUFFIX = ".weights.h5"


@dataclass(frozen=True)
class PretrainConfig(Options):
    """One training with cross-entropy on all labels of a source data set."""

    dataset: str = option("glyphs", f"Source data set: {', '.join(DATASETS)}.")
    output: str = option("", f"Weights file to write; its name ends in {SUFFIX}.", required=True)
    weights: str = same_as(Config, "weights", "random")
    backbone: str = same_as(Config, "backbone")
    image_size: int | None = same_as(Config, "image_size")
    preprocessing: str | None = same_as(Config, "preprocessing")
    epochs: int = same_as(Config, "epochs", 2)
    batch_size: int = same_as(Config, "batch_size", 50)
    learning_rate: float = same_as(Config, "learning_rate")
    augment: str = same_as(Config, "augment")
    precision: str = same_as(Config, "precision")
    seed: int = same_as(Config, "seed")
    overwrite: bool = option(False, "Replace the output file if there is one.")
    data_dir: str | None = same_as(Config, "data_dir")


def pretrain(
    config: PretrainConfig,
    *,
    dataset: Dataset | None = None,
    callbacks: Sequence[tf.keras.callbacks.Callback] = (),
) -> float:
    """Train on the source and write the backbone's weights to `config.output`.

    Parameters
    ----------
    config : PretrainConfig
    dataset : Dataset, optional
        The source, by default the one that `config.dataset` names.
    callbacks : sequence of Keras callbacks
        Active in the training, beside the one that shows how far it is.

    Returns
    -------
    float
        Accuracy on the source's test images, in percent.

    Raises
    ------
    InputError
        For whatever in `config` can't be used.
    """
    output = check_output(config)
    import_tensorflow_quietly()
    from keras_selflearn.datasets import load_dataset
    from keras_selflearn.estimator.classifier import SelfLearningClassifier
    from keras_selflearn.runs.progress import make_progress

    classifier = SelfLearningClassifier(
        loss="cross-entropy",
        weights=config.weights,
        backbone=config.backbone,
        image_size=config.image_size,
        preprocessing=config.preprocessing,
        meta_iterations=0,
        epochs=config.epochs,
        batch_size=config.batch_size,
        learning_rate=config.learning_rate,
        augment=config.augment,
        precision=config.precision,
        random_state=config.seed,
    )
    classifier.check_parameters()
    if dataset is None:
        dataset = load_dataset(config.dataset, config.data_dir)
    progress = make_progress(f"pretraining on {config.dataset}", 0)
    try:
        classifier.fit(
            dataset.images,
            dataset.labels,
            validation_data=(dataset.test_images, dataset.test_labels),
            callbacks=[progress, *callbacks],
        )
    finally:
        progress.close()
    unfinished = output.with_name(f"unfinished-{os.getpid()}-{output.name}")
    classifier.network_.backbone.save_weights(unfinished)
    os.replace(unfinished, output)
    return classifier.history_[-1]["test_accuracy"]


def check_output(config: PretrainConfig) -> Path:
    """The path to write, in a folder that is there; `InputError` unless it can be written."""
    dataset_entry(config.dataset)
    if config.dataset == FOLDER:
        raise InputError(
            f"Pretraining needs a source by name, not --dataset={FOLDER}: known are"
            f" {', '.join(DATASETS)} and tfds:NAME."
        )
    if len(values_in(config.backbone)) > 1:
        raise InputError(
            f"Pretraining trains one network, and --backbone is {config.backbone}: give one."
        )
    if not config.output:
        raise InputError("Say where the weights shall go with --output=PATH.")
    output = Path(config.output).expanduser()
    if not output.name.endswith(SUFFIX):
        raise InputError(f"The output {output} must end in {SUFFIX}, as Keras asks.")
    if output.is_dir() or output.name == SUFFIX:
        raise InputError(f"The output {output} is no name for a file.")
    if output.exists() and not config.overwrite:
        raise InputError(f"The output {output} is there already: --overwrite replaces it.")
    make_writable(output.parent, "output")
    return output
