"""A classifier as TensorFlow alone sees it."""

from __future__ import annotations

import tensorflow as tf

from keras_selflearn.estimator.saved_model import export_saved_model


def exported(classifier, images, folder):
    """Export a classifier to a new folder, and label images with what is there."""
    export_saved_model(classifier, folder)
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    return serve(images=tf.constant(images))
