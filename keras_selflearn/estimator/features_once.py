"""Features of images by the initial weights, computed once and kept in the user's cache folder."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Callable

import numpy as np

from keras_selflearn.estimator.fitted import network_from
from keras_selflearn.losses.cross_entropy import CrossEntropy
from keras_selflearn.network.backbone import identity_of
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.features import compute_features, features_key
from keras_selflearn.network.head_network import HeadNetwork
from keras_selflearn.network.names import has_own_weights
from keras_selflearn.network.precision import resolve_precision
from keras_selflearn.network.side_by_side import each_backbone, has_few_features
from keras_selflearn.options.training import of_head
from keras_selflearn.storage.cache import cache_root
from keras_selflearn.training.joined_embedding import JoinedEmbedding

_Tell = Callable[[str, int, int], None]


def features_once(
    parameters: Mapping[str, Any], network: HeadNetwork, images: np.ndarray, kind: str, tell: _Tell
) -> list[np.ndarray]:
    """Return the features (n, d) of the images by each backbone, each kept on its own.

    Parameters
    ----------
    parameters : dict
        The estimator's; the network is built from them.
    network : HeadNetwork
    images : (n, height, width, channels) uint8
    kind : str
        What the images are, for people.
    tell : callable
        `tell(kind, done, n)` says how many are done.
    """
    names = ("image_size", "preprocessing", "mirror")
    decisive = {name: str(parameters[name]) for name in names}
    decisive["precision"] = resolve_precision(parameters["precision"])
    found = []
    for backbone, featurizer, compute, base in zip(
        each_backbone(parameters["backbone"]),
        network.featurizers,
        network.feature_functions,
        network.backbones,
    ):
        key = features_key(
            images, {**decisive, "backbone": identity_of(backbone)}, featurizer.get_weights()
        )
        found.append(
            compute_features(
                compute,
                images,
                features_folder() / key,
                d=featurizer.output_shape[-1],
                kind=kind,
                network=base.name,
                pixels=math.prod(network.seen_shape[:2]),
                tell=tell,
            )
        )
    return found


def frozen_embeddings(
    parameters: Mapping[str, Any], images: np.ndarray, *, n_classes: int, tell: _Tell
) -> np.ndarray | None:
    """Return the embeddings (n, d) float32 of images by the initial weights.

    No label of the images is in them. None where the initial weights are random, or where the
    network gives too many features. Only a head's features are kept in the cache folder.

    Parameters
    ----------
    parameters : dict
        The estimator's.
    images : (n, height, width, channels) uint8
    n_classes : int
    tell : callable
        See `features_once`.
    """
    if not _has_pretrained_weights(parameters) or not has_few_features(parameters["backbone"]):
        return None
    network = frozen_network(parameters, images.shape[1:], n_classes=n_classes)
    if parameters["train"] == "all":
        features = [embed(network, images, np.arange(len(images)))]
    else:
        features = features_once(of_head(parameters), network, images, "training", tell)
    return JoinedEmbedding.fit(features).embed(features)


def frozen_network(
    parameters: Mapping[str, Any], image_shape: Sequence[int], *, n_classes: int
) -> HeadNetwork:
    """Build the network with its initial weights, whose embeddings are the features of a head."""
    options = {**of_head(parameters), "head": "logistic"}
    height, width, channels = image_shape
    network = network_from(options, CrossEntropy(), (height, width, channels), n_classes)
    assert isinstance(network, HeadNetwork)
    return network


def features_folder() -> Path:
    """The folder in the user's cache folder that keeps features."""
    return cache_root() / "features"


def _has_pretrained_weights(parameters: Mapping[str, Any]) -> bool:
    return str(parameters["weights"]) != "random" or all(
        not isinstance(each, str) or has_own_weights(each)
        for each in each_backbone(parameters["backbone"])
    )
