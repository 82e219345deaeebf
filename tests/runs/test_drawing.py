from __future__ import annotations

import re

import matplotlib
import pytest

from keras_selflearn.runs.drawing import LINE_STYLES, accuracy_axes, save_png_and_svg


def test_line_styles_differ_in_everything():
    assert all(len(set(looks)) == len(LINE_STYLES) for looks in zip(*LINE_STYLES))


def test_the_same_picture_gives_the_same_files_with_the_text_as_text(tmp_path):
    for name in ("a.1", "b.1"):
        figure, axes = accuracy_axes("Title")
        axes.plot([0, 30], marker="o")
        save_png_and_svg(figure, tmp_path / name)
    for suffix in ("png", "svg"):
        first, second = ((tmp_path / f"{name}.1.{suffix}").read_bytes() for name in "ab")
        assert first == second
    assert b">Title</text>" in second and b"<dc:date>" not in second
    assert matplotlib.rcParams["svg.hashsalt"] is None


def test_meta_iterations_are_whole_numbers():
    figure, axes = accuracy_axes("Title")
    axes.plot(range(3))
    figure.draw_without_rendering()
    assert all(tick == int(tick) for tick in axes.get_xticks())


@pytest.mark.parametrize("name", ["caf\udce9", "a$b$c", "$\\frac{$", "a\0b"])
def test_any_name_of_a_folder_can_be_a_title_and_in_the_legend(tmp_path, name):
    figure, axes = accuracy_axes(name)
    axes.plot([1, 30], label=name)
    axes.legend()
    axes.set_xscale("log")
    save_png_and_svg(figure, tmp_path / "a")
    written = (tmp_path / "a.svg").read_text(encoding="utf-8")
    shown = re.sub("[\0\udce9]", "\N{REPLACEMENT CHARACTER}", name)
    assert written.count(f">{shown}</text>") == 2
    assert "}}$</text>" not in written  # Ticks of logarithms are formulas.
