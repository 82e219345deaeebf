"""What happens under `mirrored` on two virtual CPUs, as JSON, for `test_data_parallel.py`.

A process of its own: devices can't be divided once TensorFlow runs.
"""

from __future__ import annotations

import json
import sys
import unittest.mock
from pathlib import Path

from keras_selflearn.console.quiet import import_tensorflow_quietly

import_tensorflow_quietly()

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from own_models import own_model  # noqa: E402

from keras_selflearn import SelfLearningClassifier  # noqa: E402
from keras_selflearn.losses import get_objective, loss_names  # noqa: E402
from keras_selflearn.network import backbone  # noqa: E402
from keras_selflearn.network.averaging import WeightAverage  # noqa: E402
from keras_selflearn.network.dropout import Dropout  # noqa: E402
from keras_selflearn.network.embedding import embed  # noqa: E402
from keras_selflearn.network.model import build_network  # noqa: E402
from keras_selflearn.network.strategy import make_strategy  # noqa: E402
from keras_selflearn.training.augmentation import shift  # noqa: E402
from keras_selflearn.training.pipeline import drawn_batches, shuffled  # noqa: E402

SUM = "triplet+cross-entropy"
STRATEGIES = ("none", "mirrored")
# In batches of 7: shares of 3 and 4, and in the last batch of 1 and none.
LABELS = np.arange(15) % 3
IMAGES = np.random.default_rng(0).integers(0, 156, (15, 32, 32, 3), np.uint8)
IMAGES += (LABELS * 50).astype(np.uint8)[:, None, None, None]


def network(strategy, loss="triplet", **changes):
    tf.keras.utils.set_random_seed(0)
    options = {
        "backbone": "tiny",
        "weights": "random",
        "image_shape": (32, 32, 3),
        "n_classes": 3,
        "objective": get_objective(loss),
        "embedding_size": 8,
        "dropout": 0.0,
        "optimizer": "sgd",
        "learning_rate": 0.01,
        "precision": "float32",
    }
    return build_network(**{**options, **changes}, strategy=strategy)


def train(net, epochs=3, targets=LABELS, weights=()):
    batches = drawn_batches(
        IMAGES,
        np.arange(15),
        [targets, *weights],
        draw=shuffled(15, 7, 0),
        change=lambda images, _, step: shift(images, tf.stack([0, step])),
        first_step=0,
        steps=3 * epochs,
    )
    options = {"epochs": epochs, "steps_per_epoch": 3, "shuffle": False, "verbose": 0}
    return net.trainer.fit(batches, **options).history["loss"]


def apart(first, second):
    """The greatest difference of the numbers or arrays in two lists."""
    return max(float(np.abs(a - b).max()) for a, b in zip(first, second))


def training(loss):
    """How far apart the losses and the weights of both strategies are, and how far they went."""
    nets = [network(strategy, loss) for strategy in STRATEGIES]
    before = nets[0].trainer.get_weights()
    losses = [train(net) for net in nets]
    one, two = (net.trainer.get_weights() for net in nets)
    return {
        "losses": apart(*losses),
        "weights": apart(one, two),
        "change": apart(before, one),
    }


def soft_targets():
    """How far apart both strategies end with probabilities in place of labels."""
    targets = np.random.default_rng(0).dirichlet([1, 1, 1], 15).astype(np.float32)
    nets = [network(strategy, "cross-entropy") for strategy in STRATEGIES]
    losses = [train(net, targets=targets) for net in nets]
    return {
        "losses": apart(*losses),
        "weights": apart(*(net.trainer.get_weights() for net in nets)),
    }


def batch_statistics():
    """As `training`, with a network whose moving statistics are renewed, and averaged."""
    options = {"backbone": own_model(size=32), "weights": "own", "learning_rate": 0.001}
    options["batch_statistics"] = True
    nets = [network(strategy, "cross-entropy", **options) for strategy in STRATEGIES]
    moving = nets[0].averaged[-2:]
    before = [each.numpy() for each in moving]
    averages = [WeightAverage(net.averaged) for net in nets]
    losses = [train(net) for net in nets]
    one, two = (net.trainer.get_weights() for net in nets)
    after = [each.numpy() for each in moving]
    for average in averages:
        average.after_step(10, 0.5)
        average.take_over(20, 0.5)
    return {
        "losses": apart(*losses),
        "weights": apart(one, two),
        "change": min(float(np.abs(a - b).min()) for a, b in zip(before, after)),
        "averages": apart(*([each.numpy() for each in net.averaged] for net in nets)),
    }


def image_weights(loss):
    """How far apart both strategies end where images have weights, and how far without them."""
    weights = np.random.default_rng(0).uniform(0, 1, 15).astype(np.float32)
    nets = [network(strategy, loss) for strategy in (*STRATEGIES, "none")]
    losses = [train(net, weights=[weights]) for net in nets[:2]]
    train(nets[2])
    one, two, equal = (net.trainer.get_weights() for net in nets)
    return {"losses": apart(*losses), "weights": apart(one, two), "change": apart(one, equal)}


