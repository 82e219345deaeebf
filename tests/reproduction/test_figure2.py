from __future__ import annotations

import numpy as np
import pytest
from pictures import keep_figures, shows_something

from keras_selflearn.reproduction.figure2 import draw_samples

LONG_NAMES = (
    "Corn___Cercospora_leaf_spot Gray_leaf_spot",
    "Tomato___Tomato_Yellow_Leaf_Curl_Virus",
    "Grape___Leaf_blight_(Isariopsis_Leaf_Spot)",
    "Orange___Haunglongbing_(Citrus_greening)",
    "Pepper,_bell___Bacterial_spot",
)


def sample(n, n_classes, channels=3):
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, 8, 8, channels), np.uint8), rng.integers(0, n_classes, n)


@pytest.mark.slow
@pytest.mark.parametrize("channels", [1, 3])
def test_the_first_image_of_each_class_stands_over_its_name(tmp_path, monkeypatch, channels):
    figures = keep_figures(monkeypatch, write=True)
    images, labels = sample(60, 4, channels)
    draw_samples(images, labels, ["a", "b", "c", "d"], tmp_path / "figure2", "Four classes")
    axes = figures[0].axes
    assert [each.get_xlabel() for each in axes] == ["a", "b", "c", "d"]
    for index, each in enumerate(axes):
        first = labels.tolist().index(index)
        shown = each.images[0].get_array().reshape(images[first].shape)
        np.testing.assert_array_equal(shown, images[first])
    assert shows_something(tmp_path / "figure2.png")
    assert ">Four classes</text>" in (tmp_path / "figure2.svg").read_text()


def test_grey_is_from_0_to_255_whatever_the_image(tmp_path, monkeypatch):
    figures = keep_figures(monkeypatch)
    images = np.full((1, 8, 8, 1), 100, np.uint8)
    draw_samples(images, np.zeros(1, int), ["a"], tmp_path / "figure2", "Grey")
    assert figures[0].axes[0].images[0].get_clim() == (0, 255)


def test_only_the_images_drawn_are_read(tmp_path):
    images, labels = sample(60, 3)

    class Guarded:
        read = []

        def __getitem__(self, index):
            self.read.append(index)
            return images[index]

    draw_samples(Guarded(), labels, ["a", "b", "c"], tmp_path / "figure2", "Few")
    assert Guarded.read == [labels.tolist().index(index) for index in range(3)]


def test_a_class_without_an_image_has_an_empty_frame(tmp_path, monkeypatch):
    figures = keep_figures(monkeypatch)
    images, labels = sample(20, 2)
    draw_samples(images, labels, ["a", "b", "c"], tmp_path / "figure2", "One is missing")
    *others, last = figures[0].axes
    assert [text.get_text() for text in last.texts] == ["no image"] and not last.images
    assert all(each.images and not each.texts for each in others)


def test_38_long_names_are_readable_and_touch_neither_each_other_nor_the_edge(
    tmp_path, monkeypatch
):
    figures = keep_figures(monkeypatch)
    images, labels = sample(200, 38)
    names = [LONG_NAMES[index % len(LONG_NAMES)] for index in range(38)]
    draw_samples(images, labels, names, tmp_path / "figure2", "38 classes")
    figure = figures[0]
    figure.draw_without_rendering()
    captions = [axes.xaxis.label for axes in figure.axes if axes.get_xlabel()]
    assert len(captions) == 38
    first = captions[0].get_text()
    assert first.startswith("Corn\n") and "_" not in first
    assert first.split() == "Corn Cercospora leaf spot Gray leaf spot".split()
    boxes = [caption.get_window_extent() for caption in captions]
    boxes += [axes.get_window_extent() for axes in figure.axes if axes.get_xlabel()]
    boxes.append(figure._suptitle.get_window_extent())
    assert [box.count_overlaps(boxes) for box in boxes] == [1] * len(boxes)  # Each itself.
    assert all(box.x0 >= 0 and box.y0 >= 0 for box in boxes)
    assert all(box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1 for box in boxes)


def test_the_same_svg_twice(tmp_path):
    images, labels = sample(20, 2)
    for name in "ab":
        draw_samples(images, labels, ["a", "b"], tmp_path / name, "Twice")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
