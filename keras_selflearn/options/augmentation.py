"""The names of the augmentations, as options take them."""

from __future__ import annotations

from keras_selflearn.console.errors import unknown_name

AUGMENTATION_NAMES = (
    "shift",
    "whole-pixel-shift",
    "flip",
    "brightness",
    "contrast",
    "saturation",
    "rotate",
    "zoom",
    "square",
)
VIEW_NAMES = ("flip", "shift")


def parse_augmentations(names: str) -> tuple[str, ...]:
    """Split "shift,flip" into names; "none" gives no name.

    Raises
    ------
    InputError
        For a name that is not in `AUGMENTATION_NAMES`.
    """
    return _parse(names, AUGMENTATION_NAMES, "augmentation")


def parse_views(names: str) -> tuple[str, ...]:
    """The same for "flip,shift", the views of an image: see `VIEW_NAMES`."""
    return _parse(names, VIEW_NAMES, "view")


def _parse(names: str, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    if names == "none":
        return ()
    parts = tuple(name.strip() for name in names.split(","))
    for name in parts:
        if name not in known:
            raise unknown_name(what, name, [*known, "none"])
    return parts
