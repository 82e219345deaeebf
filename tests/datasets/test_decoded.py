from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from waiting import finish

from keras_selflearn.datasets.decoded import Source, read_decoded
from keras_selflearn.storage.unfinished import unfinished_folder

IMAGES = np.random.default_rng(0).integers(0, 256, (30, 8, 6, 3), np.uint8)
LABELS = np.arange(30, dtype=np.int64) % 3


@pytest.fixture(autouse=True)
def decoded(tmp_path, monkeypatch):
    """The folder of decoded data sets."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "keras_selflearn" / "decoded"


def make_source(batches=None):
    if batches is None:
        # Parts may take turns, and a batch may be empty.
        batches = [("train", 0, 7), ("test", 20, 25), ("train", 7, 20), ("test", 25, 25)]
        batches.append(("test", 25, 30))
    shapes = {"train": (20, 8, 6, 3), "test": (10, 8, 6, 3)}
    filling = ((part, IMAGES[a:b], LABELS[a:b].astype(np.int32)) for part, a, b in batches)
    return Source("three classes", shapes, ("a", "b", "c"), filling)


def never():
    raise AssertionError("what is decoded already must not be decoded again")


def check(data):
    for part, images, labels in (
        (slice(0, 20), data.images, data.labels),
        (slice(20, 30), data.test_images, data.test_labels),
    ):
        np.testing.assert_array_equal(images, IMAGES[part])
        np.testing.assert_array_equal(labels, LABELS[part])
        assert images.dtype == np.uint8 and labels.dtype == np.int64
        assert isinstance(images, np.memmap) and not images.flags.writeable
    assert data.class_names == ("a", "b", "c")


def test_decodes_once_and_says_so_once(decoded, capsys):
    check(read_decoded("some-1.0.0-abc", make_source))
    said = capsys.readouterr()
    folder = decoded / "some-1.0.0-abc"
    assert said.err == f"Decoding three classes (30 images), once; kept in {folder}\n"
    check(read_decoded("some-1.0.0-abc", never))
    assert capsys.readouterr() == ("", "")
    assert [path.name for path in decoded.iterdir()] == ["some-1.0.0-abc"]


def test_another_key_is_another_data_set(decoded):
    read_decoded("one", make_source)
    check(read_decoded("two", make_source))
    assert sorted(path.name for path in decoded.iterdir()) == ["one", "two"]


def truncate(path):
    os.truncate(path, path.stat().st_size - 1)


def empty(path):
    os.truncate(path, 0)


def spoil_header(path):
    path.write_bytes(path.read_bytes().replace(b"'descr'", b"'d(scr'"))


def drop_a_row(path):
    np.save(path, np.load(path)[:-1])


def widen(path):
    np.save(path, np.load(path).astype(np.uint16))


def add_a_class(path):
    np.save(path, np.load(path) + 1)


def drop_a_name(path):
    path.write_text(json.dumps(["a", "b"]))


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("train_images.npy", truncate),
        ("test_images.npy", empty),
        ("test_images.npy", spoil_header),
        ("train_images.npy", drop_a_row),
        ("train_images.npy", widen),
        ("train_images.npy", Path.unlink),
        ("train_labels.npy", truncate),
        ("test_labels.npy", drop_a_row),
        ("test_labels.npy", widen),
        ("train_labels.npy", add_a_class),
        ("class_names.json", truncate),
        ("class_names.json", drop_a_name),
    ],
)
def test_damage_is_healed(decoded, file, damage):
    read_decoded("some", make_source)
    damage(decoded / "some" / file)
    check(read_decoded("some", make_source))
    check(read_decoded("some", never))
    assert [path.name for path in decoded.iterdir()] == ["some"]


def test_what_fails_half_way_leaves_nothing(decoded):
    def failing():
        yield "train", IMAGES[:7], LABELS[:7]
        raise RuntimeError("no more")

    source = make_source()
    broken = Source(source.name, source.shapes, source.class_names, failing())
    with pytest.raises(RuntimeError, match="no more"):
        read_decoded("some", lambda: broken)
    assert not list(decoded.iterdir())
    check(read_decoded("some", make_source))


def start(script, *arguments):
    """A process of its own that has this module at hand as `here`."""
    paths = [str(Path(__file__).parent), *sys.path]
    program = f"import sys; sys.path[:0] = {paths!r}; import test_decoded as here\n{script}"
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def test_what_a_killed_process_left_is_removed_and_what_a_living_one_makes_stays(decoded):
    script = """
import os, signal
def batches():
    yield "train", here.IMAGES[:7], here.LABELS[:7]
    os.kill(os.getpid(), signal.SIGKILL)
source = here.make_source()
source = here.Source(source.name, source.shapes, source.class_names, batches())
here.read_decoded("some", lambda: source)
"""
    process = start(script)
    _, errors = finish(process, "a process that kills itself")
    assert process.returncode == -signal.SIGKILL, errors
    (left_over,) = decoded.iterdir()
    assert left_over.name != "some"
    with unfinished_folder(decoded / "more") as living:
        check(read_decoded("other", make_source))
        assert sorted(path.name for path in decoded.iterdir()) == [living.name, "other"]


def test_two_processes_at_once_use_what_the_first_made(decoded, tmp_path):
    script = """
import pathlib, sys
from waiting import wait_for
folder, mine, other = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def wait(name):
    wait_for(f"the file {name}", (folder / name).exists)
def source():
    (folder / mine).touch()
    wait(other)
    if mine == "late":
        wait("done")
    return here.make_source()
data = here.read_decoded("some", source)
here.check(data)
inode = pathlib.Path(data.images.filename).stat().st_ino
(folder / f"{mine}-inode").write_text(str(inode))
if mine == "early":
    (folder / "done").touch()
"""
    processes = [
        start(script, tmp_path, *names) for names in (("early", "late"), ("late", "early"))
    ]
    for process in processes:
        _, errors = finish(process, "a process that decodes")
        assert process.returncode == 0 and "Decoding three classes" in errors, errors
    assert (tmp_path / "early-inode").read_text() == (tmp_path / "late-inode").read_text()
    assert [path.name for path in decoded.iterdir()] == ["some"]


def test_a_cache_that_can_t_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(ValueError, match="Not a directory; set XDG_CACHE_HOME to") as error:
        read_decoded("some", make_source)
    assert str(tmp_path / "file" / "keras_selflearn" / "decoded") in str(error.value)


def test_a_full_disk(decoded):
    # A limit on the size of files fails as a disk without room does: in the middle of a write.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1500, limits[1]))
    try:
        with pytest.raises(ValueError, match="File too large; set XDG_CACHE_HOME to"):
            read_decoded("some", make_source)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(decoded.iterdir())
