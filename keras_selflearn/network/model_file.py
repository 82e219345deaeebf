"""Read a whole Keras model from a file of unknown origin; nothing in the file is executed."""

from __future__ import annotations

import contextlib
import json
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py

from keras_selflearn.console.errors import InputError
from keras_selflearn.network.architecture import ArchitectureError, check_architecture, mended
from keras_selflearn.network.names import MODEL_SUFFIXES
from keras_selflearn.storage.hdf5 import check_hdf5

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MOST_JSON_BYTES = 2**24
# Weights hardly become smaller: what a file claims beyond this is no model's.
_MOST_SHRUNK = 100


@dataclass(frozen=True)
class ModelFile:
    """What a file holds of a model.

    Attributes
    ----------
    architecture : dict
        As Keras writes it in JSON, checked and mended.
    keras : str
        The version of Keras that wrote the file.
    weights : Path
        A checked HDF5 file of the weights, whose name Keras' `load_weights` accepts.
    """

    architecture: dict[str, Any]
    keras: str
    weights: Path


@contextlib.contextmanager
def opened_model(path: Path) -> Iterator[ModelFile]:
    """The model in a `.keras` or HDF5 file. Its weights may be gone after the block.

    Raises
    ------
    InputError
        When the file is missing, damaged, no whole model, or holds more than Keras' own layers.
    """
    if not path.is_file():
        raise InputError(f"There is no model file {path}: give a backbone's name or a file.")
    if path.suffix not in MODEL_SUFFIXES:
        raise InputError(f"The model file {path} must end in {', '.join(MODEL_SUFFIXES)}.")
    with contextlib.ExitStack() as stack:
        try:
            if path.suffix == ".keras":
                folder = stack.enter_context(tempfile.TemporaryDirectory())
                found = _from_zip(path, Path(folder))
            else:
                found = _from_hdf5(path)
        except ArchitectureError as error:
            raise InputError(
                f"The model file {path} can't be used: {error}. Give a model of Keras' own layers."
            ) from error
        except PermissionError as error:
            raise InputError(f"The model file {path} can't be read: {error.strerror}.") from error
        except (OSError, ValueError, KeyError, zipfile.BadZipFile, RecursionError) as error:
            raise InputError(
                f"The model file {path} is damaged or no model of Keras ({error}): save it again."
            ) from error
        yield found


def _from_hdf5(path: Path) -> ModelFile:
    check_hdf5(path)
    with h5py.File(path, "r") as file:
        if "model_config" not in file.attrs:
            raise ArchitectureError(
                "it holds weights alone, which go with weights=PATH (--weights=PATH) and the name"
                " of their network"
            )
        architecture = _parsed(file.attrs["model_config"])
        version = str(file.attrs.get("keras_version", "unknown"))
    return ModelFile(architecture, version, path)


def _from_zip(path: Path, folder: Path) -> ModelFile:
    with zipfile.ZipFile(path) as archive:
        architecture = _parsed(_member(archive, _CONFIG, _MOST_JSON_BYTES))
        metadata = json.loads(_member(archive, _METADATA, _MOST_JSON_BYTES))
        version = metadata.get("keras_version") if isinstance(metadata, dict) else None
        weights = folder / _WEIGHTS
        weights.write_bytes(_member(archive, _WEIGHTS, _MOST_SHRUNK * path.stat().st_size))
    check_hdf5(weights)
    return ModelFile(architecture, str(version or "unknown"), weights)


def _member(archive: zipfile.ZipFile, name: str, most_bytes: int) -> bytes:
    if archive.getinfo(name).file_size > most_bytes:
        raise ValueError(f"{name} claims more than {most_bytes} bytes")
    with archive.open(name) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ValueError(f"{name} has more than {most_bytes} bytes")
    return content


def _parsed(text: str | bytes) -> dict[str, Any]:
    architecture = json.loads(text)
    check_architecture(architecture)
    return mended(architecture)
