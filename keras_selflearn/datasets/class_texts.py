"""Classes as text, for files and exported graphs."""

from __future__ import annotations

import numpy as np

# What tables hold, in any case, where there is no label; nobody calls a class so on purpose.
NO_LABELS = ("nan", "null", "none", "n/a", "#n/a", "?", "unlabelled", "unlabeled")


def class_texts(classes: np.ndarray) -> list[str]:
    """Give a text for each class: strings as they are, bytes as UTF-8, numbers as printed."""
    return [
        each.decode("utf-8", "backslashreplace") if isinstance(each, bytes) else str(each)
        for each in classes.tolist()
    ]
