"""What images that are in a folder more than once do to a run, in sentences."""

from __future__ import annotations

from keras_selflearn.runs.page import text
from keras_selflearn.runs.record import RunRecord


def of_duplicates(run: RunRecord) -> list[str]:
    """Name identical images with different labels, and the accuracy without copies in the test set.

    Empty if there are none.
    """
    numbers, found = run.duplicates, []
    if numbers is None:
        return []
    if numbers.labels_differ:
        has = "has" if numbers.labels_differ == 1 else "have"
        found.append(
            f"{text.count(numbers.labels_differ, 'image')} {has} another label than an identical"
            " image: look at duplicates.csv."
        )
    if numbers.test_in_training and numbers.test_accuracy_with is not None:
        without = numbers.test_accuracy_without
        left = "no test image is left" if without is None else f"it is {text.percent(without)}"
        found.append(
            f"The test accuracy is {text.percent(numbers.test_accuracy_with)}. Without the"
            f" {text.count(numbers.test_in_training, 'test image')} that training has, too, or"
            f" nearly, {left}."
        )
    return found
