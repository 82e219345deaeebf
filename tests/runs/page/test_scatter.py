from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
from example_run import example_contents

from keras_selflearn.runs.page.contents import Embedded
from keras_selflearn.runs.page.scatter import points_data, points_to_show, scatter, to_page
from keras_selflearn.runs.page.thumbnails import make_thumbnails


def test_points_fill_the_panel_with_one_scale():
    placed = to_page(np.array([[0.0, 0.0], [10.0, 5.0], [10.0, 0.0]]))
    assert placed.min() >= 0 and placed.max() <= 560
    width, height = np.ptp(placed, axis=0)
    assert width == 2 * height == 528


def test_both_pictures_have_each_point_once_and_mark_the_wrong_ones():
    contents = example_contents()
    html = scatter(contents, np.arange(30), seed=0)
    for panel in html.split("<svg viewBox=")[1:3]:
        uses = re.findall(r'data-i="(\d+)" class="(\w+)"', panel)
        assert sorted(int(i) for i, _ in uses) == list(range(30))
        assert {int(i) for i, kind in uses if kind == "wrong"} == {0, 1, 2}
    assert "Before self-learning" in html and "At the end" in html


def test_a_point_knows_its_picture_and_its_words():
    contents = example_contents()
    thumbnails = make_thumbnails(contents.test_images, np.arange(30), "p", 1e9)
    data = points_data(contents, np.array([1, 4]), thumbnails)
    assert [tuple(each[:2]) for each in data] == [thumbnails.places[1], thumbnails.places[4]]
    first, second = contents.class_names[1], contents.class_names[2]
    assert data[0][2] == f"Test image 1: {first}, predicted {second} (✕ wrong)"
    assert data[1][2] == f"Test image 4: {first}, predicted {first} (right)"


def test_training_images_are_drawn_where_there_are_no_test_images():
    contents = example_contents()
    indices = np.arange(0, 60, 2)
    embeddings = contents.embedded.before
    contents = replace(contents, embedded=Embedded(embeddings, embeddings, "train", indices))
    points = points_to_show(contents, seed=0)
    assert points.tolist() == list(range(30))
    thumbnails = make_thumbnails(contents.images, indices, "p", 1e9)
    says = [each[2] for each in points_data(contents, points, thumbnails)]
    name = contents.class_names[0]
    assert says[0] == f"Training image 0 (unlabelled/0 <b>\ufffd.jpg): {name}, labelled at first"
    assert says[9].endswith(f"{name}, pseudo-labelled in meta-iteration 1")
    assert says[29].endswith(": unlabelled")
    assert 'data-class="-1"' in scatter(contents, points, seed=0)


def test_many_images_are_thinned_out_evenly():
    contents = example_contents()
    labels = np.repeat([0, 1, 2], [2000, 2000, 10])
    embeddings = np.zeros((4010, 2))
    embedded = Embedded(embeddings, embeddings, "test", np.arange(4010))
    contents = replace(contents, test_labels=labels, embedded=embedded)
    points = points_to_show(contents, seed=0)
    assert np.bincount(labels[points]).tolist() == [166, 166, 10]
    np.testing.assert_array_equal(points, points_to_show(contents, seed=0))


def test_what_cannot_be_drawn_is_said():
    contents = example_contents()
    same = np.ones((30, 4))
    contents = replace(contents, embedded=Embedded(same, same, "test", np.arange(30)))
    html = scatter(contents, np.arange(30), seed=0)
    assert html.count("can't be drawn: all embeddings are equal") == 2
