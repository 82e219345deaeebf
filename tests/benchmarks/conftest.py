from __future__ import annotations

import pytest

from keras_selflearn.network import cpu as module


@pytest.fixture
def cpu(monkeypatch):
    """Makes the machine one with a CPU of these features."""

    def have(features):
        monkeypatch.setattr(module, "features", lambda: frozenset(features.split()))

    return have
