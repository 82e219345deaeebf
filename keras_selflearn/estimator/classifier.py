"""Self-learning as a scikit-learn estimator."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import tensorflow as tf
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.utils.validation import check_is_fitted

from keras_selflearn.console.errors import InputError, check_integer, unknown_name
from keras_selflearn.console.option import check_value
from keras_selflearn.console.signals import Stopped
from keras_selflearn.estimator import pickling, saving
from keras_selflearn.estimator.continuing import Start, check_trains
from keras_selflearn.estimator.doubts import (
    warn_of_doubtful_labels,
    warn_of_no_pairs,
    warn_of_rare_pairs,
    warn_of_small_classes,
)
from keras_selflearn.estimator.embedding_given import embed_given, embed_labelled
from keras_selflearn.estimator.feature_progress import check_verbose, feature_progress
from keras_selflearn.estimator.fitted import Fitted, is_normalized, parameters_of
from keras_selflearn.estimator.gathering import Images, training_images, validation_images
from keras_selflearn.estimator.identity import identity_of_fit
from keras_selflearn.estimator.inputs import (
    check_held_out,
    check_images,
    check_labels,
    check_sample_weight,
    check_test_data,
    check_true_labels,
)
from keras_selflearn.estimator.label_codes import (
    as_given,
    classes_of,
    decode,
    is_unlabelled,
    match,
)
from keras_selflearn.estimator.learners import LEARNERS, AnyLearner, Task
from keras_selflearn.estimator.option_docs import with_options
from keras_selflearn.estimator.pixels import check_float_max
from keras_selflearn.estimator.prior import check_prior, prior_of
from keras_selflearn.estimator.resuming import Resuming
from keras_selflearn.estimator.suggesting import suggest_images
from keras_selflearn.labelling import check_labelling, labeller_class
from keras_selflearn.labelling.calibration import Calibration, with_calibrated
from keras_selflearn.labelling.labeller import Labels
from keras_selflearn.losses import get_objective
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.backbone import check_batch_statistics
from keras_selflearn.network.gradient_registry import traced_gradients_forgotten
from keras_selflearn.network.image_shape import check_image_size
from keras_selflearn.network.keras_settings import check_limits
from keras_selflearn.network.side_by_side import (
    check_backbones,
    check_few_features,
    check_preprocessing,
    each_backbone,
)
from keras_selflearn.options.batches import check_batches
from keras_selflearn.options.config import ESTIMATOR_DEFAULTS, EstimatorOptions, is_used
from keras_selflearn.options.labelling import labellers_of
from keras_selflearn.options.network import check_side_by_side
from keras_selflearn.options.presets import estimator_preset
from keras_selflearn.options.selflearning import check_shares
from keras_selflearn.options.training import check_head_rounds
from keras_selflearn.selflearning.examples import LEFT_OUT, UNLABELLED, Examples
from keras_selflearn.selflearning.loop import keep_all, self_learning
from keras_selflearn.selflearning.selection import select
from keras_selflearn.selflearning.shares import shares_of
from keras_selflearn.selflearning.state import RunState
from keras_selflearn.selflearning.trust import needs_other_parameters
from keras_selflearn.storage.checkpoint import Checkpoints

# Those that are no options of an experiment.
_OWN_PARAMETERS = ("float_max", "loss", "preset", "random_state")


def _of_fitted(name: str) -> property:
    """The public attribute that is the field `name` of `fitted_`."""
    return property(lambda classifier: getattr(classifier.fitted_, name))


@with_options
class SelfLearningClassifier(
    ClassNamePrefixFeaturesOutMixin, ClassifierMixin, TransformerMixin, BaseEstimator
):
    """Image classifier for many images and few labels: fine-tunes VGG16 and labels the rest.

    A network with pretrained weights is fine-tuned on the labelled images. Then it labels the other
    images, the most confident of these join the training set, and the training goes on. This is
    repeated (sections 3 and 4 of the paper).

    Parameters
    ----------
    loss : str or Objective, default="cross-entropy"
        A loss by name, or an `Objective` with parameters of its own, such as
        `Triplet(margin=0.5)`.
    preset : str, optional
        `quick` (labels in minutes: a head on features, and a graph of all images), `few` (the same
        for 1 to 25 labels a class) or `paper` (the network is trained, as without a preset). It
        gives the defaults of the parameters below.
    random_state : int, optional
        Seed, at least 0. `fit` seeds Python's, NumPy's and TensorFlow's global generators with it.
    float_max : 1 or 255, optional
        What is white in float images: they go from 0 to 1, or from 0 to 255. By default only uint8
        images are taken.
    OPTIONS

    Attributes
    ----------
    classes_ : (n_classes,) array
        Sorted labels, of the dtype of `y`.
    transduction_ : (n,) array
        Labels of all examples that `fit` was given: given, predicted, or -1. Among strings it is
        "-1"; in an array of dtype object it is what `y` has.
    labeled_iter_ : (n,) int64
        0 for a given label, else the meta-iteration of the pseudo-label, or -1.
    confidence_ : (n,) float64
        The confidence of each pseudo-label when it was selected, in the unit that
        `labeller_.confidence_unit` names: "probability", or "minus distance" for minus the
        distance to the nearest labelled image. NaN for the others.
    matched_ : (n,) int64
        Index of the labelled image that each pseudo-label was nearest to when it was selected; -1
        for the others, and with labelling `softmax`, which compares with no image.
    flips_ : (n,) int64
        How often each image got another pseudo-label than its last one, where they are revised.
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
        Indices of the labelled images that it compares with; none for `softmax`.
    objective_, fitted_parameters_ : Objective, dict
        The loss and the parameters at the time of `fit`; `set_params` does not change them. With
        `head-then-all`, `train` is here what was trained last: `all`, or `head`.
    fitted_ : Fitted
        All of these attributes as one value, which `save` writes and `load` reads.

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
        weights: str | os.PathLike = ESTIMATOR_DEFAULTS["weights"],
        *,
        preset: str | None = None,
        random_state: int | None = None,
        float_max: float | None = None,
        **options: Any,
    ) -> None:
        for name in options:
            if name not in ESTIMATOR_DEFAULTS:
                raise TypeError(str(unknown_name("parameter", name, self._get_param_names())))
        self.loss = loss
        self.preset = preset
        self.random_state = random_state
        self.float_max = float_max
        of_preset = {} if preset is None else estimator_preset(preset)
        defaults = {**ESTIMATOR_DEFAULTS, **of_preset, "weights": weights}
        self.__dict__.update({**defaults, **options})

    def set_params(self, **parameters: Any) -> SelfLearningClassifier:
        """Set parameters by name; `loss__margin` is the parameter `margin` of the loss."""
        of_loss = {name: parameters.pop(name) for name in [*parameters] if name[:6] == "loss__"}
        super().set_params(**parameters)
        if of_loss:
            objective = self._objective()
            names = [f"loss__{name}" for name in objective.get_params()]
            for name in of_loss:
                if name not in names:
                    raise unknown_name("parameter", name, names)
            changes = {name[6:]: value for name, value in of_loss.items()}
            self.loss = replace(cast(Any, objective), **changes)
        return self

    @classmethod
    def _get_param_names(cls) -> list[str]:
        return sorted([*_OWN_PARAMETERS, *ESTIMATOR_DEFAULTS])

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """The parameters that differ from their defaults."""
        changed = ", ".join(f"{name}={value!r}" for name, value in self._changed().items())
        return f"{type(self).__name__}({changed})"[:N_CHAR_MAX]

    def _changed(self) -> dict[str, Any]:
        defaults = type(self)().get_params(deep=False)
        parameters = self.get_params(deep=False).items()
        return {name: value for name, value in parameters if repr(value) != repr(defaults[name])}

    def _get_params_html(self, *arguments: Any, **named: Any) -> Any:
        """What a notebook shows: scikit-learn counts all of `**options` as changed."""
        html = super()._get_params_html(*arguments, **named)
        html.non_default = tuple(self._changed())
        return html

    def __sklearn_tags__(self) -> Any:
        """What it takes: arrays of four dimensions, which scikit-learn has no tag for, or paths."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.one_d_array = tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = []
        # Sums over several threads are in no fixed order.
        tags.non_deterministic = True
        return tags

    @property
    def _n_features_out(self) -> int:
        """The columns of `transform`, for `get_feature_names_out` and `set_output`."""
        return self.network_.embedder.output_shape[-1]

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Options are attributes."""

    classes_ = _of_fitted("classes")
    transduction_ = _of_fitted("labels")
    labeled_iter_ = _of_fitted("labelled_in")
    confidence_ = _of_fitted("confidence")
    matched_ = _of_fitted("nearest")
    flips_ = _of_fitted("flips")
    history_ = _of_fitted("history")
    n_iter_ = _of_fitted("n_iter")
    termination_condition_ = _of_fitted("termination")
    image_shape_ = _of_fitted("image_shape")
    network_ = _of_fitted("network")
    labeller_ = _of_fitted("labeller")
    reference_ = _of_fitted("reference")
    calibration_ = _of_fitted("calibration")
    objective_ = _of_fitted("objective")
    fitted_parameters_ = _of_fitted("parameters")

    def fit(
        self,
        X: Images,
        y: Any = None,
        *,
        sample_weight: np.ndarray | None = None,
        validation_data: Any = None,
        true_labels: np.ndarray | None = None,
        held_out: np.ndarray | None = None,
        callbacks: Sequence[tf.keras.callbacks.Callback] = (),
        checkpoints: Checkpoints | None = None,
        continue_from: SelfLearningClassifier | str | os.PathLike | None = None,
        verbose: int | str = 0,
    ) -> SelfLearningClassifier:
        """Train, and label what has no label.

        Parameters
        ----------
        X : (n, height, width, channels) uint8, paths, or tf.data.Dataset
            An array or a memory map of uint8 is never copied. 1 or 3 channels. If the images are
            too small for the network, `image_size` enlarges them. Other images are read once, a few
            at a time, into a temporary file: floats (see `float_max`); a list or an array of paths,
            which are decoded as RGB and resized to `image_size`; a data set of images or of batches
            of them, alone or with labels and weights. If its images differ in size, they are
            resized to `image_size`.
        y : (n,) numbers or strings
            -1 (or the string "-1") for an unlabelled image. Texts in two Unicode forms are one
            class, which keeps the form that comes first. It is left out if `X` has labels.
        sample_weight : (n,) numbers, optional
            Of at least 0. The loss of an image with a given label counts so many times. Weights of
            other images mean nothing. Losses that compare images (`triplet`, `contrastive`) and
            sums of losses take none.
        validation_data : (X, y) or tf.data.Dataset of both, optional
            The test set. Its accuracy is measured after the trainings and used for no choice.
        true_labels : (n,) of the kind of `y`, optional
            Used for nothing but the accuracy of pseudo-labels in `history_`. -1: not known.
        held_out : (k,) integers, optional
            Indices of labelled images, for cross-validation. They are left out of training and
            labelling, and are the test set in place of `validation_data`.
        callbacks : sequence of Keras callbacks
            Active in every training. The method `on_meta_iteration_end(record, learner)`, if there
            is one, is called with each `Record` and the `KerasLearner`, and
            `on_gradient_step(done, of, loss)` with the steps of the present training. With
            `checkpoints`, `on_resume(history)` is called with the records of the last checkpoint.
        checkpoints : Checkpoints, optional
            Keeps all that is needed to go on: a call with the same parameters and data goes on
            from the last whole checkpoint. It needs a `random_state`.
        continue_from : SelfLearningClassifier or path, optional
            A fitted classifier, or the folder of a saved one. The training begins with its network,
            in place of `weights`; with the head, too, if loss and classes are the same. Its
            pseudo-labels do not count. For `train="all"`.
        verbose : 0, 1, 2 or "auto", default=0
            As in Keras: 1 shows a bar for each epoch, 2 a line.

        Raises
        ------
        InputError
            A `ValueError`, for parameters, images or labels that can't be used, for a training
            that went wrong (see `trust`), and for a checkpoint of another run.
        """
        self.check_parameters()
        check_limits()
        objective = self._objective()
        check_verbose(verbose)
        if checkpoints is not None and self.random_state is None:
            raise InputError("checkpoints need a random_state: without one no run is like another.")
        earlier = None if continue_from is None else self._to_continue(continue_from)
        reading = {"image_size": self.image_size, "float_max": self.float_max}
        X, y, sample_weight = training_images(X, y, sample_weight, **reading)
        check_images(X, "X", backbone=self.backbone, image_size=self.image_size)
        given = check_labels(y, len(X), "y")
        like = as_given(y, given)
        unlabelled = is_unlabelled(given)
        classes, encoded = classes_of(given[~unlabelled])
        if len(classes) < 2:
            raise InputError(
                f"The labels name fewer than two classes ({len(classes)}): give labelled images of"
                " at least two, because one class teaches nothing."
            )
        labels = np.full(len(given), UNLABELLED)
        labels[~unlabelled] = encoded
        held_out = check_held_out(held_out, labels)
        if len(held_out):
            validation_data = X[held_out], given[held_out]
            labels[held_out] = LEFT_OUT
        else:
            warn_of_doubtful_labels(classes)
            warn_of_small_classes(labels, classes)
            warn_of_no_pairs(objective, labels, self.batch_size, self.images_per_class)
            warn_of_rare_pairs(objective, labels, self.batch_size, self.images_per_class)
        self.check_labelled(int(np.sum(labels >= 0)))
        if true_labels is not None:
            true_labels = check_true_labels(true_labels, len(X), classes)
        height, width, channels = X.shape[1:]
        image_shape = (height, width, channels)
        validation_data = check_test_data(
            validation_images(
                validation_data,
                image_shape,
                resizes=self.image_size is not None,
                float_max=self.float_max,
            ),
            image_shape,
            classes,
        )
        prior = prior_of(self.prior, classes)
        given_weights = check_sample_weight(sample_weight, labels, objective)
        continued = None if earlier is None else Start.of(earlier, objective, classes)
        callbacks = [*feature_progress(verbose), *(callbacks or ())]

        seed = self._seed()
        resuming = None
        if checkpoints is not None:
            resuming = Resuming(
                checkpoints,
                identity_of_fit(
                    self.get_params(deep=False),
                    objective,
                    X,
                    given,
                    held_out,
                    prior,
                    given_weights,
                    continued.digest() if continued else None,
                ),
            )
        parameters = self.get_params(deep=False)
        task = Task(
            parameters=parameters,
            objective=objective,
            images=X,
            image_shape=image_shape,
            n_classes=len(classes),
            held_out=held_out,
            test_data=validation_data,
            prior=prior,
            has_soft_targets=self.targets == "soft" and is_used("targets", parameters),
            seed=seed,
            callbacks=callbacks,
            after_step=resuming.after_step if resuming else None,
            given_weights=given_weights,
            start=continued,
            verbose=verbose,
            tell=functools.partial(_call, callbacks, "on_features"),
            tell_graph=functools.partial(_call, callbacks, "on_graph"),
        )
        learner, state = self._learn(task, labels, true_labels, resuming)
        examples = state.examples
        all_labelled = len(examples.unlabelled) == 0
        ended = "no_change" if state.none_was_sure else "max_iter"
        # This is the last step. So a `fit` that fails leaves the state of an earlier `fit` whole.
        self.fitted_ = Fitted(
            classes=classes if like.dtype != object else classes.astype(object),
            image_shape=image_shape,
            labels=decode(examples.labels, classes, like),
            labelled_in=examples.labelled_in,
            confidence=examples.confidence,
            nearest=examples.nearest,
            flips=examples.flips,
            reference=learner.labelling.reference,
            history=[record.figures() for record in state.history],
            termination="all_labeled" if all_labelled else ended,
            parameters=parameters_of(learner.network, parameters),
            objective=objective,
            labeller=learner.labelling.labeller,
            network=learner.network,
        )
        return self

    @traced_gradients_forgotten()
    def _learn(
        self,
        task: Task,
        labels: np.ndarray,
        true_labels: np.ndarray | None,
        resuming: Resuming | None,
    ) -> tuple[AnyLearner, RunState]:
        """Do all trainings; return what was trained, and the last state of the run."""
        learner = LEARNERS[self.train](task)
        n_probabilities = task.n_classes if task.has_soft_targets else 0
        state = start = RunState(Examples.from_labels(labels, n_probabilities))
        if resuming:
            state = start = resuming.begin(learner, start)
            _call(task.callbacks, "on_resume", [record.figures() for record in start.history])
        try:
            for state in self_learning(
                start,
                learner,
                meta_iterations=self.meta_iterations,
                select=functools.partial(
                    select,
                    percent=shares_of(self.selection_percent),
                    selection=self.selection,
                    n_classes=task.n_classes,
                ),
                min_confidence=self.min_confidence,
                order=self.order,
                evaluate_every=self.evaluate_every,
                true_labels=true_labels,
                before_labelling=_BEFORE_LABELLING[self.pseudo_labels],
            ):
                if resuming:
                    resuming.follow(state)
                if state.position.steps:
                    continue
                _call(task.callbacks, "on_meta_iteration_end", state.history[-1], learner)
                if resuming:
                    resuming.save()
        except Stopped:
            if resuming:
                resuming.save()
            raise
        except Exception as error:
            if resuming and needs_other_parameters(error):
                resuming.give_up()
            raise
        return learner, state

    def predict(self, X: Images) -> np.ndarray:
        """The labels (n,), from `classes_`, of the images; see `transform` for `X`."""
        embeddings, _ = self._embed(X)
        return self.classes_[self.labeller_.label(embeddings).labels]

    def predict_proba(self, X: Images, *, calibrated: bool = False) -> np.ndarray:
        """The probabilities (n, n_classes) float32 in the order of `classes_`.

        With labelling `nearest` they are the shares of the `n_neighbors` votes, and with `vote` the
        shares of the labellers' votes. See `transform` for `X`.

        Parameters
        ----------
        X : (n, height, width, channels) uint8, paths, or tf.data.Dataset
        calibrated : bool
            Whether the predicted class has the probability that it is right, as `calibrate` or the
            folds of a run measured it. The others share the rest as before.

        Raises
        ------
        InputError
            When `calibrated`, and nothing was measured.
        """
        embeddings, _ = self._embed(X)
        probabilities = self.labeller_.probabilities(embeddings)
        if not calibrated:
            return probabilities
        if self.calibration_ is None:
            raise InputError(
                "This classifier is not calibrated: call calibrate(X, y) with labelled images that"
                " it was not fitted on, or take the classifier of a run with folds."
            )
        found = self.labeller_.label(embeddings)
        return with_calibrated(
            probabilities, found.labels, self.calibration_.probabilities(found.confidence)
        )

    def calibrate(self, X: Images, y: Any = None) -> SelfLearningClassifier:
        """Measure how probable it is that a label of some confidence is right.

        Parameters
        ----------
        X : (n, height, width, channels) uint8, paths, or tf.data.Dataset
            Images that `fit` did not see; see `transform`.
        y : (n,) labels
            Images with -1 are left out. It is left out if `X` has labels.

        Raises
        ------
        InputError
            When no image has a label, or no label is one of `classes_`.
        """
        found, right, _ = self._measure(X, y)
        unit = self.labeller_.confidence_unit
        self.set_calibration(Calibration.fit(found.confidence, right, unit))
        return self

    def set_calibration(self, calibration: Calibration) -> None:
        """Take over what was measured elsewhere, by the labeller's unit of confidence."""
        self.fitted_ = replace(self.fitted_, calibration=calibration)

    def score(self, X: Images, y: Any = None, sample_weight: np.ndarray | None = None) -> float:
        """The share of labelled images that `predict` labels right, from 0 to 1.

        Parameters
        ----------
        X : (n, height, width, channels) uint8, paths, or tf.data.Dataset
            See `transform`.
        y : (n,) labels
            Images with -1 are left out. It is left out if `X` has labels.
        sample_weight : (n,) floats, optional

        Raises
        ------
        InputError
            When no image has a label, or no label is one of `classes_`.
        """
        _, right, known = self._measure(X, y)
        weights = None if sample_weight is None else np.asarray(sample_weight)[known]
        return float(np.average(right, weights=weights))

    def _measure(self, X: Images, y: Any) -> tuple[Labels, np.ndarray, np.ndarray]:
        """The labels of labelled images, which are right (k,), and the images' positions (k,)."""
        check_is_fitted(self)
        embeddings, labels, known = embed_labelled(self.fitted_, X, y, float_max=self.float_max)
        positions = match(labels, self.classes_, "y")
        found = self.labeller_.label(embeddings)
        return found, found.labels == positions, known

    def transform(self, X: Images) -> np.ndarray:
        """The embeddings (n, embedding_size) float32 of images, or as `set_output` says.

        Parameters
        ----------
        X : (n, height, width, channels) uint8, paths, or tf.data.Dataset
            As `fit` takes them. Images are read in a stream. Those in files are resized to
            `image_shape_`; others, too, if `fit` had an `image_size`.

        Raises
        ------
        InputError
            For images of another kind or size, and for files that can't be read.
        """
        return self._embed(X)[0]

    def _embed(self, X: Images) -> tuple[np.ndarray, np.ndarray | None]:
        """The embeddings, and the labels that came with the images."""
        check_is_fitted(self)
        return embed_given(self.fitted_, X, float_max=self.float_max)

    def suggest(self, X: Images, number: int = 30, *, y: Any = None) -> np.ndarray:
        """The positions (k,) int64 of images to label next, the most important first.

        They are uncertain and different from one another, and the predicted classes take turns; see
        `keras_selflearn.labelling.suggestion.suggest`. There are fewer if fewer have no label.

        Parameters
        ----------
        X : (n, height, width, channels) uint8, paths, or tf.data.Dataset
            See `transform`.
        number : int
        y : (n,) labels, optional
            -1 for an image without a label; no other is suggested. By default `X` are the images
            that `fit` was given, with their given labels. It is left out if `X` has labels.

        Raises
        ------
        InputError
            For images or labels that can't be used, and when `y` is missing for other images.
        """
        check_is_fitted(self)
        seed = int(self.random_state or 0)
        return suggest_images(self.fitted_, X, number, y, float_max=self.float_max, seed=seed)

    def save(self, folder: str | os.PathLike) -> None:
        """Write all that `fit` learned to a new folder.

        Raises
        ------
        InputError
            When the folder is not empty or can't be written.
        """
        check_is_fitted(self)
        saving.save_fitted(self.fitted_, folder)

    @classmethod
    def load(
        cls, folder: str | os.PathLike, *, loss: Objective | None = None
    ) -> SelfLearningClassifier:
        """Read what `save` wrote. Nothing in the folder is executed.

        Parameters
        ----------
        folder : path
        loss : Objective, optional
            Needed for a classifier that was trained with a loss of your own. Register a labeller of
            your own again before you load it.

        Raises
        ------
        InputError
            When the folder holds no whole classifier.
        """
        fitted = saving.load_fitted(folder, loss, cls._checked)
        classifier = cls(**fitted.parameters)
        classifier.fitted_ = fitted
        return classifier

    @classmethod
    def _checked(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        """All parameters, where some are given; an `InputError` for one that can't be."""
        classifier = cls(**parameters)
        classifier.check_parameters()
        return classifier.get_params(deep=False)

    def check_parameters(self) -> None:
        """Raise an `InputError` for a parameter that `fit` can't use.

        `fit` begins with it. An experiment does so before it loads any image.
        """
        objective = self._objective()
        check_labelling(
            self.labelling or objective.labelling,
            self.min_confidence,
            logits=objective.logits,
            normalized=is_normalized(self.get_params(deep=False), objective),
        )
        labellers_of(self)
        for each in fields(EstimatorOptions):
            if each.name == "backbone" and not isinstance(self.backbone, str):
                continue  # `check_backbones` checks a model, and several networks.
            optional = ESTIMATOR_DEFAULTS[each.name] is None
            check_value(each, getattr(self, each.name), optional=optional)
        check_prior(self.prior)
        check_float_max(self.float_max)
        check_backbones(self.backbone, self.weights)
        check_side_by_side(len(each_backbone(self.backbone)), self.train)
        if self.batch_statistics and is_used("batch_statistics", self.get_params(deep=False)):
            check_batch_statistics(*each_backbone(self.backbone))
        if self.train != "all":
            check_few_features(self.backbone)
        for size in (self.image_size, self.head_image_size):
            check_image_size(size, backbone=self.backbone)
        check_preprocessing(self.backbone, self.preprocessing)
        check_shares(self)
        check_head_rounds(self)
        check_batches(self)
        if self.random_state is not None:
            check_integer("random_state", self.random_state, least=0, most=2**32 - 1)

    def check_labelled(self, n_labelled: int) -> None:
        """Raise an `InputError` when `n_labelled` images are too few for the labeller."""
        for name in labellers_of(self):
            labeller_class(name).check_labelled(n_labelled, self.n_neighbors)

    def __getstate__(self) -> dict[str, Any]:
        return pickling.packed(super().__getstate__())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(pickling.unpacked(state, self._checked))

    def _to_continue(self, given: SelfLearningClassifier | str | os.PathLike) -> Fitted:
        """What a classifier, or a saved one, has learned, if a training can begin with it."""
        if isinstance(given, (str, os.PathLike)):
            given = self.load(given)
        if not isinstance(given, SelfLearningClassifier) or not hasattr(given, "fitted_"):
            raise InputError(
                f"continue_from is {given!r}: give a fitted SelfLearningClassifier, or the folder"
                " of a saved one."
            )
        check_trains(self.train, given.fitted_)
        return given.fitted_

    def _objective(self) -> Objective:
        return self.loss if isinstance(self.loss, Objective) else get_objective(self.loss)

    def _seed(self) -> int:
        if self.random_state is None:
            return int(np.random.default_rng().integers(2**31))
        tf.keras.utils.set_random_seed(int(self.random_state))
        return int(self.random_state)


# What the option `pseudo_labels` does before unlabelled images are labelled.
_BEFORE_LABELLING = {"kept": keep_all, "revised": Examples.without_pseudo_labels}


def _call(callbacks: Sequence[tf.keras.callbacks.Callback], name: str, *arguments: Any) -> None:
    for callback in callbacks:
        if hasattr(callback, name):
            getattr(callback, name)(*arguments)
