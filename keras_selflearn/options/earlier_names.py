"""Values of options that had another name in version 0.2.0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def named_as_now(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of version 0.2.0 with the values that mean the same today.

    Its `shift` moved images by whole pixels, and its selection `stratified` rounded down.
    """
    renamed = dict(options)
    if isinstance(augment := options.get("augment"), str):
        names = (name.strip() for name in augment.split(","))
        renamed["augment"] = ",".join(
            "whole-pixel-shift" if name == "shift" else name for name in names
        )
    if options.get("selection") == "stratified":
        renamed["selection"] = "equal"
    return renamed
