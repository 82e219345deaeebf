from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keras_selflearn.storage.files import write_whole
from keras_selflearn.storage.json_files import read_json


def test_json_is_read(tmp_path):
    value = {"a": [1, -2.5, 1e300, None, True, "Käse \U0001f9c0"], "b": {"c": 2**63}}
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        (tmp_path / "a.json").write_text(text, encoding="utf-8")
        assert read_json(tmp_path / "a.json") == value


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "not JSON"),
        (b'{"a": 1', "not JSON"),
        (b'{"a": 1}}', "not JSON"),
        (b"[NaN]", "holds NaN"),
        (b"[Infinity]", "holds Infinity"),
        (b"[-Infinity]", "holds -Infinity"),
        (b"[1e400]", "1e400, which is too large"),
        (b"[-1e400]", "-1e400, which is too large"),
        (b"[18446744073709551616]", "18446744073709551616, which is too large"),
        (b"[" + b"9" * 10**6 + b"]", "99999999999999999999, which is too large"),
        (b'"\xff"', "not UTF-8"),
        (b'"\\ud800"', "not UTF-8"),
        (b"[" * 10**6, "nested too deeply"),
        (b'{"a":' * 10**6, "nested too deeply"),
        (b"[" + b"0," * 2**22 + b"0]", "larger than 8 MiB"),
    ],
    ids=lambda value: str(value[:20]),
)
def test_what_is_wrong_is_said(tmp_path, content, match):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=match):
        read_json(tmp_path / "a.json")


def test_a_missing_file_is_the_usual_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "a.json")


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero", "."):
        with pytest.raises(ValueError, match="not a file"):
            read_json(tmp_path / name)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=9).map(os.fsdecode)))
@example(["caf\udce9", "\U0001f9c0", "\udcff\udc80"])
def test_whatever_name_of_a_file_was_written_is_read(names):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.json")
        write_whole(path, json.dumps({"names": names}))
        assert read_json(path) == {"names": names}


def test_a_caller_may_allow_another_size(tmp_path):
    path = tmp_path / "file.json"
    path.write_bytes(b"[" + b"0," * 2**19 + b"0]")
    with pytest.raises(ValueError, match="larger than 1 MiB"):
        read_json(path, most_bytes=2**20)
    assert len(read_json(path, most_bytes=2**21)) == 2**19 + 1
