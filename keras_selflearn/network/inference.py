"""A network inside another that is always called as for inference."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="keras_selflearn")
class Inference(tf.keras.layers.Layer):
    """Call `network` as for inference, in training, too. All its weights can still be trained.

    A functional model can't do this: Keras 3 passes `training` on to all that is in it, whatever
    value a part of it was called with.

    Parameters
    ----------
    network : Model
        From one tensor to another.
    """

    def __init__(self, network: tf.keras.Model, **options: Any) -> None:
        # The network casts its inputs itself, by its own policy.
        super().__init__(**{"dtype": "float32", "autocast": False, **options})
        self.network = network

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """Give what the network makes of the inputs."""
        return self.network(inputs, training=False)

    def get_config(self) -> dict[str, Any]:
        """What a file of Keras keeps of the layer."""
        return {**super().get_config(), "network": self.network.to_json()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Inference:
        """Make the layer with random weights."""
        network = tf.keras.models.model_from_json(config["network"])
        return cls(**{**config, "network": network})
