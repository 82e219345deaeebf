"""Read a Parquet file in a process of its own: a damaged one can abort the process that reads it.

The process asks this one for the bytes of the file, which may be at any address. Each message is a
line of JSON, and the bytes that it announces.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import IO, Any, BinaryIO

from keras_selflearn.datasets.image_files.in_parallel import Encoded
from keras_selflearn.datasets.sources.parquet import read_parquet
from keras_selflearn.datasets.sources.piece import Report

# Of memory. A page of some hundred images is unpacked at once.
_MOST_BYTES = 3 * 2**30
# `-c` finds this package wherever the first process found it.
_START = (
    "import sys; sys.path[:] = sys.argv[1:];"
    " from keras_selflearn.datasets.sources.parquet_process import main; main()"
)


def read_apart(file: BinaryIO, shard: str, report: Report) -> Iterator[Encoded]:
    """Give what `read_parquet` gives, from a process that takes at most 3 GiB of memory.

    Raises
    ------
    OSError
        When the file can't be read.
    ValueError
        With the reason, when it is damaged or is no such file.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", _START, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        # Ctrl-C in a terminal is for the first process, which ends this one.
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        _send(process.stdin, {"shard": shard, "size": file.seek(0, os.SEEK_END)})
        while message := _received(process.stdout):
            header, content = message
            if "offset" in header:
                file.seek(header["offset"])
                _send(process.stdin, {}, _read_all(file, header["length"]))
            elif "skip" in header:
                report.on_skip(header["skip"], header["reason"])
            elif "name" in header:
                if header["label"] is not None:
                    report.labels[header["name"]] = header["label"]
                yield Encoded(header["name"], len(content), lambda content=content: content)  # type: ignore[misc]
                del content, message
            elif "error" in header:
                raise ValueError(header["error"])
            else:
                return
        raise ValueError(f"it is damaged: its reader ended with status {process.wait()}")
    except BrokenPipeError as error:
        status = process.wait()
        raise ValueError(f"it is damaged: its reader ended with status {status}") from error
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # What was not sent yet finds no reader.
                pipe.close()
        process.wait()


def main() -> None:
    """Read the file that the other process serves."""
    # Whatever a library prints is no answer.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit()
    questions = sys.stdin.buffer
    first = _received(questions)
    assert first is not None
    report = Report(lambda name, reason: _send(answers, {"skip": name, "reason": reason}))
    try:
        file: Any = _Served(first[0]["size"], questions, answers)
        for image in read_parquet(file, first[0]["shard"], report):
            label = report.labels.pop(image.name, None)
            _send(answers, {"name": image.name, "label": label}, image.content())
    except Exception as error:
        _send(answers, {"error": str(error) or type(error).__name__})
    else:
        _send(answers, {"end": True})


class _Served(io.RawIOBase):
    """A file whose bytes the other process gives."""

    def __init__(self, size: int, questions: IO[bytes], answers: IO[bytes]) -> None:
        super().__init__()
        self._size, self._questions, self._answers = size, questions, answers
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._place = offset + (0, self._place, self._size)[whence]
        return self._place

    def readinto(self, buffer: Any) -> int:
        length = max(0, min(len(buffer), self._size - self._place))
        if length:
            _send(self._answers, {"offset": self._place, "length": length})
            message = _received(self._questions)
            assert message is not None
            length = len(message[1])
            buffer[:length] = message[1]
            self._place += length
        return length


def _read_all(file: BinaryIO, length: int) -> bytes:
    """Give so many bytes, or all until the end."""
    parts = []
    while length and (part := file.read(length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _send(pipe: IO[bytes], header: dict[str, Any], content: bytes = b"") -> None:
    pipe.write(json.dumps({**header, "bytes": len(content)}).encode() + b"\n")
    pipe.write(content)
    pipe.flush()


def _received(pipe: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """The next message; None at the end."""
    line = pipe.readline()
    if not line.endswith(b"\n"):
        return None
    header = json.loads(line)
    content = pipe.read(header["bytes"])
    return (header, content) if len(content) == header["bytes"] else None


def _limit() -> None:
    try:
        import resource
    except ImportError:  # Windows has none.
        return
    for which, most in ((resource.RLIMIT_DATA, _MOST_BYTES), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(which)
        soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(which, (soft, hard))
