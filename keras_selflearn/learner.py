"""The network as the loop uses it: train, label, measure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from sklearn.preprocessing import StandardScaler

from keras_selflearn.errors import InputError
from keras_selflearn.labelling import Labeller
from keras_selflearn.loop import Examples
from keras_selflearn.model import Network
from keras_selflearn.objective import Objective
from keras_selflearn.pipeline import inference_batches, steps_per_epoch, training_batches
from keras_selflearn.profiling import stage
from keras_selflearn.training import Training

REFERENCES = ("initial", "all")
VALIDATION_FEATURES = ("as-is", "standardised")
# Of an inference batch, 400 images of 32x32: the memory that the network embeds in grows with them.
_INFERENCE_PIXELS = 400 * 32 * 32
# A loss that falls by less than this, in the loss's own unit, has settled.
_SETTLED_WITHIN = 0.01


class KerasLearner:
    """Trains one compiled network on and on, and labels with what it has learned.

    Parameters
    ----------
    network : Network
    objective : Objective
    images : (n, height, width, channels) uint8
    n_classes : int
    validation_data : (images, labels) or None
        Labels as integers from 0 to n_classes - 1, or -1 for a class that training does not have.
    first_training, meta_training : Training
        The fine-tuning on the initial labels and that of each meta-iteration.
    batch_size : int
    augmentations : sequence of str
    reference : "initial" or "all"
        Which labelled examples the nearest-neighbour search uses.
    n_neighbors : int
    validation_features : "as-is" or "standardised"
        Of the nearest-neighbour search that gives the validation accuracy: embeddings, or the
        reference's and the validation data's each standardised with their own mean and deviation.
        For an objective that uses no reference there is no difference.
    seed : int
    callbacks : sequence of Keras callbacks
        Active in every training.

    Attributes
    ----------
    labeller : Labeller or None
        Of the network as last trained.
    validation_embeddings : (m, d) float32 or None
        Of the validation images, as last measured.
    """

    def __init__(
        self,
        network: Network,
        objective: Objective,
        images: np.ndarray,
        *,
        n_classes: int,
        validation_data: tuple[np.ndarray, np.ndarray] | None,
        first_training: Training,
        meta_training: Training,
        batch_size: int,
        augmentations: Sequence[str],
        reference: str,
        n_neighbors: int,
        validation_features: str,
        seed: int,
        callbacks: Sequence[tf.keras.callbacks.Callback],
    ):
        self.network = network
        self.objective = objective
        self.images = images
        self.n_classes = n_classes
        self.validation_data = validation_data
        self.first_training = first_training
        self.meta_training = meta_training
        self.batch_size = batch_size
        self.augmentations = augmentations
        self.reference = reference
        self.n_neighbors = n_neighbors
        self.validation_features = validation_features
        self.seed = seed
        self.callbacks = list(callbacks)
        self.labeller: Labeller | None = None
        self.validation_embeddings: np.ndarray | None = None
        self._keras_epochs = 0
        self._data_epochs = 0

    def train(self, examples: Examples, meta_iteration: int) -> tuple[float, int]:
        """Go on from the present weights and optimiser state.

        Returns
        -------
        loss : float
            Mean of the last epoch.
        gradient_steps : int

        Raises
        ------
        InputError
            When the loss is NaN or infinite.
        """
        training = self.meta_training if meta_iteration else self.first_training
        indices = examples.labelled
        per_epoch = steps_per_epoch(len(indices), self.batch_size)
        parts, steps = training.epochs_and_steps(per_epoch)
        batches = training_batches(
            self.images,
            indices,
            examples.labels[indices],
            batch_size=self.batch_size,
            first_epoch=self._data_epochs,
            steps=parts * steps,
            augmentations=self.augmentations,
            seed=self.seed,
        )
        with stage("train", images=parts * steps * min(self.batch_size, len(indices))):
            history = self.network.trainer.fit(
                batches,
                initial_epoch=self._keras_epochs,
                epochs=self._keras_epochs + parts,
                steps_per_epoch=steps,
                callbacks=[*_callbacks_of(training, parts * steps), *self.callbacks],
                shuffle=False,
                verbose=0,
            )
        gradient_steps = len(history.epoch) * steps
        self._keras_epochs += len(history.epoch)
        self._data_epochs += -(-gradient_steps // per_epoch)
        loss = float(history.history["loss"][-1])
        if not math.isfinite(loss):
            raise InputError(
                f"The loss became {loss} in meta-iteration {meta_iteration}: try a lower learning"
                f" rate than {training.learning_rate}."
            )
        self.labeller = self._labeller_of(examples)
        return loss, gradient_steps

    def label(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Labels (k,) int64 and confidences (k,) float64 of these training examples."""
        embeddings = self._embed("unlabelled", self.images, indices)
        with stage("label", images=len(indices)):
            return self.labeller.label(embeddings)

    def validation_accuracy(self) -> float | None:
        """Percent of the validation data labelled right; None without validation data."""
        if self.validation_data is None:
            return None
        images, labels = self.validation_data
        self.validation_embeddings = self._embed("test", images, np.arange(len(images)))
        with stage("label", images=len(images)):
            predicted = self._label_validation(self.validation_embeddings)
        return 100 * int(np.sum(predicted == labels)) / len(labels)

    def _label_validation(self, embeddings: np.ndarray) -> np.ndarray:
        labeller = self.labeller
        if self.validation_features == "standardised" and self.objective.uses_reference:
            # It leaves a dimension without deviation at 0.
            standardise = StandardScaler().fit_transform
            labeller = self._make_labeller(standardise(labeller.reference), labeller.labels)
            embeddings = standardise(embeddings)
        return labeller.label(embeddings)[0]

    def _labeller_of(self, examples: Examples) -> Labeller:
        reference = np.empty(0, np.int64)
        if self.objective.uses_reference:
            use_all = self.reference == "all"
            reference = examples.labelled if use_all else examples.initially_labelled
        embeddings = self._embed("labelled", self.images, reference)
        return self._make_labeller(embeddings, examples.labels[reference])

    def _embed(self, kind: str, images: np.ndarray, indices: np.ndarray) -> np.ndarray:
        with stage(f"embed {kind} images", images=len(indices)):
            return embed(self.network, images, indices)

    def _make_labeller(self, reference: np.ndarray, labels: np.ndarray) -> Labeller:
        return self.objective.labeller(
            self.network.head,
            reference,
            labels,
            n_classes=self.n_classes,
            n_neighbors=self.n_neighbors,
        )


