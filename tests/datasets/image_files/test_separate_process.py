"""No image takes more than 1 GiB or 10 seconds, and what takes much can be stopped."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from odd_images import (
    chunk,
    flat_png,
    huge_webp,
    many_scans,
    picture,
    run_length_bmp,
    saved,
    tiled_tiff,
)
from PIL import Image
from waiting import finish, wait_for

from keras_selflearn.datasets.image_files import in_parallel, reading, separate_process
from keras_selflearn.datasets.image_files.in_parallel import decode_pictures
from keras_selflearn.datasets.image_files.memory_budget import Stopping
from keras_selflearn.datasets.image_files.reading import read_picture
from keras_selflearn.datasets.image_files.separate_process import decode_apart

NEVER = threading.Event()
GIB = 2**30
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
# Reads images in threads, and prints the most memory of this process and of its children.
MEASURE = r"""
import os, re, resource, sys
from pathlib import Path
sys.path[:0] = sys.argv[1].split(os.pathsep)
from keras_selflearn.datasets.image_files.in_parallel import decode_pictures
os.cpu_count = lambda: 4
folder, *names = sys.argv[2:]
for name, image in decode_pictures(Path(folder), names, 96):
    print(name, image if isinstance(image, str) else "read")
# `getrusage` begins with the memory of the process that started this one.
print(1024 * int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]))
print(1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def measure(folder, *names):
    """What is said of each image, and the bytes of memory of the process and of a child."""
    command = [sys.executable, "-c", MEASURE, ":".join(filter(None, sys.path)), str(folder), *names]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    said, _ = finish(process, "images that are decoded")
    assert process.returncode == 0
    *lines, own, child = said.splitlines()
    return dict(line.split(" ", 1) for line in lines), int(own), int(child)


@pytest.mark.slow
@linux
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (lambda: huge_webp(), "more than 1 GiB"),
        (lambda: flat_png(11_000, 8, 6), "read"),
        (lambda: flat_png(12_000, 16, 0), "read"),
        (lambda: flat_png(12_000, 16, 2), "more than 1 GiB"),
        (lambda: flat_png(40_000, 1, 0), "more than 1 GiB"),
        (lambda: run_length_bmp(13_000, lines=False), ""),
        (lambda: tiled_tiff(12_000), "read"),
    ],
    ids=["webp", "rgba", "grey-16-bit", "rgb-16-bit", "1-bit", "run-length", "tile"],
)
def test_the_memory_for_one_image_is_bounded(tmp_path, content, said):
    (tmp_path / "a").write_bytes(content())
    found, own, child = measure(tmp_path, "a")
    assert said in found["a"]
    assert own < GIB and child < GIB


@pytest.mark.slow
@linux
def test_the_memory_for_four_large_images_at_once_is_bounded(tmp_path):
    content = flat_png(7_000, 8, 6)
    for name in "abcd":
        (tmp_path / name).write_bytes(content)
    found, own, _ = measure(tmp_path, *"abcd")
    assert {*found.values()} == {"read"} and own < 1.2 * GIB


def test_a_photograph_of_200_megapixels_is_read_in_a_process_of_its_own(tmp_path, monkeypatch):
    small = Image.fromarray(picture(306, 408))
    small.resize((16_320, 12_240), Image.NEAREST).save(tmp_path / "a.jpg", quality=50)
    calls = []
    monkeypatch.setattr(
        reading, "decode_apart", lambda *given: calls.append(1) or decode_apart(*given)
    )
    found = read_picture(tmp_path / "a.jpg", (102, 136))
    wanted = small.resize((136, 102), Image.Resampling.BICUBIC)
    assert np.abs(found.astype(int) - np.asarray(wanted)).mean() < 3 and calls == [1]


def test_an_ordinary_photograph_stays_in_this_process(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "decode_apart", None)
    Image.fromarray(picture(300, 400)).resize((4000, 3000)).save(tmp_path / "a.jpg")
    assert read_picture(tmp_path / "a.jpg", 96).shape == (96, 96, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "content", [many_scans, lambda: run_length_bmp(13_000, lines=True)], ids=["scans", "lines"]
)
def test_the_time_for_one_image_is_bounded(tmp_path, content):
    (tmp_path / "a").write_bytes(content())
    begin = time.monotonic()
    with pytest.raises(ValueError, match="takes more than (5 seconds of a processor|10 seconds)"):
        read_picture(tmp_path / "a", 96)
    assert time.monotonic() - begin < 30


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_a_file_with_many_texts_beside_its_pixels_is_read_apart(tmp_path, monkeypatch, kind):
    content = saved(picture(), kind)
    text = {"PNG": chunk(b"tEXt", b"a\0b"), "JPEG": b"\xff\xfe\0\2", "GIF": b"!\xfe\1a\0"}[kind]
    at = {"PNG": 33, "JPEG": 2, "GIF": 13 + 768}[kind]
    (tmp_path / "a").write_bytes(content[:at] + text * 3_000 + content[at:])
    whole = read_picture(tmp_path / "a", 96)
    monkeypatch.setattr(reading, "_MOST_READS", 2_000)
    monkeypatch.setattr(reading, "decode_apart", lambda *given: "apart")
    assert read_picture(tmp_path / "a", 96) == "apart"
    (tmp_path / "a").write_bytes(content)
    np.testing.assert_array_equal(read_picture(tmp_path / "a", 96), whole)


