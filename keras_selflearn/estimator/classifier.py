"""Self-learning as a scikit-learn estimator."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import tensorflow as tf
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from keras_selflearn.console.errors import InputError, check_integer, check_number, unknown_name
from keras_selflearn.console.profiling import stage
from keras_selflearn.console.signals import Stopped
from keras_selflearn.estimator import saving
from keras_selflearn.estimator.inputs import (
    check_held_out,
    check_images,
    check_labels,
    check_validation_data,
    decode,
    encode,
    is_unlabelled,
    warn_of_small_classes,
)
from keras_selflearn.estimator.resuming import Resuming
from keras_selflearn.losses import get_objective
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.backbone import check_backbone, weights_digest
from keras_selflearn.network.model import OPTIMIZERS, Network, build_network
from keras_selflearn.network.precision import resolve_precision
from keras_selflearn.network.strategy import STRATEGIES
from keras_selflearn.selflearning.loop import (
    LEFT_OUT,
    ORDERS,
    UNLABELLED,
    Examples,
    Position,
    self_learning,
)
from keras_selflearn.selflearning.selection import check_selection, select
from keras_selflearn.storage.checkpoint import Checkpoints
from keras_selflearn.storage.digest import sha256_of_array, sha256_of_sample
from keras_selflearn.training.augmentation import parse_augmentations
from keras_selflearn.training.learner import REFERENCES, VALIDATION_FEATURES, KerasLearner, embed
from keras_selflearn.training.schedule import DECAYS, Training


class SelfLearningClassifier(ClassifierMixin, TransformerMixin, BaseEstimator):
    """Image classifier for many images and few labels: fine-tunes VGG16 and labels the rest.

    A network with pretrained weights is fine-tuned on the labelled images; then, again and again,
    it labels the others, the most confident join the training set, and it is trained on
    (sections 3 and 4 of the paper).

    Parameters
    ----------
    loss : str or Objective, default="cross-entropy"
        `cross-entropy`, `triplet`, `contrastive`, `arcface`, or an `Objective` with parameters of
        its own, such as `Triplet(margin=0.5)`.
    weights : str or path, default="imagenet"
        What the network starts from: `random`, `imagenet` or a file (see `build_backbone`).
    backbone : str, default="vgg16"
        `vgg16`, or `tiny` for tests and teaching.
    selection_percent : float, default=5
        Per cent of the examples still unlabelled that join in each meta-iteration.
    selection : str, default="global"
        `global` or `stratified` (see `select`).
    min_confidence : float, optional
        Give no pseudo-label that is less sure than this, in the unit of `confidence_`: for
        cross-entropy a probability from 0 to 1, for the metric losses minus a Euclidean distance,
        from -2 to 0 where embeddings are normalised. A meta-iteration without any is the last.
    reference : str, default="initial"
        Labelled examples that the nearest-neighbour search uses: `initial`, or `all` with the
        pseudo-labelled ones.
    n_neighbors : int, default=1
        k of the nearest-neighbour vote; not used by cross-entropy.
    validation_features : str, default="as-is"
        Of the nearest-neighbour search that gives `test_accuracy`, and of no other:
        `as-is`, or `standardised`, the labelled examples' and the validation data's each to mean
        0 and deviation 1 in every dimension (the authors' code); not used by cross-entropy.
    order : str, default="label-first"
        Of a meta-iteration: `label-first` (figure 1 of the paper), or `train-first` (the authors'
        code), which never trains on the last selection (see `self_learning`).
    meta_iterations : int, default=25
        How often to label and re-train; 0 trains on the given labels only.
    epochs, meta_epochs : int, default=60, 10
        Of the first training and of each meta-iteration. (The authors' code uses 200 and 200.)
    steps, meta_steps : int, optional
        Gradient steps in place of `epochs` and `meta_epochs`, however many images there are.
    settled_epochs : int, optional
        End a training once its mean loss has not fallen by 0.01 for so many epochs; by default
        never before its end.
    batch_size : int, default=100
    embedding_size : int, default=256
    optimizer : str, optional
        `adam`, `rmsprop` or `sgd`; by default the one that the paper trains the loss with.
    learning_rate : float, default=1e-4
    self_learning_rate : float, optional
        That of the meta-iterations, by default a tenth of `learning_rate`.
    decay : str, default="none"
        Of the learning rate within each training: `none`, or `cosine`, from the rate given to 0.
    warmup : float, default=0
        Share of each training's steps, 0 to below 1, in which the rate rises to the one given.
    ema_momentum : float, default=0
        Of the exponential moving average of its weights that each training ends with, for one
        gradient step, 0 to below 1 (see `WeightAverage`); 0: it ends with the last weights.
    dropout : float, default=0.2
        Share of the pooled features dropped in training.
    augment : str, default="shift"
        `shift`, `flip`, both as `shift,flip`, or `none`.
    evaluate_every : int, default=1
        Measure the validation data after the first training, in each so manieth meta-iteration
        and in the last.
    precision : str, default="auto"
        `float32`, `mixed_bfloat16`, `mixed_float16` or `auto` (see `resolve_precision`).
    strategy : str, default="none"
        `none`, one device, or `mirrored`, all visible GPUs (see `make_strategy`).
    random_state : int, optional
        Seed, at least 0. `fit` seeds Python's, NumPy's and TensorFlow's global generators with it.

    Attributes
    ----------
    classes_ : (n_classes,) array
        Sorted labels, of the dtype of `y`; of objects, numbers or strings.
    transduction_ : (n,) array
        Labels of all examples that `fit` was given: given, predicted, or -1.
    labeled_iter_ : (n,) int64
        0 for a given label, else the meta-iteration of the pseudo-label, or -1.
    confidence_ : (n,) float64
        Of each pseudo-label when it was chosen: a probability, or minus the distance to the
        nearest labelled example; NaN for the others.
    matched_ : (n,) int64
        Index of the labelled example that each pseudo-label was nearest to when it was chosen; -1
        for the others, and for cross-entropy, which compares with none.
    history_ : list of dict
        One `Record` for the first training and one for each meta-iteration; accuracies in percent.
    n_iter_ : int
        Meta-iterations done.
    termination_condition_ : str
        `max_iter`, `all_labeled`, or `no_change`: none was as sure as `min_confidence`.
    image_shape_ : (height, width, channels)
    network_ : Network
        The Keras models.
    labeller_ : Labeller
        From embeddings to labels.
    reference_ : (m,) int64
        Indices of the labelled examples that it compares with; none for cross-entropy.
    objective_, fitted_parameters_ : Objective, dict
        What `fit` was called with; `set_params` changes them no more.

    Examples
    --------
    >>> import numpy as np
    >>> from keras_selflearn import SelfLearningClassifier
    >>> brightness = np.repeat([40, 200], 20)
    >>> images = np.zeros((40, 32, 32, 3), np.uint8) + brightness[:, None, None, None].astype("u1")
    >>> labels = np.where(np.arange(40) % 10 == 0, np.where(brightness > 100, "day", "night"), "-1")
    >>> clf = SelfLearningClassifier(
    ...     weights="random", backbone="tiny", epochs=60, learning_rate=1e-2, random_state=0,
    ...     selection_percent=50, meta_iterations=2, meta_epochs=1)
    >>> clf.fit(images, labels).predict(images[[0, -1]]).tolist()
    ['night', 'day']
    """

    def __init__(
        self,
        loss: str | Objective = "cross-entropy",
        weights: str | os.PathLike = "imagenet",
        backbone: str = "vgg16",
        selection_percent: float = 5,
        selection: str = "global",
        min_confidence: float | None = None,
        reference: str = "initial",
        n_neighbors: int = 1,
        validation_features: str = "as-is",
        order: str = "label-first",
        meta_iterations: int = 25,
        epochs: int = 60,
        meta_epochs: int = 10,
        steps: int | None = None,
        meta_steps: int | None = None,
        settled_epochs: int | None = None,
        batch_size: int = 100,
        embedding_size: int = 256,
        optimizer: str | None = None,
        learning_rate: float = 1e-4,
        self_learning_rate: float | None = None,
        decay: str = "none",
        warmup: float = 0.0,
        ema_momentum: float = 0.0,
        dropout: float = 0.2,
        augment: str = "shift",
        evaluate_every: int = 1,
        precision: str = "auto",
        strategy: str = "none",
        random_state: int | None = None,
    ):
        self.loss = loss
        self.weights = weights
        self.backbone = backbone
        self.selection_percent = selection_percent
        self.selection = selection
        self.min_confidence = min_confidence
        self.reference = reference
        self.n_neighbors = n_neighbors
        self.validation_features = validation_features
        self.order = order
        self.meta_iterations = meta_iterations
        self.epochs = epochs
        self.meta_epochs = meta_epochs
        self.steps = steps
        self.meta_steps = meta_steps
        self.settled_epochs = settled_epochs
        self.batch_size = batch_size
        self.embedding_size = embedding_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.self_learning_rate = self_learning_rate
        self.decay = decay
        self.warmup = warmup
        self.ema_momentum = ema_momentum
        self.dropout = dropout
        self.augment = augment
        self.evaluate_every = evaluate_every
        self.precision = precision
        self.strategy = strategy
        self.random_state = random_state

    def fit(
        self,
        X: np.ndarray,
        y: np.ndarray,
        *,
        validation_data: tuple[np.ndarray, np.ndarray] | None = None,
        true_labels: np.ndarray | None = None,
        held_out: np.ndarray | None = None,
        callbacks: Sequence[tf.keras.callbacks.Callback] = (),
        checkpoints: Checkpoints | None = None,
    ) -> SelfLearningClassifier:
        """Train, and label what has no label.

        Parameters
        ----------
        X : (n, height, width, channels) uint8
            An array or a memory map, never copied; at least 32x32, 1 or 3 channels.
        y : (n,) numbers or strings
            -1 (or the string "-1") for an unlabelled image.
        validation_data : (X, y), optional
            Measured after each meta-iteration; nothing is chosen by it.
        true_labels : (n,) of the kind of `y`, optional
            Used for nothing but the accuracy of pseudo-labels in `history_`; -1 is not known.
        held_out : (k,) integers, optional
            Indices of labelled images to leave out of training and labelling and to measure in
            place of `validation_data`, for cross-validation.
        callbacks : sequence of Keras callbacks
            Active in every training. One with a method `on_meta_iteration_end(record, learner)`
            also gets each record, with the `KerasLearner` as it is then; one with a method
            `on_resume(history)`, called with `checkpoints` only, the records that the last of them
            has, none where there is none.
        checkpoints : Checkpoints, optional
            Where to keep all that is needed to go on: a call with the same parameters and data
            goes on from the last whole one. Needs a `random_state`.

        Raises
        ------
        InputError
            A `ValueError`, for parameters, images or labels that can't be used, for a training
            that went wrong (see `trust`), and for a checkpoint that is of something else.
        """
        self.check_parameters()
        objective = self._objective()
        check_images(X, "X")
        given = check_labels(y, len(X), "y")
        unlabelled = is_unlabelled(given)
        classes, encoded = np.unique(given[~unlabelled], return_inverse=True)
        if len(classes) < 2:
            raise InputError(
                f"The labels name fewer than two classes ({len(classes)}): give labelled images of"
                " at least two."
            )
        labels = np.full(len(given), UNLABELLED)
        labels[~unlabelled] = encoded
        held_out = check_held_out(held_out, labels)
        if len(held_out):
            validation_data = X[held_out], given[held_out]
            labels[held_out] = LEFT_OUT
        else:
            warn_of_small_classes(labels, classes)
        n_labelled = int(np.sum(labels >= 0))
        self.check_neighbours(n_labelled)
        if true_labels is not None:
            true_labels = check_labels(true_labels, len(X), "true_labels")
            unknown = is_unlabelled(true_labels)
            true_labels = np.where(unknown, UNLABELLED, encode(true_labels, classes))
        validation_data = check_validation_data(validation_data, X.shape[1:], classes)
        callbacks = list(callbacks or ())
        if checkpoints is not None and self.random_state is None:
            raise InputError("checkpoints need a random_state: without one no run is like another.")

        seed = self._seed()
        examples = Examples.from_labels(labels)
        with stage("build network"):
            network = self._build_network(objective, self.weights, X.shape[1:], len(classes), seed)
        learner = KerasLearner(
            network,
            objective,
            X,
            n_classes=len(classes),
            test_data=validation_data,
            first_training=self._training(self.epochs, self.steps, self.learning_rate),
            meta_training=self._training(
                self.meta_epochs,
                self.meta_steps,
                self.learning_rate / 10
                if self.self_learning_rate is None
                else self.self_learning_rate,
            ),
            batch_size=self.batch_size,
            augmentations=parse_augmentations(self.augment),
            reference=self.reference,
            n_neighbors=self.n_neighbors,
            test_features=self.validation_features,
            seed=seed,
            callbacks=callbacks,
        )
        position, history = Position(), []
        resuming = None
        if checkpoints is not None:
            asked = self._asked(objective, X, given, held_out)
            resuming = Resuming(checkpoints, learner, examples, position, history, asked)
            learner.after_step = resuming.after_step
            resuming.restore()
            _call(callbacks, "on_resume", history)
        try:
            for record in self_learning(
                learner,
                examples,
                meta_iterations=self.meta_iterations,
                select=functools.partial(
                    select,
                    percent=self.selection_percent,
                    selection=self.selection,
                    n_classes=len(classes),
                ),
                min_confidence=self.min_confidence,
                order=self.order,
                evaluate_every=self.evaluate_every,
                true_labels=true_labels,
                position=position,
            ):
                history.append(asdict(record))
                _call(callbacks, "on_meta_iteration_end", record, learner)
                if resuming:
                    resuming.save()
        except Stopped:
            if resuming:
                resuming.save()
            raise
        # All at the end: a `fit` that fails leaves an earlier one whole.
        self.classes_ = classes
        self.image_shape_ = tuple(X.shape[1:])
        self.objective_ = objective
        self.fitted_parameters_ = self.get_params(deep=False)
        self.network_ = network
        self.labeller_ = learner.labeller
        self.reference_ = learner.reference_indices
        self.history_ = history
        self.transduction_ = decode(examples.labels, classes, like=given)
        self.labeled_iter_ = examples.labelled_in
        self.confidence_ = examples.confidence
        self.matched_ = examples.matched
        self.n_iter_ = len(history) - 1
        all_labelled = len(examples.unlabelled) == 0
        ended = "no_change" if position.ended else "max_iter"
        self.termination_condition_ = "all_labeled" if all_labelled else ended
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Labels (n,), of `classes_`, of uint8 images (n, height, width, channels)."""
        embeddings = self.transform(X)
        return self.classes_[self.labeller_.label(embeddings)[0]]

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Probabilities (n, n_classes) float32 in the order of `classes_`.

        The softmax for cross-entropy; for the metric losses the share of the `n_neighbors` votes.
        """
        embeddings = self.transform(X)
        return self.labeller_.probabilities(embeddings)

    def transform(self, X: np.ndarray) -> np.ndarray:
        """Embeddings (n, embedding_size) float32 of uint8 images (n, height, width, channels)."""
        check_is_fitted(self)
        check_images(X, "X", like=self.image_shape_)
        return embed(self.network_, X, np.arange(len(X)))

    def save(self, folder: str | os.PathLike) -> None:
        """Write what `predict` and `transform` need, and what `fit` learned, to a new folder.

        Raises
        ------
        InputError
            When the folder is there and not empty, or can't be written.
        """
        check_is_fitted(self)
        saving.save_classifier(self, folder)

    @classmethod
    def load(
        cls, folder: str | os.PathLike, *, loss: Objective | None = None
    ) -> SelfLearningClassifier:
        """Read what `save` wrote; nothing in the folder is executed.

        Parameters
        ----------
        folder : path
        loss : Objective, optional
            Needed when the classifier was trained with a loss that the package does not have.

        Raises
        ------
        InputError
            When the folder holds no whole classifier.
        """
        return saving.load_classifier(cls, folder, loss)

    def check_parameters(self) -> None:
        """Raise an `InputError` for a parameter that `fit` can't use, as far as that needs no data.

        `fit` begins with it; an experiment does, too, before it loads anything.
        """
        self._objective()
        parse_augmentations(self.augment)
        check_selection(self.selection_percent, self.selection)
        check_backbone(self.backbone, self.weights)
        resolve_precision(self.precision)
        if self.strategy not in STRATEGIES:
            raise unknown_name("strategy", self.strategy, STRATEGIES)
        if self.optimizer is not None and self.optimizer not in OPTIMIZERS:
            raise unknown_name("optimizer", self.optimizer, OPTIMIZERS)
        if self.reference not in REFERENCES:
            raise unknown_name("reference", self.reference, REFERENCES)
        if self.validation_features not in VALIDATION_FEATURES:
            raise unknown_name("validation_features", self.validation_features, VALIDATION_FEATURES)
        if self.order not in ORDERS:
            raise unknown_name("order", self.order, ORDERS)
        if self.decay not in DECAYS:
            raise unknown_name("decay", self.decay, DECAYS)
        for name, least in _LEAST.items():
            check_integer(name, getattr(self, name), least=least)
        for name in ("steps", "meta_steps", "settled_epochs"):
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name), least=1)
        if self.random_state is not None:
            check_integer("random_state", self.random_state, least=0, most=2**32 - 1)
        check_number("learning_rate", self.learning_rate, above=0)
        if self.self_learning_rate is not None:
            check_number("self_learning_rate", self.self_learning_rate, above=0)
        if self.min_confidence is not None:
            least, most = (-2, 0) if self._objective().uses_reference else (0, 1)
            check_number("min_confidence", self.min_confidence, least=least, most=most)
        check_number("dropout", self.dropout, least=0, below=1)
        check_number("warmup", self.warmup, least=0, below=1)
        check_number("ema_momentum", self.ema_momentum, least=0, below=1)

    def check_neighbours(self, n_labelled: int) -> None:
        """Raise an `InputError` where so few labelled images can't give all neighbours.

        Parameters
        ----------
        n_labelled : int
        """
        if self._objective().uses_reference and self.n_neighbors > n_labelled:
            raise InputError(
                f"n_neighbors is {self.n_neighbors}, but only {n_labelled} images are labelled."
            )

    def __getstate__(self) -> dict[str, Any]:
        if hasattr(self, "network_"):
            raise TypeError(
                "A fitted SelfLearningClassifier can't be pickled or copied: use save(folder) and"
                " SelfLearningClassifier.load(folder)."
            )
        return super().__getstate__()

    def _objective(self) -> Objective:
        return self.loss if isinstance(self.loss, Objective) else get_objective(self.loss)

    def _training(self, epochs: int, steps: int | None, learning_rate: float) -> Training:
        return Training(
            epochs=epochs,
            learning_rate=learning_rate,
            steps=steps,
            decay=self.decay,
            warmup=self.warmup,
            settled_epochs=self.settled_epochs,
            ema_momentum=self.ema_momentum,
        )

    def _build_network(
        self,
        objective: Objective,
        weights: str | os.PathLike,
        image_shape: tuple[int, int, int],
        n_classes: int,
        seed: int = 0,
    ) -> Network:
        return build_network(
            backbone=self.backbone,
            weights=weights,
            image_shape=image_shape,
            n_classes=n_classes,
            objective=objective,
            embedding_size=self.embedding_size,
            dropout=self.dropout,
            optimizer=self.optimizer or objective.optimizer,
            learning_rate=self.learning_rate,
            precision=self.precision,
            strategy=self.strategy,
            seed=seed,
        )

    def _asked(
        self, objective: Objective, X: np.ndarray, given: np.ndarray, held_out: np.ndarray
    ) -> dict[str, Any]:
        """What decides the numbers of `fit`, as JSON has it."""
        parameters = {
            **self.get_params(deep=False),
            "loss": objective.name,
            "weights": weights_digest(self.weights) or self.weights,
            "precision": resolve_precision(self.precision),
        }
        return {
            **json.loads(json.dumps(parameters, default=np.generic.item)),
            **{f"loss {name}": value for name, value in asdict(objective).items()},
            "images": [*X.shape, sha256_of_sample(X)],
            "labels": sha256_of_array(given),
            "held_out": sha256_of_array(held_out),
        }

    def _seed(self) -> int:
        if self.random_state is None:
            return int(np.random.default_rng().integers(2**31))
        tf.keras.utils.set_random_seed(int(self.random_state))
        return int(self.random_state)


_LEAST = {
    "n_neighbors": 1,
    "meta_iterations": 0,
    "epochs": 1,
    "meta_epochs": 1,
    "evaluate_every": 1,
    "batch_size": 1,
    "embedding_size": 1,
}


def _call(callbacks: Sequence[tf.keras.callbacks.Callback], name: str, *arguments: Any) -> None:
    for callback in callbacks:
        if hasattr(callback, name):
            getattr(callback, name)(*arguments)
