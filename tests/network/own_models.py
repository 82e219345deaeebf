"""Small models as users bring them, and files of them."""

from __future__ import annotations

import json
import zipfile

import h5py
import numpy as np
import tensorflow as tf


def own_model(*, size=None, ends="map", name="mine"):
    """A network with batch normalisation and random statistics, for pixels 0..255.

    `ends` is what it gives: a "map" (batch, h, w, 6), a "vector" (batch, 6) or a "sequence".
    """
    layers = tf.keras.layers
    images = tf.keras.Input((size, size, 3), name="image")
    x = layers.Rescaling(1 / 128, -1.0, name="scale")(images)
    x = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="stem")(x)
    x = layers.BatchNormalization(name="stem_bn")(x)
    x = layers.ReLU(6.0, name="stem_relu")(x)
    y = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    x = layers.Add(name="add")([x, y])
    x = layers.Conv2D(6, 1, activation="relu", name="last")(x)
    if ends == "vector":
        x = layers.GlobalAveragePooling2D(name="pool")(x)
    if ends == "sequence":
        x = layers.Reshape((-1, 6), name="sequence")(x)
    model = tf.keras.Model(images, x, name=name)
    draw = np.random.default_rng(0)
    model.set_weights([draw.uniform(0.1, 1, each.shape) for each in model.get_weights()])
    return model


def change_config(path, change):
    """Change the architecture in a `.h5` or `.keras` file in place, and what else is there not."""
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            config = json.loads(file.attrs["model_config"])
            change(config)
            file.attrs["model_config"] = json.dumps(config)
        return
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def layer_of(config, name):
    """The description of the layer of this name."""
    return next(each for each in config["config"]["layers"] if each["config"]["name"] == name)
