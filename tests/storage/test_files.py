from __future__ import annotations

import errno
import os
import stat

import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.storage.files import (
    folder_written_whole,
    is_in,
    make_writable,
    write_whole,
    written_whole,
)


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


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("is_there", [False, True])
def test_a_folder_gets_its_name_with_all_that_is_in_it(tmp_path, many, is_there):
    folder = tmp_path / "new" / "a"
    if is_there:
        folder.mkdir(parents=True)
    with folder_written_whole(folder, many=many) as unfinished:
        assert unfinished != folder and unfinished.parent == folder.parent
        (unfinished / "b").mkdir()
        (unfinished / "b" / "c.txt").write_text("x")
        assert folder.exists() == is_there
    assert (folder / "b/c.txt").read_text() == "x" and os.listdir(folder.parent) == ["a"]


def test_files_of_a_folder_are_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    calls = []
    fsync, sync = os.fsync, os.sync
    monkeypatch.setattr(os, "sync", lambda: (calls.append((tmp_path / "b").exists()), sync()))
    with folder_written_whole(tmp_path / "b", many=True) as unfinished:
        (unfinished / "file").write_text("x")
    assert calls == [False]

    def note(descriptor):
        calls.append((os.fstat(descriptor).st_ino, (tmp_path / "a").exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    calls.clear()
    with folder_written_whole(tmp_path / "a") as unfinished:
        (unfinished / "file").write_text("x")
    a = tmp_path / "a"
    assert calls == [(os.stat(each).st_ino, each == tmp_path) for each in (a / "file", a, tmp_path)]


@pytest.mark.parametrize("error", [RuntimeError("x"), KeyboardInterrupt()])
def test_a_block_that_raises_leaves_no_folder(tmp_path, error):
    with pytest.raises(type(error)), folder_written_whole(tmp_path / "a") as unfinished:
        (unfinished / "file").write_text("x")
        raise error
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_empty_stays_as_it_is(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="is not empty"), folder_written_whole(tmp_path):
        pytest.fail("went on")
    (tmp_path / ".a.unfinished").mkdir()  # What a killed process left.
    (tmp_path / ".a.unfinished/old").write_text("old")
    with folder_written_whole(tmp_path / "a"):
        pass
    assert os.listdir(tmp_path / "a") == []


def test_a_folder_that_can_t_be_made_is_an_error(tmp_path):
    with pytest.raises(InputError, match="can't be written"):
        with folder_written_whole(tmp_path / "a") as unfinished:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(unfinished))
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="can't be written"):
        with folder_written_whole(tmp_path / "file" / "a"):
            pytest.fail("went on")


def test_a_folder_that_is_a_file_is_an_error(tmp_path):
    (tmp_path / "results").touch()
    with pytest.raises(ValueError, match=r"made \(File exists\): choose another --results_dir"):
        make_writable(tmp_path / "results", "results_dir")


def test_a_folder_that_can_t_be_written_is_an_error(tmp_path, monkeypatch):
    # The tests may run as root, who may write everywhere.
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(ValueError, match="can't be written: choose another --results_dir"):
        make_writable(tmp_path, "results_dir")


def test_a_folder_may_be_in_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert make_writable("~/new/results", "results_dir") == tmp_path / "new" / "results"
    assert (tmp_path / "new" / "results").is_dir()


@pytest.mark.parametrize(
    "path, inside",
    [
        ("folder", True),
        ("folder/new/below", True),
        ("folder/../folder/new", True),
        ("link/new", True),
        ("folder-too", False),
        ("folder/../new", False),
        (".", False),
    ],
)
def test_a_path_is_in_a_folder_by_whatever_name(tmp_path, path, inside):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    assert is_in(tmp_path / path, tmp_path / "folder") is inside
    assert is_in(tmp_path / path, tmp_path / "link") is inside


@pytest.mark.parametrize("letter", ["a", "木"])
def test_the_longest_name_that_the_file_system_takes_can_be_written(tmp_path, letter):
    path = tmp_path / (letter * (255 // len(letter.encode())))
    write_whole(path, "all")
    assert path.read_text() == "all"


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
@pytest.mark.parametrize("kinds", ["folders", "all"])
def test_a_file_system_without_fsync_stops_nothing(tmp_path, monkeypatch, number, kinds):
    fsync = os.fsync

    def refuse(descriptor):
        if kinds == "all" or stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    write_whole(tmp_path / "file", "all")
    with folder_written_whole(tmp_path / "a") as unfinished:
        (unfinished / "file").write_text("x")
    assert (tmp_path / "file").read_text() == "all" and (tmp_path / "a/file").read_text() == "x"


def test_a_disk_that_fails_to_flush_is_an_error(tmp_path, monkeypatch):
    def fail(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(InputError, match="Input/output error"):
        write_whole(tmp_path / "file", "all")
    assert os.listdir(tmp_path) == []


def test_names_of_files_that_are_not_utf_8_are_written_as_their_bytes(tmp_path):
    write_whole(tmp_path / "a", "caf\udce9")
    assert (tmp_path / "a").read_bytes() == b"caf\xe9"


def test_a_folder_that_is_gone_is_said(tmp_path):
    with pytest.raises(InputError, match="a is not there, or not any more: start again"):
        write_whole(tmp_path / "a/file", "all")
    assert not (tmp_path / "a").exists()
