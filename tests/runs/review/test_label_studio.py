"""Labels go to Label Studio and come back."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from example_review import CLASSES, ODD, make_run, name_of

from keras_selflearn.console.errors import InputError
from keras_selflearn.runs.review.corrections import Correction
from keras_selflearn.runs.review.label_studio import labelling_interface, read_annotations, tasks
from keras_selflearn.runs.review.session import Change, Session


@pytest.fixture
def session(tmp_path):
    return Session(make_run(tmp_path))


def annotation(*labels, **more):
    value = {"choices": list(labels)}
    result = {"id": "x", "from_name": "class", "to_name": "image", "type": "choices"}
    return {"id": 3, "result": [{**result, "value": value}], "lead_time": 1.5, **more}


def task(path, *annotations, **data):
    """As Label Studio exports it."""
    found = {"id": 1, "data": {"path": path, **data}, "annotations": list(annotations)}
    return {**found, "predictions": [], "meta": {}, "project": 4}


def imported(tmp_path, session, *content):
    path = tmp_path / "export.json"
    path.write_text(json.dumps(list(content)))
    return read_annotations(path, session)


def test_labels_become_predictions_and_what_was_said_annotations(session):
    session.change([Change(7, "correct", "bird"), Change(8, "none")])
    found = json.loads(tasks(session))
    assert len(found) == 32
    given, predicted, corrected, rejected = found[0], found[3], found[7], found[8]
    assert given["data"]["image"] == "/data/local-files/?d=photos/labelled/x/00000.png"
    assert "predictions" not in given
    assert given["annotations"][0]["result"] == [
        {
            "from_name": "class",
            "to_name": "image",
            "type": "choices",
            "value": {"choices": [CLASSES[0]]},
        }
    ]
    assert predicted["predictions"][0]["score"] == session.images[3].probability
    assert "annotations" not in predicted
    assert corrected["annotations"][0]["result"][0]["value"] == {"choices": ["bird"]}
    assert rejected["annotations"][0]["result"][0]["value"] == {"choices": ["None of these"]}
    assert found[31]["data"]["image"].endswith("photos/%3Dunlabelled/caf%E9.png")


def test_the_interface_has_all_classes():
    root = ElementTree.fromstring(labelling_interface(['<b>"dog"</b>', "cat & co"]))
    values = [each.get("value") for each in root.iter("Choice")]
    assert values == ['<b>"dog"</b>', "cat & co", "None of these"]
    assert root.find("Choices").get("toName") == root.find("Image").get("name")


def test_an_export_that_comes_back_unchanged_says_nothing_new(session, tmp_path):
    session.change([Change(7, "correct", "bird"), Change(8, "none")])
    assert imported(tmp_path, session, *json.loads(tasks(session))) == {}


def test_annotations_become_corrections(session, tmp_path):
    when = "2026-03-09T22:16:08.746926Z"
    found = imported(
        tmp_path,
        session,
        task(name_of(7), annotation("x"), annotation(" bird ", updated_at=when)),
        task(name_of(8), annotation("none of these", created_at=when)),
        task(name_of(9), annotation(CLASSES[0], updated_at=when)),
        task(name_of(10), annotation("x", was_cancelled=True)),
        task(name_of(11), {"result": [], "was_cancelled": False}),
        task(name_of(12)),
    )
    assert found == {
        name_of(7): Correction("bird", CLASSES[2], "correct", when),
        name_of(8): Correction("", CLASSES[2], "none", when),
        name_of(9): Correction(CLASSES[0], CLASSES[0], "accept", when),
    }


@pytest.mark.parametrize(
    "address",
    [
        f"/data/local-files/?d=somewhere/photos/{name_of(4)}",
        f"https://storage.example/bucket/photos/{name_of(4)}?signature=1",
        name_of(4),
    ],
)
def test_images_are_known_by_the_end_of_their_address(session, tmp_path, address):
    odd = "/data/local-files/?d=photos/%3Dunlabelled/caf%E9.png"
    found = imported(
        tmp_path,
        session,
        {"data": {"image": address}, "annotations": [annotation("bird")]},
        {"data": {"image": odd}, "annotations": [annotation("bird")]},
    )
    assert {*found} == {name_of(4), ODD}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "can't be read: No such file"),
        ("{", "is not JSON"),
        ('{"a": 1}', "expected array"),
        ("[1]", "expected object"),
        ('[{"annotations": []}]', "missing required field data"),
        (json.dumps([task(name_of(1), annotation("a", "b"))]), "task 0 has not one choice"),
        (json.dumps([task(name_of(1), annotation(7))]), "a choice without a name"),
        (json.dumps([task("z.png", annotation("a"))]), "names 1 images that the run .* has not"),
        (json.dumps([task(None, annotation("a"), image=5)]), "names 1 images"),
    ],
)
def test_what_is_no_such_file_is_one_sentence(session, tmp_path, content, message):
    path = tmp_path / "export.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=message) as error:
        read_annotations(path, session)
    assert len(str(error.value).splitlines()) == 1
