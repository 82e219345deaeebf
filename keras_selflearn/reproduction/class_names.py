"""Names of classes as a reader wants them."""

from __future__ import annotations


def name_parts(name: str) -> list[str]:
    """Cut a name such as `Tomato___Late_blight` into its parts, with spaces: crop and disease."""
    return [part.replace("_", " ").strip() for part in name.split("___")]
