"""What the arithmetic alone takes: a network's multiply-adds at the rate of a matrix product."""

from __future__ import annotations

import math
import statistics
from typing import Callable

import numpy as np
import tensorflow as tf

from benchmarks.line import Line
from benchmarks.settings import Settings
from benchmarks.side_by_side import seconds, speedups
from benchmarks.vgg16 import make_learner, random_examples, random_images
from keras_selflearn.network.embedding import embed
from keras_selflearn.network.model import Network
from keras_selflearn.network.precision import resolve_precision

# Rows of the square matrices, and how often they are multiplied in a round.
_SIDE = 4096
_PRODUCTS = 5
# By height and width: images embedded, and trained on, in a round.
_IMAGES = {32: (2000, 1000), 96: (400, 100)}
# Forward, then the gradients of a layer's input and of its weights, each as many multiply-adds.
_PASSES_OF_TRAINING = 3


def lines(settings: Settings) -> list[Line]:
    """The machine's rate, multiply-adds, the images a second that follow, and the share reached."""
    found, rates = [], {}
    for dtype in ("float32", "bfloat16"):
        rates[dtype] = _rates_of_products(dtype, settings.rounds)
        found.append(Line(f"matrix product of {_SIDE}x{_SIDE} in {dtype}", rates[dtype], "GFLOP/s"))
    dtype = resolve_precision("auto").replace("mixed_", "")
    for size, numbers in _IMAGES.items():
        found += _at_size(size, numbers, dtype, statistics.median(rates[dtype]), settings.rounds)
    return found


def multiply_adds(network: Network) -> int:
    """Of one image through the whole network, forward: biases, activations and pooling left out."""
    layers = [*network.backbone.layers, *network.trainer.layers]
    return sum(
        # Each place of a convolution's output, or a dense layer's one, takes all of the kernel.
        math.prod(layer.output.shape[1:-1]) * math.prod(layer.kernel.shape)
        for layer in layers
        if hasattr(layer, "kernel")
    )


def _at_size(
    size: int, numbers: tuple[int, int], dtype: str, gigaflops: float, rounds: int
) -> list[Line]:
    """Lines of embedding and of training on so many images."""
    n_embedded, n_trained = numbers
    images, examples = random_images(n_embedded, size), random_examples(n_embedded, n_trained)
    learner = make_learner(images)
    forward = multiply_adds(learner.network)
    works = {
        "embedding": (lambda: embed(learner.network, images, np.arange(n_embedded)), n_embedded, 1),
        "training": (lambda: learner.train(examples, 1), n_trained, _PASSES_OF_TRAINING),
    }
    found = [Line(f"multiply-adds of VGG16 at {size}x{size}", (forward / 1e6,), "million")]
    for name, (work, n, passes) in works.items():
        flops = 2 * passes * forward
        note = f"{passes} x the multiply-adds at the rate of the product in {dtype}"
        most = 1e9 * gigaflops / flops
        found.append(Line(f"floor of {name} at {size}x{size}", (most,), "images/s", note=note))
        speeds = speedups(work, matrix_products(dtype), rounds)
        shares = tuple(100 * speed * n * flops / _flops_of_products() for speed in speeds)
        name = f"share of its floor that {name} at {size}x{size} reaches"
        found.append(Line(name, shares, "%", note=f"{n} images"))
    return found


def matrix_products(dtype: str) -> Callable[[], None]:
    """Multiplies two square matrices of `_SIDE` rows `_PRODUCTS` times."""
    rng = np.random.default_rng(0)
    a, b = (tf.constant(rng.normal(size=(_SIDE, _SIDE)), dtype) for _ in range(2))
    product = tf.function(tf.matmul)

    def multiply() -> None:
        for _ in range(_PRODUCTS):
            result = product(a, b)
        result[0, 0].numpy()  # A GPU may still be computing.

    return multiply


def _rates_of_products(dtype: str, rounds: int) -> tuple[float, ...]:
    """GFLOP/s in each round."""
    multiply = matrix_products(dtype)
    multiply()
    return tuple(_flops_of_products() / 1e9 / seconds(multiply) for _ in range(rounds))


def _flops_of_products() -> int:
    return _PRODUCTS * 2 * _SIDE**3
