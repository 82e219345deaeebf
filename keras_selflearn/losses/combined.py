"""A weighted sum of several losses over one embedding (section 5, future work)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputError, check_number
from keras_selflearn.losses.objective import Objective


class SideBySideHeads:
    """The embedding, and after it the outputs of the heads.

    It makes a model of plain layers, which Keras can save without it.

    Parameters
    ----------
    heads : sequence of Layer
        From the embedding to the outputs of a loss.
    lengthened : sequence of bool
        Whether a head sees the embedding times the root of its dimensions. An embedding of length
        1 would let the logits of a linear head differ too little.
    """

    def __init__(self, heads: Sequence[tf.keras.layers.Layer], lengthened: Sequence[bool]) -> None:
        self.heads = tuple(heads)
        self._lengthened = tuple(lengthened)

    def __call__(self, embeddings: tf.Tensor) -> tf.Tensor:
        """The outputs (batch, d + ...) float32 of embeddings (batch, d)."""
        layers = tf.keras.layers
        longer = layers.Rescaling(root(embeddings.shape[-1]), dtype="float32", name="lengthened")
        outputs = [
            head(longer(embeddings) if is_lengthened else embeddings)
            for head, is_lengthened in zip(self.heads, self._lengthened)
        ]
        return layers.Concatenate(dtype="float32", name="outputs")([embeddings, *outputs])


def root(dimensions: int) -> float:
    """The length of an embedding whose components have the mean square 1."""
    return float(np.sqrt(dimensions))


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class WeightedSum(tf.keras.losses.Loss):
    """The weighted sum of the means of several losses, each of its own part of the outputs.

    Parameters
    ----------
    losses : sequence of Loss
    weights : sequence of float
    widths : sequence of int
        The columns of a loss's head; 0 for a loss of the embedding itself. The embedding comes
        first, and then the heads in the order of the losses.
    """

    def __init__(
        self,
        losses: Sequence[tf.keras.losses.Loss],
        weights: Sequence[float],
        widths: Sequence[int],
    ) -> None:
        super().__init__(name="weighted_sum")
        self.losses = list(losses)
        self.weights = list(weights)
        self.widths = list(widths)

    def call(self, y_true: tf.Tensor, y_pred: tf.Tensor) -> tf.Tensor:
        """The scalar loss of labels (batch,) and outputs (batch, d + sum of widths)."""
        start = y_pred.shape[-1] - sum(self.widths)
        embeddings, total = y_pred[:, :start], tf.constant(0.0)
        for loss, weight, width in zip(self.losses, self.weights, self.widths):
            outputs = y_pred[:, start : start + width] if width else embeddings
            total += weight * tf.reduce_mean(loss.call(y_true, outputs))
            start += width
        return total

    def get_config(self) -> dict[str, Any]:
        """The arguments that make this loss again."""
        name_of = tf.keras.utils.get_registered_name
        losses = [(name_of(type(loss)), loss.get_config()) for loss in self.losses]
        return {"losses": losses, "weights": self.weights, "widths": self.widths}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> WeightedSum:
        """The loss that gave `config`."""
        class_of = tf.keras.utils.get_registered_object
        losses = [class_of(name).from_config(loss) for name, loss in config["losses"]]
        return cls(losses, config["weights"], config["widths"])


class _LinearHead:
    """The head of logits as one of the embedding itself, which is not lengthened."""

    def __init__(self, layer: tf.keras.layers.Layer, factor: float) -> None:
        self._layer, self._factor = layer, factor

    def get_weights(self) -> list[np.ndarray]:
        """The kernel (d, n_classes) and the bias (n_classes,)."""
        kernel, bias = self._layer.get_weights()
        return [kernel * np.float32(self._factor), bias]


@dataclass(frozen=True)
class Combined(Objective):
    """A weighted sum of losses, such as cross-entropy and triplet, over one embedding.

    The embedding is divided by its length if one of the losses needs that. A head of logits sees
    it times the root of its dimensions then. The first loss names the optimiser and the labeller,
    if no option does.

    Parameters
    ----------
    losses : tuple of Objective
        Two or more, of different names.
    weights : tuple of float, optional
        One for each loss, above 0. By default each counts 1.

    Raises
    ------
    InputError
        For fewer than two losses, a loss that comes twice, two heads of logits, and weights that
        are not one for each loss.
    """

    losses: tuple[Objective, ...]
    weights: tuple[float, ...] = ()

    is_sum = True

    def __post_init__(self) -> None:
        losses = tuple(self.losses)
        weights = tuple(self.weights) or (1.0,) * len(losses)
        name = "+".join(each.name for each in losses)
        if len({each.name for each in losses}) < max(len(losses), 2):
            raise InputError(f"A sum of losses is '{name}': give two or more, each once.")
        if len(weights) != len(losses):
            raise InputError(
                f"loss_weights has {len(weights)} numbers, and '{name}' has {len(losses)} losses:"
                " give one for each."
            )
        for weight in weights:
            check_number("A number in loss_weights", weight, above=0)
        if sum(each.logits for each in losses) > 1:
            raise InputError(f"Two losses in '{name}' have a head of logits: give one of them.")
        of_all = {
            "losses": losses,
            "weights": weights,
            "name": name,
            "optimizer": losses[0].optimizer,
            "labelling": losses[0].labelling,
            "normalized": any(each.normalized for each in losses),
            "logits": any(each.logits for each in losses),
            "needs_pairs": all(each.needs_pairs for each in losses),
            "needs_two": all(each.needs_two for each in losses),
        }
        for attribute, value in of_all.items():
            object.__setattr__(self, attribute, value)  # of a frozen dataclass

    def loss(self) -> tf.keras.losses.Loss:
        """Not known without the number of classes: see `loss_of_classes`."""
        raise InputError("A sum of losses needs the number of classes: use loss_of_classes.")

    def loss_of_classes(self, n_classes: int) -> tf.keras.losses.Loss:
        """The loss of labels (batch,), and of the outputs of `head` or the embedding."""
        widths = []
        for each in self.losses:
            head = each.head(n_classes)
            widths.append(head.compute_output_shape((None, 1))[-1] if head else 0)
        losses = [each.loss_of_classes(n_classes) for each in self.losses]
        return WeightedSum(losses, self.weights, widths)

    def head(self, n_classes: int) -> SideBySideHeads | None:
        """The heads of all losses side by side; None where no loss has one."""
        heads = [(each.head(n_classes), each) for each in self.losses]
        found = [(head, self._lengthens(each)) for head, each in heads if head is not None]
        return SideBySideHeads(*zip(*found)) if found else None

    def logits_head(self, head: Any) -> Any:
        """The head of logits in what `head` gave, for the labeller; None without one."""
        if not self.logits or head is None:
            return None
        with_head = [each for each in self.losses if each.head(1) is not None]
        (place,) = (place for place, each in enumerate(with_head) if each.logits)
        layer = head.heads[place]
        lengthens = self._lengthens(with_head[place])
        return _LinearHead(layer, root(layer.get_weights()[0].shape[0]) if lengthens else 1.0)

    def _lengthens(self, loss: Objective) -> bool:
        return self.normalized and not loss.normalized
