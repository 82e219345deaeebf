from __future__ import annotations

import numpy as np
import pytest
from pictures import keep_figures, shows_something

from keras_selflearn.console.errors import InputError
from keras_selflearn.reproduction.figure4 import (
    EmbeddingPanel,
    draw_embeddings,
)

pytestmark = pytest.mark.slow


def blobs(n_classes=3, n=60, spread=0.1, dtype=np.float16):
    rng = np.random.default_rng(0)
    labels = np.arange(n) % n_classes
    centres = rng.normal(0, 3, (n_classes, 16))
    return (centres[labels] + rng.normal(0, spread, (n, 16))).astype(dtype), labels


def draw(panels, class_names, path_stem, monkeypatch, write=False, **options):
    figures = keep_figures(monkeypatch, write)
    draw_embeddings(panels, class_names, "t-SNE", path_stem, **options)
    return figures[0]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def shape(axes):
    """What the lines of a panel look like: class, colour, marker and number of points."""
    return [(line.get_color(), line.get_marker(), len(line.get_xdata())) for line in axes.lines]


def test_a_column_a_loss_with_its_classes_named_and_one_legend(tmp_path, monkeypatch):
    embeddings, labels = blobs()
    panels = [EmbeddingPanel(loss, embeddings, embeddings, labels) for loss in ("x", "y")]
    titles = ("after 100 labels", "after self-learning")
    names = ["cat", "dog", "ship"]
    options = {"write": True, "row_titles": titles}
    figure = draw(panels, names, tmp_path / "figure4", monkeypatch, **options)
    assert [axes.get_title() for axes in figure.axes] == ["x", "y", "", ""]
    assert [axes.get_ylabel() for axes in figure.axes] == [titles[0], "", titles[1], ""]
    for axes in figure.axes:
        assert sorted(texts(axes)) == names
        assert [points for *_, points in shape(axes)] == [20, 20, 20]
        assert not len(axes.get_xticks()) and not len(axes.get_yticks())
    assert [text.get_text() for text in figure.legends[0].get_texts()] == names
    assert shows_something(tmp_path / "figure4.png")
    assert ">ship</text>" in (tmp_path / "figure4.svg").read_text()


def test_a_name_stands_over_the_median_of_its_points(tmp_path, monkeypatch):
    embeddings, labels = blobs()
    panel = EmbeddingPanel("x", embeddings, None, labels)
    axes = draw([panel], ["a", "b", "c"], tmp_path / "figure4", monkeypatch).axes[0]
    for text in axes.texts:
        line = axes.lines["abc".index(text.get_text())]
        assert list(text.xy) == pytest.approx(np.median(line.get_xydata(), axis=0).tolist())
        assert text.get_position() == (0, 5) and text.anncoords == "offset points"


def test_names_that_would_overlap_are_left_to_the_legend(tmp_path, monkeypatch):
    embeddings, labels = blobs(10, 100, spread=30)
    names = [f"class number {index}" for index in range(10)]
    panel = EmbeddingPanel("x", embeddings, None, labels)
    figure = draw([panel], names, tmp_path / "figure4", monkeypatch)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert 1 <= len(boxes) < 10
    assert [box.count_overlaps(boxes) for box in boxes] == [1] * len(boxes)  # Each itself.
    assert len(figure.legends[0].get_texts()) == 10


def test_ten_classes_differ_in_colour_and_in_marker_and_38_in_the_pair(tmp_path, monkeypatch):
    for n_classes in (10, 38):
        embeddings, labels = blobs(n_classes, 2 * n_classes)
        panel = EmbeddingPanel("x", embeddings, None, labels)
        names = [f"Tomato___Tomato_Yellow_Leaf_Curl_{index}" for index in range(n_classes)]
        figure = draw([panel], names, tmp_path / str(n_classes), monkeypatch)
        colors, markers, _ = zip(*shape(figure.axes[0]))
        assert len(set(zip(colors, markers))) == n_classes
        assert n_classes > 10 or len(set(colors)) == len(set(markers)) == 10


