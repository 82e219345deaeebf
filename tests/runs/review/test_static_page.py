"""The page as one file."""

from __future__ import annotations

import base64
import io

from example_review import MISSING, make_run
from PIL import Image
from test_review_page import contents

from keras_selflearn.runs.review import static_page as module
from keras_selflearn.runs.review.labelled_images import LabelledImage
from keras_selflearn.runs.review.session import Session
from keras_selflearn.runs.review.static_page import most_doubted, static_page


def test_pictures_are_inside(tmp_path):
    rendered, note = static_page(Session(make_run(tmp_path)))
    found = contents(rendered)
    assert note == "" and not found["served"]
    start, content = found["pictures"][0].split(",")
    assert start == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(content))).size == (40, 30)
    assert found["pictures"][30] == "" and found["images"][30][0] == MISSING


def test_of_many_images_the_most_doubted_are_shown_and_a_sentence_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_IMAGES", 4)
    rendered, note = static_page(Session(make_run(tmp_path)))
    assert "the 4 most doubted of 32 images" in note and note in rendered
    found = contents(rendered)
    doubts = [each[4] for each in found["images"]]
    assert doubts[-1] is None and min(doubts[:-1]) > 0.8


def test_the_most_doubted_keep_their_order():
    doubts = [0.1, None, 0.9, 0.5]
    images = [LabelledImage(str(i), "cat", doubt=doubt) for i, doubt in enumerate(doubts)]
    images.append(LabelledImage("4"))
    assert most_doubted(images, 3) == [2, 3, 4]
    assert most_doubted(images, 9) == [0, 1, 2, 3, 4]
