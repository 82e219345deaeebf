"""Labels images by their embeddings, as they are after the last training."""

from __future__ import annotations

import functools
from typing import Callable

import numpy as np
from sklearn.preprocessing import StandardScaler

from keras_selflearn.console.profiling import stage
from keras_selflearn.labelling.labeller import Labeller, Labels
from keras_selflearn.selflearning.examples import Examples
from keras_selflearn.selflearning.learner import LearnerState
from keras_selflearn.selflearning.trust import check_embeddings

# Embeddings of a million images would take a gigabyte.
_LABELLED_AT_ONCE = 2**16


class EmbeddingLabelling:
    """Labels training and test images; labelled images are embedded when they are first needed.

    Parameters
    ----------
    embed : callable
        `embed(images, indices)` returns the embeddings (k, d) float32 of these images.
    images : (n, ...) array
        The training images, as `embed` takes them.
    new_labeller : callable
        Returns a labeller that is not fitted; it may read the network's head. It takes
        `later_round`, see `Setting`.
    reference : "initial" or "all"
        The labelled images that the labeller compares with: those with a given label, or all.
    gives_probabilities : bool
        Whether `label` returns probabilities as well.
    embed_unlabelled : callable, optional
        As `embed`, for the images that get pseudo-labels.
    test_features : "as-is" or "standardised"
        The embeddings by which a labeller that needs a reference labels the test set.
        Standardised: the reference's and the test set's, each with their own mean and deviation.

    Attributes
    ----------
    reference : (m,) int64
        The training images that the labeller compares with.
    """

    def __init__(
        self,
        embed: Callable[[np.ndarray, np.ndarray], np.ndarray],
        images: np.ndarray,
        new_labeller: Callable[..., Labeller],
        *,
        reference: str = "initial",
        test_features: str = "as-is",
        gives_probabilities: bool = False,
        embed_unlabelled: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    ) -> None:
        self._embed_images = embed
        self._embed_unlabelled = embed_unlabelled or embed
        self._images = images
        self._new_labeller = new_labeller
        self._needs_reference = new_labeller().needs_reference
        self._needs_unlabelled = new_labeller().needs_unlabelled
        # A graph holds all images: pseudo-labels of earlier rounds reach it through the head.
        self._uses_all = reference == "all" and not self._needs_unlabelled
        self._gives_probabilities = gives_probabilities
        self._standardises = test_features == "standardised"
        self._meta_iteration = 0
        self._labels = np.empty(0, np.int64)
        self._reference_embeddings: np.ndarray | None = None
        self._labeller: Labeller | None = None
        self.reference = np.empty(0, np.int64)

    def follow(self, examples: Examples, meta_iteration: int) -> None:
        """Label from now on with the network as it is after this meta-iteration's training."""
        self.refer_to(examples, meta_iteration, self._choose(examples))

    def refer_to(self, examples: Examples, meta_iteration: int, reference: np.ndarray) -> None:
        """Compare with the images `reference`."""
        self.reference = reference
        self._labels = examples.labels[reference]
        self._meta_iteration = meta_iteration
        self._reference_embeddings = None
        self._labeller = None

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the part of the learner's state that `read` checks."""
        return {"reference": self.reference}

    def read(self, state: LearnerState, examples: Examples, *, is_trained: bool) -> np.ndarray:
        """Return the images that the labeller compares with in `state`, for `refer_to`.

        Raises
        ------
        ValueError, KeyError
            When they don't fit the examples.
        """
        reference = state.array("reference", np.shape(state.arrays["reference"])[:1], np.int64)
        most = self._choose(examples) if is_trained else np.empty(0, np.int64)
        least = np.intersect1d(most, examples.initially_labelled)
        if not (
            np.isin(reference, most).all()
            and np.isin(least, reference).all()
            and (np.diff(reference) > 0).all()
        ):
            raise ValueError("its reference is not of labelled examples")
        return reference

    @property
    def labeller(self) -> Labeller:
        """The labeller of new images, with the network as it is now."""
        if self._labeller is None:
            self._labeller = self._fitted(None)
        return self._labeller

    def _fitted(self, unlabelled: np.ndarray | None) -> Labeller:
        if self._reference_embeddings is None:
            self._reference_embeddings = self._embed("labelled", self._images, self.reference)
        labeller = self._new_labeller(later_round=self._meta_iteration > 0)
        return labeller.fit(self._reference_embeddings, self._labels, unlabelled)

    def embed(self, indices: np.ndarray) -> np.ndarray:
        """Return the embeddings (k, d) float32 of these training images."""
        return self._embed_images(self._images, indices)

    def label(self, indices: np.ndarray) -> tuple[np.ndarray, ...]:
        """Label these training images: see `Learner.label`."""
        if self._needs_unlabelled:
            embeddings = self._embed("unlabelled", self._images, indices)
            with stage("label", images=len(indices)):
                labeller = self._fitted(embeddings)
                found = self._with_indices(labeller.label_unlabelled())
                return self._and(found, labeller.unlabelled_probabilities)
        parts = []
        for start in range(0, max(len(indices), 1), _LABELLED_AT_ONCE):
            part = indices[start : start + _LABELLED_AT_ONCE]
            embeddings = self._embed("unlabelled", self._images, part)
            with stage("label", images=len(part)):
                found = self._with_indices(self.labeller.label(embeddings))
                probabilities = functools.partial(self.labeller.probabilities, embeddings)
                parts.append(self._and(found, probabilities))
        joined = [np.concatenate(each) for each in zip(*parts)]
        return tuple(joined) if self._gives_probabilities else Labels(*joined)

    def _and(
        self, found: Labels, probabilities: Callable[[], np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The labels, and the probabilities where they are wanted."""
        return (*found, probabilities()) if self._gives_probabilities else found

    def label_test(self, images: np.ndarray) -> tuple[Labels, np.ndarray]:
        """Return the labels and the embeddings (k, d) float32 of k test images.

        Confidences are those of the labeller with embeddings as they are.
        """
        embeddings = self._embed("test", images, np.arange(len(images)))
        with stage("label", images=len(images)):
            labeller = self.labeller
            found = labeller.label(embeddings)
            if self._standardises and labeller.needs_reference:
                # A dimension without deviation becomes 0.
                standardise = StandardScaler().fit_transform
                labeller = labeller.refit(standardise(labeller.reference), labeller.labels)
                found = found._replace(labels=labeller.label(standardise(embeddings)).labels)
            return found, embeddings

    def _embed(self, kind: str, images: np.ndarray, indices: np.ndarray) -> np.ndarray:
        with stage(f"embed {kind} images", images=len(indices)):
            by = self._embed_unlabelled if kind == "unlabelled" else self._embed_images
            embeddings = by(images, indices)
            when = f"in the training of meta-iteration {self._meta_iteration}"
            check_embeddings(embeddings, images, indices, kind, when)
        return embeddings

    def _choose(self, examples: Examples) -> np.ndarray:
        if not self._needs_reference:
            return np.empty(0, np.int64)
        return examples.labelled if self._uses_all else examples.initially_labelled

    def _with_indices(self, found: Labels) -> Labels:
        """Replace the nearest images' positions in the reference by their indices."""
        nearest = found.nearest.copy()
        nearest[nearest >= 0] = self.reference[nearest[nearest >= 0]]
        return found._replace(nearest=nearest)
