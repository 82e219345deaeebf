"""Self-learning as a plain script does it, for the benchmark to compare with.

Does what the authors' public code does: images as float32; training sets joined and cut anew in
each meta-iteration; Keras' own augmentation; a new model for each pass of embedding; the labelled
images embedded once to measure and once more to label; accuracy on standardised embeddings; a loop
over examples for what is nearest. All in float32.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from benchmarks.labelling import label_in_a_loop
from keras_selflearn.losses import get_objective
from keras_selflearn.network.backbone import build_backbone
from keras_selflearn.training.augmentation import LARGEST_SHIFT


class PlainReference:
    """The paper's network with triplet loss, and its data, from one meta-iteration to the next.

    Parameters
    ----------
    images, unlabelled, test_images : (n, height, width, 3) uint8
    labels, test_labels : (n,) int64
    backbone : str
    epochs : int
        Of each meta-iteration.
    selection_percent : float
    batch_size : int

    Attributes
    ----------
    images, unlabelled : (n, height, width, 3) float32
        The training set as it has grown, and what remains.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        unlabelled: np.ndarray,
        test_images: np.ndarray,
        test_labels: np.ndarray,
        *,
        backbone: str,
        epochs: int,
        selection_percent: float,
        batch_size: int,
    ):
        self.images = _as_floats(images)
        self.labels = labels
        self.initial_images, self.initial_labels = self.images, self.labels
        self.unlabelled = _as_floats(unlabelled)
        self.test_images = _as_floats(test_images)
        self.test_labels = test_labels
        self.epochs = epochs
        self.selection_percent = selection_percent
        self.batch_size = batch_size
        self.model = _build_model(backbone, images.shape[1:])
        self.augmentation = tf.keras.preprocessing.image.ImageDataGenerator(
            width_shift_range=LARGEST_SHIFT,
            height_shift_range=LARGEST_SHIFT,
            fill_mode="nearest",
        )

    def meta_iteration(self) -> float:
        """Train, label, select and merge; the accuracy on the test images in percent."""
        self.model.fit(
            self.augmentation.flow(self.images, self.labels, batch_size=self.batch_size),
            epochs=self.epochs,
            verbose=0,
        )
        accuracy = self._accuracy()
        embeddings = self._embed(self.unlabelled)
        reference = self._embed(self.initial_images)
        self._merge(*label_in_a_loop(embeddings, reference, self.initial_labels))
        return accuracy

    def _accuracy(self) -> float:
        search = KNeighborsClassifier(n_neighbors=1)
        search.fit(_standardised(self._embed(self.initial_images)), self.initial_labels)
        predicted = search.predict(_standardised(self._embed(self.test_images)))
        return 100 * float(np.mean(predicted == self.test_labels))

    def _merge(self, predicted: np.ndarray, confidence: np.ndarray) -> None:
        number = int(self.selection_percent * len(predicted) / 100)
        chosen = np.argsort(-confidence)[:number]
        self.images = np.concatenate([self.images, self.unlabelled[chosen]])
        self.labels = np.concatenate([self.labels, predicted[chosen]])
        self.unlabelled = np.delete(self.unlabelled, chosen, axis=0)

    def _embed(self, images: np.ndarray) -> np.ndarray:
        embedder = tf.keras.Model(self.model.input, self.model.layers[-1].output)
        return embedder.predict(images, batch_size=self.batch_size, verbose=0)


def _build_model(backbone: str, image_shape: tuple[int, int, int]) -> tf.keras.Model:
    layers = tf.keras.layers
    objective = get_objective("triplet")
    images = tf.keras.Input(image_shape)
    features = layers.Dropout(0.2)(build_backbone(backbone, image_shape, "random")(images))
    embedding = layers.UnitNormalization()(layers.Dense(256)(features))
    model = tf.keras.Model(images, embedding)
    model.compile(optimizer=tf.keras.optimizers.Adam(1e-5), loss=objective.loss())
    return model


def _standardised(embeddings: np.ndarray) -> np.ndarray:
    return StandardScaler().fit_transform(embeddings)


def _as_floats(images: np.ndarray) -> np.ndarray:
    return images.astype(np.float32) / 255
