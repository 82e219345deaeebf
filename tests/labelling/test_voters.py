"""Tests of which labellers vote."""

from __future__ import annotations

import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.labelling.voters import parse_voters, voters_of


def test_all_that_the_loss_allows_vote_by_default():
    assert voters_of(None, logits=True) == ("graph", "nearest", "softmax")
    assert voters_of(None, logits=False) == ("graph", "nearest")
    assert voters_of(" softmax, graph", logits=True) == ("softmax", "graph")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("graph,nearst", "Unknown voter 'nearst': did you mean 'nearest'"),
        ("graph,vote", "Unknown voter 'vote'"),
        ("graph", "voters is 'graph': give two or more"),
        ("graph,graph", "each once"),
        ("", "Unknown voter ''"),
    ],
)
def test_other_voters_are_refused(text, match):
    with pytest.raises(InputError, match=match):
        parse_voters(text)


def test_softmax_votes_where_the_loss_has_logits_alone():
    with pytest.raises(InputError, match="The voter 'softmax' needs a loss with logits"):
        voters_of("nearest,softmax", logits=False)
