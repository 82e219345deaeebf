from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fake_runs import write_run

from keras_selflearn.reproduction.runs import (
    by_identity,
    check_same_weights,
    finished_runs,
    identity,
)
from keras_selflearn.runs.configuration import resolve


def test_finished_ones_only(grid):
    first, second, third = grid.cells()[:3]
    write_run(first, [10.0, 20.0])
    write_run(second, [30.0], status="running")
    write_run(third, [40.0, 50.0])
    runs = finished_runs(grid.folder)
    assert [run.accuracies for run in runs] == [{0: 10.0, 1: 20.0}, {0: 40.0, 1: 50.0}]
    assert [run.config for run in runs] == [resolve(first.config), resolve(third.config)]


def test_no_folder_no_runs(tmp_path):
    assert finished_runs(tmp_path / "none") == []


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"status": "finished"}'])
def test_a_damaged_record_is_named(grid, content):
    path = write_run(grid.cells()[0], [1.0, 2.0]) / "run.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="can't be read") as error:
        finished_runs(grid.folder)
    assert str(path) in str(error.value)


def test_a_run_fills_the_cell_that_asked_for_it_and_no_other(grid):
    cells = grid.cells()
    for cell in cells:
        write_run(cell, [1.0, 2.0])
    found = by_identity(finished_runs(grid.folder))
    assert len(found) == len(cells)
    for cell in cells:
        config = found[identity(resolve(cell.config))].config
        asked = (cell.config.loss, cell.config.weights, cell.config.regime, cell.config.seed)
        assert asked == (config.loss, config.weights, config.regime, config.seed)


@pytest.mark.parametrize("changes", [{"epochs": 3}, {"labels": 50}, {"seed": 1}, {"margin": 0.5}])
def test_whatever_changes_a_result_is_another_cell(grid, changes):
    config = resolve(replace(grid.cells()[0].config, loss="triplet"))
    assert identity(replace(config, **changes)) != identity(config)


@pytest.mark.parametrize(
    ("regime", "unused", "used"),
    [
        ("all-labelled", {"labels": 7, "meta_epochs": 7, "epochs": 7}, {"all_labelled_epochs": 7}),
        ("self-learning", {"all_labelled_epochs": 7}, {"meta_epochs": 7}),
    ],
)
def test_what_a_regime_does_not_need_does_not_matter(grid, regime, unused, used):
    config = replace(resolve(grid.cells()[0].config), regime=regime)
    for name, value in unused.items():
        assert identity(replace(config, **{name: value})) == identity(config)
    assert identity(replace(config, **used)) != identity(config)


def test_different_pretrained_weights_are_not_averaged(grid):
    cell = next(each for each in grid.cells() if "imagenet" in each.name)
    write_run(cell, [1.0, 2.0], weights="imagenet")
    check_same_weights(finished_runs(grid.folder), grid.folder)
    write_run(cell, [1.0, 2.0], weights="/there/vgg16.h5", seed=1)
    write_run(grid.cells()[0], [1.0, 2.0])  # Random ones are no matter.
    with pytest.raises(ValueError, match="different pretrained weights .*abab.*, those of Keras"):
        check_same_weights(finished_runs(grid.folder), grid.folder)


@pytest.mark.parametrize("changes", [{"results_dir": "x"}, {"data_dir": "y"}])
def test_places_do_not_matter(grid, changes):
    config = resolve(grid.cells()[0].config)
    assert identity(replace(config, **changes)) == identity(config)


def test_pretrained_weights_may_lie_anywhere_but_are_never_random(grid):
    config = resolve(grid.cells()[0].config)
    keras, here = replace(config, weights="imagenet"), replace(config, weights="/there/vgg16.h5")
    assert identity(keras) == identity(here) != identity(replace(config, weights="random"))


def test_the_seed_can_be_left_out(grid):
    config = resolve(grid.cells()[0].config)
    other = replace(config, seed=7)
    assert identity(config, with_seed=False) == identity(other, with_seed=False)


def test_a_run_from_before_a_flag_counts_with_the_flag_s_default(grid):
    import json

    path = write_run(grid.cells()[0], [1.0, 2.0]) / "run.json"
    record = json.loads(path.read_text())
    del record["config"]["train_images"], record["config"]["all_labelled_epochs"]
    path.write_text(json.dumps(record))
    (run,) = finished_runs(grid.folder)
    assert run.config.train_images is None and run.config.all_labelled_epochs == run.config.epochs


def test_embeddings(grid):
    write_run(grid.cells()[0], [1.0, 2.0], embeddings=True)
    write_run(grid.cells()[1], [1.0])
    with_them, without = sorted(
        finished_runs(grid.folder), key=lambda run: run.embeddings("final") is None
    )
    embeddings, labels = with_them.embeddings("initial")
    assert embeddings.dtype == np.float16 and len(embeddings) == len(labels) == 30
    assert without.embeddings("initial") is None
