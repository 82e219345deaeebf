from __future__ import annotations

import json

import pytest

from keras_selflearn.runs.page import text


def test_what_comes_from_outside_is_no_html():
    assert text.escape("<b>\"'&") == "&lt;b&gt;&quot;&#x27;&amp;"
    assert text.name("a__b") == "<bdi>a__<wbr>b</bdi>"


def test_what_cannot_be_shown_is_replaced():
    # A file name that is no UTF-8, a NUL, and an override of the direction of writing.
    name = b"caf\xe9\x00.jpg".decode("utf-8", "surrogateescape") + "\u202egpj"
    assert text.clean(name) == "caf\ufffd\ufffd.jpg\ufffdgpj"
    text.clean(name).encode("utf-8")
    assert text.clean("Äpfel 🌳 سلام\n") == "Äpfel 🌳 سلام\n"


def test_json_cannot_end_its_script():
    value = ["</script><!--", "Ä"]
    assert "<" not in text.as_json(value) and json.loads(text.as_json(value)) == value


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (text.percent(100 / 3), "33.3\u00a0%"),
        (text.share(1, 8), "12.5\u00a0%"),
        (text.count(12345), "12,345"),
        (text.count(1, "class", "classes"), "1 class"),
        (text.count(2, "class", "classes"), "2 classes"),
        (text.count(0, "image"), "0 images"),
        (text.surety(0.98765, by_distance=False), "probability 0.988"),
        (text.surety(-0.09, by_distance=True), "distance 0.0900"),
        (text.surety(-123.4, by_distance=True), "distance 123"),
        (text.surety(-0.0, by_distance=True), "distance 0.00"),
        (text.duration(59.4), "59 s"),
        (text.duration(83), "1 min 23 s"),
        (text.duration(7325), "2 h 2 min"),
    ],
)
def test_numbers_as_people_read_them(shown, expected):
    assert shown == expected
