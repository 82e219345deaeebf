from __future__ import annotations

import re

from keras_selflearn.runs.page.markers import codes, definitions, look, marker, shape


def test_short_names_are_their_own_codes_and_others_get_letters():
    assert codes(["0", "10"]) == ["0", "10"]
    assert codes(["cat", "ship"]) == ["A", "B"]
    many = codes([f"class {i}" for i in range(800)])
    assert [many[i] for i in (0, 25, 26, 51, 52, 701, 702)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]
    assert len(set(many)) == 800


def test_ninety_classes_differ_in_shape_or_colour_and_neighbours_in_both():
    looks = [(shape(i), look(i)) for i in range(90)]
    assert len(set(looks)) == 90
    assert all(a[0] != b[0] and a[1] != b[1] for a, b in zip(looks, looks[1:]))


def test_every_shape_is_defined():
    defined = set(re.findall('id="(.+?)"', definitions()))
    used = {re.search('href="#(.+?)"', marker(label)).group(1) for label in range(-1, 90)}
    assert used == defined
