from __future__ import annotations

from dataclasses import replace

import numpy as np
from example_run import example_contents

from keras_selflearn.runs.page.highlights import extremes, is_wrong, likely_mistakes


def test_the_most_and_the_least_confident_of_each_class():
    labels = np.array([0, 0, 0, 0, 0, 0, 1, 1, 1, -1, 0])
    labelled_in = np.array([1, 1, 2, 2, 3, 3, 1, 1, 2, -1, 0])
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.9, 0.1, 0.3, 0.2, np.nan, np.nan])
    zero, one, none = extremes(labels, labelled_in, confidence, n_classes=3, most=2)
    assert zero.most.tolist() == [0, 5] and zero.least.tolist() == [4, 3] and zero.number == 6
    # Three are shown once each: the surer half first.
    assert one.most.tolist() == [7, 8] and one.least.tolist() == [6] and one.number == 3
    assert none.most.tolist() == none.least.tolist() == [] and none.number == 0


def test_the_likeliest_mistake_is_the_one_the_final_model_is_surest_of():
    contents = example_contents(n_classes=3)
    found = contents.pseudo_labelled[likely_mistakes(contents)]
    # The wrong ones, number 4 of each class, before the doubtful ones, number 15.
    assert found.tolist() == [12, 13, 14, 45, 46, 47]
    assert [is_wrong(contents, i) for i in found] == [True] * 3 + [False] * 3


def test_what_is_not_known_is_neither_right_nor_wrong():
    contents = example_contents()
    unknown = replace(contents, true_labels=np.full(len(contents.labels), -1))
    assert is_wrong(unknown, 12) is None
