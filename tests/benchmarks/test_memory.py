from __future__ import annotations

import numpy as np
import pytest

from benchmarks import memory
from benchmarks.memory import META_ITERATIONS, Run
from benchmarks.peak_memory import MIB, can_measure

ONE_IMAGE = 96 * 96 * 3


def test_lines_set_the_peaks_against_the_bytes_of_the_images(monkeypatch):
    base = 100 * MIB

    def in_own_process(function, run, *, tensorflow):
        assert function is memory.peaks and tensorflow
        if run.n_images == 10:
            return [0, base, base - 1, base - 2]
        if run.file:
            assert np.load(run.file, mmap_mode="r").shape == (1000, 96, 96, 3)
            return [base + 100 * ONE_IMAGE] * 4
        return [base, base + 1000 * ONE_IMAGE, base, base + 1100 * ONE_IMAGE]

    monkeypatch.setattr(memory, "in_own_process", in_own_process)
    in_memory, mapped, growth = memory.beyond_baseline("tiny", 1000, baseline=10)
    assert (in_memory.value, in_memory.at_most) == (pytest.approx(1.1), 1.15)
    assert (mapped.value, mapped.at_most) == (pytest.approx(0.1), 0.15)
    assert (growth.value, growth.unit, growth.at_most) == (pytest.approx(10), "%", 2)
    assert "in memory" in in_memory.name and "mapped" in mapped.name
    whole = memory.whole("vgg16", 1000)
    assert (whole.value, whole.unit, whole.bound) == (
        pytest.approx((base + 1100 * ONE_IMAGE) / MIB),
        "MiB",
        "",
    )


@pytest.mark.slow
@pytest.mark.skipif(not can_measure(), reason="memory is measured on Linux only")
@pytest.mark.parametrize("is_mapped", [False, True])
def test_peaks_of_a_run_in_this_process(tmp_path, is_mapped):
    run = Run(60, "tiny", str(tmp_path / "images.npy") if is_mapped else None)
    if is_mapped:
        memory._write_images(run)
    found = memory.peaks(run)
    assert len(found) == 1 + META_ITERATIONS
    assert min(found) > run.image_bytes == 60 * ONE_IMAGE


def test_a_file_of_images_holds_those_of_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_IMAGES_AT_A_TIME", 3)
    run = Run(7, "tiny", str(tmp_path / "images.npy"))
    memory._write_images(run)
    written = np.load(run.file)
    assert (written.shape, written.dtype) == ((7, 96, 96, 3), np.uint8)
    assert (written.reshape(7, -1).std(axis=1) > 50).all()


def test_without_linux_there_are_no_lines(monkeypatch, capsys):
    monkeypatch.setattr(memory, "can_measure", lambda: False)
    assert memory.lines(memory.Settings()) == []
    assert "Linux only" in capsys.readouterr().err
