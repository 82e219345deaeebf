"""Shards for tests: images of one grey each, which say which image they are."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
from PIL import Image


def png(level, size=(40, 50)):
    """A PNG file of one grey."""
    file = io.BytesIO()
    Image.fromarray(np.full((*size, 3), level, np.uint8)).save(file, "PNG")
    return file.getvalue()


def tar_of(members, mode="w"):
    """A tar file of (name, content) pairs; a `TarInfo` in place of a name is added as it is."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as tar:
        for name, content in members:
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


def samples(levels, labels=(), start=0):
    """The members of a shard by WebDataset's names; the first images have labels."""
    members = []
    for i, level in enumerate(levels):
        if i < len(labels):
            members.append((f"{start + i:06d}.cls", str(labels[i]).encode()))
        members.append((f"{start + i:06d}.png", png(level)))
    return members


def parquet_of(images, labels, classes=None, rows=3, image="image", label="label"):
    """A Parquet file as Hugging Face's `datasets` writes it."""
    import pyarrow
    import pyarrow.parquet

    kind = pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())])
    values = [None if each is None else {"bytes": each, "path": "x.png"} for each in images]
    columns = {image: pyarrow.array(values, kind)}
    features = {image: {"_type": "Image"}}
    if labels is not None:
        columns[label] = pyarrow.array(labels)
        features[label] = {"dtype": "int64", "_type": "Value"}
    if classes is not None:
        features[label] = {"names": classes, "_type": "ClassLabel"}
    table = pyarrow.table(columns).replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file, row_group_size=rows)
    return file.getvalue()


def levels(pixels):
    """The grey of each image."""
    return pixels[:, 0, 0, 0].tolist()
