"""What `fit` learns, as one value that is saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from keras_selflearn.labelling.calibration import Calibration
from keras_selflearn.labelling.labeller import Labeller
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.backbone import n_features
from keras_selflearn.network.head_network import HeadNetwork, build_head_network
from keras_selflearn.network.linear_embedding import build_embedding_network
from keras_selflearn.network.model import Network, build_network
from keras_selflearn.network.own_model import is_own_model
from keras_selflearn.network.side_by_side import Backbones, each_backbone
from keras_selflearn.options.labelling import embeds_raw, labellers_of
from keras_selflearn.options.training import has_linear_embedding, of_head

_OF_NETWORK = ["backbone", "weights", "embedding_size", "dropout", "optimizer", "learning_rate"]
_OF_NETWORK += ["precision", "strategy", "image_size", "preprocessing", "batch_statistics"]
_OF_HEAD_NETWORK = ["backbone", "weights", "image_size", "preprocessing", "precision", "mirror"]
_OF_EMBEDDING = ["embedding_size", "optimizer", "learning_rate"]
_OF_LABELLER = ["n_neighbors", "graph_dimensions", "graph_neighbors", "graph_exponent"]
_OF_LABELLER += ["graph_alpha"]


@dataclass(frozen=True)
class Fitted:
    """The state of a fitted classifier. Its public attributes describe the fields.

    Attributes
    ----------
    classes : (n_classes,) array
    image_shape : (height, width, channels)
    labels : (n,) array
        `transduction_`.
    labelled_in : (n,) int64
        `labeled_iter_`.
    confidence : (n,) float64
    nearest : (n,) int64
        `matched_`.
    flips : (n,) int64
    reference : (m,) int64
    history : list of dict
    termination : str
    parameters : dict
        The estimator's parameters at the time of `fit`; `train` is what was trained last.
    objective : Objective
    labeller : Labeller
    network : Network
    calibration : Calibration or None
        From the labeller's confidences to probabilities, if it was measured.
    """

    classes: np.ndarray
    image_shape: tuple[int, int, int]
    labels: np.ndarray
    labelled_in: np.ndarray
    confidence: np.ndarray
    nearest: np.ndarray
    flips: np.ndarray
    reference: np.ndarray
    history: list[dict[str, Any]]
    termination: str
    parameters: dict[str, Any]
    objective: Objective
    labeller: Labeller
    network: Network
    calibration: Calibration | None = None

    @property
    def n_iter(self) -> int:
        """How many meta-iterations there were."""
        return len(self.history) - 1

    def lasting_backbone(self) -> Backbones:
        """The parameter `backbone` without files, which may be gone: the trained network is there.

        Returns
        -------
        str or Model, or a list of them where there are several
        """
        given = each_backbone(self.parameters["backbone"])
        lasting = [
            trained if is_own_model(each) else str(each)
            for each, trained in zip(given, self.network.backbones)
        ]
        return lasting if lasting[1:] else lasting[0]


def network_from(
    parameters: Mapping[str, Any],
    objective: Objective,
    image_shape: tuple[int, int, int],
    n_classes: int,
    **changes: Any,
) -> Network:
    """Build the network that an estimator's `parameters` describe.

    `changes` replace parameters of the same names. A network whose backbone is not trained has
    fewer parameters, and does not mind the others.
    """
    shape: dict[str, Any] = {"image_shape": image_shape, "n_classes": n_classes}
    parameters = {
        **parameters,
        "optimizer": parameters["optimizer"] or objective.optimizer,
        **changes,
    }
    raw = embeds_raw(_options(parameters, objective))
    if parameters["train"] != "head":
        options = {name: parameters[name] for name in (*_OF_NETWORK, *changes)}
        return build_network(objective=objective, raw=raw, **shape, **options)
    options = {name: parameters[name] for name in _OF_HEAD_NETWORK}
    if not embeds(parameters, objective):
        return build_head_network(**shape, **options)
    options |= {name: parameters[name] for name in _OF_EMBEDDING}
    return build_embedding_network(objective=objective, raw=raw, **shape, **options)


def embeds(parameters: Mapping[str, Any], objective: Objective) -> bool:
    """Whether the network of these parameters is a linear embedding of a backbone's features."""
    return has_linear_embedding(_options(parameters, objective))


def is_normalized(parameters: Mapping[str, Any], objective: Objective) -> bool:
    """Whether every embedding that the network gives has length 1."""
    return objective.normalized and not embeds_raw(_options(parameters, objective))


def has_embedding_layer(parameters: Mapping[str, Any], objective: Objective) -> bool:
    """Whether a trained layer gives the embedding; without one, the features are it."""
    return parameters["train"] != "head" or embeds(parameters, objective)


def _columns_of_networks(parameters: Mapping[str, Any], objective: Objective) -> tuple[int, ...]:
    networks = each_backbone(parameters["backbone"])
    if len(networks) == 1 or has_embedding_layer(parameters, objective):
        return ()
    return tuple(n_features(each) for each in networks)


def _options(parameters: Mapping[str, Any], objective: Objective) -> SimpleNamespace:
    return SimpleNamespace(**{**parameters, "loss": objective})


def parameters_of(network: Network, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters with which `network_from` builds a network like this one.

    With `head-then-all` it is what was trained last. `parameters` are the estimator's.
    """
    if parameters["train"] != "head-then-all":
        return dict(parameters)
    if isinstance(network, HeadNetwork):
        return of_head(parameters)
    return {**parameters, "train": "all"}


def labeller_setting(
    parameters: Mapping[str, Any],
    objective: Objective,
    n_classes: int,
    head: Any = None,
    **more: Any,
) -> dict[str, Any]:
    """Return the attributes of a labeller's `Setting`, by name.

    Parameters
    ----------
    parameters : dict
        The estimator's.
    objective : Objective
    n_classes : int
    head : layer, optional
        It is left out where its loss has a head without logits.
    **more
        Attributes that are no parameters of the estimator.
    """
    return {
        **{name: parameters[name] for name in _OF_LABELLER},
        "voters": labellers_of(_options(parameters, objective)),
        "columns_of_networks": _columns_of_networks(parameters, objective),
        "n_classes": n_classes,
        "normalized": is_normalized(parameters, objective),
        "head": objective.logits_head(head),
        **more,
    }
