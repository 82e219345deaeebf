"""A fitted classifier as a folder: weights, JSON, and arrays, none of which can run code."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_selflearn.backbone import check_weights_file, load_weights
from keras_selflearn.errors import InputError
from keras_selflearn.losses import get_objective, loss_names
from keras_selflearn.objective import Objective

if TYPE_CHECKING:
    from keras_selflearn.classifier import SelfLearningClassifier

FORMAT = 1
SETTINGS = "classifier.json"
WEIGHTS = "model.weights.h5"
ARRAYS = "arrays.npz"


def save_classifier(classifier: SelfLearningClassifier, folder: str | os.PathLike) -> None:
    """Write a fitted `classifier` to `folder`; see `SelfLearningClassifier.save`."""
    folder = Path(folder).expanduser()
    objective = classifier.objective_
    parameters = {**classifier.fitted_parameters_, "loss": objective.name}
    parameters["weights"] = str(parameters["weights"])
    settings = json.dumps(
        {
            "format": FORMAT,
            "parameters": parameters,
            "loss_parameters": asdict(objective),
            "image_shape": list(classifier.image_shape_),
            "history": classifier.history_,
            "termination_condition": classifier.termination_condition_,
        },
        indent=2,
        default=np.generic.item,
    )
    arrays = {
        "classes": classifier.classes_,
        "transduction": classifier.transduction_,
        "labeled_iter": classifier.labeled_iter_,
        "confidence": classifier.confidence_,
        "reference": np.empty((0, parameters["embedding_size"]), np.float32),
        "reference_labels": np.empty(0, np.int64),
    }
    if objective.uses_reference:
        arrays["reference"] = classifier.labeller_.reference
        arrays["reference_labels"] = classifier.labeller_.labels
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise InputError(f"The folder {folder} is not empty: save to a new one.")
        (folder / SETTINGS).write_text(settings + "\n", encoding="utf-8")
        np.savez_compressed(folder / ARRAYS, **arrays)
        classifier.network_.without_optimizer().save_weights(folder / WEIGHTS)
    except OSError as error:
        raise InputError(f"The classifier can't be saved to {folder}: {error}.") from error


def load_classifier(
    cls: type[SelfLearningClassifier], folder: str | os.PathLike, loss: Objective | None
) -> SelfLearningClassifier:
    """Read a classifier from `folder`; see `SelfLearningClassifier.load`."""
    folder = Path(folder).expanduser()
    settings, arrays = _read(folder)
    check_weights_file(folder / WEIGHTS)
    try:
        parameters: dict[str, Any] = settings["parameters"]
        if loss is None:
            loss = _saved_objective(parameters["loss"], settings["loss_parameters"], folder)
        classifier = cls(**{**parameters, "loss": loss})
        classifier.fitted_parameters_ = classifier.get_params(deep=False)
        classifier.objective_ = loss
        classifier.image_shape_ = tuple(settings["image_shape"])
        classifier.history_ = settings["history"]
        classifier.n_iter_ = len(classifier.history_) - 1
        classifier.termination_condition_ = settings["termination_condition"]
        classifier.classes_ = arrays["classes"]
        classifier.transduction_ = arrays["transduction"]
        classifier.labeled_iter_ = arrays["labeled_iter"]
        classifier.confidence_ = arrays["confidence"]
        network = classifier._build_network(
            loss, "random", classifier.image_shape_, len(classifier.classes_)
        )
        classifier.network_ = network
        load_weights(network.without_optimizer(), folder / WEIGHTS, f"the classifier in {folder}")
        classifier.labeller_ = loss.labeller(
            network.head,
            arrays["reference"],
            arrays["reference_labels"],
            n_classes=len(classifier.classes_),
            n_neighbors=classifier.n_neighbors,
        )
    except InputError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"The classifier in {folder} is damaged: {error!r}.") from error
    return classifier


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        with np.load(folder / ARRAYS, allow_pickle=False) as archive:
            arrays = dict(archive)
    except FileNotFoundError as error:
        raise InputError(
            f"There is no saved classifier in {folder}: {error.filename} is missing."
        ) from error
    except Exception as error:  # zipfile, zlib, NumPy and json each raise their own for damage.
        raise InputError(f"The classifier in {folder} is damaged: {error!r}.") from error
    if not isinstance(settings, dict) or settings.get("format") != FORMAT:
        raise InputError(f"The classifier in {folder} is not of format {FORMAT}.")
    return settings, arrays


def _saved_objective(name: str, parameters: dict[str, Any], folder: Path) -> Objective:
    if name not in loss_names():
        raise InputError(
            f"The classifier in {folder} was trained with a loss of its own, '{name}': give it to"
            " load(folder, loss=...)."
        )
    return get_objective(name, **parameters)
