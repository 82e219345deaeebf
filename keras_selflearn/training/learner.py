"""The network as figure 1 uses it: train, label, measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Callable

import numpy as np
import tensorflow as tf

from keras_selflearn.console.profiling import stage
from keras_selflearn.labelling.labeller import Labels
from keras_selflearn.network.averaging import WeightAverage
from keras_selflearn.network.model import Network
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.selflearning.learner import LearnerState
from keras_selflearn.selflearning.trust import check_classes, check_loss, check_weights
from keras_selflearn.training.embedding_labelling import EmbeddingLabelling
from keras_selflearn.training.fitting import TrainingProgress, fit
from keras_selflearn.training.meta_training import MetaTraining
from keras_selflearn.training.schedule import Schedule

_COUNTS = ("keras_epochs", "data_epochs", "meta_iteration", "earlier_steps")


class KerasLearner:
    """Trains one compiled network again and again, and labels with it.

    Parameters
    ----------
    network : Network
    labelling : EmbeddingLabelling
        How the trained network labels.
    images : (n, height, width, channels) uint8, or (n, d) float32
        What `network.trained` takes: images, or features.
    n_classes : int
    test_data : (images, labels) or None
        Labels as integers from 0 to n_classes - 1, or `UNKNOWN_CLASS`.
    first_schedule, meta_schedule : Schedule
        The schedule of the first training, and of each later meta-iteration's training.
    meta_training : MetaTraining
        How to train: from which weights, on which batches.
    first : int
        The meta-iteration of the first training. Those before it trained something else.
    callbacks : sequence of Keras callbacks
        Active in every training. The method `on_gradient_step(done, of, loss)`, if there is one, is
        called after each step: with the steps that the training has done, of how many, and the mean
        loss of the present epoch.
    after_step : callable, optional
        Called without arguments after each gradient step. An exception from it ends the training.
    verbose : 0, 1, 2 or "auto"
        How Keras tells of its progress.

    Attributes
    ----------
    test_embeddings : (m, d) float32 or None
        The embeddings of the test images at the last measurement.
    test_predictions : Labels or None
        The labels that they got.
    """

    def __init__(
        self,
        network: Network,
        labelling: EmbeddingLabelling,
        images: np.ndarray,
        *,
        n_classes: int,
        test_data: tuple[np.ndarray, np.ndarray] | None,
        first_schedule: Schedule,
        meta_schedule: Schedule,
        meta_training: MetaTraining,
        first: int = 0,
        callbacks: Sequence[tf.keras.callbacks.Callback] = (),
        after_step: Callable[[], None] | None = None,
        verbose: int | str = 0,
    ) -> None:
        self.network = network
        self.labelling = labelling
        self.images = images
        self.n_classes = n_classes
        self.test_data = test_data
        self.first_schedule = first_schedule
        self.meta_schedule = meta_schedule
        self.meta_training = meta_training
        self.first = first
        self.callbacks = list(callbacks)
        self.test_embeddings: np.ndarray | None = None
        self.test_predictions: Labels | None = None
        self._after_step = after_step
        self._verbose = verbose
        self._keras_epochs = 0
        self._data_epochs = 0
        self._progress = TrainingProgress()
        self._average: WeightAverage | None = None
        if first_schedule.averages or meta_schedule.averages:
            self._average = WeightAverage(network.trained.averaged)
        self._meta_iteration = 0
        self._initial = _values(self._trained()) if meta_training.starts_anew else []

    def train(self, examples: Examples, meta_iteration: int) -> tuple[float, int]:
        """Do a training, or the rest of one that has begun.

        Returns
        -------
        loss : float
            The mean loss of the last epoch.
        gradient_steps : int

        Raises
        ------
        UntrustworthyError
            When the loss is NaN or infinite, or a class has no labelled example.
        """
        schedule = self._schedule(meta_iteration)
        n_labelled = len(examples.labelled)
        check_classes(examples.labels[examples.labelled], self.n_classes, meta_iteration)
        per_epoch = self.meta_training.steps_per_epoch(examples)
        parts, steps = schedule.epochs_and_steps(per_epoch)
        progress = self._progress
        if self.meta_training.starts_anew and progress.steps == 0:
            self.network.earlier_steps.assign(self.network.trained.steps_done())
            _assign(self._trained(), self._initial)

        def batches_from(step: int) -> tf.data.Dataset:
            return self.meta_training.batches(
                self.images,
                examples,
                first_step=self._data_epochs * per_epoch + step,
                steps=parts * steps - step,
            )

        def after_step(loss: float) -> None:
            check_loss(
                loss,
                step=progress.steps,
                meta_iteration=meta_iteration,
                learning_rate=schedule.learning_rate,
            )
            for callback in self.callbacks:
                if hasattr(callback, "on_gradient_step"):
                    callback.on_gradient_step(progress.steps, parts * steps, loss)
            if self._after_step is not None:
                self._after_step()

        batch_size = min(self.meta_training.batch_size, n_labelled)
        with stage("train", images=parts * steps * batch_size):
            fit(
                self.network.trained.trainer,
                schedule,
                batches_from,
                steps_per_epoch=per_epoch,
                progress=progress,
                average=self._average if schedule.averages else None,
                first_epoch=self._keras_epochs,
                callbacks=self.callbacks,
                after_step=after_step,
                verbose=self._verbose,
            )
        self._progress = TrainingProgress()
        self._keras_epochs += len(progress.losses)
        self._data_epochs += -(-progress.steps // per_epoch)
        self._meta_iteration = meta_iteration
        self.labelling.follow(examples, meta_iteration)
        return progress.losses[-1], progress.steps

    def state(self) -> LearnerState:
        """Return weights, their average, the optimiser's state and counters: see `restore`.

        Raises
        ------
        UntrustworthyError
            When a weight is NaN or infinite: no run can go on from there.
        """
        values = _values(self._variables())
        check_weights(values, self._meta_iteration)
        arrays = {f"variable-{i}": each for i, each in enumerate(values)}
        arrays.update({f"initial-{i}": each for i, each in enumerate(self._initial)})
        arrays.update(self.labelling.arrays())
        earlier_steps = int(self.network.earlier_steps.numpy())
        counts = (self._keras_epochs, self._data_epochs, self._meta_iteration, earlier_steps)
        numbers = {**dict(zip(_COUNTS, counts)), "progress": asdict(self._progress)}
        return LearnerState(numbers, arrays)

    def restore(self, state: LearnerState, examples: Examples, meta_iteration: int | None) -> None:
        """Go on as the learner would have whose `state` this is: see `Learner.restore`."""
        variables = self._variables()
        values = _arrays(state, "variable", variables)
        initial = _arrays(state, "initial", self._trained()) if self._initial else []
        counts = [state.numbers[name] for name in _COUNTS]
        if not all(type(count) is int and 0 <= count < 2**31 for count in counts):
            raise ValueError(f"{_COUNTS} can't be {counts}")
        progress = TrainingProgress(**state.numbers["progress"])
        if meta_iteration is None:
            progress.check(0, 1)
        else:
            per_epoch = self.meta_training.steps_per_epoch(examples)
            progress.check(*self._schedule(meta_iteration).epochs_and_steps(per_epoch))
        compared = self.labelling.read(state, examples, is_trained=meta_iteration != self.first)
        _assign(variables, values)
        self._initial = initial
        self._keras_epochs, self._data_epochs, self._meta_iteration, earlier_steps = counts
        self.network.earlier_steps.assign(earlier_steps)
        self._progress = progress
        self.labelling.refer_to(examples, self._meta_iteration, compared)

    def label(self, indices: np.ndarray) -> tuple[np.ndarray, ...]:
        """Label these training images: see `Learner.label`."""
        return self.labelling.label(indices)

    def test_accuracy(self) -> float | None:
        """Per cent of the test set labelled right; None without a test set."""
        if self.test_data is None:
            return None
        images, labels = self.test_data
        self.test_predictions, self.test_embeddings = self.labelling.label_test(images)
        return 100 * int(np.sum(self.test_predictions.labels == labels)) / len(labels)

    def embed(self, indices: np.ndarray) -> np.ndarray:
        """Return the embeddings (k, d) float32 of these training images."""
        return self.labelling.embed(indices)

    def _schedule(self, meta_iteration: int) -> Schedule:
        return self.first_schedule if meta_iteration == self.first else self.meta_schedule

    def _trained(self) -> list[tf.Variable]:
        """The variables of the network and its optimiser."""
        trainer = self.network.trained.trainer
        variables = [*trainer.weights, *trainer.optimizer.variables]
        # Keras 2 leaves out the scale of a float16 loss. It changes with the steps.
        scale = getattr(trainer.optimizer, "_loss_scale", None)
        return variables if scale is None else [*variables, scale.current_loss_scale, scale.counter]

    def _variables(self) -> list[tf.Variable]:
        return [*self._trained(), *(self._average.variables if self._average else ())]


def _values(variables: Sequence[tf.Variable]) -> list[np.ndarray]:
    return [np.asarray(each.numpy()) for each in variables]


def _assign(variables: Sequence[tf.Variable], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values):
        variable.assign(value)


def _arrays(state: LearnerState, name: str, variables: Sequence[tf.Variable]) -> list[np.ndarray]:
    return [
        state.array(f"{name}-{i}", tuple(each.shape), tf.as_dtype(each.dtype).as_numpy_dtype)
        for i, each in enumerate(variables)
    ]
