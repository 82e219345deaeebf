from __future__ import annotations

import pytest
from pictures import keep_figures, shows_something

from keras_selflearn.reproduction.figure3 import draw_accuracy_curves


def draw(curves, tmp_path, monkeypatch, write=False):
    figures = keep_figures(monkeypatch, write)
    curves = {name: [dict(enumerate(run)) for run in runs] for name, runs in curves.items()}
    draw_accuracy_curves(curves, "CIFAR-10", tmp_path / "figure3")
    return figures[0].axes[0]


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_runs_are_thin_and_their_mean_is_bold_as_far_as_all_go(tmp_path, monkeypatch):
    curves = {"random": [[40, 50, 60], [44, 52]], "pretrained": [[80, 85], [82, 88], [84, 82]]}
    axes = draw(curves, tmp_path, monkeypatch)
    *thin, bold = axes.lines[:3]
    assert [list(line.get_ydata()) for line in thin] == [[40, 50, 60], [44, 52]]
    assert list(bold.get_ydata()) == [42, 51]
    assert list(axes.lines[6].get_ydata()) == [82, 85]
    assert all(line.get_linewidth() < 1 for line in thin) and bold.get_linewidth() > 2
    assert list(bold.get_xdata()) == [0, 1]
    assert legend(axes) == ["random weights (2 runs)", "pretrained weights (3 runs)"]
    assert bold.get_color() != axes.lines[6].get_color()
    assert bold.get_linestyle() != axes.lines[6].get_linestyle()


@pytest.mark.slow
def test_both_files_are_written_with_title_and_axes(tmp_path, monkeypatch):
    draw({"random": [[40, 50]]}, tmp_path, monkeypatch, write=True)
    svg = (tmp_path / "figure3.svg").read_text()
    for text in ("CIFAR-10", "Meta-iteration", "Test accuracy (%)", "random weights (1 run)"):
        assert f">{text}</text>" in svg
    assert shows_something(tmp_path / "figure3.png")
    draw_accuracy_curves({"random": [{0: 40, 1: 50}]}, "CIFAR-10", tmp_path / "again")
    assert (tmp_path / "again.svg").read_text() == svg


def test_mean_is_of_the_meta_iterations_measured_in_all_runs(tmp_path, monkeypatch):
    figures = keep_figures(monkeypatch)
    curves = {"random": [{0: 40, 2: 50, 4: 60}, {0: 44, 1: 47, 4: 70}]}
    draw_accuracy_curves(curves, "CIFAR-10", tmp_path / "figure3")
    *thin, bold = figures[0].axes[0].lines
    assert [list(line.get_xdata()) for line in thin] == [[0, 2, 4], [0, 1, 4]]
    assert [list(bold.get_xdata()), list(bold.get_ydata())] == [[0, 4], [42, 65]]


@pytest.mark.parametrize("none", [[], [[]]])
def test_a_group_without_a_run_is_in_the_legend(tmp_path, monkeypatch, none):
    axes = draw({"random": none, "pretrained": [[80]]}, tmp_path, monkeypatch)
    assert legend(axes) == ["random weights (no run)", "pretrained weights (1 run)"]


def test_no_run_at_all_is_an_empty_picture(tmp_path, monkeypatch):
    axes = draw({"random": [], "pretrained": []}, tmp_path, monkeypatch)
    assert legend(axes) == ["random weights (no run)", "pretrained weights (no run)"]
    assert axes.get_ylim() == (0, 100)


@pytest.mark.parametrize("run", [[40, 90], [0, 2], [99.9, 100], [50, 50]])
def test_limits_hold_all_accuracies_and_no_more_than_a_percentage_can_be(
    tmp_path, monkeypatch, run
):
    low, high = draw({"random": [run]}, tmp_path, monkeypatch).get_ylim()
    assert 0 <= low <= min(run) and max(run) <= high <= 100
    assert low < high <= max(run) + 3 and low >= min(run) - 3
