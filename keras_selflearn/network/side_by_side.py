"""Several networks side by side: what a `backbone` names, and what each of them starts from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Union

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.several import values_in
from keras_selflearn.network.backbone import check_backbone, identity_of, n_features, name_of
from keras_selflearn.network.names import OWN
from keras_selflearn.network.own_model import Backbone, is_hub, is_own_model
from keras_selflearn.network.preprocessing import mode_of

Backbones = Union[Backbone, Sequence[Backbone]]
# A crafted file of a classifier could name thousands, and they would take all memory.
_MOST = 8
# The principal components of more take many minutes and gigabytes.
_MOST_FEATURES = 8192


def each_backbone(backbone: Backbones) -> tuple[Backbone, ...]:
    """The networks that `backbone` names, at least one.

    Parameters
    ----------
    backbone : str, Model, path, or list or tuple of these
        Commas in a text separate networks. In a list, and in a path that is no text, they belong
        to a name.

    Raises
    ------
    InputError
        For none, and for too many.
    """
    if isinstance(backbone, (list, tuple)):
        found = tuple(backbone)
    else:
        found = tuple(values_in(backbone)) if isinstance(backbone, str) else (backbone,)
    if not 1 <= len(found) <= _MOST:
        raise InputError(f"backbone names {len(found)} networks: give one, or up to {_MOST}.")
    return found


def weights_of_each(
    backbones: Sequence[Backbone], weights: str | os.PathLike
) -> list[str | os.PathLike]:
    """The weights of each network: a model of the user's keeps its own beside a named network."""
    has_name = [not is_own_model(each) for each in backbones]
    return [weights if is_named or not any(has_name) else OWN for is_named in has_name]


def check_backbones(backbone: Backbones, weights: str | os.PathLike) -> None:
    """Check all networks and their weights.

    Raises
    ------
    InputError
        As `check_backbone`, and for a weights file that two networks would start from.
    """
    backbones = each_backbone(backbone)
    starts = weights_of_each(backbones, weights)
    for each, start in zip(backbones, starts):
        if not is_own_model(each) and start not in ("random", "imagenet", OWN):
            _check_only_one(backbones, start)
        check_backbone(each, start)


def _check_only_one(backbones: Sequence[Backbone], weights: str | os.PathLike) -> None:
    named = [str(each) for each in backbones if not is_own_model(each)]
    if len(named) > 1:
        raise InputError(
            f"The weights file {weights} is for one network, and backbone names"
            f" {' and '.join(named)}: give weights 'random' or 'imagenet', or a whole model"
            " (.keras or .h5) in the place of a name."
        )


def has_few_features(backbone: Backbones) -> bool:
    """Whether a head can be fitted on the features of an image."""
    return n_features_of_all(backbone) <= _MOST_FEATURES


def check_few_features(backbone: Backbones) -> None:
    """Raise an `InputError` where images have too many features for a head on them."""
    number = n_features_of_all(backbone)
    if not has_few_features(backbone):
        raise InputError(
            f"The network gives {number} features of an image, and a head takes up to"
            f" {_MOST_FEATURES}: give a model that ends with its feature map, whose mean is taken,"
            " or with pooling in place of Flatten; or fewer networks."
        )


def check_preprocessing(backbone: Backbones, preprocessing: str | None) -> None:
    """Raise an `InputError` unless pixels can be scaled in this way for all networks.

    A preset of KerasHub has its own way, also beside others.
    """
    others = [each for each in each_backbone(backbone) if not is_hub(each)]
    if not others and preprocessing is not None:
        raise InputError(
            f"A preset of KerasHub has its own preprocessing, and preprocessing is"
            f" '{preprocessing}' (--preprocessing): leave it out."
        )
    for each in others:
        mode_of(preprocessing, name_of(each))


def identity_of_all(backbone: Backbones) -> str:
    """What tells these networks, in this order, from all others."""
    return ",".join(identity_of(each) for each in each_backbone(backbone))


def n_features_of_all(backbone: Backbones) -> int:
    """The number of features of an image, over all networks."""
    return sum(n_features(each) for each in each_backbone(backbone))
