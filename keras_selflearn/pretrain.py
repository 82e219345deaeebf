"""Train VGG16 on a source data set and keep its weights for others to start from.

`python -m keras_selflearn.pretrain --dataset=glyphs --output=glyphs.weights.h5`
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.datasets import DATASETS, FOLDER, Dataset, dataset_entry
from keras_selflearn.options.config import option
from keras_selflearn.storage.files import make_writable

if TYPE_CHECKING:
    import tensorflow as tf

# Keras 3 writes weights under no other name.
SUFFIX = ".weights.h5"


@dataclass(frozen=True)
class PretrainConfig:
    """One pretraining with cross-entropy on all labels of a source data set."""

    dataset: str = option("glyphs", f"Source: {', '.join(DATASETS)}.")
    output: str | None = option(None, f"Weights file to write, ending in {SUFFIX}; required.")
    weights: str = option("random", "Initial weights: random, imagenet or a path.")
    backbone: str = option("vgg16", "Network: vgg16, or tiny for tests and teaching.")
    epochs: int = option(2, "Epochs on the source's training images.")
    batch_size: int = option(50, "Images in a mini-batch.")
    learning_rate: float = option(1e-4, "Adam's learning rate.")
    augment: str = option("shift", "Augmentations, comma-separated: shift, flip; or none.")
    precision: str = option(
        "auto", "float32, mixed_bfloat16, mixed_float16, or auto: bfloat16 where it is native."
    )
    seed: int = option(0, "Seed of the weights, the order and the augmentation.")
    overwrite: bool = option(False, "Replace the output file where there is one.")
    data_dir: str | None = option(
        None, "Folder of TensorFlow Datasets (default: ~/tensorflow_datasets)."
    )


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


def main(config: PretrainConfig) -> None:
    """Pretrain and say what came out."""
    accuracy = pretrain(config)
    print(f"\n{config.dataset} test accuracy: {accuracy:.2f} %")
    print(f"Start from these weights with --weights={config.output}")


if __name__ == "__main__":
    command_line.run(PretrainConfig, main, "Pretraining of VGG16 on a source data set.")
