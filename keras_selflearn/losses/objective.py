"""A loss with all that the rest of the package must know about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import TYPE_CHECKING, Any, ClassVar, cast

if TYPE_CHECKING:
    import tensorflow as tf


class Objective(ABC):
    """A loss, its head and its optimiser.

    A new loss is a frozen dataclass that inherits from this class. Its fields are the parameters of
    the loss, and their defaults are the paper's. A metric loss needs no more than `name` and
    `loss`.

    Attributes
    ----------
    name : str
        The name in `--loss` and in the paper's tables.
    optimizer : str
        Keras' name of the optimiser that the paper uses with this loss.
    normalized : bool
        Whether embeddings are divided by their Euclidean length.
    logits : bool
        Whether the head is a linear layer that gives the logits of the classes.
    labelling : str
        The labeller that is used if no option names one (see `labeller_names`).
    needs_pairs : bool
        Whether a batch without two images of one class teaches nothing.
    needs_two : bool
        Whether a batch of one image teaches nothing.
    weighs : bool
        Whether `loss` has a value for each image of a batch, so that each can have a weight.
    is_sum : bool
        Whether it is a sum of several losses.
    """

    name: ClassVar[str]
    optimizer: ClassVar[str] = "adam"
    normalized: ClassVar[bool] = True
    logits: ClassVar[bool] = False
    labelling: ClassVar[str] = "nearest"
    needs_pairs: ClassVar[bool] = False
    needs_two: ClassVar[bool] = False
    weighs: ClassVar[bool] = False
    is_sum: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("uses_reference", "labeller"):
            if name in vars(cls):
                raise TypeError(
                    f"{cls.__name__}.{name} is of version 0.2.0, where a loss had a labeller: name"
                    " one with `labelling`, and give your own to `register_labeller`."
                )

    @abstractmethod
    def loss(self) -> tf.keras.losses.Loss:
        """The Keras loss of integer labels (batch,) and the network's outputs (batch, ...)."""

    def loss_of_classes(self, n_classes: int) -> tf.keras.losses.Loss:
        """The same, for a sum of losses, which shares the outputs out to its losses."""
        return self.loss()

    def head(self, n_classes: int) -> Any:
        """The layer from the embedding to what the loss takes; None: the embedding itself.

        A sum of losses has `SideBySideHeads` here, which is called like a layer.
        """
        return None

    def logits_head(self, head: Any) -> Any:
        """Return what gives the labeller the kernel and bias of the logits; None without logits.

        Parameters
        ----------
        head : Layer or `LinearHead`, optional
            That of the network.
        """
        return head if self.logits else None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters of the loss by name, as scikit-learn asks for them."""
        return {each.name: getattr(self, each.name) for each in fields(cast(Any, self))}
