"""The network of section 4: VGG16, dropout, a 256-dimensional embedding, and the loss's head."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Callable

import tensorflow as tf

from keras_selflearn.console.errors import unknown_name
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network import data_parallel, names
from keras_selflearn.network.batch_statistics import BatchStatistics
from keras_selflearn.network.convolution import quicken_kernel_gradients
from keras_selflearn.network.dropout import Dropout
from keras_selflearn.network.hub_encoder import HubEncoder
from keras_selflearn.network.image_features import image_features
from keras_selflearn.network.keras_settings import keras_settings
from keras_selflearn.network.own_model import Backbone
from keras_selflearn.network.precision import precision_policy
from keras_selflearn.network.resizing import Resize
from keras_selflearn.network.strategy import make_strategy

OPTIMIZERS = {
    name: getattr(tf.keras.optimizers, class_name) for name, class_name in names.OPTIMIZERS.items()
}


@dataclass(frozen=True)
class Network:
    """One set of weights, used by three models.

    Attributes
    ----------
    trainer : compiled Model
        From uint8 images (batch, height, width, channels) to what the loss takes.
    embedder : Model
        From the same images to float32 embeddings (batch, embedding_size).
    backbones : tuple of Model
        The convolutional part of both; one, or several side by side.
    head : Layer, `SideBySideHeads` or None
        From the embedding to the output of `trainer`.
    earlier_steps : Variable
        The number of gradient steps before the optimiser last started anew, int64.
    """

    trainer: tf.keras.Model
    embedder: tf.keras.Model
    backbones: tuple[tf.keras.Model, ...]
    head: Any
    earlier_steps: tf.Variable

    @property
    def backbone(self) -> tf.keras.Model:
        """The only one of `backbones`."""
        (backbone,) = self.backbones
        return backbone

    @property
    def seen_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images once they are resized; the largest."""
        return largest(shape_seen(self.embedder, each) for each in self.backbones)

    @property
    def trained(self) -> Network:
        """The network whose weights training changes: all of it, or what follows the features."""
        return self

    @property
    def averaged(self) -> list[tf.Variable]:
        """What an average of the weights is taken of: all that training changes, float32."""
        layers = self.trainer.layers
        renewed = (each for each in layers if isinstance(each, BatchStatistics))
        statistics = [variable for each in renewed for variable in each.moving_statistics]
        return [*self.trainer.trainable_variables, *statistics]

    @functools.cached_property
    def embed_batch(self) -> Callable[[tf.Tensor], tf.Tensor]:
        """`embedder` as a compiled function."""
        return compiled(self.embedder)

    def without_optimizer(self) -> tf.keras.Model:
        """Return a model with the weights of `trainer` alone, to save and load."""
        return tf.keras.Model(self.trainer.input, self.trainer.output, name="trainer")

    def steps_done(self) -> tf.Tensor:
        """Return the number of gradient steps since the network was built, int64."""
        return _steps_done(self.trainer, self.earlier_steps)


@keras_settings()
def build_network(
    *,
    backbone: Backbone,
    weights: str | os.PathLike,
    image_shape: tuple[int, int, int],
    n_classes: int,
    objective: Objective,
    embedding_size: int,
    dropout: float,
    optimizer: str,
    learning_rate: float,
    precision: str,
    strategy: str = "none",
    seed: int = 0,
    image_size: int | None = None,
    preprocessing: str | None = None,
    batch_statistics: bool = False,
    raw: bool = False,
) -> Network:
    """Build and compile the network.

    Images stay uint8 until the network scales their pixels: see `image_features` for `image_size`,
    `preprocessing` and `batch_statistics`. Embedding, head and loss are float32 with every
    `precision`. With `raw` the embedder ends before the embedding is normalised for the loss.
    Several replicas (see `make_strategy`) take the same step as one device takes on
    the whole batch (see `data_parallel`). `seed` decides the dropout masks; random weights come
    from TensorFlow's global generator.

    Raises
    ------
    InputError
        As `image_features`, and for an unknown optimiser.
    """
    if optimizer not in OPTIMIZERS:
        raise unknown_name("optimizer", optimizer, OPTIMIZERS)
    layers = tf.keras.layers
    distribution = make_strategy(strategy)
    several = distribution.num_replicas_in_sync > 1
    model = data_parallel.DataParallelModel if several else tf.keras.Model
    loss = objective.loss_of_classes(n_classes)
    loss = data_parallel.WholeBatchLoss(loss) if several else loss
    with distribution.scope(), precision_policy(precision):
        images = tf.keras.Input(image_shape, dtype="uint8", name="images")
        features, base = image_features(
            images,
            backbone=backbone,
            weights=weights,
            image_size=image_size,
            preprocessing=preprocessing,
            several=several,
            batch_statistics=batch_statistics,
        )
        quicken_kernel_gradients(base)
        earlier_steps = tf.Variable(0, trainable=False, dtype=tf.int64)
        features = Dropout(
            dropout, seed, lambda: _steps_done(trainer, earlier_steps), name="dropout"
        )(features)
        embedding = layers.Dense(embedding_size, dtype="float32", name="embedding")(features)
        compared = embedding
        if objective.normalized:
            embedding = layers.UnitNormalization(dtype="float32", name="unit_embedding")(embedding)
        head = objective.head(n_classes)
        embedder = tf.keras.Model(images, compared if raw else embedding, name="embedder")
        trainer = model(images, head(embedding) if head else embedding, name="trainer")
        trainer.compile(
            optimizer=OPTIMIZERS[optimizer](learning_rate),
            loss=loss,
            # XLA trains five times slower on a CPU and can't gather outputs of several devices. It
            # compiles again for each size of a batch, and most meta-iterations have a new size.
            jit_compile=False,
        )
        # A function that makes variables when first called is traced twice.
        trainer.optimizer.build(trainer.trainable_variables)
    return Network(trainer, embedder, (base,), head, earlier_steps)


def compiled(model: tf.keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return a model of one input as a function that is traced once for batches of all sizes."""
    dtype = tf.as_dtype(model.inputs[0].dtype)
    images = tf.TensorSpec((None, *model.input_shape[1:]), dtype)
    return tf.function(functools.partial(model, training=False), (images,))


def shape_seen(model: tf.keras.Model, backbone: tf.keras.Model) -> tuple[int, int, int]:
    """Height, width and channels of a model's images once they are resized for its backbone."""
    height, width, channels = model.input_shape[1:]
    for layer in _layers(model):
        if isinstance(layer, Resize):
            height, width = layer.height, layer.width
    if isinstance(backbone, HubEncoder) and backbone.resizes_to is not None:
        height, width = backbone.resizes_to
    return height, width, channels


def _layers(model: tf.keras.Model) -> Iterator[tf.keras.layers.Layer]:
    """Give all layers of a model and of the models in it."""
    for layer in model.layers:
        if isinstance(layer, tf.keras.Model):
            yield from _layers(layer)
        else:
            yield layer


def largest(shapes: Iterable[tuple[int, int, int]]) -> tuple[int, int, int]:
    """The shape (height, width, channels) with the most pixels."""
    return max(shapes, key=lambda shape: shape[0] * shape[1])


def _steps_done(trainer: tf.keras.Model, earlier_steps: tf.Variable) -> tf.Tensor:
    optimizer = trainer.optimizer
    # For float16 an optimiser that scales the loss has another one inside. That one counts.
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    return earlier_steps + tf.cast(tf.convert_to_tensor(optimizer.iterations), tf.int64)
