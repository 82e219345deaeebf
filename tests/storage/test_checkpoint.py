from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_selflearn.console.errors import InputError
from keras_selflearn.storage import checkpoint as module
from keras_selflearn.storage.checkpoint import Checkpoint, Checkpoints


def state(number):
    """A checkpoint that is told apart by `number`."""
    weights = np.random.default_rng(number).normal(size=(7, 5)).astype(np.float32)
    arrays = {"weights": weights, "none": np.empty((0, 3)), "steps": np.array(number)}
    return Checkpoint({"number": number, "text": "é", "loss": 0.1 * number, "no": None}, arrays)


def assert_is(found, number):
    expected = state(number)
    assert found.numbers == expected.numbers and found.arrays.keys() == expected.arrays.keys()
    for name, array in expected.arrays.items():
        assert found.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(found.arrays[name], array)


def written(folder, *numbers):
    checkpoints = Checkpoints(folder)
    return checkpoints, [checkpoints.write(state(number)) for number in numbers]


def names(folder):
    return sorted(os.listdir(folder))


def test_what_is_written_is_read_and_two_are_kept(tmp_path):
    folder = tmp_path / "new" / "checkpoints"
    assert Checkpoints(folder).latest() is None and not folder.exists()
    checkpoints, _ = written(folder, 0, 1, 2, 3)
    assert_is(checkpoints.latest(), 3)
    assert_is(Checkpoints(folder).latest(), 3)
    assert names(folder) == ["000002.checkpoint", "000003.checkpoint"]
    Checkpoints(folder).write(state(4))
    assert_is(checkpoints.latest(), 4)
    assert names(folder) == ["000003.checkpoint", "000004.checkpoint"]


def test_they_are_in_the_order_of_their_numbers(tmp_path):
    checkpoints, (path,) = written(tmp_path, 0)
    path.rename(tmp_path / "999999.checkpoint")
    checkpoints.write(state(1))
    assert_is(checkpoints.latest(), 1)
    checkpoints.write(state(2))
    assert names(tmp_path) == ["1000000.checkpoint", "1000001.checkpoint"]


def cut(content, position):
    return content[: position % len(content)]


def flip(content, position):
    bit = position % (8 * len(content))
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@settings(
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(damage=st.sampled_from([cut, flip]), position=st.integers(0, 2**20))
def test_a_damaged_one_is_reported_and_the_one_before_is_used(tmp_path, capsys, damage, position):
    checkpoints, (_, last) = written(tmp_path, 3, 4)
    last.write_bytes(damage(last.read_bytes(), position))
    assert_is(checkpoints.latest(), 3)
    assert f"The checkpoint {last} is damaged: " in capsys.readouterr().err


@pytest.mark.parametrize("place", range(len(module._MAGIC) + 70))
def test_every_byte_of_the_header_and_the_first_after_it_counts(tmp_path, place):
    checkpoints, (_, last) = written(tmp_path, 3, 4)
    content = bytearray(last.read_bytes())
    content[place] ^= 1
    last.write_bytes(content)
    assert_is(checkpoints.latest(), 3)


@pytest.mark.parametrize("content", [b"", b"\x00" * 5000, b"PK\x03\x04", b"not a checkpoint\n"])
def test_what_is_none_is_reported_and_the_one_before_is_used(tmp_path, capsys, content):
    checkpoints, _ = written(tmp_path, 3)
    (tmp_path / "000007.checkpoint").write_bytes(content)
    assert_is(checkpoints.latest(), 3)
    assert "000007.checkpoint is damaged: it does not begin as one" in capsys.readouterr().err


def test_a_folder_in_the_place_of_one_is_reported_and_the_one_before_is_used(tmp_path, capsys):
    checkpoints, _ = written(tmp_path, 3)
    (tmp_path / "000007.checkpoint").mkdir()
    assert_is(checkpoints.latest(), 3)
    assert "000007.checkpoint is damaged" in capsys.readouterr().err


def make_holes(path):
    with path.open("wb") as file:
        file.write(module._MAGIC)
        file.truncate(300 * 2**30)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), make_holes])
