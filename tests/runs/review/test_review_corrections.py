"""corrections.csv, as a review writes it and as the next run reads it."""

from __future__ import annotations

import pytest
from example_review import ODD, make_run, name_of

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.label_csv import read_corrections
from keras_selflearn.runs.review.corrections import (
    Correction,
    corrected,
    now,
    read_said,
    write_corrections,
)

WHEN = "2026-01-02T03:04:05Z"
SAID = {
    ODD: Correction("=sum", "", "correct", WHEN),
    "b.png": Correction("cat", "cat", "accept", WHEN),
    "c, d.png": Correction("", "dog", "none", WHEN),
    "e.png": Correction("", "dog", "unlabel", ""),
}


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "corrections.csv"
    write_corrections(path, SAID)
    assert read_said(path, tmp_path, [], {}) == SAID
    lines = path.read_bytes().decode("utf-8-sig", "surrogateescape").splitlines()
    assert lines[:2] == [
        "path,label,previous,action,time",
        f"'=unlabelled/caf\udce9.png,'=sum,,correct,{WHEN}",
    ]


def test_the_next_run_reads_it(tmp_path):
    path = tmp_path / "corrections.csv"
    write_corrections(path, SAID)
    found = read_corrections(path, tmp_path, [*SAID])
    assert found.labels == {ODD: "=sum", "b.png": "cat", "e.png": None}
    assert found.rejected == {"c, d.png"}


def test_a_table_of_somebody_else_is_read(tmp_path):
    make_run(tmp_path)
    path = tmp_path / "mine.csv"
    path.write_text(f"label;path;action\ncat;{name_of(4)};\n;{name_of(5)};none\n;{name_of(6)};\n")
    photos, names = tmp_path / "photos", [name_of(i) for i in range(9)]
    assert read_said(path, photos, names, {name_of(4): "cat", name_of(5): "dog"}) == {
        name_of(4): Correction("cat", "cat", "accept"),
        name_of(5): Correction("", "dog", "none"),
        name_of(6): Correction("", "", "unlabel"),
    }


def test_what_is_no_table_of_corrections_is_one_sentence(tmp_path):
    path = tmp_path / "notes.csv"
    path.write_text("to do\n")
    with pytest.raises(InputError, match="must be a table with the columns path and label"):
        read_said(path, tmp_path, [], {})


def test_the_previous_label_is_accepted():
    assert corrected("cat", "cat", "correct", WHEN).action == "accept"
    assert corrected("cat", "dog", "accept", WHEN).action == "correct"
    assert corrected("cat", "dog", "none", WHEN) == Correction("", "dog", "none", WHEN)
    assert len(now()) == len(WHEN) and now().endswith("Z")
