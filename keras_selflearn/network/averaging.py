"""The exponential moving average of a network's weights over one training."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

# Gradient steps from one update to the next: an update of VGG16's 15 million weights takes several
# per cent of a gradient step.
_EVERY = 10


class WeightAverage:
    """The mean of the weights along a training. At its end the mean replaces the weights.

    w_1 to w_n are the weights after every tenth gradient step of the training. In their mean, w_i
    weighs momentum^(10 (n - i)). The weights at the start of the training have no share in it. A
    training of up to ten steps ends with its last weights.

    Parameters
    ----------
    weights : sequence of float32 variables
        The network's, on one device or more, with the moving statistics that training renews.

    Attributes
    ----------
    variables : list of Variable
        The mean so far, one copy on any number of devices. With the number of steps it is all that
        another process needs to go on.
    """

    def __init__(self, weights: Sequence[tf.Variable]) -> None:
        self._weights = list(weights)
        self.variables = [
            tf.Variable(tf.convert_to_tensor(each), trainable=False) for each in self._weights
        ]
        self._update = tf.function(self._move, [tf.TensorSpec((), tf.float32)])

    def after_step(self, steps: int, momentum: float) -> None:
        """Include the present weights. So many gradient steps of the training are done.

        `momentum`, above 0 and below 1, is the momentum of one step.
        """
        if steps % _EVERY == 0:
            self._include(steps, momentum)

    def take_over(self, steps: int, momentum: float) -> None:
        """Replace the network's weights by the mean, after the last of so many steps."""
        if steps % _EVERY:
            self._include(steps, momentum)
        for weight, mean in zip(self._weights, self.variables):
            weight.assign(mean)

    def _include(self, steps: int, momentum: float) -> None:
        number, kept = -(-steps // _EVERY), momentum**_EVERY
        self._update((1 - kept) / (1 - kept**number))

    def _move(self, share: tf.Tensor) -> None:
        for mean, weight in zip(self.variables, self._weights):
            mean.assign((1 - share) * mean + share * tf.convert_to_tensor(weight))
