"""Read a preset of KerasHub, from a folder or a download; nothing in it is executed."""

from __future__ import annotations

import difflib
import functools
import json
from pathlib import Path
from typing import Any

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.full_memory import raise_if_full
from keras_selflearn.network.architecture import ArchitectureError
from keras_selflearn.network.hub_architecture import ENCODERS, PAIRS, described, plain_settings
from keras_selflearn.network.hub_encoder import HubEncoder, import_hub
from keras_selflearn.storage.hdf5 import check_hdf5
from keras_selflearn.storage.json_files import read_json
from keras_selflearn.storage.preset_folder import (
    CONFIG,
    CONVERTER,
    WEIGHTS,
    preset_folder,
    preset_name,
)


def hub_encoder(backbone: str, *, load_weights: bool = True) -> HubEncoder:
    """Build the image encoder of a preset.

    Parameters
    ----------
    backbone : str
        `hub:` and a folder or a name that KerasHub knows.
    load_weights : bool
        Whether it gets the weights of the preset, or random ones.

    Raises
    ------
    InputError
        When there is no KerasHub or no such preset, it can't be downloaded, is damaged, or has
        another kind of model.
    """
    hub = import_hub()
    config, converter = (_json(backbone, name) for name in (CONFIG, CONVERTER))
    weights = _file(backbone, WEIGHTS)
    try:
        kind, settings = _whole(config)
        pixels = _part(converter, None)
        whole = getattr(hub.models, kind).from_config(settings)
        encoder = whole.vision_encoder if kind in PAIRS else whole
        plain = json.loads(json.dumps(encoder.get_config()))
        found = HubEncoder(described(type(encoder).__name__, plain, pixels))
    except ArchitectureError as error:
        raise InputError(f"{_owner(backbone)} can't be used: {error}. Choose another.") from error
    except Exception as error:  # KerasHub raises whatever it finds wrong with a configuration.
        raise_if_full(error)
        raise InputError(
            f"{_owner(backbone)} can't be built by KerasHub {hub.__version__}"
            f" ({_reason(error)}): fetch or save it again."
        ) from error
    if load_weights:
        _load(whole, weights, backbone)
        found.encoder.set_weights(encoder.get_weights())
    return found


def _whole(config: Any) -> tuple[str, dict[str, Any]]:
    """The class of a preset's model, and its checked settings."""
    kind = config.get("class_name") if isinstance(config, dict) else None
    if kind not in ENCODERS and kind not in PAIRS:
        raise ArchitectureError(f"{kind!r} is none of the image encoders that are known here")
    if kind not in PAIRS:
        return kind, _part(config, kind)
    parts = PAIRS[kind]
    settings = config.get("config")
    if not isinstance(settings, dict) or not {*parts} <= {*settings}:
        raise ArchitectureError("its configuration is missing")
    others = {name: value for name, value in settings.items() if name not in parts}
    found: dict[str, Any] = plain_settings(others)
    for name, part in parts.items():
        found[name] = {
            "module": "keras_hub",
            "class_name": part,
            "config": _part(settings[name], part),
            "registered_name": f"keras_hub>{part}",
        }
    return kind, found


def _part(config: Any, kind: str | None) -> dict[str, Any]:
    """The checked settings of an object of KerasHub, as Keras writes it in JSON."""
    if not isinstance(config, dict) or kind not in (None, config.get("class_name")):
        raise ArchitectureError(f"it has no {kind or 'image converter'}")
    return plain_settings(config.get("config"))


def _json(backbone: str, name: str) -> Any:
    path = _file(backbone, name)
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{_owner(backbone)} is damaged: {name} can't be read ({_reason(error)}). Fetch or save"
            " it again."
        ) from error


def _file(backbone: str, name: str) -> Path:
    """The path of a file of a preset; what is not here is downloaded by KerasHub."""
    folder = preset_folder(backbone)
    if folder is not None:
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}, which hub:{folder} names.")
        if not (folder / name).is_file():
            raise InputError(
                f"{_owner(backbone)} has no {name}: save the backbone and its image converter there"
                " with KerasHub's save_to_preset."
            )
        return folder / name
    preset = preset_name(backbone)
    if "://" not in preset:
        _check_name(preset)
    from keras_hub.src.utils.preset_utils import get_file

    try:
        return Path(get_file(preset, name))
    except Exception as error:  # Each of the places to download from has errors of its own.
        raise InputError(
            f"{_owner(backbone)} can't be downloaded: {name} is not to be had"
            f" ({_reason(error)}). Give a folder with the preset as hub:FOLDER."
        ) from error


def _check_name(preset: str) -> None:
    known = _known()
    if preset in known:
        return
    nearest = difflib.get_close_matches(preset, known, n=1, cutoff=0.5)
    hint = f"did you mean '{nearest[0]}'? " if nearest else ""
    raise InputError(
        f"Unknown preset '{preset}': {hint}Give one of KerasHub's image encoders, such as"
        " hub:dinov2_base, or a folder."
    )


@functools.cache
def _known() -> list[str]:
    models = import_hub().models
    kinds = [getattr(models, name, None) for name in (*ENCODERS, *PAIRS)]
    return sorted({preset for kind in kinds if kind is not None for preset in kind.presets})


def _load(whole: Any, path: Path, backbone: str) -> None:
    try:
        # Keras reads an array before it looks at its shape; no right one is larger than in float64.
        check_hdf5(path, most_bytes=8 * whole.count_params())
        whole.load_weights(path)
    except Exception as error:  # Keras and h5py raise whatever the damage leads them to.
        raise_if_full(error)
        raise InputError(
            f"{_owner(backbone)} is damaged: its weights do not fit its layers ({_reason(error)})."
            " Fetch or save it again."
        ) from error


def _owner(backbone: str) -> str:
    return f"The preset {preset_name(backbone)}"


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")[:200]
