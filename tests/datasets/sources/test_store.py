"""Two processes that decode the same images, and one that is killed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from places import ROOT
from shard_files import levels, samples, tar_of

from keras_selflearn.datasets.sources import find, store
from keras_selflearn.datasets.sources.journal import Store
from keras_selflearn.datasets.sources.loading import load_images
from keras_selflearn.storage.lock import lock

# Says when it is in the middle of the third of four shards, and waits there.
CHILD = """
import sys, time
from keras_selflearn.datasets.sources import find
from keras_selflearn.datasets.sources.loading import load_images

read = find.read_tar

def slow(file, name, report):
    for i, image in enumerate(read(file, name, report)):
        if name == "2.tar" and i == 9:
            print("here", flush=True)
            time.sleep(100)
        yield image

find.read_tar = slow
load_images(sys.argv[1], image_size=32, cache_dir=sys.argv[2])
"""


@pytest.fixture
def shards(tmp_path):
    folder = tmp_path / "shards"
    folder.mkdir()
    for i in range(4):
        content = tar_of(samples(range(10 * i, 10 * i + 10), ["cat", "dog"]))
        (folder / f"{i}.tar").write_bytes(content)
    return folder


@pytest.fixture
def opened(monkeypatch):
    names, read = [], find.read_tar

    def note(file, name, report):
        names.append(name)
        return read(file, name, report)

    monkeypatch.setattr(find, "read_tar", note)
    return names


def load(shards):
    return load_images(shards, image_size=32, cache_dir=shards.parent / "cache")


@pytest.mark.slow
def test_after_a_kill_the_shards_that_are_done_are_not_opened_again(shards, opened):
    command = [sys.executable, "-c", CHILD, str(shards), str(shards.parent / "cache")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "here\n"
        child.kill()
    data = load(shards)
    assert opened == ["2.tar", "3.tar"]
    assert levels(data.images) == [*range(40)] and data.labels[30:33].tolist() == [0, 1, -1]
    assert levels(load(shards).images) == [*range(40)] and len(opened) == 2


def test_while_another_process_decodes_the_images_it_is_waited_for(shards, opened, monkeypatch):
    monkeypatch.setattr(store, "_SECONDS_BETWEEN_LOOKS", 0.01)
    load(shards)
    (folder,) = (shards.parent / "cache").iterdir()
    unfinished = folder.with_name(f"{folder.name[:16]}unfinished")
    other = folder.rename(folder.with_name("other"))
    del opened[:]
    unfinished.mkdir()
    found = []
    waiting = threading.Thread(target=lambda: found.append(load(shards)))
    with lock(unfinished):
        waiting.start()
        time.sleep(0.3)
        assert not found
        other.rename(folder)
    waiting.join(10)
    assert levels(found[0].images) == [*range(40)] and not opened


@pytest.mark.parametrize("damage", ["journal", "map"])
def test_a_damaged_store_gives_only_what_is_whole(shards, damage):
    load(shards)
    (folder,) = (shards.parent / "cache").iterdir()
    if damage == "journal":
        lines = (folder / "pieces.jsonl").read_bytes().splitlines(keepends=True)
        (folder / "pieces.jsonl").write_bytes(lines[0] + b'{"identity": 3}\n' + lines[1])
    else:
        with (folder / "train.npy").open("r+b") as file:
            file.truncate(128 + 15 * 32 * 32 * 3)
    found = Store(folder, 32)
    assert [each.names[0] for each in found.done] == ["0.tar/000000.png"]
    _, images = found.find(found.done[0].identity)
    assert levels(images) == [*range(10)] and images.dtype == np.uint8
    assert found.find("another") is None
