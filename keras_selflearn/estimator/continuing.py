"""Begin a training with the network of a fitted classifier."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.fitted import Fitted
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.model import Network
from keras_selflearn.network.names import OWN
from keras_selflearn.network.own_model import is_own_model


def check_trains(train: str, fitted: Fitted) -> None:
    """Raise an `InputError` unless both the training and the fitted one are of a whole network."""
    for what, trained in (("train", train), ("its train", fitted.parameters["train"])):
        if trained != "all":
            raise InputError(
                f"continue_from is given, and {what} is '{trained}': only the training of a whole"
                " network (train='all') can continue from another one."
            )


@dataclass(frozen=True)
class Start:
    """The weights that a network begins with.

    Attributes
    ----------
    embedding : list of arrays
        From images to the embedding.
    head : list of arrays or None
        All weights with those of the head; None if the head begins anew.
    """

    embedding: list[np.ndarray]
    head: list[np.ndarray] | None

    @classmethod
    def of(cls, fitted: Fitted, objective: Objective, classes: np.ndarray) -> Start:
        """Take the weights of a fitted classifier.

        Parameters
        ----------
        fitted : Fitted
        objective : Objective
        classes : (n_classes,) array
            Of the training that begins.
        """
        same_head = type(fitted.objective) is type(objective) and (
            fitted.classes.tolist() == classes.tolist()
        )
        network = fitted.network
        return cls(
            network.embedder.get_weights(),
            network.without_optimizer().get_weights() if same_head else None,
        )

    def changes(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a network that is built to get these weights: it loads no others."""
        return {"weights": OWN if is_own_model(parameters["backbone"]) else "random"}

    def give_to(self, network: Network) -> None:
        """Give the weights to a network that was just built.

        Raises
        ------
        InputError
            When it is another network.
        """
        whole = network.without_optimizer()
        for model, weights in ((network.embedder, self.embedding), (whole, self.head)):
            if weights is None:
                continue
            shapes = [tuple(each.shape) for each in model.get_weights()]
            if shapes != [each.shape for each in weights]:
                raise InputError(
                    "continue_from has another network: give the same backbone, embedding_size and"
                    " parameters of the network."
                )
            model.set_weights(weights)

    def digest(self) -> str:
        """SHA-256 of the weights."""
        digest = hashlib.sha256(b"with head" if self.head else b"without head")
        for weights in (*self.embedding, *(self.head or ())):
            digest.update(np.ascontiguousarray(weights).tobytes())
        return digest.hexdigest()
