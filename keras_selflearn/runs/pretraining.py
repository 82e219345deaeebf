"""Train a backbone on a source data set, and keep its weights for others to start from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import Options, option, same_as
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.console.several import values_in
from keras_selflearn.console.signals import Stopped, deferred
from keras_selflearn.datasets import DATASETS, FOLDER, Dataset, dataset_entry
from keras_selflearn.options.config import Config
from keras_selflearn.storage.checkpoint import Checkpoints
from keras_selflearn.storage.files import make_writable, written_whole
from keras_selflearn.storage.lock import LOCK, Held, lock
from keras_selflearn.storage.names import with_end
from keras_selflearn.storage.weights_file import SUFFIX, weights_content

if TYPE_CHECKING:
    import tensorflow as tf


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

    Checkpoints lie beside the output until it is written: see `checkpoints_folder`. A call with
    the same `config` goes on from the last.

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
    progress = make_progress(f"pretraining on {config.dataset}")
    with _checkpoints(output) as checkpoints:
        try:
            with deferred():
                classifier.fit(
                    dataset.images,
                    dataset.labels,
                    validation_data=(dataset.test_images, dataset.test_labels),
                    callbacks=[progress, *callbacks],
                    checkpoints=checkpoints,
                )
        except Stopped as stopped:
            stopped.kept = str(checkpoints.folder)
            raise
        finally:
            progress.close()
        with written_whole(output, replace=config.overwrite) as file:
            file.write(weights_content(classifier.network_.backbone.save_weights))
    return classifier.history_[-1]["test_accuracy"]


def checkpoints_folder(output: Path) -> Path:
    """The folder of checkpoints of the pretraining that writes `output`."""
    return output.with_name(with_end(output.name, ".checkpoints"))


@contextlib.contextmanager
def _checkpoints(output: Path) -> Iterator[Checkpoints]:
    """Hold the folder of checkpoints, and remove it if the block ends well."""
    folder = make_writable(checkpoints_folder(output), "output")
    checkpoints = Checkpoints(folder)
    try:
        with lock(folder):
            yield checkpoints
            checkpoints.remove()
    except Held as error:
        raise InputError(
            f"Another process pretrains for {output}: wait for it, or choose another --output."
        ) from error
    with contextlib.suppress(OSError):  # Another process may hold it already.
        (folder / LOCK).unlink()
        folder.rmdir()


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
