"""A small invented run. Every number of it is known."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
from msgspec import structs

from keras_selflearn.options.config import Config
from keras_selflearn.runs.page.contents import Contents, Embedded
from keras_selflearn.runs.record import Data, Environment, MetaIteration, RunRecord

NAMES = ("<script>alert(1)</script>", 'Äpfel & "Bäume" 🌳', "wide___class_name_" + "x" * 60)
PER_CLASS = 20


def example_contents(n_classes=3, by_distance=True, **changes):
    """20 training images a class: 4 labelled, 12 pseudo-labelled in 3 meta-iterations.

    Of the pseudo-labels the first of each class is wrong, and the final model says so; of the
    last of each class it also says another label, and is less sure.
    """
    rng = np.random.default_rng(0)
    names = tuple(f"{NAMES[i % 3]} {i}" for i in range(n_classes))
    n = PER_CLASS * n_classes
    true, place = np.arange(n) % n_classes, np.arange(n) // n_classes
    labelled_in = np.select([place < 4, place < 16], [0, 1 + (place - 4) // 4], -1)
    wrong, doubtful = place == 4, place == 15
    labels = np.where(labelled_in < 0, -1, np.where(wrong, (true + 1) % n_classes, true))
    chosen = np.flatnonzero(labelled_in > 0)
    confidence = np.where(
        labelled_in > 0, -0.05 * place if by_distance else 1 - 0.01 * place, np.nan
    )
    said_otherwise = np.where(doubtful, (true + 1) % n_classes, true)
    surest = np.where(wrong, -0.125 if by_distance else 0.875, -0.25 if by_distance else 0.75)
    test_labels = np.arange(10 * n_classes) % n_classes
    predicted = np.where(
        np.arange(10 * n_classes) < n_classes, (test_labels + 1) % n_classes, test_labels
    )
    embeddings = rng.normal(0, 1, (len(test_labels), 8)) + 9 * np.eye(n_classes, 8)[test_labels]
    images = rng.integers(0, 256, (n, 32, 32, 3), np.uint8)
    contents = Contents(
        run=example_run_record(names, n, len(test_labels), labelled_in),
        class_names=names,
        images=images,
        paths=[f"unlabelled/{i} <b>\udcff.jpg" for i in range(n)],
        labels=labels,
        labelled_in=labelled_in,
        confidence=confidence,
        nearest=np.where((labelled_in > 0) & by_distance, true, -1),
        by_distance=by_distance,
        pseudo_labelled=chosen,
        final_labels=said_otherwise[chosen],
        final_confidence=surest[chosen],
        true_labels=true,
        test_images=rng.integers(0, 256, (len(test_labels), 32, 32, 3), np.uint8),
        test_labels=test_labels,
        test_predicted=predicted,
        embedded=Embedded(embeddings, embeddings[::-1], "test", np.arange(len(test_labels))),
    )
    return replace(contents, **changes)


def example_run_record(names, n_train, n_test, labelled_in):
    """The record of that run."""
    history = [
        MetaIteration(
            meta_iteration=i,
            labelled=int(np.sum((labelled_in >= 0) & (labelled_in <= i))),
            selected=int(np.sum(labelled_in == i)) if i else 0,
            remaining=int(np.sum((labelled_in < 0) | (labelled_in > i))),
            gradient_steps=10,
            loss=0.5,
            test_accuracy=70.0 + 5 * i,
            selected_accuracy=90.0 + i if i else None,
            unlabelled_accuracy=80.0 + i if i else None,
        )
        for i in range(4)
    ]
    config = asdict(Config(loss="triplet", data_dir="/a <b>folder</b>").resolve())
    environment = Environment(
        keras_selflearn="9.9",
        git_commit=None,
        python="3.12",
        packages={"tensorflow": "2.99", "tensorflow-addons": None},
        platform="Linux",
        cpu="A processor",
        gpus=[],
        precision="float32",
    )
    data = Data(
        train=n_train,
        test=n_test,
        labelled=int(np.sum(labelled_in == 0)),
        classes=list(names),
        image_shape=[32, 32, 3],
    )
    return RunRecord(
        status="running",
        flags=config,
        environment=environment,
        data=data,
        history=history,
        seconds=83.0,
    )


def with_record(contents, *, flags=None, **changes):
    """The same contents with other flags or other values in the record."""
    flags = {**contents.run.flags, **(flags or {})}
    return replace(contents, run=structs.replace(contents.run, flags=flags, **changes))


def without_pseudo_labels(contents, regime):
    """The same run as if of another regime."""
    history = contents.run.history[:1]
    contents = with_record(contents, flags={"regime": regime}, history=history)
    nothing = np.empty(0, np.int64)
    return replace(
        contents,
        labels=np.where(contents.labelled_in == 0, contents.labels, -1),
        labelled_in=np.where(contents.labelled_in == 0, 0, -1),
        pseudo_labelled=nothing,
        final_labels=nothing,
        final_confidence=np.empty(0),
    )
