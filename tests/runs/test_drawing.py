from __future__ import annotations

import matplotlib

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