def test_a_large_file_with_broken_text_is_read_apart(tmp_path, monkeypatch):
    content = saved(picture(), "PNG")
    broken = chunk(b"tEXt", b"a", crc=1) + chunk(b"tEXt", bytes(20_000_000))
    (tmp_path / "a").write_bytes(content[:33] + broken + content[33:])
    monkeypatch.setattr(reading, "decode_apart", lambda *given: "apart")
    assert read_picture(tmp_path / "a", 96) == "apart"


def test_the_time_is_bounded_also_where_the_processor_does_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(separate_process, "_SECONDS", 0.3)
    monkeypatch.setattr(separate_process, "_START", "import time; time.sleep(100)")
    begin = time.monotonic()
    with pytest.raises(ValueError, match="takes more than 0.3 seconds"):
        decode_apart(tmp_path, 32, 32, NEVER)
    assert time.monotonic() - begin < 50


def test_a_decoder_that_crashes_is_a_reason(tmp_path, monkeypatch):
    monkeypatch.setattr(separate_process, "_START", "import os; os.abort()")
    with pytest.raises(ValueError, match=f"ended with status -{int(signal.SIGABRT)}"):
        decode_apart(tmp_path, 32, 32, NEVER)


def test_pixels_and_reasons_are_the_same_in_a_process_of_its_own(tmp_path):
    path = tmp_path / "a b é.png"
    path.write_bytes(saved(picture(), "PNG"))
    found = decode_apart(path, 48, 40, NEVER)
    np.testing.assert_array_equal(found, read_picture(path, (48, 40)))
    path.write_bytes(b"no image")
    with pytest.raises(ValueError, match="cannot identify an image in it: it is text"):
        decode_apart(path, 48, 40, NEVER)


def test_a_process_that_nobody_waits_for_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(separate_process, "_START", "import time; time.sleep(100)")
    stopping = threading.Event()
    stopping.set()
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        separate_process.subprocess,
        "Popen",
        lambda *a, **k: started.append(popen(*a, **k)) or started[0],
    )
    with pytest.raises(Stopping):
        decode_apart(tmp_path, 32, 32, stopping)
    assert started[0].returncode == -signal.SIGKILL


STOP = r"""
import os, sys
from pathlib import Path
sys.path[:0] = sys.argv[1].split(os.pathsep)
from keras_selflearn.console.signals import Stopped, deferred, stop_signals
from keras_selflearn.datasets.image_files import separate_process
from keras_selflearn.datasets.image_files.in_parallel import decode_pictures
answer = separate_process._answer
separate_process._answer = lambda *given: os.write(1, b"decoding\n") and answer(*given)
try:
    with stop_signals(), deferred():
        list(decode_pictures(Path(sys.argv[2]), ["a"] * 20, 96))
except Stopped:
    print("stopped")
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_while_images_that_take_long_are_decoded(tmp_path, number):
    (tmp_path / "a").write_bytes(many_scans())
    command = [sys.executable, "-c", STOP, ":".join(filter(None, sys.path)), str(tmp_path)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert wait_for("a decoder", process.stdout.readline, process) == "decoding\n"
    begin = time.monotonic()
    process.send_signal(number)
    said, _ = finish(process, "a process that is asked to stop")
    assert time.monotonic() - begin < 10 and said.endswith("stopped\n")


def test_an_iterator_that_is_closed_ends_its_decoders(tmp_path, monkeypatch):
    (tmp_path / "a").write_bytes(saved(picture(), "PNG"))
    ended = threading.Event()

    def read(path, size, stopping):
        if path.name == "slow":
            assert stopping.wait(60)
            ended.set()
        return read_picture(path, size, stopping)

    monkeypatch.setattr(in_parallel, "read_picture", read)
    images = decode_pictures(tmp_path, ["a", "slow", *"aaaaaaaaaaaaaaaaaaaa"], 32, ahead=1)
    next(images)
    images.close()
    assert ended.is_set()


@pytest.mark.parametrize("texts", [0, 1_000_000])
def test_an_image_in_memory_goes_through_a_pipe_and_not_to_the_disk(tmp_path, texts):
    content = saved(picture(), "PNG")
    content = content[:33] + chunk(b"tEXt", bytes(texts)) + content[33:]
    (tmp_path / "a").write_bytes(content)
    before = sorted(tmp_path.iterdir())
    for size in ((32, 40), (96, 96)):
        found = decode_apart(content, *size, NEVER)
        np.testing.assert_array_equal(found, decode_apart(tmp_path / "a", *size, NEVER))
    with pytest.raises(ValueError, match="cannot identify"):
        decode_apart(b"no image", 32, 32, NEVER)
    assert sorted(tmp_path.iterdir()) == before


def test_a_large_image_in_memory_is_read_apart(monkeypatch):
    content, calls = saved(picture(), "PNG"), []
    monkeypatch.setattr(reading, "_ORDINARY_BYTES", 0)
    monkeypatch.setattr(
        reading, "decode_apart", lambda *given: calls.append(given[0]) or decode_apart(*given)
    )
    assert read_picture(content, 32).shape == (32, 32, 3) and calls == [content]
