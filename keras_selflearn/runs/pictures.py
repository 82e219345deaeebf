"""Draws the curve and the page of a finished run: at its end, or later from its folder."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from keras_selflearn.console.errors import InputError, InputWarning, one_line
from keras_selflearn.console.profiling import stage
from keras_selflearn.datasets import Dataset
from keras_selflearn.datasets.splitting import subset
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.network import embedding
from keras_selflearn.runs.curve import Curve, draw_curves
from keras_selflearn.runs.data import data_digest, data_title, load
from keras_selflearn.runs.embedded_images import images_to_embed
from keras_selflearn.runs.finished_run import finished_run
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.runs.folds import held_out_of_folds
from keras_selflearn.runs.image_labels import ImageLabels
from keras_selflearn.runs.labels_csv import LABELS_CSV, read_labels
from keras_selflearn.runs.page.contents import Embedded
from keras_selflearn.runs.page.gather import gather
from keras_selflearn.runs.page.page import write_page
from keras_selflearn.runs.page.summary import accuracies
from keras_selflearn.runs.record import RunRecord

CURVE, PAGE = "curve.png", "report.html"


def draw_run(
    folder: RunFolder,
    classifier: SelfLearningClassifier,
    dataset: Dataset,
    embeddings: np.ndarray,
    labels: ImageLabels,
) -> None:
    """Draw the curve and the page of a run that is finished.

    A drawing that fails ends in a warning, because the run itself is whole.

    Parameters
    ----------
    folder : RunFolder
    classifier : SelfLearningClassifier
        Fitted.
    dataset : Dataset
        The data that it was fitted on.
    embeddings : (k, d) floats
        The final embeddings of `images_to_embed`.
    labels : ImageLabels
        Those of the training images.
    """
    record = folder.read_run()
    with stage("write"):
        _try(folder, CURVE, lambda: draw_curve(folder, record))
        _try(
            folder,
            PAGE,
            lambda: draw_page(folder, record, classifier, dataset, embeddings, labels),
        )


def redraw_run(path: Path) -> list[Path]:
    """Draw the curve and the page of a finished run anew, from its folder and its data set.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        When there is no finished run, or its data set has changed or can't be loaded.
    """
    folder = finished_run(path)
    record = folder.read_run()
    config = replace(record.config, results_dir=str(path.parent)).resolve()
    classifier = SelfLearningClassifier.load(folder.classifier)
    dataset = subset(load(config), config.train_images, config.test_images)
    if record.data_sha256 not in (None, data_digest(dataset)):
        raise InputError(
            f"The images or labels of the run in {path} were changed: put back the ones that it was"
            " trained on."
        )
    draw_curve(folder, record)
    images = images_to_embed(dataset, np.flatnonzero(classifier.labeled_iter_ == 0))
    embeddings = embedding.embed(classifier.network_, images.images, images.indices)
    labels = None
    if (path / LABELS_CSV).exists():  # A run of version 0.2.0 has none.
        labels = read_labels(
            path / LABELS_CSV, classifier.classes_.tolist(), dataset.paths, len(dataset.images)
        )
    draw_page(folder, record, classifier, dataset, embeddings, labels)
    return [each for each in (path / CURVE, path / PAGE) if each.exists()]


def draw_curve(folder: RunFolder, record: RunRecord) -> None:
    """Draw curve.png: accuracy over meta-iterations, on the test set or else cross-validated.

    Without a test set and without cross-validation there is no picture.
    """
    values, estimated = accuracies(record)
    if all(value is None for value in values):
        return
    config = record.config
    title = f"{data_title(config)}, {record.data.labelled} labels"
    if estimated and record.cross_validation:
        title += f", estimated by cross-validation ({record.cross_validation.folds} folds)"
    curve = Curve(f"{config.loss}, {Path(str(config.weights)).name} weights", values)
    draw_curves([curve], title, folder.path / CURVE)


def draw_page(
    folder: RunFolder,
    record: RunRecord,
    classifier: SelfLearningClassifier,
    dataset: Dataset,
    embeddings: np.ndarray,
    labels: ImageLabels | None = None,
) -> None:
    """Draw report.html; parameters as `draw_run`. Without `labels` there is no doubt."""
    images = images_to_embed(dataset, np.flatnonzero(classifier.labeled_iter_ == 0))
    kept = folder.read_embeddings("initial")
    before = embeddings if kept is None else kept[0]
    embedded = Embedded(before, embeddings, images.of, images.indices)
    held_out = held_out_of_folds(folder)
    contents = gather(classifier, dataset, record, embedded, labels, held_out)
    write_page(folder.path / PAGE, contents)


def _try(folder: RunFolder, name: str, draw: Callable[[], None]) -> None:
    try:
        draw()
    except Exception as error:
        warnings.warn(
            f"{folder.path / name} can't be drawn ({one_line(error)}). The run itself is finished"
            " and whole: draw it later with"
            f" `python -m keras_selflearn.report --run={folder.path}`.",
            InputWarning,
            stacklevel=3,
        )
