"""Tests of files and folders that are not whole yet, with other processes and threads."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading

import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.storage.files import folder_written_whole, write_whole, written_whole
from keras_selflearn.storage.unfinished import (
    remove_left_over,
    remove_left_overs_in,
    rename_new,
    unfinished_file,
    unfinished_folder,
)

pytest.importorskip("fcntl")

_HOLD = """
import sys
from pathlib import Path
from keras_selflearn.storage.unfinished import unfinished_file, unfinished_folder
path = Path(sys.argv[1])
with unfinished_file(path) as (_, file), unfinished_folder(path) as folder:
    file.write(b"mine")
    file.flush()
    (folder / "a").write_text("mine")
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that writes an unfinished file and folder called `a`."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path / "a")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline().strip() == b"ready"
    yield process
    process.kill()
    process.communicate()


def test_nobody_removes_what_another_process_is_writing(tmp_path, other):
    before = sorted(os.listdir(tmp_path))
    assert len(before) == 2
    write_whole(tmp_path / "a", "ours")
    assert sorted([*before, "a"]) == sorted(os.listdir(tmp_path))
    (tmp_path / "a").unlink()
    with folder_written_whole(tmp_path / "a"):
        pass
    assert sorted([*before, "a"]) == sorted(os.listdir(tmp_path))


def test_what_a_killed_process_left_is_removed_by_the_next_start(tmp_path, other):
    other.kill()
    other.wait()
    assert len(os.listdir(tmp_path)) == 2
    write_whole(tmp_path / "b", "another name")
    assert len(os.listdir(tmp_path)) == 3
    write_whole(tmp_path / "a", "ours")
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_only_names_that_are_ours_are_removed(tmp_path):
    path = tmp_path / ("ä" * 120)  # longer than what is kept of a name
    ours = [".a.unfinished", ".a.unfinished-0123abcd", ".unfinished-ab_cd012"]
    theirs = [".a.unfinished-x", ".a.unfinished.txt", "a.unfinished-0123abcd", ".a", "a"]
    for name in [*ours, *theirs]:
        (tmp_path / name).write_text("x")
    with unfinished_file(path) as (beside, _):
        left = beside.with_name(beside.name[:-8] + "01234567")
        left.touch()
    remove_left_over(path)
    remove_left_over(tmp_path / "b")
    assert not left.exists() and len(os.listdir(tmp_path)) == 8
    remove_left_over(tmp_path / "a")
    assert sorted(os.listdir(tmp_path)) == sorted([ours[2], *theirs])
    remove_left_overs_in(tmp_path)
    assert sorted(os.listdir(tmp_path)) == sorted(theirs)


def test_what_is_no_file_or_folder_is_left_alone_and_nobody_waits(tmp_path):
    os.mkfifo(tmp_path / ".a.unfinished-00000001")
    (tmp_path / "far").write_text("far")
    (tmp_path / ".a.unfinished-00000002").symlink_to("far")
    (tmp_path / ".a.unfinished").mkdir()  # As version 0.2.0 called them.
    remove_left_over(tmp_path / "a")
    assert (tmp_path / "far").read_text() == "far"
    assert not (tmp_path / ".a.unfinished").exists()


def test_a_file_system_without_locks_keeps_all(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", no_locks)
    (tmp_path / ".a.unfinished-00000001").write_text("whose?")
    with unfinished_file(tmp_path / "a"), unfinished_folder(tmp_path / "a"):
        assert len(os.listdir(tmp_path)) == 3
    assert os.listdir(tmp_path) == [".a.unfinished-00000001"]


def test_a_new_file_that_is_taken_for_left_over_at_once_is_made_again(tmp_path, monkeypatch):
    from keras_selflearn.storage import unfinished as module

    own, made = module._own, []

    def slow(descriptor, path):
        made.append(path)
        if len(made) == 1:
            remove_left_over(tmp_path / "a")  # of another process, between making and locking
        return own(descriptor, path)

    monkeypatch.setattr(module, "_own", slow)
    with unfinished_file(tmp_path / "a") as (beside, _):
        assert len(made) == 2 and beside == made[1] and beside.exists()
    made.clear()
    with unfinished_folder(tmp_path / "a") as beside:
        assert len(made) == 2 and beside == made[1] and beside.exists()
    assert os.listdir(tmp_path) == []


def test_many_writers_of_one_file_leave_one_whole_file(tmp_path):
    contents = [bytes([65 + number]) * 300_000 for number in range(8)]

    def write(content):
        for _ in range(5):
            write_whole(tmp_path / "a", content)

    threads = [threading.Thread(target=write, args=(each,)) for each in contents]
    [each.start() for each in threads]
    [each.join() for each in threads]
    assert (tmp_path / "a").read_bytes() in contents and os.listdir(tmp_path) == ["a"]


def test_of_many_writers_of_one_folder_one_wins_and_the_others_are_told(tmp_path):
    barrier, errors = threading.Barrier(6), []

    def write(number):
        try:
            with folder_written_whole(tmp_path / "a") as unfinished:
                (unfinished / "number").write_text(str(number))
                barrier.wait(60)
        except InputError as error:
            errors.append(str(error))

    threads = [threading.Thread(target=write, args=(each,)) for each in range(6)]
    [each.start() for each in threads]
    [each.join() for each in threads]
    assert len(errors) == 5 and all("is not empty: choose a new one" in each for each in errors)
    assert os.listdir(tmp_path) == ["a"] and os.listdir(tmp_path / "a") == ["number"]


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_that_appears_meanwhile_is_not_written_over(tmp_path, monkeypatch, has_links):
    if not has_links:

        def no_links(*_):
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr("os.link", no_links)
    with pytest.raises(InputError, match="a is there already: another program"):
        with written_whole(tmp_path / "a", replace=False) as file:
            file.write(b"ours")
            (tmp_path / "a").write_text("theirs")
    assert (tmp_path / "a").read_text() == "theirs" and os.listdir(tmp_path) == ["a"]
    with written_whole(tmp_path / "b", replace=False) as file:
        file.write(b"ours")
    assert (tmp_path / "b").read_text() == "ours"
    (tmp_path / "c").symlink_to("nowhere")
    with pytest.raises(FileExistsError):
        rename_new(tmp_path / "b", tmp_path / "c")
