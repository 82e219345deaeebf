from __future__ import annotations

import pytest
from run_contents import two_meta_iterations as run

from keras_selflearn.reproduction.finding import table, why_nothing_gained


def test_table_shows_what_the_runs_measured():
    lines = table({"random": run(40.04, 38.0), "pretrained": run(90.0, 95.5)}).splitlines()
    assert "500 handwritten digits" in lines[0]
    assert lines[1].split() == (
        "Initial weights 100 labels after self-learning points gained".split()
    )
    assert lines[2].split() == ["random", "40.0", "%", "38.0", "%", "-2.0"]
    assert lines[3].split() == ["pretrained", "90.0", "%", "95.5", "%", "+5.5"]


def test_a_run_that_gained_needs_no_explanation():
    assert why_nothing_gained("pretrained", run(90.0, 90.2)) == ""


def test_wrong_pseudo_labels_explain_a_loss():
    sentence = why_nothing_gained("random", run(40.0, 38.5))
    # 10 of 100 and 60 of 300 are wrong.
    assert sentence.startswith("From random weights self-learning lost 1.5 points: 18 % of its 400")
    assert "were wrong" in sentence and "0.25 before and 0.75 at the end" in sentence


@pytest.mark.parametrize(("after", "how"), [(96.0, "gained nothing"), (95.8, "lost 0.2 points")])
def test_right_pseudo_labels_may_have_nothing_to_teach(after, how):
    sentence = why_nothing_gained("pretrained", run(96.0, after, right=(100.0, 98.0)))
    assert sentence.startswith(f"From pretrained weights self-learning {how}: 98.5 % of its 400")
    assert "were right, but" in sentence and "wrong" not in sentence


def test_no_pseudo_label_explains_that_nothing_was_gained():
    nothing = run(50.0, 50.0)
    del nothing.history[1:]
    assert why_nothing_gained("random", nothing).endswith("it gave no pseudo-label.")


def test_table_and_sentence_agree_where_a_change_is_smaller_than_what_is_shown():
    nearly = run(50.04, 50.0)
    assert table({"random": nearly}).splitlines()[2].split()[-1] == "+0.0"
    assert "gained nothing" in why_nothing_gained("random", nearly)
