from __future__ import annotations

import errno
import os

import pytest

from keras_selflearn.errors import InputError
from keras_selflearn.files import write_whole, written_whole


@pytest.mark.parametrize(
    ("content", "written"), [("é\n", "é\n".encode()), (b"\x00\xff", b"\x00\xff")]
)
def test_content(tmp_path, content, written):
    path = write_whole(tmp_path / "a.txt", content)
    assert path.read_bytes() == written
    assert write_whole(path, "b").read_text() == "b"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_content_is_on_the_disk_before_it_gets_its_name_and_then_the_name_is(tmp_path, monkeypatch):
    calls = []

    def note(name):
        original = getattr(os, name)

        def call(*arguments):
            if name == "fsync":
                seen = os.stat(arguments[0])
                kind = "folder" if seen.st_ino == os.stat(tmp_path).st_ino else seen.st_size
                calls.append((name, kind))
            else:
                calls.append((name, os.path.basename(arguments[1])))
            return original(*arguments)

        monkeypatch.setattr(os, name, call)

    note("fsync")
    note("replace")
    write_whole(tmp_path / "a.txt", "four")
    assert calls == [("fsync", 4), ("replace", "a.txt"), ("fsync", "folder")]


@pytest.mark.parametrize("error", [RuntimeError("x"), KeyboardInterrupt(), SystemExit()])
def test_a_block_that_raises_leaves_the_old_file_alone(tmp_path, error):
    path = write_whole(tmp_path / "a.txt", "old")
    with pytest.raises(type(error)) as caught, written_whole(path) as file:
        file.write(b"new")
        raise error
    assert caught.value is error
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_disk_that_is_full_leaves_the_old_file_alone(tmp_path, monkeypatch, function):
    path = write_whole(tmp_path / "a.txt", "old")

    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(InputError, match=r"a\.txt can't be written \(No space left on device\)"):
        write_whole(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.txt"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"can't be written \(No such file or directory\)"):
        write_whole(tmp_path / "none" / "a.txt", "new")


def test_what_a_killed_process_left_is_no_hindrance(tmp_path):
    (tmp_path / ".a.txt.unfinished").write_text("much longer than what is written now")
    assert write_whole(tmp_path / "a.txt", "new").read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_disk_that_is_really_full(small_disk):
    path = write_whole(small_disk / "a", b"old")
    with pytest.raises(InputError, match="No space left on device"):
        write_whole(path, bytes(2**21))
    assert path.read_bytes() == b"old" and os.listdir(small_disk) == ["a"]
    assert write_whole(path, bytes(2**19)).stat().st_size == 2**19
