from __future__ import annotations

import io

import pytest
from shard_files import parquet_of, png

from keras_selflearn.datasets.sources.parquet import read_parquet
from keras_selflearn.datasets.sources.piece import Report

pytest.importorskip("pyarrow", reason="the extra parquet is missing")


def read(content):
    skipped = []
    report = Report(lambda name, reason: skipped.append((name, reason)))
    found = [(each.name, each.content()) for each in read_parquet(io.BytesIO(content), "p", report)]
    return found, report.labels, skipped


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_rows_come_in_order_with_the_names_of_their_classes(rows):
    images = [png(i) for i in range(7)]
    content = parquet_of(images, [1, 0, None, -1, 1, 0, 0], ["cat", "dog"], rows=rows)
    found, labels, skipped = read(content)
    assert found == [(f"p/{i:08d}.png", image) for i, image in enumerate(images)] and not skipped
    given = [labels.get(name) for name, _ in found]
    assert given == ["dog", "cat", None, None, "dog", "cat", "cat"]


@pytest.mark.parametrize(
    "labels, texts",
    [([3, 11], ["3", "11"]), (["a", " b "], ["a", "b"]), (None, []), (["", "-1"], [])],
)
def test_labels_without_names_of_classes(labels, texts):
    assert [*read(parquet_of([png(1), png(2)], labels))[1].values()] == texts


def test_columns_may_have_other_names_if_they_are_the_only_ones():
    content = parquet_of([png(1)], [1], ["cat", "dog"], image="img", label="fine")
    assert read(content)[1] == {"p/00000000.png": "dog"}


def test_rows_that_hold_no_image_or_no_class_are_skipped_with_the_reason():
    content = parquet_of([None, b"text", png(3), png(4)], [0, 0, 2, 0], ["cat", "dog"])
    found, labels, skipped = read(content)
    assert [name for name, _ in found] == ["p/00000003.png"] and len(labels) == 1
    reasons = [reason for _, reason in skipped]
    assert "not in the file" in reasons[0] and "it is text" in reasons[1]
    assert reasons[2] == "its label is 2, and there are 2 classes"


def test_a_file_without_images_is_an_error():
    import pyarrow
    import pyarrow.parquet

    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"image": ["a.jpg"]}), file)
    with pytest.raises(ValueError, match="no column image of bytes and path"):
        read(file.getvalue())


@pytest.mark.parametrize("damage", [lambda c: c[:-100], lambda c: c[:20], lambda c: b"PAR1" * 9])
def test_a_damaged_file_is_an_error(damage):
    with pytest.raises(Exception, match="."):
        read(damage(parquet_of([png(i) for i in range(9)], None)))


def test_metadata_that_say_something_else_are_ignored():
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(io.BytesIO(parquet_of([png(1)], [5])))
    for metadata in (b"no JSON", b"[]", b'{"info": {"features": [1]}}', b'{"info": 3}'):
        file = io.BytesIO()
        pyarrow.parquet.write_table(table.replace_schema_metadata({"huggingface": metadata}), file)
        assert read(file.getvalue())[1] == {"p/00000000.png": "5"}
