from __future__ import annotations

import pytest

from keras_selflearn.console import command_line
from keras_selflearn.options.config import Config
from keras_selflearn.paper import published_table
from keras_selflearn.reproduction.grid import make_grid


def grid(**changes):
    return make_grid(published_table(2), changes.pop("preset", "paper"), **changes)


def test_a_whole_table():
    cells = grid().cells()
    assert len(cells) == 8 * 3 * 2  # rows, seeds, regimes
    assert len({cell.name for cell in cells}) == len(set(cells)) == len(cells)


def test_any_part_can_be_asked_for():
    part = grid(losses="triplet, cross-entropy", weights="imagenet", runs=1, regimes="all-labelled")
    assert [cell.name for cell in part.cells()] == [
        "cross-entropy, imagenet weights, all-labelled, seed 0",
        "triplet, imagenet weights, all-labelled, seed 0",
    ]


def test_runs_are_the_preset_s_or_else_the_paper_s():
    assert grid().runs == 3 and grid(preset="cpu").runs == 1
    assert grid(preset="two-cores").runs == 3 and grid(preset="cpu", runs=2).runs == 2


def test_flags_of_a_cell_give_its_config(tmp_path):
    for cell in grid(
        preset="cpu",
        imagenet_weights="~/w.h5",
        results_dir=str(tmp_path),
        data_dir="/data",
        losses="arcface",
        runs=2,
    ).cells():
        flags = [flag for flag in cell.flags if not flag.startswith("--flagfile")]
        assert command_line.parse(Config, cell.flags) == cell.config
        assert f"--results_dir={tmp_path / 'cifar10-cpu'}" in flags and "--data_dir=/data" in flags
    assert cell.config.weights == "~/w.h5" and cell.config.seed == 1


def test_imagenet_rows_start_from_keras_own_weights():
    cells = grid(weights="imagenet", losses="triplet", runs=1).cells()
    assert {cell.config.weights for cell in cells} == {"imagenet"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"losses": "triplett"}, "Unknown loss 'triplett': did you mean 'triplet'"),
        ({"weights": "imagnet"}, "Unknown weights 'imagnet': did you mean 'imagenet'"),
        ({"regimes": "n-labelled"}, "Unknown regime 'n-labelled'"),
        ({"losses": ","}, "No loss is asked for"),
        ({"runs": 0}, "runs is 0: give an integer from 1"),
        ({"preset": "gpu"}, "Unknown preset 'gpu'"),
    ],
)
def test_what_is_not_there(changes, message):
    with pytest.raises(ValueError, match=message):
        grid(**changes)


def test_a_home_folder_is_found_by_the_grid_and_kept_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    part = grid(results_dir="~/results", runs=1)
    assert part.folder == tmp_path / "results" / "cifar10-paper"
    assert part.cells()[0].config.results_dir == "~/results/cifar10-paper"
