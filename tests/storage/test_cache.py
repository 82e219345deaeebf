from __future__ import annotations

from pathlib import Path

import pytest

from keras_selflearn.storage.cache import cache_root


@pytest.mark.parametrize("unset", [None, ""])
def test_home_s_cache_where_nothing_else_is_set(unset, monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    if unset is not None:
        monkeypatch.setenv("XDG_CACHE_HOME", unset)
    assert cache_root() == Path("/home/anna/.cache/keras_selflearn")


def test_the_cache_that_is_set(monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.setenv("XDG_CACHE_HOME", "~/scratch")
    assert cache_root() == Path("/home/anna/scratch/keras_selflearn")
