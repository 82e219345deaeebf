"""A fitted classifier as a folder of weights, JSON and arrays; none of them can run code."""

from __future__ import annotations

import hashlib
import io
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Callable

import keras
import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError, check_integer
from keras_selflearn.estimator.fitted import Fitted, labeller_setting, network_from
from keras_selflearn.estimator.object_labels import with_objects, without_objects
from keras_selflearn.estimator.saved_checks import (
    WEIGHTS,
    calibration_of,
    check_labels,
    check_object_labels,
    check_reference,
    check_size,
    embedding_size,
)
from keras_selflearn.labelling import labeller_class, labeller_names
from keras_selflearn.labelling.graph import PRIORS
from keras_selflearn.labelling.labeller import Setting
from keras_selflearn.losses import get_objective, is_known
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.backbone import check_weights_file, load_weights
from keras_selflearn.network.image_shape import check_image_shape
from keras_selflearn.network.names import OWN
from keras_selflearn.network.own_model import (
    architecture_of,
    check_own_architecture,
    from_architecture,
    is_own_model,
)
from keras_selflearn.network.side_by_side import Backbones, each_backbone
from keras_selflearn.options.earlier_names import named_as_now
from keras_selflearn.storage.arrays import read_arrays
from keras_selflearn.storage.digest import sha256
from keras_selflearn.storage.files import folder_written_whole
from keras_selflearn.storage.json_files import read_json
from keras_selflearn.storage.weights_file import weights_content

FORMAT = 3
SETTINGS = "classifier.json"
ARRAYS = "arrays.npz"
# The architecture of a model of the user's; a named backbone has no such file.
ARCHITECTURE = "backbone.json"
# The same for one of several networks, by its place from 1.
_ONE_OF_SEVERAL = "backbone-{}.json"

# The arrays of `Fitted` by their names in the file; the others are the labeller's.
_ARRAYS = {
    "classes": "classes",
    "transduction": "labels",
    "labeled_iter": "labelled_in",
    "confidence": "confidence",
    "matched": "nearest",
    "flips": "flips",
    "reference_indices": "reference",
}
_LARGEST_IMAGE = 2**14


def save_fitted(fitted: Fitted, folder: str | os.PathLike) -> None:
    """Write `fitted` to a new folder; see `SelfLearningClassifier.save`."""
    with folder_written_whole(Path(folder).expanduser()) as unfinished:
        for name, content in content_of(fitted).items():
            (unfinished / name).write_bytes(content)


def content_of(fitted: Fitted) -> dict[str, bytes]:
    """Return the content of the files that `save_fitted` writes, by their names."""
    parameters = {**fitted.parameters, "loss": fitted.objective.name}
    for name in ("weights", "prior"):
        parameters[name] = str(parameters[name])
    files = {}
    backbones = each_backbone(fitted.lasting_backbone())
    names = [OWN if is_own_model(each) else each for each in backbones]
    parameters["backbone"] = names if names[1:] else names[0]
    for place, file in _architecture_files(parameters["backbone"]).items():
        architecture = {**architecture_of(backbones[place]), "keras": keras.__version__}
        files[file] = (json.dumps(architecture) + "\n").encode()
    plain, labels = without_objects(fitted)
    arrays: dict[str, Any] = {name: getattr(plain, field) for name, field in _ARRAYS.items()}
    arrays.update(fitted.labeller.arrays())
    content = io.BytesIO()  # On a full disk NumPy would leave a file open, which Python tells of.
    np.savez_compressed(content, **arrays)
    files[ARRAYS] = content.getvalue()
    trained = fitted.network.without_optimizer()
    files[WEIGHTS] = weights_content(trained.save_weights)
    settings = json.dumps(
        {
            "format": FORMAT,
            "sha256": {name: hashlib.sha256(each).hexdigest() for name, each in files.items()},
            "parameters": parameters,
            "loss_parameters": asdict(fitted.objective),  # type: ignore[call-overload]
            **labels,
            "calibration": fitted.calibration and asdict(fitted.calibration),
            "image_shape": list(fitted.image_shape),
            "history": fitted.history,
            "termination_condition": fitted.termination,
        },
        indent=2,
        default=np.generic.item,
        allow_nan=False,
    )
    return {**files, SETTINGS: (settings + "\n").encode()}


