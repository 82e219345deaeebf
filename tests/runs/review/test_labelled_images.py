"""What labels.csv says of each image, for a review."""

from __future__ import annotations

import numpy as np
import pytest
from example_review import CLASSES, ODD, make_run, name_of

from keras_selflearn.console.errors import InputError
from keras_selflearn.runs.review.labelled_images import (
    LabelledImage,
    labelled_images,
    read_labelled_images,
)
from keras_selflearn.runs.similar_images import write_similar


def test_each_row_is_an_image(tmp_path):
    images = read_labelled_images(make_run(tmp_path) / "labels.csv")
    assert len(images) == 32
    assert images[0] == LabelledImage(
        name_of(0), CLASSES[0], True, None, 0.2, CLASSES[1], 0, nearest=()
    )
    doubted = images[7]
    assert (doubted.label, doubted.given, doubted.meta_iteration) == (CLASSES[2], False, 1)
    assert doubted.doubt == pytest.approx(1 - doubted.probability, abs=1e-4)
    assert doubted.nearest == (name_of(2),)
    assert images[-1] == LabelledImage(ODD)


def test_more_of_the_nearest_ones_are_there_where_the_run_kept_them(tmp_path):
    run = make_run(tmp_path)
    assert labelled_images(run)[7].nearest == (name_of(2),)
    similar = np.full((32, 2), -1, np.int32)
    similar[7] = 0, 2
    write_similar(run / "similar.npz", similar)
    assert labelled_images(run)[7].nearest == (name_of(2), name_of(0))
    assert labelled_images(run)[8].nearest == (name_of(2),)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "give the folder of a finished run of this version"),
        ("index,label\n", "was not made on a folder of images"),
        ("path,label\na.png,cat\n", "line 1, is damaged: its columns are others"),
        ("", "line 0, is damaged"),
    ],
)
def test_what_is_no_such_table_is_one_sentence(content, message, tmp_path):
    table = tmp_path / "labels.csv"
    if content is not None:
        table.write_text(content)
    with pytest.raises(InputError, match=message):
        read_labelled_images(table)


def test_a_damaged_row_is_named(tmp_path):
    table = make_run(tmp_path) / "labels.csv"
    table.write_bytes(table.read_bytes().replace(b"0.2000", b"x"))
    with pytest.raises(InputError, match="line 2, is damaged: could not convert"):
        read_labelled_images(table)
