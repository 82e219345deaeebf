from __future__ import annotations

import io
import time

import pytest
from shard_files import parquet_of, png

from keras_selflearn.datasets.sources import parquet_process
from keras_selflearn.datasets.sources.parquet import read_parquet
from keras_selflearn.datasets.sources.parquet_process import read_apart
from keras_selflearn.datasets.sources.piece import Report

pytest.importorskip("pyarrow", reason="the extra parquet is missing")

CONTENT = parquet_of([png(1), None, png(2), b"text", png(3)], [1, 0, None, 0, 0], ["cat", "dög"])


def read(act, content=CONTENT):
    skipped = []
    report = Report(lambda name, reason: skipped.append((name, reason)))
    found = [(each.name, each.content()) for each in act(io.BytesIO(content), "p ü", report)]
    return found, report.labels, skipped


@pytest.mark.slow
def test_images_labels_and_reasons_are_those_of_this_process():
    assert read(read_apart) == read(read_parquet)


@pytest.mark.slow
def test_what_is_wrong_with_a_file_is_said():
    with pytest.raises(ValueError, match="Parquet magic bytes not found"):
        read(read_apart, b"no parquet" * 10)


def test_a_reader_that_crashes_is_a_reason(monkeypatch):
    monkeypatch.setattr(parquet_process, "_START", "import os; os.abort()")
    with pytest.raises(ValueError, match="it is damaged: its reader ended with status -6"):
        read(read_apart)


@pytest.mark.slow
def test_a_file_that_aborts_its_reader_leaves_this_process_alive(monkeypatch):
    """As pyarrow does for some damaged files: the first image comes, then the process ends."""
    start = parquet_process._START.replace(
        "main()",
        "import os, keras_selflearn.datasets.sources.parquet_process as p; send = p._send;"
        " p._send = lambda pipe, header, *more: os.abort() if 'skip' in header else"
        " send(pipe, header, *more); main()",
    )
    monkeypatch.setattr(parquet_process, "_START", start)
    images = read_apart(io.BytesIO(CONTENT), "p", Report(lambda *_: None))
    assert next(images).content() == png(1)
    with pytest.raises(ValueError, match="ended with status -6"):
        next(images)


@pytest.mark.slow
def test_a_file_that_can_t_be_read_any_more_is_an_error_of_the_file():
    class Failing(io.BytesIO):
        def read(self, *_):
            raise OSError("it can't be read: no answer")

    with pytest.raises(OSError, match="no answer"):
        list(read_apart(Failing(CONTENT), "p", Report(print)))


def test_a_process_that_nobody_waits_for_is_ended(monkeypatch):
    started, popen = [], parquet_process.subprocess.Popen
    monkeypatch.setattr(
        parquet_process.subprocess,
        "Popen",
        lambda *a, **k: started.append(popen(*a, **k)) or started[0],
    )
    images = read_apart(io.BytesIO(CONTENT), "p", Report(print))
    begin = time.monotonic()
    next(images)
    images.close()
    assert started[0].returncode is not None and time.monotonic() - begin < 50