def load_fitted(
    folder: str | os.PathLike,
    loss: Objective | None,
    check_parameters: Callable[[dict[str, Any]], dict[str, Any]],
) -> Fitted:
    """Read what `save_fitted` wrote; see `SelfLearningClassifier.load`.

    Everything is checked before memory is taken for the network.

    Parameters
    ----------
    folder : path
    loss : Objective or None
        None: the package's loss of the saved name.
    check_parameters : callable
        Gets the saved parameters of the estimator. It returns all parameters; one that is not saved
        has its default. It raises an error for one that can't be.
    """
    folder = Path(folder).expanduser()
    settings, arrays = _read(folder)
    check_weights_file(folder / WEIGHTS)
    _check_names(folder, settings.get("parameters"), loss)
    try:
        known = _from_settings(settings, loss, _backbone(folder, settings), check_parameters)
        if "flips" not in arrays:  # Version 0.2.0 never gave a pseudo-label anew.
            arrays["flips"] = np.zeros(len(arrays["labeled_iter"]), np.int64)
            known["parameters"] = named_as_now(known["parameters"])
        known.update({field: arrays.pop(name) for name, field in _ARRAYS.items()})
        parameters, objective = known["parameters"], known["objective"]
        n_classes = len(known["classes"])
        setting = Setting(**labeller_setting(parameters, objective, n_classes))
        labeller = labeller_class(parameters["labelling"] or objective.labelling)
        check_labels(known)
        object_labels = settings.get("object_labels")
        check_object_labels(object_labels)
        labeller.check_arrays(arrays, setting, embedding_size(parameters, objective))
        check_reference(known, arrays)
        check_size(parameters, objective, n_classes, (folder / WEIGHTS).stat().st_size)
        known["calibration"] = calibration_of(settings.get("calibration"), labeller)
    except Exception as error:  # A value of another type than was saved fails in many ways.
        raise _damaged(folder, error) from error
    network = network_from(parameters, objective, known["image_shape"], n_classes, weights="random")
    load_weights(network.without_optimizer(), folder / WEIGHTS, f"the classifier in {folder}")
    setting = Setting(**labeller_setting(parameters, objective, n_classes, network.head))
    fitted = Fitted(**known, network=network, labeller=labeller.from_arrays(arrays, setting))
    fitted = with_objects(fitted, object_labels)
    # There may be no other copy of a user's model than the trained one.
    return replace(fitted, parameters={**parameters, "backbone": fitted.lasting_backbone()})


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read the settings and the arrays, and check that no file was changed since it was saved."""
    try:
        for name in (SETTINGS, ARRAYS, WEIGHTS):
            _check_place(folder, name)
        settings = read_json(folder / SETTINGS)
        if not isinstance(settings, dict) or settings.get("format") != FORMAT:
            raise InputError(
                f"The classifier in {folder} is not of format {FORMAT}, which this version reads:"
                " fit it again, or load it with the version that saved it."
            )
        names = [ARRAYS, WEIGHTS]
        for name in _architecture_files(_saved_backbone(settings)).values():
            _check_place(folder, name)
            names.append(name)
        for name in names:
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


def _saved_backbone(settings: dict[str, Any]) -> Any:
    """What the settings have as the backbone: a name or `OWN`, or a list of them."""
    parameters = settings.get("parameters")
    return parameters.get("backbone") if isinstance(parameters, dict) else None


def _architecture_files(backbone: Any) -> dict[int, str]:
    """The files of the user's models, by the place of each in the saved backbone."""
    if not isinstance(backbone, list):
        return {0: ARCHITECTURE} if backbone == OWN else {}
    places = [place for place, name in enumerate(backbone) if name == OWN]
    return {place: _ONE_OF_SEVERAL.format(place + 1) for place in places}


