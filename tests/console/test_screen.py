from __future__ import annotations

import io
import os
import sys

import pytest
from waiting import run_process

from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.console.screen import Forgiving, forgiving_screen
from keras_selflearn.datasets.glyphs import render_glyphs
from keras_selflearn.runs.progress import ONE_TRAINING, ProgressBar, make_progress
from keras_selflearn.runs.whole_run import WholeRun
from keras_selflearn.selflearning.record import Record
from keras_selflearn.storage.checkpoint import Checkpoint, Checkpoints

SHOWS = """
import os, sys
from keras_selflearn.console.screen import forgiving_screen
with forgiving_screen():
    for _ in range(3000):
        print("Äpfel 木", flush=False)
        print("Äpfel 木", file=sys.stderr, flush=True)
    written = os.open({path!r}, os.O_WRONLY | os.O_CREAT)
    os.write(written, b"done" if written > 2 else b"this is the screen")
"""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
def test_what_the_encoding_lacks_is_escaped(encoding, monkeypatch):
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, encoding=encoding))
    with forgiving_screen():
        print("Äpfel 木")
    shown = content.getvalue().decode(encoding).strip()
    assert shown == ("\\xc4pfel \\u6728" if encoding == "ascii" else "Äpfel \\u6728")


def test_names_that_are_not_utf_8_are_escaped():
    content = io.BytesIO()
    stream = Forgiving(io.TextIOWrapper(content, encoding="utf-8"))
    print("a\udce9.jpg", file=stream, flush=True)
    assert content.getvalue() == b"a\\udce9.jpg\n"


def test_a_closed_stream_takes_all_and_says_nothing():
    stream = io.StringIO()
    stream.close()
    assert Forgiving(stream).write("some") == 4
    Forgiving(stream).flush()
    assert Forgiving(None).write("some") == 4


def test_streams_are_what_they_were_after_the_block():
    before = sys.stdout, sys.stderr
    with pytest.raises(KeyError), forgiving_screen():
        raise KeyError
    assert (sys.stdout, sys.stderr) == before


class Broken(io.StringIO):
    """A screen whose reader is gone."""

    def write(self, *_):
        raise BrokenPipeError(32, "Broken pipe")

    flush = write


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("make", [lambda: None, closed, Broken], ids=["none", "closed", "broken"])
def test_progress_in_python_fails_no_work(make, monkeypatch, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    checkpoints.write(Checkpoint({"a": 1}, {}))
    (tmp_path / "000009.checkpoint").write_bytes(b"damaged")
    monkeypatch.setattr(sys, "stderr", make())
    assert checkpoints.latest().numbers == {"a": 1}
    assert len(render_glyphs(3)[0]) == 3
    for progress in (make_progress("run"), ProgressBar("run", WholeRun(ONE_TRAINING))):
        progress.on_features("training", 1, 2)
        progress.on_meta_iteration_end(Record(1, 9, 3, 5, 1, 0.1, 95.5, 99.0, 97.0), None)
        progress.close()
    import_tensorflow_quietly()


@pytest.mark.skipif(os.name != "posix" or not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize(
    "end",
    [">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", "| true", "2> >(true)"],
)
def test_a_command_ends_well_whatever_becomes_of_its_screen(tmp_path, end):
    path = tmp_path / "done"
    (tmp_path / "shows.py").write_text(SHOWS.format(path=str(path)), encoding="utf-8")
    command = f"set -o pipefail; {sys.executable} {tmp_path / 'shows.py'} {end}"
    result = run_process(["bash", "-c", command])
    assert result.returncode == 0
    assert path.read_text() == "done"
