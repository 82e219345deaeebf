"""Decode a large image in a process of its own, which is ended where it takes too much.

The process is a new one and no fork: TensorFlow's threads may run in this one.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from keras_selflearn.datasets.image_files.cost import Cost
from keras_selflearn.datasets.image_files.memory_budget import Stopping
from keras_selflearn.datasets.image_files.one_file import Unfit, decode

# No image may take more; the second is for a system that is busy, or has no limit of the first.
MOST_BYTES = 2**30
_SECONDS_OF_PROCESSOR = 5
_SECONDS = 10
_SECONDS_BETWEEN_LOOKS = 0.1
# Of the memory, what Python and its modules take.
_OWN_BYTES = 100 * 2**20
# `-c` finds this package wherever the first process found it; its paths are given.
_START = (
    "import sys; sys.path[:] = sys.argv[4:];"
    " from keras_selflearn.datasets.image_files.separate_process import main;"
    " main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))"
)
_PIXELS, _REASON = b"p", b"r"


def decode_apart(
    source: Path | bytes, rows: int, columns: int, stopping: threading.Event
) -> np.ndarray:
    """Give what `decode` gives, within 1 GiB of memory and 10 seconds.

    What is in no file goes to the process through a pipe, and not to the disk.

    Raises
    ------
    ValueError
        With the reason why there are no pixels.
    Stopping
        When `stopping` is set meanwhile.
    """
    content = source if isinstance(source, bytes) else None
    path = "" if content is not None else str(source)
    arguments = [path, str(rows), str(columns), *sys.path]
    process = subprocess.Popen(
        [sys.executable, "-c", _START, *arguments],
        stdin=subprocess.DEVNULL if content is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # Its few rows need no threads, each of which takes memory.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        # Ctrl-C in a terminal is for the first process, which ends this one.
        start_new_session=True,
    )
    # `communicate` can't go on writing where a timeout has ended it, in Python 3.11 and before.
    pipe, process.stdin = process.stdin, None
    feeder = threading.Thread(target=_feed, args=(pipe, content), daemon=True)
    feeder.start()
    try:
        answer = _answer(process, stopping)
    finally:
        process.kill()
        process.communicate()
        feeder.join()
    if answer[:1] == _PIXELS:
        return np.frombuffer(answer, np.uint8, offset=1).reshape(rows, columns, 3)
    if answer[:1] == _REASON:
        raise ValueError(answer[1:].decode())
    raise ValueError(f"its decoder ended with status {process.returncode}")


def _feed(pipe: IO[bytes] | None, content: bytes | None) -> None:
    if pipe is not None and content is not None:
        with contextlib.suppress(OSError), pipe:  # The process may have ended.
            pipe.write(content)


def _answer(process: subprocess.Popen[bytes], stopping: threading.Event) -> bytes:
    end = time.monotonic() + _SECONDS
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            answer, _ = process.communicate(timeout=_SECONDS_BETWEEN_LOOKS)
            # Windows has no such signal.
            if -process.returncode == getattr(signal, "SIGXCPU", None):
                raise ValueError(_too_much(f"{_SECONDS_OF_PROCESSOR} seconds of a processor"))
            return answer
        if stopping.is_set():
            raise Stopping
        if time.monotonic() > end:
            raise ValueError(_too_much(f"{_SECONDS} seconds"))


def _too_much(what: str) -> str:
    return f"decoding it takes more than {what}: save it again, smaller"


def check_memory(cost: Cost) -> None:
    """Raise `Unfit` when an image takes more memory than one may."""
    if cost.bytes > MOST_BYTES - _OWN_BYTES:
        raise Unfit(
            f"decoding its {cost.pixels:,} pixels takes more than 1 GiB of memory: save it again,"
            " smaller"
        )


@contextlib.contextmanager
def _admitted(cost: Cost) -> Iterator[None]:
    check_memory(cost)
    yield


def main(path: str, rows: int, columns: int) -> None:
    """Decode the image and write its pixels, or the reason why there are none.

    Without a path, the image comes through standard input.
    """
    # Whatever a library prints is no answer.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit()
    Image.MAX_IMAGE_PIXELS = None  # Others limit what it takes.
    try:
        with open(path, "rb") if path else io.BytesIO(sys.stdin.buffer.read()) as file:
            pixels = decode(file, rows, columns, _admitted)
        answer.write(_PIXELS + pixels.tobytes())
    except MemoryError:
        answer.write(_REASON + _too_much("1 GiB of memory").encode())
    except Exception as error:
        answer.write(_REASON + (str(error) or type(error).__name__).encode(errors="replace"))
    answer.close()


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has none.
        return
    for which, most in (
        (resource.RLIMIT_CPU, _SECONDS_OF_PROCESSOR),
        (resource.RLIMIT_DATA, MOST_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(which)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(which, (soft, hard))