def test_what_is_no_plain_file_or_has_holes_of_300_gib_is_not_read(tmp_path, capsys, make):
    checkpoints, _ = written(tmp_path, 3)
    make(tmp_path / "000007.checkpoint")
    assert_is(checkpoints.latest(), 3)
    said = capsys.readouterr().err
    assert "000007.checkpoint is damaged: it is not a file" in said or "has 300 GiB" in said
    checkpoints.write(state(8))
    assert names(tmp_path) == ["000000.checkpoint", "000008.checkpoint"]


def test_other_files_and_what_a_killed_process_left_are_no_hindrance(tmp_path, capsys):
    checkpoints, _ = written(tmp_path, 3)
    for name in (".000001.checkpoint.unfinished", "last.checkpoint", "000009.npz", "notes"):
        (tmp_path / name).write_bytes(b"half")
    assert_is(checkpoints.latest(), 3)
    assert capsys.readouterr().err == ""
    checkpoints.write(state(4))
    assert_is(checkpoints.latest(), 4)
    assert ".000001.checkpoint.unfinished" not in names(tmp_path)


def test_none_whole_is_an_error_that_changes_nothing(tmp_path, capsys):
    checkpoints, paths = written(tmp_path, 3, 4)
    for path in paths:
        path.write_bytes(path.read_bytes()[:-1])
    before = names(tmp_path)
    with pytest.raises(InputError, match=f"No checkpoint in {tmp_path} is whole: remove it"):
        checkpoints.latest()
    assert capsys.readouterr().err.count("is damaged: its checksum is not that") == 2
    assert names(tmp_path) == before


def test_a_damaged_one_is_none_of_the_two(tmp_path):
    _, (_, last) = written(tmp_path, 3, 4)
    last.write_bytes(b"")
    again = Checkpoints(tmp_path)
    again.latest()
    newest = again.write(state(5))
    newest.write_bytes(b"")
    assert_is(Checkpoints(tmp_path).latest(), 3)
    again.write(state(6))
    assert last.name not in names(tmp_path) and len(names(tmp_path)) == 2


def forged(numbers=b"{}", magic=module._MAGIC, **arrays):
    """The bytes of a checkpoint of anything, with the right checksum."""
    content = io.BytesIO()
    np.savez(content, numbers=np.frombuffer(numbers, np.uint8), **arrays)
    return with_header(content.getvalue(), magic)


def with_header(content, magic=module._MAGIC):
    return magic + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def test_forging_works(tmp_path):
    (tmp_path / "000000.checkpoint").write_bytes(forged(b'{"a": 1}', b=np.arange(3)))
    found = Checkpoints(tmp_path).latest()
    assert found.numbers == {"a": 1} and found.arrays["b"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (forged(magic=b"keras_selflearn checkpoint 2 sha256 "), "of a format that this version"),
        (forged(b"{"), "Expecting"),
        (forged(b"\xff"), "utf-8"),
        (forged(b"[1]"), "no names"),
        (forged(b"[" * 10**5), "RecursionError"),
        (forged(b=np.array([{}])), "is of object, not of numbers or strings"),
        (with_header(b""), "arrays are damaged"),
        (with_header(b"no zip"), "arrays are damaged"),
    ],
)
def test_hostile_contents_with_the_right_checksum(tmp_path, capsys, content, reason):
    (tmp_path / "000000.checkpoint").write_bytes(content)
    with pytest.raises(InputError, match="is whole"):
        Checkpoints(tmp_path).latest()
    assert reason in capsys.readouterr().err


def test_without_its_numbers_it_is_damaged(tmp_path, capsys):
    content = io.BytesIO()
    np.savez(content, other=np.arange(3))
    (tmp_path / "000000.checkpoint").write_bytes(with_header(content.getvalue()))
    with pytest.raises(InputError, match="is whole"):
        Checkpoints(tmp_path).latest()
    assert "its numbers can't be read" in capsys.readouterr().err


