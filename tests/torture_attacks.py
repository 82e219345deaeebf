"""One round of a kind of attack: `python torture_attacks.py KIND SEED SECONDS FOLDER`.

The last line that it prints is JSON: the tries, the faults in words, and the peak memory in MiB
beyond what was there before the attack. An attack is a generator. It gives None for a try that went
well, and a text for a fault.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import random
import resource
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.image_files.in_parallel import decode_pictures
from keras_selflearn.storage.arrays import read_arrays
from keras_selflearn.storage.checkpoint import Checkpoint, Checkpoints
from keras_selflearn.storage.csv_files import write_csv
from keras_selflearn.storage.files import folder_written_whole, write_whole
from keras_selflearn.storage.hdf5 import check_hdf5
from keras_selflearn.storage.json_files import read_json
from keras_selflearn.storage.lines import opened_lines
from keras_selflearn.storage.tables import opened_table

_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF")
# What one image may take.
_MOST_SECONDS = 10
Attack = Callable[[random.Random, Path], Iterator["str | None"]]


def images(chance: random.Random, folder: Path) -> Iterator[str | None]:
    """Images with changed bytes, and with other heights and widths than they have."""
    while True:
        height, width = chance.choice([(40, 60), (300, 500), (1, 1000)])
        pixels = np.random.default_rng(chance.getrandbits(32)).integers(0, 256, (4, 6, 3), np.uint8)
        picture = Image.fromarray(pixels).resize((width, height))
        if chance.random() < 0.4:
            picture = picture.convert(chance.choice(["L", "P", "1", "RGB"]))
        buffer = io.BytesIO()
        kind = chance.choice(_FORMATS)
        if kind == "JPEG" and picture.mode == "P":
            picture = picture.convert("L")  # JPEG has no palette.
        picture.save(buffer, kind)
        content = bytearray(buffer.getvalue())
        if chance.random() < 0.5:
            _enlarge(content, height, width, chance)
        path = folder / "a.png"
        path.write_bytes(_damaged(bytes(content), chance))
        start = time.monotonic()
        try:
            ((_, found),) = decode_pictures(folder, ["a.png"], chance.choice([32, 224]))
        except Exception as error:
            yield f"{error!r} for {path.read_bytes()[:60].hex()}"
            continue
        seconds = time.monotonic() - start
        if seconds > _MOST_SECONDS:
            yield f"{seconds:.0f} s for {path.read_bytes()[:60].hex()}"
        elif not isinstance(found, str) and found.dtype != np.uint8:
            yield f"pixels of {found.dtype}"
        else:
            yield None


def files(chance: random.Random, folder: Path) -> Iterator[str | None]:
    """Damaged files of a run, through each reader."""
    arrays, table = io.BytesIO(), "index,path,label\n" + "".join(f"{i},a{i},x\n" for i in range(40))
    np.savez(arrays, a=np.arange(50), b=np.array(["cat", "dog"]))
    Checkpoints(folder / "c").write(Checkpoint({"a": [1, 2.5]}, {"w": np.ones(30)}))
    checkpoint = folder / "c" / "000000.checkpoint"
    weights = Path(__file__).parents[1] / "keras_selflearn/network/weights/tiny-glyphs.weights.h5"

    def read_table(path: Path) -> None:
        with opened_table(path, ("path", "label")) as found:
            list(found.rows)

    def read_lines(path: Path) -> None:
        with opened_lines(path, "utf-8-sig", "surrogateescape") as lines:
            list(lines)

    def read_npz(path: Path) -> None:
        with path.open("rb") as file:
            read_arrays(file)

    readers: list[tuple[bytes, Callable[[Path], object]]] = [
        (arrays.getvalue(), read_npz),
        (table.encode(), read_table),
        (table.encode(), read_lines),
        (json.dumps({"a": [1, 2.5, None], "b": {"c": "text"}}).encode(), read_json),
        (weights.read_bytes(), check_hdf5),
        (checkpoint.read_bytes(), lambda path: Checkpoints(path.parent).latest()),
    ]
    (folder / "d").mkdir()
    sys.stderr = io.StringIO()  # Damaged checkpoints are reported there.
    while True:
        content, read = chance.choice(readers)
        path = folder / "d" / "000000.checkpoint"
        path.write_bytes(_damaged(content, chance))
        try:
            read(path)
        except (ValueError, OSError):  # An InputError is a ValueError.
            yield None
        except Exception as error:
            yield f"{error!r} while {read} reads {path.read_bytes()[:60].hex()}"
        else:
            yield None


def disks(chance: random.Random, folder: Path) -> Iterator[str | None]:
    """Disks that fill at a random byte, while each kind of file is written."""
    weights = np.random.default_rng(0).normal(size=2000)
    writers: list[Callable[[Path], object]] = [
        lambda path: write_whole(path, bytes(20_000)),
        lambda path: write_csv(path, ["a", "b"], ([i, "x" * 50] for i in range(300))),
        lambda path: Checkpoints(path.parent).write(Checkpoint({"a": 1}, {"w": weights})),
        _write_folder,
    ]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    (folder / "out").mkdir()
    while True:
        write = chance.choice(writers)
        path = folder / "out" / "a"
        path.write_text("before")
        resource.setrlimit(resource.RLIMIT_FSIZE, (chance.randrange(16_000), before[1]))
        fault = None
        try:
            write(path)
            fault = "a write that can't have gone well did"
        except InputError:
            if [each.name for each in (folder / "out").iterdir()] != ["a"]:
                fault = f"left {[each.name for each in (folder / 'out').iterdir()]}"
            elif path.read_text() != "before":
                fault = "changed what was there"
        except Exception as error:
            fault = repr(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        yield fault


def _write_folder(path: Path) -> None:
    with folder_written_whole(path.with_name("new")) as unfinished:
        (unfinished / "one").write_bytes(bytes(16_000))


def pairs(chance: random.Random, folder: Path) -> Iterator[str | None]:
    """Four processes that write one file, or one folder, at once; some are killed."""
    context = multiprocessing.get_context("spawn")
    while True:
        path = folder / str(chance.getrandbits(40))
        path.mkdir()
        is_folder, marks = chance.random() < 0.5, range(4)
        processes = [context.Process(target=_write_often, args=(path, is_folder, k)) for k in marks]
        [each.start() for each in processes]
        if chance.random() < 0.5:
            time.sleep(chance.uniform(0.1, 2))
            processes[0].kill()
        [each.join() for each in processes]
        _write_often(path, is_folder, 9)  # removes what the killed one left
        found = list(path.iterdir())
        if [each.name for each in found] != ["a"]:
            yield f"left {[each.name for each in found]}"
        elif is_folder:
            parts = {each.read_bytes() for each in found[0].iterdir()}
            yield None if len(parts) == 1 and len([*found[0].iterdir()]) == 3 else "a mixed folder"
        else:
            content = found[0].read_bytes()
            yield None if content == content[:1] * 200_000 else "a mixed file"


def _write_often(path: Path, is_folder: bool, mark: int) -> None:
    content = str(mark).encode() * 200_000
    for _ in range(5):
        if not is_folder:
            write_whole(path / "a", content)
            continue
        try:
            with folder_written_whole(path / "a") as unfinished:
                for part in "xyz":
                    (unfinished / part).write_bytes(content)
        except InputError:  # Another was first.
            continue


def signals(chance: random.Random, folder: Path) -> Iterator[str | None]:
    """A folder of images whose decoding is stopped, or killed, and begun again."""
    photos = folder / "photos"
    for number in range(300):
        place = photos / ("unlabelled" if number > 3 else f"labelled/{number % 2}")
        place.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (300, 400, 3), np.uint8)
        Image.fromarray(noise).save(place / f"{number}.jpg")
    program = (
        "import sys; from keras_selflearn.console.signals import stop_signals, Stopped\n"
        "from keras_selflearn.datasets.folder import load_folder\n"
        "try:\n"
        "    with stop_signals():\n"
        "        load_folder(sys.argv[1], image_size=64, cache_dir=sys.argv[2])\n"
        "except Stopped as error:\n"
        "    sys.exit(128 + error.number)\n"
    )
    while True:
        cache = folder / str(chance.getrandbits(40))
        cache.mkdir()
        command = [sys.executable, "-c", program, str(photos), str(cache)]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        number = chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        try:
            process.communicate(timeout=chance.uniform(0.2, 4))
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        start = time.monotonic()
        process.communicate()
        if time.monotonic() - start > _MOST_SECONDS:
            yield f"{number.name} took {time.monotonic() - start:.0f} s"
            continue
        again = subprocess.run(command, capture_output=True, text=True)
        left = [each.name for each in cache.iterdir() if each.name.startswith(".")]
        if again.returncode:
            yield f"after {number.name}: {again.stderr[-500:]}"
        else:
            yield f"after {number.name} {left} are left" if left else None


def _damaged(content: bytes, chance: random.Random) -> bytes:
    result = bytearray(content)
    for _ in range(chance.choice([0, 1, 1, 3, 20])):
        place = chance.randrange(len(result)) if result else 0
        kind = chance.choice(["flip", "flip", "cut", "insert", "zero"])
        if kind == "cut" and chance.random() < 0.3:
            del result[place:]
        elif kind == "insert":
            result[place:place] = chance.randbytes(chance.randrange(1, 40))
        elif kind == "zero":
            result[place : place + 8] = bytes(len(result[place : place + 8]))
        elif result:
            result[place] ^= 1 << chance.randrange(8)
    return bytes(result)


def _enlarge(content: bytearray, height: int, width: int, chance: random.Random) -> None:
    """Write a far larger height and width over the ones in the header, in every coding."""
    large = chance.choice([5_000, 20_000, 65_000])
    for value in (height, width):
        for coding in (">I", "<I", ">H", "<H"):
            place = content.find(struct.pack(coding, value))
            if 0 <= place < 400:
                content[place : place + struct.calcsize(coding)] = struct.pack(coding, large)


ATTACKS: dict[str, Attack] = {
    each.__name__: each for each in (images, files, disks, pairs, signals)
}


def main() -> None:
    name, seed, seconds, folder = sys.argv[1:]
    usage = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    before = [resource.getrusage(each).ru_maxrss for each in usage]
    end, tries, faults = time.monotonic() + float(seconds), 0, []
    for fault in ATTACKS[name](random.Random(int(seed)), Path(folder)):
        tries += 1
        if fault is not None:
            faults.append(fault)
        if time.monotonic() > end:
            break
    peaks = [resource.getrusage(each).ru_maxrss for each in usage]
    mib = max(peak - first for peak, first in zip(peaks, before)) // 1024
    print(json.dumps({"tries": tries, "faults": faults, "mib": mib}))


if __name__ == "__main__":
    main()