def _backbone(folder: Path, settings: dict[str, Any]) -> Backbones:
    """The backbone without files; models of the user's are built with random weights."""
    saved = _saved_backbone(settings)
    found = [*each_backbone(saved)]
    if any(is_own_model(each) for each in found):
        raise ValueError("its backbone is a file, which a saved classifier needs none of")
    if isinstance(saved, list) and len(found) == 1:
        raise ValueError("its backbone is a list of one")
    for place, file in _architecture_files(saved).items():
        found[place] = _from_file(folder / file)
    return found if found[1:] else found[0]


def _from_file(path: Path) -> tf.keras.Model:
    """Build the architecture in a file."""
    architecture = read_json(path)
    check_own_architecture(architecture)
    version = str(architecture.get("keras"))
    return from_architecture(architecture, "Its backbone", version)


def _check_place(folder: Path, name: str) -> None:
    """Raise an error for a link that leads out of the folder, and for a device."""
    path = (folder / name).resolve(strict=True)
    if path.parent != folder.resolve() or not path.is_file():
        raise ValueError(f"{name} is not a file in this folder")


def _check_names(folder: Path, parameters: Any, loss: Objective | None) -> None:
    """Raise an error for a loss or a labeller that is not in the package."""
    if not isinstance(parameters, dict):
        return
    name = parameters.get("loss")
    if loss is None and isinstance(name, str) and not is_known(name):
        raise InputError(
            f"The classifier in {folder} was trained with a loss of its own, '{name}': give it to"
            " load(folder, loss=...)."
        )
    labelling = parameters.get("labelling") or getattr(loss, "labelling", None)
    if isinstance(labelling, str) and labelling not in labeller_names():
        raise InputError(
            f"The classifier in {folder} labels with a labeller of its own, '{labelling}': give the"
            " class to register_labeller first."
        )


def _damaged(folder: Path, error: Exception) -> InputError:
    reason = str(error) if isinstance(error, ValueError) else repr(error)
    return InputError(f"The classifier in {folder} is damaged: {reason.rstrip('.')[:500]}.")


def _from_settings(
    settings: dict[str, Any],
    loss: Objective | None,
    backbone: Backbones,
    check_parameters: Callable[[dict[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    """The fields of `Fitted` that are in the settings."""
    parameters = settings["parameters"]
    # The files of the initial weights and of the prior are kept for the record, and may be gone.
    files = {"weights": parameters["weights"]}
    if parameters.get("prior", "none") not in PRIORS:
        files["prior"] = parameters["prior"]
    for name, value in files.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} is no text")
    if loss is None:
        loss = get_objective(parameters["loss"], **settings["loss_parameters"])
    initial = OWN if all(is_own_model(each) for each in each_backbone(backbone)) else "random"
    changes = {"loss": loss, "backbone": backbone, "weights": initial}
    if "prior" in files:
        changes["prior"] = "none"
    parameters = check_parameters({**parameters, **changes})
    height, width, channels = settings["image_shape"]
    for name, value in (("height", height), ("width", width), ("channels", channels)):
        check_integer(f"The images' {name}", value, least=1, most=_LARGEST_IMAGE)
    check_image_shape(
        (height, width, channels),
        backbone=parameters["backbone"],
        image_size=parameters["image_size"],
    )
    history = settings["history"]
    if not (isinstance(history, list) and history and all(isinstance(x, dict) for x in history)):
        raise ValueError("its history is not a list of records")
    if not isinstance(settings["termination_condition"], str):
        raise ValueError("its termination condition is no text")
    return {
        "parameters": {**parameters, **files},
        "objective": loss,
        "image_shape": (height, width, channels),
        "history": history,
        "termination": settings["termination_condition"],
    }
