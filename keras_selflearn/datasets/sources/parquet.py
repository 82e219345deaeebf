"""Read the images of a Parquet file, in the layout of Hugging Face's data sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.image_files.file_format import HEAD, image_format
from keras_selflearn.datasets.image_files.in_parallel import Encoded
from keras_selflearn.datasets.sources.piece import LARGEST, Report, check_size, label_in

_IMAGE, _LABEL, _BYTES, _PATH = "image", "label", "bytes", "path"
_ENDS = {"JPEG": ".jpg", "TIFF": ".tif", "HEIF": ".heic"}
_MOST_ROWS = 32


def check_parquet() -> None:
    """Raise an `InputError` where the package that reads Parquet is missing."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise InputError("Parquet needs the extra parquet (pip install pyarrow).") from error


def read_parquet(file: BinaryIO, shard: str, report: Report) -> Iterator[Encoded]:
    """Give the images of a Parquet file, a few rows at a time.

    An image is called by its row, with the ending of its format. The column `image`, or the only
    one of its kind, is a struct with `bytes`. The column `label`, or the only one with the names of
    classes in the metadata `huggingface`, has the labels; null and -1 are none.

    Parameters
    ----------
    file : binary file
        Seekable.
    shard : str
        Its name, with which those of its images begin.
    report : Report

    Raises
    ------
    Exception
        When the file is damaged, or has no such images. pyarrow raises its own.
    """
    import pyarrow.parquet

    parquet = pyarrow.parquet.ParquetFile(file, buffer_size=2**20)
    schema = parquet.schema_arrow
    features = _features(schema.metadata)
    image = _image_column(schema)
    label, classes = _label_column(schema, features)
    columns = [f"{image}.{_BYTES}", *([label] if label else [])]
    number = 0
    for group in range(parquet.metadata.num_row_groups):
        # A value may be repeated in each row, and is in the file but once.
        rows = LARGEST // max(1, _size(parquet.metadata.row_group(group), columns[0]))
        for batch in parquet.iter_batches(
            min(max(rows, 1), _MOST_ROWS), row_groups=[group], columns=columns, use_threads=False
        ):
            pictures = batch.column(image)
            given = batch.column(label).to_pylist() if label else [None] * len(pictures)
            for row in range(len(pictures)):
                value = pictures[row].as_py()
                content = (value or {}).get(_BYTES)
                name = f"{shard}/{number:08d}"
                number += 1
                try:
                    if content is None:
                        raise ValueError("its bytes are not in the file")
                    check_size(len(content))
                    name += _end(content)
                    text = _text(given[row], classes)
                except ValueError as error:
                    report.on_skip(name, str(error))
                    continue
                if text is not None:
                    report.labels[name] = text
                yield Encoded(name, len(content), lambda content=content: content)  # type: ignore[misc]
                del content, value


def _features(metadata: dict[bytes, bytes] | None) -> dict[str, Any]:
    """What Hugging Face's metadata say of each column."""
    try:
        found = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        return found if isinstance(found, dict) else {}
    except (KeyError, ValueError, TypeError):
        return {}


def _image_column(schema: Any) -> str:
    from pyarrow import types

    found = [
        field.name
        for field in schema
        if types.is_struct(field.type)
        and field.type.get_field_index(_BYTES) >= 0
        and _is_binary(field.type.field(field.type.get_field_index(_BYTES)).type)
    ]
    if _IMAGE in found:
        return _IMAGE
    if len(found) != 1:
        raise ValueError(
            f"it has no column {_IMAGE} of {_BYTES} and {_PATH}, as Hugging Face's data sets have"
        )
    return found[0]


def _is_binary(kind: Any) -> bool:
    from pyarrow import types

    return types.is_binary(kind) or types.is_large_binary(kind)


def _label_column(schema: Any, features: dict[str, Any]) -> tuple[str | None, list[str]]:
    """The name of the column of labels, None without one, and the names of its classes."""
    with_classes = {
        name: [str(each) for each in feature["names"]]
        for name, feature in features.items()
        if isinstance(feature, dict) and isinstance(feature.get("names"), list)
    }
    if _LABEL in schema.names:
        return _LABEL, with_classes.get(_LABEL, [])
    there = [name for name in with_classes if name in schema.names]
    return (there[0], with_classes[there[0]]) if len(there) == 1 else (None, [])


def _text(value: Any, classes: list[str]) -> str | None:
    if value is None or isinstance(value, str):
        return label_in(value or "")
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"its label is a {type(value).__name__}, and no number or text")
    if value < 0 or not classes:
        return label_in(str(max(value, -1)))
    if value >= len(classes):
        raise ValueError(f"its label is {value}, and there are {len(classes)} classes")
    return label_in(classes[value])


def _end(content: bytes) -> str:
    kind = image_format(content[:HEAD])
    return _ENDS.get(kind, f".{kind.lower()}")


def _size(group: Any, column: str) -> int:
    """The bytes of a column in a row group, unpacked."""
    for i in range(group.num_columns):
        if group.column(i).path_in_schema == column:
            return int(group.column(i).total_uncompressed_size)
    return LARGEST
