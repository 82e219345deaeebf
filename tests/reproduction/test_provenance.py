from __future__ import annotations

from fake_runs import write_run

from keras_selflearn.reproduction.provenance import describe, notes
from keras_selflearn.reproduction.runs import finished_runs
from keras_selflearn.reproduction.table import measure


def lines_of(grid):
    return describe(measure(grid, finished_runs(grid.folder)), grid)


def test_nothing_ran(grid):
    assert lines_of(grid) == ["No run is finished."]


def test_what_was_run_stands_beside_the_paper(grid):
    cells = {cell.name: cell for cell in grid.cells()}
    write_run(cells["triplet, random weights, self-learning, seed 0"], [1.0, 2.0], seconds=3600)
    write_run(cells["triplet, random weights, all-labelled, seed 0"], [3.0], seconds=1800, seed=2)
    text = "\n".join(lines_of(grid))
    assert "Runs: 2; seeds: 0, 2; preset: `smoke`." in text
    assert "400 training and 30 test images, 40 initially labelled" in text
    assert "(the paper: 50,000, 10,000, 4,000)" in text
    # 40 labelled: 2 epochs of 1 step; 50 more: 1 step. All 400: 4 steps.
    assert "Gradient steps of a run, self-learning: 3 (" in text
    assert "Gradient steps of a run, all-labelled: 4 (" in text and "100,000)" in text
    assert "commit 01234567; TensorFlow 2.15.1, Keras 2.15.0, Python 3.11.7" in text
    assert "a CPU; no GPU; float32; 1.5 h in all" in text
    assert "Pretrained weights: no run." in text


def test_pretrained_weights_are_told_by_their_digest(grid):
    cell = next(each for each in grid.cells() if "imagenet" in each.name)
    write_run(cell, [1.0, 2.0], weights="/there/vgg16.h5")
    text = "\n".join(lines_of(grid))
    assert "Pretrained weights: vgg16.h5 (sha256 abababababababab)." in text
    assert "/there" not in text


def test_keras_own_weights_have_no_digest(grid):
    cell = next(each for each in grid.cells() if "imagenet" in each.name)
    write_run(cell, [1.0, 2.0], weights="imagenet")
    assert "Pretrained weights: imagenet of Keras." in lines_of(grid)


def test_runs_of_other_flags_are_counted(grid):
    cell = grid.cells()[0]
    write_run(cell, [1.0, 2.0], epochs=9)
    assert "Not shown: 1 finished runs in this folder with other flags." in lines_of(grid)


def test_notes_are_the_user_s(grid):
    assert notes(grid.folder) == ""
    grid.folder.mkdir()
    (grid.folder / "notes.md").write_text("These images are a copy.\n")
    assert notes(grid.folder) == "These images are a copy."
