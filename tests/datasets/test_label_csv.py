"""Tables of labels that this package wrote; `test_listing.py` has those of people."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from keras_selflearn.datasets.label_csv import read_label_csv
from keras_selflearn.storage.csv_files import write_csv

NAMES = st.one_of(
    st.binary(max_size=9).map(lambda raw: os.fsdecode(raw.translate(None, b"\0/"))),
    st.text("=+-@'\t\r\n\",;\\\uff1d1a e\u0301\u00e9", max_size=6),
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(NAMES.map(lambda name: f"{name}.png"), NAMES, min_size=1, max_size=6))
@example({"=a.png": "'=b", "'=a.png": "=b", "''=a.png": "", " a.png": "caf\udce9", "a.png": "-1"})
@example({"\u00e9.png": "a", "e\u0301.png": "b", "a\\b.png": "c", "a\rb.png": "d\re"})
def test_whatever_table_was_written_is_read(labels):
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "labels.csv")
        write_csv(table, ["path", "label", "confidence"], [(*pair, 0.5) for pair in labels.items()])
        found = read_label_csv(table, Path(folder), [*labels])
    assert found == {
        image: None if label.strip() in ("", "-1") else label.strip()
        for image, label in labels.items()
    }