def whole_batch_loss():
    """Of a batch of all images: its loss, the mean of its shares' losses, and what `fit` says."""
    net = network("mirrored", "contrastive")
    loss, outputs = get_objective("contrastive").loss(), net.trainer(IMAGES)
    shares = [float(loss.call(LABELS[i], outputs.numpy()[i])) for i in (slice(8), slice(8, 15))]
    batch = tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)).batch(15)
    history = net.trainer.fit(batch, steps_per_epoch=1, verbose=0).history
    return {
        "whole": float(loss.call(LABELS, outputs)),
        "shares": float(np.mean(shares)),
        "fit": history["loss"][0],
    }


def embeddings(net, n):
    """Shapes and distance of those shared out and those of the network when called directly."""
    order = np.random.default_rng(n).permutation(15)[:n]
    shared, direct = embed(net, IMAGES, order), net.embedder(IMAGES[order]).numpy()
    return {"shapes": [shared.shape, direct.shape], "apart": apart([shared], [direct])}


def dropout_masks():
    """Two draws of threes left by both replicas, in 4 and 3 examples; one without training."""
    strategy = make_strategy("mirrored")
    step = tf.Variable(0)
    layer = Dropout(0.5, seed=0, step=lambda: step)

    @tf.function
    def draw(training):
        step.assign_add(1)

        def one(replica):
            n = 4 - replica.replica_id_in_sync_group
            return layer(tf.fill([n, 16], 3.0), training=training)

        return strategy.run(lambda: one(tf.distribute.get_replica_context()))

    return [
        [mask.numpy().tolist() for mask in strategy.experimental_local_results(draw(training))]
        for training in (True, True, False)
    ]


def traces():
    """Of the backbone, in the first meta-iteration and in three."""
    counted = []

    @tf.keras.utils.register_keras_serializable(package="test")
    class CountTraces(tf.keras.layers.Layer):
        def call(self, inputs):
            counted.append(1)
            return inputs

    def counting(image_shape):
        inputs = tf.keras.Input(image_shape)
        pooled = tf.keras.layers.GlobalAveragePooling2D()(CountTraces()(inputs))
        return tf.keras.Model(inputs, pooled)

    class Watch(tf.keras.callbacks.Callback):
        counts = ()

        def on_meta_iteration_end(self, record, learner):
            self.counts += (len(counted),)

    watch = Watch()
    with unittest.mock.patch.dict(backbone.BACKBONES, tiny=counting):
        fit("mirrored", meta_iterations=3, callbacks=[watch])
    return watch.counts


def fit(strategy, callbacks=(), **changes):
    options = {
        "loss": "arcface",
        "weights": "random",
        "backbone": "tiny",
        "selection_percent": 30,
        "meta_iterations": 2,
        "epochs": 6,
        "meta_epochs": 2,
        "batch_size": 4,
        "embedding_size": 8,
        "learning_rate": 1e-2,
        "ema_momentum": 0.9,
        "dropout": 0.0,
        "precision": "float32",
        "random_state": 0,
    }
    classifier = SelfLearningClassifier(**{**options, **changes}, strategy=strategy)
    some = np.where(np.arange(15) < 9, LABELS, -1)
    return classifier.fit(
        IMAGES, some, validation_data=(IMAGES, LABELS), true_labels=LABELS, callbacks=callbacks
    )


def classifiers(folder):
    """How two fits differ; the one on two devices is saved for another process to load."""
    one, two = (fit(strategy) for strategy in STRATEGIES)
    two.save(folder / "classifier")
    loaded = SelfLearningClassifier.load(folder / "classifier")
    np.savez(folder / "images.npz", images=IMAGES, embeddings=two.transform(IMAGES))
    return {
        "loaded": apart([loaded.transform(IMAGES)], [two.transform(IMAGES)]),
        "replicas": two.network_.trainer.distribute_strategy.num_replicas_in_sync,
        "labelled": [record["labelled"] for record in two.history_],
        "same_labels": bool((one.transduction_ == two.transduction_).all()),
        "same_iterations": bool((one.labeled_iter_ == two.labeled_iter_).all()),
        "losses": apart(*([r["loss"] for r in each.history_] for each in (one, two))),
    }


def mixed_precision():
    """How far apart the losses of both strategies are in 16 bits with loss scaling."""
    return apart(*(train(network(each, precision="mixed_float16")) for each in STRATEGIES))


def repeated():
    """How far two runs with one seed, deterministic operations and dropout are apart."""
    tf.config.experimental.enable_op_determinism()
    nets = [network("mirrored", dropout=0.2) for _ in range(2)]
    losses = [train(net) for net in nets]
    weights = (net.trainer.get_weights() for net in nets)
    return {"losses": apart(*losses), "weights": apart(*weights)}


def main(folder):
    cpu = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(cpu, parts)
    net = network("mirrored")
    facts = {
        "training": {loss: training(loss) for loss in [*loss_names(), SUM]},
        "soft_targets": soft_targets(),
        "batch_statistics": batch_statistics(),
        "image_weights": {loss: image_weights(loss) for loss in ("cross-entropy", "arcface")},
        "whole_batch_loss": whole_batch_loss(),
        "embeddings": [embeddings(net, n) for n in (1, 2, 7, 15)],
        "dropout_masks": dropout_masks(),
        "traces": traces(),
        "classifiers": classifiers(folder),
        "mixed_precision": mixed_precision(),
        "repeated": repeated(),
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
