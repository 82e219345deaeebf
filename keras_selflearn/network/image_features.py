"""From images to the features of a backbone."""

from __future__ import annotations

import os

import tensorflow as tf

from keras_selflearn.network import data_parallel
from keras_selflearn.network.backbone import build_backbone, name_of
from keras_selflearn.network.batch_statistics import BatchStatistics
from keras_selflearn.network.inference import Inference
from keras_selflearn.network.own_model import Backbone, is_hub
from keras_selflearn.network.preprocessing import mode_of, preprocess
from keras_selflearn.network.process import check_process
from keras_selflearn.network.resizing import Resize

# These two compute the same in training. Their weights are saved without a layer around them.
_ALWAYS_THE_SAME = ("vgg16", "tiny")


def image_features(
    images: tf.Tensor,
    *,
    backbone: Backbone,
    weights: str | os.PathLike,
    image_size: int | None = None,
    preprocessing: str | None = None,
    several: bool = False,
    batch_statistics: bool = False,
) -> tuple[tf.Tensor, tf.keras.Model]:
    """Return the features (batch, d) of symbolic images, and the backbone.

    The backbone is called as for inference: its batch normalisation keeps the statistics that its
    weights came with, unless `batch_statistics`. All its weights can still be trained.

    Parameters
    ----------
    images : symbolic (batch, height, width, channels) uint8
        1 or 3 channels.
    backbone : str, Model or path
    weights : str or path
        As `build_backbone` takes them.
    image_size : int, optional
        Images are first resized to this height and width, where they have others.
    preprocessing : str, optional
        One of `PREPROCESSING`; by default the backbone's own. A preset of KerasHub keeps its own.
    several : bool
        Whether several replicas share a batch.
    batch_statistics : bool
        Whether batch normalisation uses each batch's statistics in training: see `BatchStatistics`.

    Raises
    ------
    InputError
        As `build_backbone`, `mode_of` and `check_process`.
    """
    check_process()
    mode = "raw" if is_hub(backbone) else mode_of(preprocessing, name_of(backbone))
    height, width, _ = images.shape[1:]
    if image_size is not None and (height, width) != (image_size, image_size):
        height = width = image_size
        images = Resize(height, width, name="resized")(images)
    pixels = preprocess(images, mode)
    base = build_backbone(backbone, (height, width, 3), weights)
    if name_of(backbone) in _ALWAYS_THE_SAME:
        network = base
    elif batch_statistics:
        return BatchStatistics(base)(pixels), base
    else:
        network = Inference(base)
    features = data_parallel.features_of_share(network, pixels) if several else network(pixels)
    return features, base
