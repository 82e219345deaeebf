"""Shared by the tests of the estimator."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def data(digits):
    """150 digits and their labels: three of each class, and -1 for the others."""
    labels = np.full(150, -1)
    for digit in range(10):
        labels[np.flatnonzero(digits.labels[:150] == digit)[:3]] = digit
    return digits.images[:150], labels
