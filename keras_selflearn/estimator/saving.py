"""A fitted classifier as a folder: weights, JSON, and arrays, none of which can run code."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_selflearn.console.errors import InputError, check_integer
from keras_selflearn.losses import get_objective, loss_names
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.backbone import FEATURES, check_weights_file, load_weights
from keras_selflearn.network.model import check_image_shape
from keras_selflearn.storage.arrays import read_arrays
from keras_selflearn.storage.digest import sha256
from keras_selflearn.storage.files import folder_written_whole
from keras_selflearn.storage.json_files import read_json

if TYPE_CHECKING:
    from keras_selflearn.estimator.classifier import SelfLearningClassifier

FORMAT = 3
SETTINGS = "classifier.json"
WEIGHTS = "model.weights.h5"
ARRAYS = "arrays.npz"

_NAMES = ("classes", "transduction", "labeled_iter", "confidence", "matched")
_NAMES += ("reference", "reference_labels", "reference_indices")
_LARGEST_IMAGE = 2**14


def save_classifier(classifier: SelfLearningClassifier, folder: str | os.PathLike) -> None:
    """Write a fitted `classifier` to `folder`; see `SelfLearningClassifier.save`."""
    with folder_written_whole(Path(folder).expanduser()) as unfinished:
        _write(classifier, unfinished)


def _write(classifier: SelfLearningClassifier, folder: Path) -> None:
    objective = classifier.objective_
    parameters = {**classifier.fitted_parameters_, "loss": objective.name}
    parameters["weights"] = str(parameters["weights"])
    arrays = {
        "classes": classifier.classes_,
        "transduction": classifier.transduction_,
        "labeled_iter": classifier.labeled_iter_,
        "confidence": classifier.confidence_,
        "matched": classifier.matched_,
        "reference_indices": classifier.reference_,
        "reference": np.empty((0, parameters["embedding_size"]), np.float32),
        "reference_labels": np.empty(0, np.int64),
    }
    if objective.uses_reference:
        arrays["reference"] = classifier.labeller_.reference
        arrays["reference_labels"] = classifier.labeller_.labels
    np.savez_compressed(folder / ARRAYS, **arrays)
    classifier.network_.without_optimizer().save_weights(folder / WEIGHTS)
    settings = json.dumps(
        {
            "format": FORMAT,
            "sha256": {name: sha256(folder / name) for name in (WEIGHTS, ARRAYS)},
            "parameters": parameters,
            "loss_parameters": asdict(objective),
            "image_shape": list(classifier.image_shape_),
            "history": classifier.history_,
            "termination_condition": classifier.termination_condition_,
        },
        indent=2,
        default=np.generic.item,
        allow_nan=False,
    )
    (folder / SETTINGS).write_text(settings + "\n", encoding="utf-8")


def load_classifier(
    cls: type[SelfLearningClassifier], folder: str | os.PathLike, loss: Objective | None
) -> SelfLearningClassifier:
    """Read a classifier from `folder`; see `SelfLearningClassifier.load`.

    All that can be wrong is found before memory is taken for the network.
    """
    folder = Path(folder).expanduser()
    settings, arrays = _read(folder)
    check_weights_file(folder / WEIGHTS)
    parameters = settings.get("parameters")
    name = parameters.get("loss") if isinstance(parameters, dict) else None
    if loss is None and isinstance(name, str) and name not in loss_names():
        raise InputError(
            f"The classifier in {folder} was trained with a loss of its own, '{name}': give it to"
            " load(folder, loss=...)."
        )
    try:
        classifier = _from_settings(cls, settings, loss)
        _check_arrays(arrays, classifier)
        _check_size(classifier, len(arrays["classes"]), (folder / WEIGHTS).stat().st_size)
    except Exception as error:  # What is of another type than saved fails in many ways.
        raise _damaged(folder, error) from error
    classifier.classes_ = arrays["classes"]
    classifier.transduction_ = arrays["transduction"]
    classifier.labeled_iter_ = arrays["labeled_iter"]
    classifier.confidence_ = arrays["confidence"]
    classifier.matched_ = arrays["matched"]
    classifier.reference_ = arrays["reference_indices"]
    network = classifier._build_network(
        classifier.objective_, "random", classifier.image_shape_, len(classifier.classes_)
    )
    classifier.network_ = network
    load_weights(network.without_optimizer(), folder / WEIGHTS, f"the classifier in {folder}")
    classifier.labeller_ = classifier.objective_.labeller(
        network.head,
        arrays["reference"],
        arrays["reference_labels"],
        n_classes=len(classifier.classes_),
        n_neighbors=classifier.n_neighbors,
    )
    return classifier


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The settings, hardly looked at yet, and the arrays; both files are those that were saved."""
    try:
        for name in (SETTINGS, ARRAYS, WEIGHTS):
            _check_place(folder, name)
        settings = read_json(folder / SETTINGS)
        if not isinstance(settings, dict) or settings.get("format") != FORMAT:
            raise InputError(
                f"The classifier in {folder} is not of format {FORMAT}, which this version reads:"
                " fit it again, or load it with the version that saved it."
            )
        for name in (ARRAYS, WEIGHTS):
            if settings["sha256"][name] != sha256(folder / name):
                raise ValueError(f"{name} was changed after it was saved; save it again")
        with (folder / ARRAYS).open("rb") as file:
            arrays = read_arrays(file)
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(
            f"There is no saved classifier in {folder}: {error.filename} is missing."
        ) from error
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(folder, error) from error
    return settings, arrays


