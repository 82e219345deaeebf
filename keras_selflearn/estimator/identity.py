"""What tells one `fit` from another, so that a checkpoint of another one is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

import numpy as np

from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.backbone import weights_digest
from keras_selflearn.network.precision import resolve_precision
from keras_selflearn.network.side_by_side import identity_of_all
from keras_selflearn.options.config import ESTIMATOR_DEFAULTS, is_used
from keras_selflearn.selflearning.shares import as_option, shares_of
from keras_selflearn.storage.digest import sha256_of_array, sha256_of_sample

# What decides nothing by itself: the options that it sets, and the images that are read, do.
_DECIDE_NOTHING = ("preset", "float_max")


def identity_of_fit(
    parameters: Mapping[str, Any],
    objective: Objective,
    X: np.ndarray,
    given: np.ndarray,
    held_out: np.ndarray,
    prior: str | np.ndarray,
    given_weights: np.ndarray | None = None,
    start: str | None = None,
) -> dict[str, Any]:
    """What decides the numbers of `fit`, as JSON has it.

    An option that this `fit` does not use has its default here, whatever its value.

    Parameters
    ----------
    parameters : dict
        The estimator's.
    objective : Objective
    X : (n, height, width, channels) uint8
    given : (n,) numbers or strings
        The given labels.
    held_out : (k,) int64
    prior : str, or (k,) float64
        The option, or what its file says: that counts, and not where the file is.
    given_weights : (n,) float32 or None
        Of the given labels.
    start : str or None
        The digest of the weights that `fit` continues from.
    """
    values = {
        **parameters,
        "prior": prior if isinstance(prior, str) else prior.tolist(),
        "selection_percent": as_option(shares_of(parameters["selection_percent"])),
    }
    decisive = {
        name: ESTIMATOR_DEFAULTS[name]
        if name in ESTIMATOR_DEFAULTS and not is_used(name, parameters)
        else value
        for name, value in values.items()
        if name not in _DECIDE_NOTHING
    }
    decisive.update(
        loss=objective.name,
        backbone=identity_of_all(parameters["backbone"]),
        labelling=parameters["labelling"] or objective.labelling,
        weights=weights_digest(parameters["weights"]) or parameters["weights"],
        precision=resolve_precision(parameters["precision"]),
        **{f"loss {name}": value for name, value in asdict(cast(Any, objective)).items()},
    )
    # Only where they are given: most runs have no such entries.
    more = {} if given_weights is None else {"sample_weight": sha256_of_array(given_weights)}
    if start is not None:
        more["continue_from"] = start
    return {
        **more,
        **json.loads(json.dumps(decisive, default=np.generic.item)),
        "images": [*X.shape, sha256_of_sample(X)],
        "labels": sha256_of_array(given),
        "held_out": sha256_of_array(held_out),
    }
