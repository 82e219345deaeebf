from __future__ import annotations

import pytest

from keras_selflearn.console.durations import in_words, parse_duration
from keras_selflearn.console.errors import InputError


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(4, "4 s"), (100, "2 min"), (5000, "83 min"), (9000, "2.5 h"), (10**6, "12 days")],
)
def test_in_words(seconds, words):
    assert in_words(seconds) == words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("20m", 1200), ("1h30m", 5400), (" 1.5H ", 5400), ("1h1m1s", 3661)],
)
def test_lengths_of_time_are_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "20", "m", "0m", "-5m", "20 minutes", "1m1h", "nan", "1e3s"])
def test_what_is_no_length_of_time(text):
    with pytest.raises(InputError, match="is no length of time: write it as 90s, 20m or 1h30m"):
        parse_duration(text)
