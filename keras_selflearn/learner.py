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

REFERENCES = ("initial", "all")
VALIDATION_FEATURES = ("as-is", "standardised")
# Larger than in training: no gradients are kept.
INFERENCE_BATCH_SIZE = 200


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
    epochs, meta_epochs : int
        Of the fine-tuning on the initial labels and of each meta-iteration.
    learning_rate, self_learning_rate : float
        Likewise.
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
        epochs: int,
        meta_epochs: int,
        learning_rate: float,
        self_learning_rate: float,
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
        self.epochs = epochs
        self.meta_epochs = meta_epochs
        self.learning_rate = learning_rate
        self.self_learning_rate = self_learning_rate
        self.batch_size = batch_size
        self.augmentations = augmentations
        self.reference = reference
        self.n_neighbors = n_neighbors
        self.validation_features = validation_features
        self.seed = seed
        self.callbacks = list(callbacks)
        self.labeller: Labeller | None = None
        self.validation_embeddings: np.ndarray | None = None
        self._epochs_done = 0

    def train(self, examples: Examples, meta_iteration: int) -> float:
        """Go on from the present weights and optimiser state; the last epoch's mean loss.

        Raises
        ------
        InputError
            When that loss is NaN or infinite.
        """
        n_epochs = self.meta_epochs if meta_iteration else self.epochs
        rate = self.self_learning_rate if meta_iteration else self.learning_rate
        self.network.trainer.optimizer.learning_rate.assign(rate)
        epochs = range(self._epochs_done, self._epochs_done + n_epochs)
        indices = examples.labelled
        history = self.network.trainer.fit(
            training_batches(
                self.images,
                indices,
                examples.labels[indices],
                batch_size=self.batch_size,
                epochs=epochs,
                augmentations=self.augmentations,
                seed=self.seed,
            ),
            initial_epoch=epochs.start,
            epochs=epochs.stop,
            steps_per_epoch=steps_per_epoch(len(indices), self.batch_size),
            callbacks=self.callbacks,
            shuffle=False,
            verbose=0,
        )
        self._epochs_done = epochs.stop
        loss = float(history.history["loss"][-1])
        if not math.isfinite(loss):
            raise InputError(
                f"The loss became {loss} in meta-iteration {meta_iteration}: try a lower learning"
                f" rate than {rate}."
            )
        self.labeller = self._labeller_of(examples)
        return loss

    def label(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Labels (k,) int64 and confidences (k,) float64 of these training examples."""
        return self.labeller.label(embed(self.network.embedder, self.images, indices))

    def validation_accuracy(self) -> float | None:
        """Percent of the validation data labelled right; None without validation data."""
        if self.validation_data is None:
            return None
        images, labels = self.validation_data
        self.validation_embeddings = embed(self.network.embedder, images, np.arange(len(images)))
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
        embeddings = embed(self.network.embedder, self.images, reference)
        return self._make_labeller(embeddings, examples.labels[reference])

    def _make_labeller(self, reference: np.ndarray, labels: np.ndarray) -> Labeller:
        return self.objective.labeller(
            self.network.head,
            reference,
            labels,
            n_classes=self.n_classes,
            n_neighbors=self.n_neighbors,
        )


def embed(embedder: tf.keras.Model, images: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Embeddings (k, d) float32 of the images at `indices` (k,)."""
    if not len(indices):
        return np.empty((0, embedder.output_shape[-1]), np.float32)
    batches = inference_batches(images, indices, batch_size=INFERENCE_BATCH_SIZE)
    return embedder.predict(batches, verbose=0)