@pytest.mark.parametrize("fails_at", ["write_array", "fsync", "replace"])
def test_a_write_that_fails_leaves_the_ones_before_whole(tmp_path, monkeypatch, fails_at):
    checkpoints, _ = written(tmp_path, 3, 4)

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module.npy if fails_at == "write_array" else os, fails_at, fail)
    with pytest.raises(InputError, match=r"000002\.checkpoint can't be written \(No space left"):
        checkpoints.write(state(5))
    monkeypatch.undo()
    assert names(tmp_path) == ["000000.checkpoint", "000001.checkpoint"]
    assert_is(checkpoints.latest(), 4)


@pytest.mark.filterwarnings("error")  # also of what can't be raised
def test_a_disk_that_is_really_full(small_disk):
    large = {"weights": np.zeros(2**16)}  # half of the disk
    checkpoints = Checkpoints(small_disk / "checkpoints")
    checkpoints.write(Checkpoint({"number": 0}, large))
    with pytest.raises(InputError, match="can't be written.*No space left on device"):
        checkpoints.write(Checkpoint({"number": 1}, large))
    assert checkpoints.latest().numbers == {"number": 0}
    assert names(small_disk / "checkpoints") == ["000000.checkpoint"]


def test_a_folder_that_can_t_be_made_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file/checkpoints can't be made: Not a directory"):
        Checkpoints(tmp_path / "file" / "checkpoints").write(state(0))


def test_numbers_that_are_none_are_not_written(tmp_path):
    with pytest.raises(ValueError):
        Checkpoints(tmp_path).write(Checkpoint({"loss": float("nan")}, {}))
    assert names(tmp_path) == []


def test_one_is_due_after_the_minutes_asked(tmp_path, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    checkpoints = Checkpoints(tmp_path, minutes=2)
    for seconds, due in ((119, False), (2, True)):
        now[0] += seconds
        assert checkpoints.due is due
    checkpoints.write(state(0))
    assert not checkpoints.due


def test_all_are_removed_but_nothing_else_is(tmp_path):
    folder = tmp_path / "checkpoints"
    checkpoints, _ = written(folder, 0, 1)
    (folder / ".000002.checkpoint.unfinished").touch()
    (folder / "notes").touch()
    checkpoints.remove()
    assert names(folder) == ["notes"]
    (folder / "notes").unlink()
    checkpoints.write(state(0))
    checkpoints.remove()
    assert not folder.exists()
    checkpoints.remove()


def test_the_home_folder_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    written("~/kept", 1)
    assert names(tmp_path / "kept") == ["000000.checkpoint"]


def test_a_folder_that_was_removed_is_not_made_again(tmp_path):
    (tmp_path / "run").mkdir()
    checkpoints = Checkpoints(tmp_path / "run/checkpoints")
    checkpoints.write(state(0))
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(InputError, match="run was removed, so no checkpoint can be written"):
        checkpoints.write(state(1))
    assert names(tmp_path) == []


def test_one_of_a_run_that_was_given_up_says_so_until_the_next(tmp_path):
    folder = tmp_path / "checkpoints"
    checkpoints = Checkpoints(folder)
    checkpoints.give_up()
    assert not folder.exists() and not checkpoints.given_up
    checkpoints.write(state(1))
    assert not checkpoints.given_up
    checkpoints.give_up()
    assert Checkpoints(folder).given_up
    assert_is(Checkpoints(folder).latest(), 1)
    checkpoints.write(state(2))
    assert not checkpoints.given_up
    checkpoints.give_up()
    checkpoints.clear()
    assert names(folder) == [] and not checkpoints.given_up
    checkpoints.write(state(3))
    checkpoints.give_up()
    checkpoints.remove()
    assert not folder.exists()
