"""The network as the loop uses it: train, label, measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Callable

import numpy as np
import tensorflow as tf
from sklearn.preprocessing import StandardScaler

from keras_selflearn.console.profiling import stage
from keras_selflearn.console.signals import check_for_stop
from keras_selflearn.labelling import Labeller
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.averaging import WeightAverage
from keras_selflearn.network.model import Network
from keras_selflearn.selflearning.loop import Examples
from keras_selflearn.selflearning.trust import (
    check_classes,
    check_embeddings,
    check_loss,
    check_weights,
)
from keras_selflearn.storage.checkpoint import Checkpoint
from keras_selflearn.training.fitting import UnderWay, fit
from keras_selflearn.training.pipeline import inference_batches, steps_per_epoch, training_batches
from keras_selflearn.training.schedule import Training

REFERENCES = ("initial", "all")
VALIDATION_FEATURES = ("as-is", "standardised")
# Of an inference batch, 400 images of 32x32: the memory that the network embeds in grows with them.
_INFERENCE_PIXELS = 400 * 32 * 32
# Embeddings of a million images would take a gigabyte.
_LABELLED_AT_ONCE = 2**16


class KerasLearner:
    """Trains one compiled network on and on, and labels with what it has learned.

    Parameters
    ----------
    network : Network
    objective : Objective
    images : (n, height, width, channels) uint8
    n_classes : int
    test_data : (images, labels) or None
        Labels as integers from 0 to n_classes - 1, or -1 for a class that training does not have.
    first_training, meta_training : Training
        The fine-tuning on the initial labels and that of each meta-iteration.
    batch_size : int
    augmentations : sequence of str
    reference : "initial" or "all"
        Which labelled examples the nearest-neighbour search uses.
    n_neighbors : int
    test_features : "as-is" or "standardised"
        Of the nearest-neighbour search that gives the test accuracy: embeddings, or the
        reference's and the test set's each standardised with their own mean and deviation.
        For an objective that uses no reference there is no difference.
    seed : int
    callbacks : sequence of Keras callbacks
        Active in every training.

    Attributes
    ----------
    test_embeddings : (m, d) float32 or None
        Of the test images, as last measured.
    after_step : callable
        Called without arguments after each gradient step; what it raises ends the training.
    """

    def __init__(
        self,
        network: Network,
        objective: Objective,
        images: np.ndarray,
        *,
        n_classes: int,
        test_data: tuple[np.ndarray, np.ndarray] | None,
        first_training: Training,
        meta_training: Training,
        batch_size: int,
        augmentations: Sequence[str],
        reference: str,
        n_neighbors: int,
        test_features: str,
        seed: int,
        callbacks: Sequence[tf.keras.callbacks.Callback],
    ):
        self.network = network
        self.objective = objective
        self.images = images
        self.n_classes = n_classes
        self.test_data = test_data
        self.first_training = first_training
        self.meta_training = meta_training
        self.batch_size = batch_size
        self.augmentations = augmentations
        self.reference = reference
        self.n_neighbors = n_neighbors
        self.test_features = test_features
        self.seed = seed
        self.callbacks = list(callbacks)
        self.test_embeddings: np.ndarray | None = None
        self.after_step: Callable[[], None] = lambda: None
        self._keras_epochs = 0
        self._data_epochs = 0
        self._under_way = UnderWay()
        self._average: WeightAverage | None = None
        if first_training.ema_momentum or meta_training.ema_momentum:
            self._average = WeightAverage(network.trainer.trainable_variables)
        self._meta_iteration = 0
        self._reference = np.empty(0, np.int64)
        self._reference_labels = np.empty(0, np.int64)
        self._labeller: Labeller | None = None

    def train(self, examples: Examples, meta_iteration: int) -> tuple[float, int]:
        """Go on from the present weights and optimiser state, also within this training.

        Returns
        -------
        loss : float
            Mean of the last epoch.
        gradient_steps : int

        Raises
        ------
        UntrustworthyError
            When the loss is NaN or infinite, or a class has no labelled example.
        """
        training = self.meta_training if meta_iteration else self.first_training
        indices = examples.labelled
        labels = examples.labels[indices]
        check_classes(labels, self.n_classes, meta_iteration)
        per_epoch = steps_per_epoch(len(indices), self.batch_size)
        parts, steps = training.epochs_and_steps(per_epoch)
        under_way = self._under_way

        def batches_from(step: int) -> tf.data.Dataset:
            return training_batches(
                self.images,
                indices,
                labels,
                batch_size=self.batch_size,
                first_step=self._data_epochs * per_epoch + step,
                steps=parts * steps - step,
                augmentations=self.augmentations,
                seed=self.seed,
            )

        def after_step(loss: float) -> None:
            check_loss(
                loss,
                step=under_way.steps,
                meta_iteration=meta_iteration,
                learning_rate=training.learning_rate,
            )
            self.after_step()

        with stage("train", images=parts * steps * min(self.batch_size, len(indices))):
            fit(
                self.network.trainer,
                training,
                batches_from,
                steps_per_epoch=per_epoch,
                under_way=under_way,
                average=self._average if training.ema_momentum else None,
                first_epoch=self._keras_epochs,
                callbacks=self.callbacks,
                after_step=after_step,
            )
        self._under_way = UnderWay()
        self._keras_epochs += len(under_way.losses)
        self._data_epochs += -(-under_way.steps // per_epoch)
        self._meta_iteration = meta_iteration
        self._refer_to(examples, self._choose_reference(examples))
        return under_way.losses[-1], under_way.steps

    @property
    def labeller(self) -> Labeller:
        """Of the network as last trained."""
        if self._labeller is None:
            embeddings = self._embed("labelled", self.images, self._reference)
            self._labeller = self._make_labeller(embeddings, self._reference_labels)
        return self._labeller

    def state(self) -> Checkpoint:
        """Weights, their average, optimiser and counters, after any gradient step: see `restore`.

        Raises
        ------
        UntrustworthyError
            When a weight is NaN or infinite: from there no run can go on.
        """
        variables = [np.asarray(each.numpy()) for each in self._variables()]
        check_weights(variables, self._meta_iteration)
        arrays = {f"variable-{i}": each for i, each in enumerate(variables)}
        arrays["reference"] = self._reference
        numbers = {
            "keras_epochs": self._keras_epochs,
            "data_epochs": self._data_epochs,
            "meta_iteration": self._meta_iteration,
            "under_way": asdict(self._under_way),
        }
        return Checkpoint(numbers, arrays)

    def restore(self, state: Checkpoint, examples: Examples, meta_iteration: int | None) -> None:
        """Go on as the learner would have whose `state` this is.

        Parameters
        ----------
        state : Checkpoint
        examples : Examples
            As they were then.
        meta_iteration : int or None
            That in whose training it was; None: it was in none.

        Raises
        ------
        ValueError, KeyError, TypeError
            When it is the state of another network or can't be.
        """
        variables = self._variables()
        values = [
            state.array(f"variable-{i}", tuple(each.shape), tf.as_dtype(each.dtype).as_numpy_dtype)
            for i, each in enumerate(variables)
        ]
        counts = [state.numbers[name] for name in ("keras_epochs", "data_epochs", "meta_iteration")]
        if not all(type(count) is int and 0 <= count < 2**31 for count in counts):
            raise ValueError(f"epochs and meta-iteration can't be {counts}")
        under_way = UnderWay(**state.numbers["under_way"])
        if meta_iteration is None:
            under_way.check(0, 1)
        else:
            training = self.meta_training if meta_iteration else self.first_training
            per_epoch = steps_per_epoch(len(examples.labelled), self.batch_size)
            under_way.check(*training.epochs_and_steps(per_epoch))
        reference = state.array("reference", np.shape(state.arrays["reference"])[:1], np.int64)
        self._check_reference(reference, examples, is_trained=meta_iteration != 0)
        for variable, value in zip(variables, values):
            variable.assign(value)
        self._keras_epochs, self._data_epochs, self._meta_iteration = counts
        self._under_way = under_way
        self._refer_to(examples, reference)

    @property
    def reference_indices(self) -> np.ndarray:
        """(m,) int64, the training examples that the labeller compares with."""
        return self._reference

    def label(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Labels, confidences and matches of these training examples: see `Learner.label`."""
        parts = []
        for start in range(0, max(len(indices), 1), _LABELLED_AT_ONCE):
            part = indices[start : start + _LABELLED_AT_ONCE]
            embeddings = self._embed("unlabelled", self.images, part)
            with stage("label", images=len(part)):
                parts.append(self.labeller.label(embeddings))
        labels, confidence, matched = (np.concatenate(each) for each in zip(*parts))
        has_match = matched >= 0
        matched[has_match] = self._reference[matched[has_match]]
        return labels, confidence, matched

    def test_accuracy(self) -> float | None:
        """Percent of the test set labelled right; None without a test set."""
        if self.test_data is None:
            return None
        images, labels = self.test_data
        self.test_embeddings = self._embed("test", images, np.arange(len(images)))
        with stage("label", images=len(images)):
            predicted = self._label_test(self.test_embeddings)
        return 100 * int(np.sum(predicted == labels)) / len(labels)

    def _label_test(self, embeddings: np.ndarray) -> np.ndarray:
        labeller = self.labeller
        if self.test_features == "standardised" and self.objective.uses_reference:
            # It leaves a dimension without deviation at 0.
            standardise = StandardScaler().fit_transform
            labeller = self._make_labeller(standardise(labeller.reference), labeller.labels)
            embeddings = standardise(embeddings)
        return labeller.label(embeddings)[0]

    def _choose_reference(self, examples: Examples) -> np.ndarray:
        if not self.objective.uses_reference:
            return np.empty(0, np.int64)
        return examples.labelled if self.reference == "all" else examples.initially_labelled

    def _check_reference(self, reference: np.ndarray, examples: Examples, is_trained: bool) -> None:
        most = self._choose_reference(examples) if is_trained else np.empty(0, np.int64)
        least = np.intersect1d(most, examples.initially_labelled)
        if not (
            np.isin(reference, most).all()
            and np.isin(least, reference).all()
            and (np.diff(reference) > 0).all()
        ):
            raise ValueError("its reference is not of labelled examples")

    def _refer_to(self, examples: Examples, reference: np.ndarray) -> None:
        """Label by these examples from now on; they are embedded when they are first needed."""
        self._reference = reference
        self._reference_labels = examples.labels[reference]
        self._labeller = None

    def _variables(self) -> list[tf.Variable]:
        trainer = self.network.trainer
        variables = [*trainer.weights, *trainer.optimizer.variables]
        if self._average is not None:
            variables += self._average.variables
        # Keras 2 leaves out the scale of the loss, for float16, which changes with the steps.
        scale = getattr(trainer.optimizer, "_loss_scale", None)
        return variables if scale is None else [*variables, scale.current_loss_scale, scale.counter]

    def _embed(self, kind: str, images: np.ndarray, indices: np.ndarray) -> np.ndarray:
        with stage(f"embed {kind} images", images=len(indices)):
            embeddings = embed(self.network, images, indices)
            when = f"in the training of meta-iteration {self._meta_iteration}"
            check_embeddings(embeddings, images, indices, kind, when)
        return embeddings

    def _make_labeller(self, reference: np.ndarray, labels: np.ndarray) -> Labeller:
        return self.objective.labeller(
            self.network.head,
            reference,
            labels,
            n_classes=self.n_classes,
            n_neighbors=self.n_neighbors,
        )


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
            check_for_stop()
            start = i * batch_size
            embeddings[start : start + batch_size] = network.embed_batch(batch)
    return embeddings


def inference_batch_size(image_shape: tuple[int, ...]) -> int:
    """How many images of this (height, width, channels) are embedded at a time."""
    height, width, _ = image_shape
    return max(1, _INFERENCE_PIXELS // (height * width))
