"""Which images a network takes."""

from __future__ import annotations

from keras_selflearn.console.errors import InputError
from keras_selflearn.network.applications import APPLICATIONS, title
from keras_selflearn.network.backbone import name_of
from keras_selflearn.network.own_model import Backbone, check_own_shape, own_shape
from keras_selflearn.network.side_by_side import Backbones, each_backbone

# Of grey and RGB, and of RGB with alpha, which is refused.
_CHANNELS = (1, 3, 4)
_SMALLEST = 32  # of `tiny`
# A batch has at least one image, whose feature maps take a hundred times as much.
_MOST_PIXELS = 4096 * 4096


def check_image_shape(
    image_shape: tuple[int, ...], *, backbone: Backbones = "vgg16", image_size: int | None = None
) -> None:
    """Raise an `InputError` unless each network takes images of this (height, width, channels).

    Parameters
    ----------
    image_shape : (height, width, channels)
    backbone : str, Model or path, or several
        As `each_backbone` takes it.
    image_size : int or None
        The height and width to which the network resizes them; None: it does not.
    """
    height, width, channels = image_shape
    if is_channels_first(image_shape):
        raise InputError(
            f"Images are {tuple(image_shape)}, with the channels first: give (height, width,"
            " channels), as np.moveaxis(images, 1, -1) does."
        )
    if channels not in (1, 3):
        raise InputError(f"Images have {channels} channels: give 1 (grey) or 3 (RGB).")
    if height * width > _MOST_PIXELS:
        raise InputError(
            f"Images are {height}x{width}, more pixels than 4096x4096: make them smaller."
        )
    if image_size is not None:
        check_image_size(image_size, backbone=backbone)
        return
    for each in each_backbone(backbone):
        _check_seen(height, width, each)


def is_channels_first(image_shape: tuple[int, ...]) -> bool:
    """Whether these seem to be (channels, height, width)."""
    return image_shape[0] in _CHANNELS and image_shape[-1] not in _CHANNELS


def _check_seen(height: int, width: int, backbone: Backbone) -> None:
    name = name_of(backbone)
    if name is None:
        check_own_shape(own_shape(backbone), (height, width, 3))
        return
    smallest = _smallest(name)
    if min(height, width) < smallest:
        raise InputError(
            f"Images are {height}x{width}, and {title(name)} needs at least {smallest}x{smallest}:"
            f" enlarge them, with image_size={smallest} (--image_size={smallest}) or more."
        )


def check_image_size(image_size: int | None, *, backbone: Backbones) -> None:
    """Raise an `InputError` if a network does not take images of this height and width."""
    if image_size is None:
        return
    for each in each_backbone(backbone):
        _check_resized(image_size, each)


def _check_resized(image_size: int, backbone: Backbone) -> None:
    name = name_of(backbone)
    if name is None:
        check_own_shape(own_shape(backbone), (image_size, image_size, 3))
        return
    smallest = _smallest(name)
    if image_size < smallest:
        raise InputError(
            f"image_size is {image_size}, and {title(name)} needs at least {smallest}: give"
            f" image_size={smallest} (--image_size={smallest}) or more."
        )


def _smallest(name: str) -> int:
    return APPLICATIONS[name].smallest if name in APPLICATIONS else _SMALLEST
