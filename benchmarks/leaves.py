"""Labels in minutes where images are related, and where classes are unequal: PlantVillage.

`python -m benchmarks.leaves --flags='--dataset=tfds:plant_village34 --backbone=lite0.h5'`

- **Unseen leaves.** A leaf has several photographs. Some of them may be training images and others
  test images. The leaves that training saw and the others have an accuracy of their own. The data
  set must have the feature `leaf`, a text that names the leaf within its class, or is empty.
- **Unequal classes.** Training images are drawn so that the most frequent class has ten times as
  many as the rarest. The accuracy is that of the unlabelled images, and its mean over classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import option
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.options.config import Config
from keras_selflearn.options.presets import preset_file
from keras_selflearn.reproduction.markdown import markdown_table, mean_and_deviation
from keras_selflearn.storage.files import write_whole

if TYPE_CHECKING:
    from keras_selflearn.datasets import Dataset

_IN_CLASS = 5
_COLUMNS = (
    ("accuracy of", "---"),
    ("labels only", "---:"),
    ("after self-learning", "---:"),
    ("points gained in each draw", "---"),
)


@dataclass(frozen=True)
class Asked:
    """What to measure."""

    flags: str = option(
        "--dataset=tfds:plant_village34 --labels=170",
        "Flags of the run, as for keras_selflearn.main.",
    )
    seeds: int = option(3, "Number of draws: seeds 0, 1, ...", least=1)
    output: str = option("leaves.md", "Markdown file to write.")


@dataclass(frozen=True)
class Change:
    """An accuracy in percent before and after self-learning, for each draw."""

    name: str
    before: Sequence[float]
    after: Sequence[float]


def main(asked: Asked) -> None:
    """Measure both, and write a table."""
    import_tensorflow_quietly()
    from keras_selflearn.runs.configuration import resolve
    from keras_selflearn.runs.data import load

    arguments = [f"--flagfile={preset_file('quick')}", *asked.flags.split()]
    config = command_line.parse(Config, arguments)
    config = resolve(config)
    dataset = load(config)
    seen = is_seen(*leaves_of(config), dataset)
    changes: dict[str, list[tuple[float, float]]] = {}
    for seed in range(asked.seeds):
        for name, change in [
            *_unseen(config, dataset, seen, seed),
            *_unequal(config, dataset, seed),
        ]:
            print(f"seed {seed}, {name}: {change[0]:.2f} -> {change[1]:.2f}", flush=True)
            changes.setdefault(name, []).append(change)
    text = table([Change(name, *zip(*each)) for name, each in changes.items()])
    write_whole(Path(asked.output), text + "\n")
    print(text)


def leaves_of(config: Config) -> tuple[np.ndarray, np.ndarray]:
    """Read the text that names the leaf of each training (n,) and test image (m,); may be empty."""
    import tensorflow_datasets as tfds

    name = config.dataset.partition(":")[2]
    builder = tfds.builder(name, data_dir=str(Path(config.data_dir or "").expanduser()))
    if "leaf" not in builder.info.features:
        raise InputError(f"The data set {name} has no feature 'leaf': choose one that has it.")
    read = [
        [each["leaf"].decode() for each in tfds.as_numpy(builder.as_dataset(split))]
        for split in ("train", "test")
    ]
    return np.array(read[0]), np.array(read[1])


def is_seen(leaves: np.ndarray, test_leaves: np.ndarray, dataset: Dataset) -> np.ndarray:
    """Say whether the leaf of each test image (m,) is in training: 1 yes, 0 no, -1 unknown."""
    pairs = {*zip(dataset.labels.tolist(), leaves.tolist())}
    known = zip(dataset.test_labels.tolist(), test_leaves.tolist())
    return np.array([int((label, leaf) in pairs) if leaf else -1 for label, leaf in known])


def _unseen(
    config: Config, dataset: Dataset, seen: np.ndarray, seed: int
) -> list[tuple[str, tuple[float, float]]]:
    from keras_selflearn.datasets.splitting import choose_labelled

    n_classes = len(dataset.class_names)
    given = choose_labelled(dataset.labels, _IN_CLASS * n_classes, seed=seed)
    labels = np.where(np.isin(np.arange(len(dataset.labels)), given), dataset.labels, -1)
    _, predicted = fit(config, dataset.images, labels, dataset, seed)
    right = [each == dataset.test_labels for each in predicted]
    return [
        (f"test images {name} ({int(np.sum(part))})", tuple(100 * x[part].mean() for x in right))
        for name, part in (
            ("of leaves that training saw", seen == 1),
            ("of other leaves", seen == 0),
            ("of leaves without a number", seen == -1),
        )
    ]


def _unequal(config: Config, dataset: Dataset, seed: int) -> list[tuple[str, tuple[float, float]]]:
    from keras_selflearn.datasets.splitting import choose_labelled

    part = draw_unequal(dataset.labels, seed)
    truth = dataset.labels[part]
    given = choose_labelled(truth, _IN_CLASS * len(dataset.class_names), seed=seed)
    is_given = np.isin(np.arange(len(truth)), given)
    labels = np.where(is_given, truth, -1)
    own, _ = fit(config, dataset.images[part], labels, dataset, seed)
    rest, classes = ~is_given, np.unique(truth)
    right = [each == truth for each in own]
    return [
        (
            f"unequal classes, unlabelled images (about {rest.sum() // 100 * 100})",
            tuple(100 * each[rest].mean() for each in right),
        ),
        (
            "unequal classes, mean over classes",
            tuple(
                100 * np.mean([each[rest & (truth == k)].mean() for k in classes]) for each in right
            ),
        ),
    ]


def draw_unequal(labels: np.ndarray, seed: int) -> np.ndarray:
    """Choose images so that the numbers of the classes fall evenly, in all by a factor of ten.

    Parameters
    ----------
    labels : (n,) integers
    seed : int
        Decides which class has how many, and which images.

    Returns
    -------
    (k,) int64
        Sorted indices. The most frequent class keeps all its images. A class that has fewer than
        its number keeps all.
    """
    chance = np.random.default_rng(seed)
    available = np.bincount(labels)
    classes = chance.permutation(np.unique(labels))
    classes = classes[np.argsort(-available[classes], kind="stable")]
    most = available[classes[0]]
    numbers = np.geomspace(most, most / 10, len(classes)).round().astype(int)
    parts = [
        chance.choice(np.flatnonzero(labels == each), min(number, available[each]), replace=False)
        for each, number in zip(classes, numbers)
    ]
    return np.sort(np.concatenate(parts))


def fit(
    config: Config, images: np.ndarray, labels: np.ndarray, dataset: Dataset, seed: int
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Labels of the training and of the test images, each before and after self-learning."""
    import tensorflow as tf

    from keras_selflearn.runs.configuration import make_classifier

    own: list[np.ndarray] = []
    of_test: list[np.ndarray] = []

    class Keep(tf.keras.callbacks.Callback):
        def on_meta_iteration_end(self, record: Any, learner: Any) -> None:
            embeddings = learner.embed(np.arange(len(images)))
            own.append(learner.labelling.labeller.label(embeddings).labels)
            of_test.append(learner.test_predictions.labels)

    classifier = make_classifier(replace(config, seed=seed))
    test_data = (dataset.test_images, dataset.test_labels)
    classifier.fit(images, labels, validation_data=test_data, callbacks=[Keep()])
    return [own[0], own[-1]], [of_test[0], of_test[-1]]


def table(changes: Sequence[Change]) -> str:
    """Write a Markdown table of means and sample standard deviations."""
    rows = []
    for each in changes:
        gains = (after - before for before, after in zip(each.before, each.after))
        cells = [mean_and_deviation(each.before), mean_and_deviation(each.after)]
        rows.append([each.name, *cells, ", ".join(f"{gain:+.1f}" for gain in gains)])
    return markdown_table(_COLUMNS, rows)


if __name__ == "__main__":
    command_line.run(Asked, main, "Labels in minutes on leaves: related images, unequal classes.")