def test_many_classes_are_numbered_and_the_legend_lists_the_names(tmp_path, monkeypatch):
    embeddings, labels = blobs(38, 114)
    names = [f"Tomato___Tomato_Yellow_Leaf_Curl_{index}" for index in range(38)]
    panels = [EmbeddingPanel("w", embeddings, None, labels)]
    panels += [EmbeddingPanel(loss, None, None, None) for loss in "xyz"]
    figure = draw(panels, names, tmp_path / "figure4", monkeypatch)
    figure.draw_without_rendering()
    (legend,) = figure.legends
    listed = [text.get_text() for text in legend.get_texts()]
    assert listed[0] == "1 Tomato: Tomato Yellow Leaf Curl 0" and len(listed) == 38
    assert set(texts(figure.axes[0])) <= {str(number) for number in range(1, 39)}
    assert len(texts(figure.axes[0])) > 10
    box = legend.get_window_extent()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y0 >= 0
    assert not any(box.overlaps(axes.get_window_extent()) for axes in figure.axes)


def test_no_run_is_said_in_an_empty_frame(tmp_path, monkeypatch):
    embeddings, labels = blobs()
    panels = [
        EmbeddingPanel("x", embeddings, None, labels),
        EmbeddingPanel("y", None, None, None),
    ]
    figure = draw(panels, ["a", "b", "c"], tmp_path / "figure4", monkeypatch)
    assert [texts(axes) == ["no run"] for axes in figure.axes] == [False, True, True, True]
    assert not any(axes.lines for axes in figure.axes[1:])


def test_no_run_of_any_loss(tmp_path, monkeypatch):
    panel = EmbeddingPanel("x", None, None, None)
    figure = draw([panel], ["a", "b"], tmp_path / "figure4", monkeypatch)
    assert [texts(axes) for axes in figure.axes] == [["no run"]] * 2


def test_what_t_sne_cannot_draw_is_said_in_its_frame(tmp_path, monkeypatch):
    embeddings, labels = blobs()
    damaged = embeddings.copy()
    damaged[7, 3] = np.nan
    panel = EmbeddingPanel("x", damaged, np.ones_like(embeddings), labels)
    figure = draw([panel], ["a", "b", "c"], tmp_path / "figure4", monkeypatch)
    assert texts(figure.axes[0]) == ["embeddings\nare not finite"]
    assert texts(figure.axes[1]) == ["all embeddings\nare equal"]
    few = EmbeddingPanel("x", embeddings[:3], embeddings[:3, :1], labels[:3])
    figure = draw([few], ["a", "b", "c"], tmp_path / "few", monkeypatch)
    assert "too few images" in texts(figure.axes[-1])


def test_all_panels_show_the_same_points(tmp_path, monkeypatch):
    embeddings, labels = blobs(n=90)
    panels = [EmbeddingPanel(loss, embeddings, embeddings, labels) for loss in "xy"]
    names = ["a", "b", "c"]
    figure = draw(panels, names, tmp_path / "figure4", monkeypatch, max_points=30)
    first, *others = ([line.get_xydata() for line in axes.lines] for axes in figure.axes)
    assert [len(points) for points in first] == [10, 10, 10]
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_different_test_images_are_refused(tmp_path):
    embeddings, labels = blobs()
    panels = [
        EmbeddingPanel("triplet", embeddings, embeddings, labels),
        EmbeddingPanel("arcface", embeddings, embeddings, labels[::-1]),
    ]
    with pytest.raises(InputError, match="arcface and triplet are of different test images"):
        draw_embeddings(panels, ["a", "b", "c"], "t-SNE", tmp_path / "figure4")


def test_the_same_svg_twice(tmp_path):
    embeddings, labels = blobs()
    panel = EmbeddingPanel("x", embeddings, embeddings, labels)
    for name in "ab":
        draw_embeddings([panel], ["a", "b", "c"], "t-SNE", tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
