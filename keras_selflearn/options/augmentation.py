"""The names of the augmentations, as options take them."""

from __future__ import annotations

from keras_selflearn.console.errors import unknown_name

AUGMENTATION_NAMES = (
    "shift",
    "flip",
    "brightness",
    "contrast",
    "saturation",
    "rotate",
    "zoom",
    "square",
)


def parse_augmentations(names: str) -> tuple[str, ...]:
    """Split "shift,flip" into names; "none" gives no name.

    Raises
    ------
    InputError
        For a name that is not in `AUGMENTATION_NAMES`.
    """
    if names == "none":
        return ()
    parts = tuple(name.strip() for name in names.split(","))
    for name in parts:
        if name not in AUGMENTATION_NAMES:
            raise unknown_name("augmentation", name, [*AUGMENTATION_NAMES, "none"])
    return parts
