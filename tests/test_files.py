from __future__ import annotations

import os

import pytest

from keras_selflearn.files import write_whole


@pytest.mark.parametrize(
    ("content", "written"), [("é\n", "é\n".encode()), (b"\x00\xff", b"\x00\xff")]
)
def test_content(tmp_path, content, written):
    path = write_whole(tmp_path / "a.txt", content)
    assert path.read_bytes() == written
    assert write_whole(path, "b").read_text() == "b"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_write_that_is_broken_off_leaves_the_old_file(tmp_path, monkeypatch):
    path = write_whole(tmp_path / "a.txt", "old")

    def fail(*_):
        raise OSError

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError):
        write_whole(path, "new")
    assert path.read_text() == "old"
