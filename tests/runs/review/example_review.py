"""A finished run on a folder of small images, as a training leaves it, without the training."""

from __future__ import annotations

import json
import os

import numpy as np
from PIL import Image
from run_contents import BARE_RECORD

from keras_selflearn.runs.labels_csv import COLUMNS
from keras_selflearn.storage.csv_files import write_csv

CLASSES = ("cat", "<b>dog</b>", "zwei ②")
COLOURS = ((200, 60, 60), (60, 200, 60), (60, 60, 200))
# Of an image that is missing, and of one whose name is not UTF-8 and looks like a formula.
MISSING, ODD = "unlabelled/gone.png", "=unlabelled/caf\udce9.png"


def make_run(folder, n=30, config=None, links=False):
    """Make `photos` and `run` in a folder.

    Of n images every third is of the same class. The first of each is given, the others are
    predicted; those whose number ends in 7 are predicted wrong, and doubted.
    """
    photos, run = folder / "photos", folder / "run"
    run.mkdir(parents=True)
    rows, first = [], [name_of(i) for i in range(3)]
    for i in range(n):
        path = photos / name_of(i)
        path.parent.mkdir(parents=True, exist_ok=True)
        if links and i >= 30:
            os.link(photos / name_of(i % 30), path)
        else:
            picture(i).save(path)
        label = (i + (i % 10 == 7)) % 3
        doubt = 0.9 - i / 10 / n if i % 10 == 7 else 0.2 + i / 10 / n
        rows.append(row(name_of(i), label, i < 3, doubt, first[label]))
    rows.append(row(MISSING, 0, False, 0.1, first[0]))
    rows.append([ODD, *[""] * 8])
    (photos / "=unlabelled").mkdir()
    picture(0).save(photos / ODD)
    write_csv(run / "labels.csv", ["path", *COLUMNS], rows)
    flags = {"dataset": "folder", "images": str(photos), **(config or {})}
    data = {**BARE_RECORD["data"], "classes": list(CLASSES), "train": len(rows)}
    record = {**BARE_RECORD, "config": flags, "data": data, "data_sha256": "ab" * 32}
    (run / "run.json").write_text(json.dumps(record))
    return run


def name_of(i):
    return f"{'labelled/x' if i < 3 else 'unlabelled'}/{i:05}.png"


def true_name(i):
    return CLASSES[i % 3]


def picture(i):
    pixels = np.zeros((30, 40, 3), np.uint8) + np.array(COLOURS[i % 3], np.uint8)
    pixels[: i % 30, :5] = 255
    return Image.fromarray(pixels)


def row(path, label, given, doubt, nearest):
    source = "given" if given else "predicted"
    probability = "" if given else f"{1 - doubt:.4f}"
    other = CLASSES[(label + 1) % 3]
    return [
        path,
        CLASSES[label],
        source,
        probability,
        f"{doubt:.4f}",
        other,
        0 if given else 1,
        "" if given else nearest,
        "" if given else "0.9500",
    ]
