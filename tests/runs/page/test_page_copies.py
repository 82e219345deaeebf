from __future__ import annotations

import pytest
from run_contents import BARE_RECORD

from keras_selflearn.runs.page.copies import of_duplicates
from keras_selflearn.runs.record import RunRecord, convert

NUMBERS = {"identical": 4, "nearly": 2, "labels_differ": 0, "test_in_training": 0}


def said_of(**changes):
    return of_duplicates(convert({**BARE_RECORD, "duplicates": {**NUMBERS, **changes}}, RunRecord))


def test_a_record_without_them_and_copies_that_spoil_nothing_are_not_worth_a_word():
    assert of_duplicates(convert(BARE_RECORD, RunRecord)) == [] == said_of()


@pytest.mark.parametrize(
    ("number", "beginning"), [(1, "1 image has another"), (3, "3 images have another")]
)
def test_labels_that_differ_are_named(number, beginning):
    (sentence,) = said_of(labels_differ=number)
    assert sentence.startswith(beginning) and "duplicates.csv" in sentence


def test_the_accuracy_is_given_with_and_without_what_training_has():
    (sentence,) = said_of(test_in_training=2, test_accuracy_with=80.0, test_accuracy_without=76.25)
    said = sentence.replace("\N{NO-BREAK SPACE}", " ")
    assert "is 80.0 %" in said and "Without the 2 test images" in said and "76.2 %" in said
    (sentence,) = said_of(test_in_training=2, test_accuracy_with=80.0)
    assert "no test image is left" in sentence
