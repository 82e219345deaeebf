"""Export the classifier of a run: which images are compared, and what its card says."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import Options, check_required, option
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.estimator.exporting.formats import FORMATS, Target
from keras_selflearn.network.names import PRECISIONS

if TYPE_CHECKING:
    import numpy as np

    from keras_selflearn.estimator.exporting.card import About
    from keras_selflearn.estimator.exporting.comparing import Comparison
    from keras_selflearn.estimator.fitted import Fitted
    from keras_selflearn.runs.record import RunRecord

_LOG = logging.getLogger(__name__)
# More are hardly surer, and take minutes with a large network.
_COMPARED = 600


@dataclass(frozen=True)
class ExportConfig(Options):
    """Which classifier goes where, and as what."""

    run: str = option("", "Folder of a finished run, or of a saved classifier.", required=True)
    output: str = option("", "New folder for the model.", required=True)
    precision: str | None = option(
        None,
        "Number format to compute in; others than float32 are for a SavedModel.",
        choices=PRECISIONS,
        without="float32",
    )
    format: str = option("savedmodel", "What is written.", choices=tuple(FORMATS))
    resize_inside: bool = option(
        False,
        "Let the model take images of any size and resize them, as only a SavedModel can.",
    )
    serving: bool = option(
        False,
        "Write for TensorFlow Serving: a SavedModel that takes JPEG and PNG files of any size.",
    )

    @property
    def target(self) -> Target:
        """What is to be written."""
        return Target(self.format, self.precision or "float32", self.resize_inside, self.serving)


def export(config: ExportConfig) -> tuple[Comparison, About]:
    """Write the model that `config` describes, and compare it with the classifier.

    Raises
    ------
    InputError
        For whatever in `config` can't be used, and where a format can't have the classifier.
    NotEqual
        When the model says other things than the classifier. Then nothing is left.
    """
    check_required(config)
    output = Path(config.output).expanduser()
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise InputError(f"{output} is there already: choose another name with --output.")
    config.target.check(output)
    import_tensorflow_quietly()
    from keras_selflearn.estimator.classifier import SelfLearningClassifier
    from keras_selflearn.estimator.exporting.card import model_card
    from keras_selflearn.estimator.exporting.writing import write_model
    from keras_selflearn.network.precision import resolve_precision
    from keras_selflearn.runs.finished_run import classifier_folder
    from keras_selflearn.storage.files import make_writable

    run = Path(config.run).expanduser()
    folder = classifier_folder(run)
    precision = resolve_precision(config.precision or "float32")
    target = replace(config.target, precision=precision)
    make_writable(output.parent, "output")
    fitted = SelfLearningClassifier.load(folder).fitted_
    images, about = _known(run, folder, fitted)
    comparison = write_model(
        fitted, output, target, images, lambda found: model_card(fitted, target, about, found)
    )
    return comparison, about


def _known(run: Path, folder: Path, fitted: Fitted) -> tuple[np.ndarray, About]:
    """The images to compare, and what is known of the classifier."""
    from keras_selflearn.estimator.exporting.card import About
    from keras_selflearn.estimator.exporting.comparing import random_images
    from keras_selflearn.runs.data import data_title
    from keras_selflearn.runs.folder import RunFolder

    images = random_images(fitted.image_shape)
    instead = f"{len(images)} random images"
    name = run.resolve().name
    if run == folder:
        about = About(name, "Not known: it is a saved classifier.", _measured(fitted), instead)
        return images, about
    record = RunFolder(run).read_run()
    data = f"{data_title(record.config)}: {record.data.train:,} images for training."
    about = About(name, data, _accuracy(record), instead)
    try:
        found, what = _of_run(run, record, fitted.image_shape)
    except (InputError, OSError) as error:
        _LOG.warning("The run's images can't be had, so random ones are compared: %s", error)
        return images, about
    return found, replace(about, compared=f"{len(found):,} of the run's {what} images")


def _of_run(
    run: Path, record: RunRecord, image_shape: tuple[int, int, int]
) -> tuple[np.ndarray, str]:
    """At most 600 images of a run, evenly spaced, and which they are."""
    import numpy as np

    from keras_selflearn.datasets.splitting import subset
    from keras_selflearn.runs.data import load

    config = replace(record.config, results_dir=str(run.parent)).resolve()
    dataset = subset(load(config), config.train_images, config.test_images)
    has_test = len(dataset.test_images) > 0
    images = dataset.test_images if has_test else dataset.images
    if images.shape[1:] != image_shape:
        raise InputError(f"they have the shape {images.shape[1:]} now, not {image_shape}")
    places = np.unique(np.linspace(0, len(images) - 1, _COMPARED).astype(int))
    return np.asarray(images[places]), "test" if has_test else "training"


def _accuracy(record: RunRecord) -> str:
    from keras_selflearn.estimator.exporting.card import accuracy_on

    last, estimated = record.accuracies[-1], record.cross_validation
    if last is not None and record.data.test:
        return accuracy_on(last, record.data.test)
    if estimated is not None and estimated.accuracy and estimated.accuracy[-1] is not None:
        spread = estimated.spread[-1] if estimated.spread else None
        deviation = "" if spread is None else f", with a deviation of {spread:.1f} over the folds"
        return (
            f"{estimated.accuracy[-1]:.1f} % of labelled images that training did not see are"
            f" labelled right, by cross-validation in {estimated.folds} folds{deviation}."
        )
    return "It was not measured: there were no test images, and no folds."


def _measured(fitted: Fitted) -> str:
    last = fitted.history[-1].get("test_accuracy")
    if last is None:
        return "It was not measured."
    return f"{last:.1f} % of test images. Their number is not known, and so no interval."