class _FollowRates(tf.keras.callbacks.Callback):
    """Gives each gradient step of a training its learning rate."""

    def __init__(self, rates: np.ndarray):
        super().__init__()
        self._rates = iter(rates)

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        self.model.optimizer.learning_rate.assign(next(self._rates))


def _callbacks_of(training: Training, n_steps: int) -> list[tf.keras.callbacks.Callback]:
    callbacks = [_FollowRates(training.rates(n_steps))]
    if training.settled_epochs is not None:
        callbacks.append(
            tf.keras.callbacks.EarlyStopping(
                monitor="loss", min_delta=_SETTLED_WITHIN, patience=training.settled_epochs
            )
        )
    return callbacks


def embed(network: Network, images: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Embeddings (k, d) float32 of the images at `indices` (k,)."""
    embeddings = np.empty((len(indices), network.embedder.output_shape[-1]), np.float32)
    if len(indices):
        batch_size = inference_batch_size(images.shape[1:])
        batches = inference_batches(images, indices, batch_size=batch_size)
        if network.embedder.distribute_strategy.num_replicas_in_sync > 1:
            return network.embedder.predict(batches, verbose=0)  # shares each batch out
        # Keras' `predict` would hold all of them twice, and Keras 3's is traced for a last batch
        # that is smaller.
        for i, batch in enumerate(batches):
            start = i * batch_size
            embeddings[start : start + batch_size] = network.embed_batch(batch)
    return embeddings


def inference_batch_size(image_shape: tuple[int, ...]) -> int:
    """How many images of this (height, width, channels) are embedded at a time."""
    height, width, _ = image_shape
    return max(1, _INFERENCE_PIXELS // (height * width))
