"""A faster gradient of convolution kernels, for machines where TensorFlow's is slow.

On CPUs with AVX512-BF16 and without AMX, TensorFlow is slow with the gradient of a kernel in
bfloat16 if the map is small: it takes longer than the convolution itself. Nine matrix products, one
for each place of a 3x3 kernel, are faster and give the same sums (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from keras_selflearn.network import cpu

# In pixels. On larger maps the nine copies of it that are multiplied cost more than they save.
_LARGEST_MAP = 64


def quicken_kernel_gradients(backbone: tf.keras.Model) -> None:
    """Change how `backbone` computes the gradients of its kernels, where that is faster.

    These are the kernels of 3x3 that go over small maps pixel by pixel, in bfloat16.
    """
    if tf.config.list_physical_devices("GPU"):
        return
    if "avx512_bf16" not in cpu.features() or "amx_bf16" in cpu.features():
        return
    if cpu.without_onednn():
        return
    for layer in backbone.layers:
        if isinstance(layer, tf.keras.layers.Conv2D) and _is_slow(layer):
            # Its class stays Keras' own: saved weights go by its name.
            layer.convolution_op = convolve


def _is_slow(layer: tf.keras.layers.Conv2D) -> bool:
    if layer.compute_dtype != "bfloat16":
        return False
    height, width = layer.input.shape[1:3]
    return (
        height * width <= _LARGEST_MAP
        and tuple(layer.kernel_size) == (3, 3)
        and tuple(layer.strides) == tuple(layer.dilation_rate) == (1, 1)
        and layer.padding == "same"
        and layer.groups == 1
    )


def convolve(images: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Convolve with zeros around the images, as Keras' `Conv2D` with padding `same`.

    Parameters
    ----------
    images : (batch, height, width, channels) floats
    kernel : (3, 3, channels, filters) of the same dtype

    Returns
    -------
    (batch, height, width, filters) of that dtype
    """
    return _convolve(images, tf.convert_to_tensor(kernel))


@tf.custom_gradient
def _convolve(
    images: tf.Tensor, kernel: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]]:
    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        of_images = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=tf.shape(images),
            filter=kernel,
            out_backprop=upstream,
            strides=[1] * 4,
            padding="SAME",
        )
        return of_images, _gradient_of_kernel(images, upstream)

    return tf.nn.conv2d(images, kernel, strides=1, padding="SAME"), gradients


def _gradient_of_kernel(images: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
    _, height, width, channels = images.shape
    filters = upstream.shape[-1]
    padded = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
    upstream = tf.reshape(upstream, (-1, filters))
    products = [
        tf.matmul(
            tf.reshape(padded[:, i : i + height, j : j + width], (-1, channels)),
            upstream,
            transpose_a=True,
        )
        for i in range(3)
        for j in range(3)
    ]
    return tf.reshape(tf.stack(products), (3, 3, channels, filters))
