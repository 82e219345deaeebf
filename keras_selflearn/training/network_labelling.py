"""Labels images with the network as it is after its last training."""

from __future__ import annotations

import numpy as np
from sklearn.preprocessing import StandardScaler

from keras_selflearn.console.profiling import stage
from keras_selflearn.labelling import Labeller
from keras_selflearn.losses.objective import Objective
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.model import Network
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.selflearning.trust import check_embeddings

REFERENCES = ("initial", "all")
VALIDATION_FEATURES = ("as-is", "standardised")
# Embeddings of a million images would take a gigabyte.
_LABELLED_AT_ONCE = 2**16


class NetworkLabelling:
    """Labels training and test images; labelled images are embedded when they are first needed.

    Parameters
    ----------
    network : Network
    objective : Objective
    images : (n, height, width, channels) uint8
        The training images.
    n_classes : int
    reference : "initial" or "all"
        The labelled images that the nearest-neighbour search compares with.
    n_neighbors : int
    test_features : "as-is" or "standardised"
        The embeddings of the nearest-neighbour search that labels the test set. Standardised: the
        reference's and the test set's, each with their own mean and deviation. It makes no
        difference for an objective that uses no reference.

    Attributes
    ----------
    reference : (m,) int64
        The training images that the labeller compares with.
    """

    def __init__(
        self,
        network: Network,
        objective: Objective,
        images: np.ndarray,
        *,
        n_classes: int,
        reference: str,
        n_neighbors: int,
        test_features: str,
    ):
        self._network = network
        self._objective = objective
        self._images = images
        self._n_classes = n_classes
        self._uses_all = reference == "all"
        self._n_neighbors = n_neighbors
        self._standardises = test_features == "standardised" and objective.uses_reference
        self._meta_iteration = 0
        self._labels = np.empty(0, np.int64)
        self._labeller: Labeller | None = None
        self.reference = np.empty(0, np.int64)

    def choose(self, examples: Examples) -> np.ndarray:
        """Return the indices (m,) of the reference of a network trained on these examples."""
        if not self._objective.uses_reference:
            return np.empty(0, np.int64)
        return examples.labelled if self._uses_all else examples.initially_labelled

    def check(self, reference: np.ndarray, examples: Examples, *, is_trained: bool) -> None:
        """Raise a `ValueError` unless this can be the reference while there are these examples."""
        most = self.choose(examples) if is_trained else np.empty(0, np.int64)
        least = np.intersect1d(most, examples.initially_labelled)
        if not (
            np.isin(reference, most).all()
            and np.isin(least, reference).all()
            and (np.diff(reference) > 0).all()
        ):
            raise ValueError("its reference is not of labelled examples")

    def refer_to(self, reference: np.ndarray, examples: Examples, meta_iteration: int) -> None:
        """Compare with these images from now on, after the training of this meta-iteration."""
        self.reference = reference
        self._labels = examples.labels[reference]
        self._meta_iteration = meta_iteration
        self._labeller = None

    @property
    def labeller(self) -> Labeller:
        """The labeller of the network as it is now."""
        if self._labeller is None:
            embeddings = self._embed("labelled", self._images, self.reference)
            self._labeller = self._make(embeddings, self._labels)
        return self._labeller

    def label(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Label these training images: see `Learner.label`."""
        parts = []
        for start in range(0, max(len(indices), 1), _LABELLED_AT_ONCE):
            part = indices[start : start + _LABELLED_AT_ONCE]
            embeddings = self._embed("unlabelled", self._images, part)
            with stage("label", images=len(part)):
                parts.append(self.labeller.label(embeddings))
        labels, confidence, nearest = (np.concatenate(each) for each in zip(*parts))
        has_nearest = nearest >= 0
        nearest[has_nearest] = self.reference[nearest[has_nearest]]
        return labels, confidence, nearest

    def label_test(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the labels (k,) and embeddings (k, d) float32 of test images."""
        embeddings = self._embed("test", images, np.arange(len(images)))
        with stage("label", images=len(images)):
            labeller, compared = self.labeller, embeddings
            if self._standardises:
                # A dimension without deviation becomes 0.
                standardise = StandardScaler().fit_transform
                labeller = self._make(standardise(labeller.reference), labeller.labels)
                compared = standardise(embeddings)
            return labeller.label(compared)[0], embeddings

    def _embed(self, kind: str, images: np.ndarray, indices: np.ndarray) -> np.ndarray:
        with stage(f"embed {kind} images", images=len(indices)):
            embeddings = embed(self._network, images, indices)
            when = f"in the training of meta-iteration {self._meta_iteration}"
            check_embeddings(embeddings, images, indices, kind, when)
        return embeddings

    def _make(self, reference: np.ndarray, labels: np.ndarray) -> Labeller:
        return self._objective.labeller(
            self._network.head,
            reference,
            labels,
            n_classes=self._n_classes,
            n_neighbors=self._n_neighbors,
        )
