"""The page of a review as text, and what it may do."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re

from example_review import CLASSES, MISSING, ODD, make_run, name_of

from keras_selflearn.runs.review.page import page
from keras_selflearn.runs.review.session import Change, Session


def contents(rendered):
    (found,) = re.findall(r'id="contents">(.*)</script>', rendered)
    return json.loads(found)


def test_it_holds_all_images_and_what_was_said(tmp_path):
    session = Session(make_run(tmp_path))
    session.change([Change(7, "correct", "bird")])
    found = contents(page(session))
    names = found["names"]
    path, label, given, probability, doubt, instead, number, unlike, nearest = found["images"][7]
    assert (path, names[label], names[instead]) == (name_of(7), CLASSES[2], CLASSES[0])
    assert (given, probability, doubt, number) == (0, 0.1233, 0.8767, 1)
    assert (unlike, nearest) == (0.95, [2])
    assert [each[0] for each in found["images"][-2:]] == [MISSING, ODD]
    assert found["served"] and found["pictures"] is None
    assert found["classes"] == [*CLASSES, "bird"]
    ((path, action, label, previous, _),) = found["said"]
    assert (path, action, label, previous) == (name_of(7), "correct", "bird", CLASSES[2])


def test_only_the_page_s_own_script_and_style_may_run(tmp_path):
    rendered = page(Session(make_run(tmp_path / "<script>alert(1)</script>")))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', rendered)
    policy = html.unescape(policy)
    assert "unsafe" not in policy and "default-src 'none'" in policy
    for kind in ("style", "script"):
        (source,) = re.findall(f"<{kind}>(.*?)</{kind}>", rendered, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "<b>dog" not in rendered and "alert(1)</script>" not in rendered


def test_a_part_of_the_images_keeps_what_was_said_of_the_others(tmp_path):
    session = Session(make_run(tmp_path))
    session.change([Change(7, "none")])
    found = contents(page(session, shown=[2, 8], pictures=["data:,", ""], note="Two of 32."))
    assert [each[0] for each in found["images"]] == [name_of(2), name_of(8)]
    assert found["images"][1][-1] == [0]  # the nearest one, where it is on this page
    assert found["said"][0][0] == name_of(7) and not found["served"]
