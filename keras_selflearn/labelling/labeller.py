"""What a way of labelling must say and do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, ClassVar, NamedTuple

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling.memory import Memory

if TYPE_CHECKING:
    import tensorflow as tf

# What a confidence is. The page and the command line word it by this.
PROBABILITY = "probability"
MINUS_DISTANCE = "minus distance"


class Labels(NamedTuple):
    """What a labeller says of n embeddings.

    Attributes
    ----------
    labels : (n,) int64
        From 0 to n_classes - 1, or `UNLABELLED` if the labeller can't tell.
    confidence : (n,) float64
        Larger is surer.
    nearest : (n,) int64
        Position of the nearest labelled image with this label in the reference; -1 where the
        labeller compares with no reference.
    """

    labels: np.ndarray
    confidence: np.ndarray
    nearest: np.ndarray


class Graph(NamedTuple):
    """A fitted labeller in TensorFlow.

    Attributes
    ----------
    label : callable
        From embeddings (n, d) float32 to labels (n,) int64, probabilities (n, n_classes) float32
        and confidence (n,) float32.
    variables : tuple
        The variables that `label` reads. They hold the labeller's arrays, because constants of a
        graph must not exceed 2 GB.
    """

    label: Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor, tf.Tensor]]
    variables: tuple[tf.Variable, ...]


@dataclass(frozen=True)
class Setting:
    """What a labeller is made from. Each labeller uses a part of it.

    Attributes
    ----------
    n_classes : int
    n_neighbors : int
        How many nearest labelled images vote.
    normalized : bool
        Whether every embedding has the Euclidean length 1.
    head : layer or `LinearHead`, optional
        From the embedding to the logits, for labellers that need it.
    graph_dimensions : int
        How many principal components of the embeddings the graph compares.
    graph_neighbors : int
        With how many most similar images the graph joins each image.
    graph_exponent : float
        The weight of a join is max(0, cosine) to this power.
    graph_alpha : float
        The share of an image's label that comes from the images it is joined with, from 0 to
        below 1.
    prior : str or (n_classes,) floats
        The shares of the classes among all images, or how to find them: one of `PRIORS`.
    voters : tuple of str
        The labellers that `VoteLabeller` asks.
    columns_of_networks : tuple of int
        How many columns of the embeddings each network has, in their order, for `VoteLabeller`.
        Empty where the columns are not of several networks side by side.
    later_round : bool
        Whether the head was trained on pseudo-labels, so that it knows more than the given labels.
    guesses : (n, n_classes) float32, optional
        What the head says of the unlabelled embeddings, for a labeller that is not given the head.
    memory : Memory
        Keeps from one round to the next what does not change.
    tell : callable, optional
        `tell(done, n)` says for how many of the images the graph has found similar ones.
    """

    n_classes: int
    n_neighbors: int = 1
    normalized: bool = False
    head: Any = None
    graph_dimensions: int = 256
    graph_neighbors: int = 10
    graph_exponent: float = 3.0
    graph_alpha: float = 0.9
    prior: Any = "estimated"
    voters: tuple[str, ...] = ()
    columns_of_networks: tuple[int, ...] = ()
    later_round: bool = False
    guesses: np.ndarray | None = field(default=None, compare=False)
    memory: Memory = field(default_factory=Memory, compare=False)
    tell: Callable[[int, int], None] | None = field(default=None, compare=False)


class Labeller(ABC):
    """A way to label embeddings. `fit` it, then ask it for labels.

    A new labeller inherits from this class, and `register_labeller` makes its name known.

    Parameters
    ----------
    setting : Setting

    Attributes
    ----------
    name : str
        The name in `--labelling`.
    confidence_unit : str
        `PROBABILITY` or `MINUS_DISTANCE`.
    needs_reference : bool
        Whether it compares with labelled images.
    needs_unlabelled : bool
        Whether `fit` looks at the unlabelled embeddings, to label all of them together.
    needs_logits : bool
        Whether it needs the loss to have a head that gives logits.
    uses : frozenset of str
        The attributes of `Setting` with the name of an option that it uses. An option that the
        labeller of a run does not use makes no other run.
    explanation : str
        How an image gets its label, for people.
    why_no_label : str
        Why some images get no label, for people. Empty for a labeller that labels all images.
    reference, labels : (m, d) float32, (m,) integers
        What it was fitted on. Both are empty unless it `needs_reference`.
    """

    name: ClassVar[str]
    confidence_unit: ClassVar[str] = PROBABILITY
    needs_reference: ClassVar[bool] = True
    needs_unlabelled: ClassVar[bool] = False
    needs_logits: ClassVar[bool] = False
    uses: ClassVar[frozenset[str]] = frozenset({"n_neighbors"})
    explanation: ClassVar[str] = "An image got the label that the labeller was surest of."
    why_no_label: ClassVar[str] = ""
    reference: np.ndarray
    labels: np.ndarray

    def __init__(self, setting: Setting) -> None:
        self.setting = setting

    @classmethod
    def confidence_range(cls, normalized: bool) -> tuple[float | None, float | None]:
        """The least and the largest confidence; None: without bound.

        Parameters
        ----------
        normalized : bool
            Whether embeddings have the Euclidean length 1.
        """
        return 0, 1

    @classmethod  # noqa: B027 (most labellers need no more than one)
    def check_labelled(cls, number: int, n_neighbors: int) -> None:
        """Raise an `InputError` when `number` labelled images are too few for the labeller."""

    def fit(
        self, reference: np.ndarray, labels: np.ndarray, unlabelled: np.ndarray | None = None
    ) -> Labeller:
        """Learn from labelled embeddings.

        Parameters
        ----------
        reference : (m, d) float32
            Empty unless `needs_reference`.
        labels : (m,) integers from 0 to n_classes - 1
        unlabelled : (n, d) float32, optional
            Given to a labeller that says `needs_unlabelled`; None in `refit`.

        Returns
        -------
        Labeller
            This one.
        """
        self.reference = reference
        self.labels = np.asarray(labels)
        return self

    @abstractmethod
    def label(self, embeddings: np.ndarray) -> Labels:
        """Label new embeddings (n, d) float32, each by itself."""

    @abstractmethod
    def probabilities(self, embeddings: np.ndarray) -> np.ndarray:
        """The probability of each class, (n, n_classes) float32; each row adds up to 1."""

    def label_unlabelled(self) -> Labels:
        """The labels of the embeddings that `fit` was given as `unlabelled`.

        Only a labeller that says `needs_unlabelled` is asked for them.
        """
        raise NotImplementedError

    def unlabelled_probabilities(self) -> np.ndarray:
        """The probability of each class (n, n_classes) for the same embeddings, for a vote."""
        raise NotImplementedError

    def refit(self, reference: np.ndarray, labels: np.ndarray) -> Labeller:
        """A labeller with the same setting that is fitted on another reference."""
        return type(self)(self.setting).fit(reference, labels)

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays that `from_arrays` needs, to be saved."""
        return {"reference": self.reference, "reference_labels": self.labels}

    @classmethod
    def check_arrays(
        cls, arrays: Mapping[str, np.ndarray], setting: Setting, embedding_size: int
    ) -> None:
        """Raise a `ValueError` unless a labeller with this setting can have saved `arrays`.

        A file may be damaged or forged, and the check must come before the network is built:
        `setting` has no head yet.
        """
        if arrays.keys() != {"reference", "reference_labels"}:
            raise ValueError(f"its arrays are {sorted(arrays)[:10]}")
        reference, labels = arrays["reference"], arrays["reference_labels"]
        if not (
            reference.dtype == np.float32
            and reference.shape == (len(labels), embedding_size)
            and labels.shape == (len(reference),)
            and labels.dtype.kind in "iu"
            and np.isin(labels, np.arange(setting.n_classes)).all()
        ):
            raise ValueError("its reference does not fit its classes and embedding_size")
        if not np.isfinite(reference).all():
            raise ValueError("its reference has numbers that are NaN or infinite")
        cls.check_labelled(len(labels), setting.n_neighbors)

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], setting: Setting) -> Labeller:
        """The labeller that gave `arrays`, which `check_arrays` has accepted."""
        return cls(setting).fit(arrays["reference"], arrays["reference_labels"])

    def in_graph(self) -> Graph:
        """The labeller in TensorFlow, for an exported classifier."""
        raise InputError(
            f"Labels are given by a {type(self).__name__} of your own, which can't be exported:"
            " give that class a method in_graph."
        )

    def in_portable_graph(self) -> Graph:
        """The labeller with operations that other runtimes have, too: no float64, no loop.

        By default it is `in_graph`. What can't be converted is said when a file is written.
        """
        return self.in_graph()

    def in_keras(self, layers: Any) -> Any:
        """The labeller as layers of Keras, for an exported Keras file.

        Parameters
        ----------
        layers : module
            What makes them, by name: `softmax`, `nearest`, `votes` and `vote`.
        """
        raise InputError(
            f"Labels are given by a {type(self).__name__}, which can't be in a Keras file: give"
            " --format=savedmodel."
        )
