"""Makes names of classes readable."""

from __future__ import annotations


def name_parts(name: str) -> list[str]:
    """Split a name such as `Tomato___Late_blight` into its parts, crop and disease."""
    return [part.replace("_", " ").strip() for part in name.split("___")]