def _check_place(folder: Path, name: str) -> None:
    """Raise where a link leads out of the folder, or there is no file but a device."""
    path = (folder / name).resolve(strict=True)
    if path.parent != folder.resolve() or not path.is_file():
        raise ValueError(f"{name} is not a file in this folder")


def _damaged(folder: Path, error: Exception) -> InputError:
    reason = str(error) if isinstance(error, ValueError) else repr(error)
    return InputError(f"The classifier in {folder} is damaged: {reason.rstrip('.')[:500]}.")


def _from_settings(
    cls: type[SelfLearningClassifier], settings: dict[str, Any], loss: Objective | None
) -> SelfLearningClassifier:
    """An estimator with all but what is in the arrays and the weights."""
    parameters = settings["parameters"]
    if not isinstance(parameters["weights"], str):
        raise ValueError("weights is no text")
    if loss is None:
        loss = get_objective(parameters["loss"], **settings["loss_parameters"])
    classifier = cls(**{**parameters, "loss": loss, "weights": "random"})
    classifier.check_parameters()
    # Where training began: kept for the record, and need not be there any more.
    classifier.weights = parameters["weights"]
    classifier.fitted_parameters_ = classifier.get_params(deep=False)
    classifier.objective_ = loss
    height, width, channels = settings["image_shape"]
    for name, value in (("height", height), ("width", width), ("channels", channels)):
        check_integer(f"The images' {name}", value, least=1, most=_LARGEST_IMAGE)
    check_image_shape((height, width, channels))
    classifier.image_shape_ = (height, width, channels)
    history = settings["history"]
    if not (isinstance(history, list) and history and all(isinstance(x, dict) for x in history)):
        raise ValueError("its history is not a list of records")
    classifier.history_ = history
    classifier.n_iter_ = len(history) - 1
    if not isinstance(settings["termination_condition"], str):
        raise ValueError("its termination condition is no text")
    classifier.termination_condition_ = settings["termination_condition"]
    return classifier


def _check_arrays(arrays: dict[str, np.ndarray], classifier: SelfLearningClassifier) -> None:
    """Raise a `ValueError` unless the arrays are those of one classifier with these parameters."""
    if sorted(arrays) != sorted(_NAMES):
        raise ValueError(f"its arrays are {sorted(arrays)[:10]}")
    classes, labels, labeled_iter, confidence, matched = (arrays[name] for name in _NAMES[:5])
    reference, reference_labels, reference_indices = (arrays[name] for name in _NAMES[5:])
    if classes.ndim != 1 or len(classes) < 2 or not (classes[:-1] < classes[1:]).all():
        raise ValueError("its classes are not two or more in order")
    if not (
        labels.ndim == 1
        and labels.dtype.kind == classes.dtype.kind
        and labeled_iter.shape == confidence.shape == matched.shape == labels.shape
        and labeled_iter.dtype == matched.dtype == np.int64
        and np.isin(matched, np.arange(-1, len(labels))).all()
        and confidence.dtype == np.float64
        and np.isin(labels[labeled_iter >= 0], classes).all()
    ):
        raise ValueError("its labels do not fit its classes")
    if not (
        reference.dtype == np.float32
        and reference.shape == (len(reference_labels), classifier.embedding_size)
        and reference_labels.shape == (len(reference),)
        and reference_labels.dtype.kind in "iu"
        and np.isin(reference_labels, np.arange(len(classes))).all()
        and reference_indices.shape == reference_labels.shape
        and reference_indices.dtype == np.int64
        and np.isin(reference_indices, np.flatnonzero(labeled_iter >= 0)).all()
    ):
        raise ValueError("its reference does not fit its classes and embedding_size")
    if classifier.objective_.uses_reference and len(reference) < classifier.n_neighbors:
        raise ValueError("its reference has fewer examples than n_neighbors")


def _check_size(classifier: SelfLearningClassifier, n_classes: int, n_bytes: int) -> None:
    """Raise a `ValueError` where the weights file can't hold the network that is asked for."""
    objective = classifier.objective_
    weights = (FEATURES[classifier.backbone] + 1) * classifier.embedding_size
    if objective.name in loss_names() and objective.head(n_classes) is not None:
        weights += classifier.embedding_size * n_classes
    if weights * np.dtype(np.float32).itemsize > n_bytes:
        raise ValueError(f"{WEIGHTS} is too small for its embedding_size and classes")
