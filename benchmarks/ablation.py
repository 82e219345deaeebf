"""What each mechanism of labels in minutes is worth: `python -m benchmarks.ablation --flags=...`.

Each variant leaves one mechanism out. The figure is the share of the unlabelled training images
that are labelled right at the end. Test images are not read.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from keras_selflearn.console import command_line
from keras_selflearn.console.option import option
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.options.config import Config
from keras_selflearn.options.presets import preset_file
from keras_selflearn.reproduction.markdown import markdown_table, mean_and_deviation
from keras_selflearn.storage.files import write_whole

if TYPE_CHECKING:
    from keras_selflearn.labelling.linear_heads import LinearHead


@dataclass(frozen=True)
class Asked:
    """What to measure."""

    flags: str = option("--dataset=digits", "Flags of the run, as for keras_selflearn.main.")
    labels: str = option("40,250", "Numbers of labels, comma-separated.")
    seeds: int = option(3, "Number of draws of the labels: seeds 0, 1, ...", least=1)
    output: str = option("ablation.md", "Markdown file to write.")


@dataclass(frozen=True)
class Variant:
    """The method, with at most one mechanism left out.

    Attributes
    ----------
    name : str
    rounds : int
        Meta-iterations; 0: the first head alone.
    graph, student, soft, say : bool
        Whether labels spread over the graph; whether a head on all images gives the labels of the
        end; whether it learns from shares in place of labels; whether the head on the given labels
        has a say.
    setting : dict
        What changes in `Setting`.
    """

    name: str
    rounds: int = 8
    graph: bool = True
    student: bool = True
    soft: bool = False
    say: bool = True
    setting: dict[str, Any] = field(default_factory=dict)


VARIANTS = (
    Variant("labels only", rounds=0),
    Variant("all of it"),
    Variant("no graph", graph=False),
    Variant("no alignment", setting={"prior": "none"}),
    Variant("equal shares as the prior", setting={"prior": "equal"}),
    Variant("soft labels", soft=True),
    Variant("one round", rounds=1),
    Variant("one round, no student", rounds=1, student=False),
    Variant("no say of the labels", say=False),
)


def main(asked: Asked) -> None:
    """Measure all variants and write a table."""
    import_tensorflow_quietly()
    numbers = [int(each) for each in asked.labels.split(",")]
    found: dict[tuple[str, int], list[float]] = {}
    for labels in numbers:
        for seed in range(asked.seeds):
            embeddings, given, truth = prepare(asked.flags, labels, seed)
            memory: dict[str, Any] = {}
            for variant in VARIANTS:
                start = time.monotonic()
                share = right(variant, embeddings, given, truth, memory)
                found.setdefault((variant.name, labels), []).append(share)
                took = time.monotonic() - start
                print(f"{labels} labels, seed {seed}, {variant.name}: {share:.2f} ({took:.0f} s)")
    text = table(found, numbers)
    write_whole(Path(asked.output), text + "\n")
    print(text)


def prepare(flags: str, labels: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings (n, d), given labels (n,) with -1, and true labels (n,) of the training images."""
    import tensorflow as tf

    from keras_selflearn.runs.data import HIDDEN, load, training_labels
    from keras_selflearn.runs.experiment import make_classifier, resolve

    arguments = [f"--flagfile={preset_file('quick')}", *flags.split()]
    config = command_line.parse(Config, arguments)
    config = resolve(replace(config, labels=labels, seed=seed, meta_iterations=0, keep="last"))
    dataset = load(config)
    names = training_labels(dataset, config)

    class Keep(tf.keras.callbacks.Callback):
        embeddings: np.ndarray

        def on_meta_iteration_end(self, record: object, learner: Any) -> None:
            self.embeddings = learner.embed(np.arange(len(dataset.images)))

    keep = Keep()
    make_classifier(config).fit(dataset.images, names, callbacks=[keep])
    return keep.embeddings, np.where(names == HIDDEN, -1, dataset.labels), dataset.labels


def right(
    variant: Variant,
    embeddings: np.ndarray,
    given: np.ndarray,
    truth: np.ndarray,
    kept: dict[str, Any],
) -> float:
    """Per cent of the unlabelled images that a variant labels right.

    `kept` holds the memory of the labeller between variants.
    """
    from keras_selflearn.labelling.linear_heads import (
        blend,
        fit_discriminant,
        fit_logistic,
        say_of_labels,
    )
    from keras_selflearn.labelling.memory import Memory

    labelled, others = np.flatnonzero(given >= 0), np.flatnonzero(given < 0)
    n_classes = int(truth.max()) + 1
    first = fit_logistic(embeddings[labelled], given[labelled], n_classes=n_classes)
    head, shares = first, first.probabilities(embeddings[others])
    memory = kept.setdefault("memory", Memory())
    labels = given.copy()
    weights = np.where(given >= 0, max(1.0, len(others) / (4 * len(labelled))), 1.0)
    for number in range(variant.rounds):
        with _say(variant):
            shares = _spread(variant, head, embeddings, given, memory, number > 0)
        labels[others] = shares.argmax(axis=1)
        if variant.soft:
            targets = np.eye(n_classes, dtype=np.float32)[labels] * weights[:, None]
            targets[others] = shares
            head = soft_discriminant(embeddings, targets.astype(np.float32))
        else:
            head = fit_discriminant(embeddings, labels, n_classes=n_classes, weights=weights)
        if variant.say:
            head = blend(head, first, say_of_labels(len(labelled), n_classes))
        if variant.student:
            shares = head.probabilities(embeddings[others])
    return 100 * float(np.mean(shares.argmax(axis=1) == truth[others]))


@contextlib.contextmanager
def _say(variant: Variant) -> Iterator[None]:
    if variant.say:
        yield
    else:
        with mock.patch("keras_selflearn.labelling.graph.say_of_labels", return_value=0.0):
            yield


def _spread(
    variant: Variant,
    head: LinearHead,
    embeddings: np.ndarray,
    given: np.ndarray,
    memory: Any,
    later_round: bool,
) -> np.ndarray:
    """Shares (k, n_classes) of the unlabelled images, by the graph or by the head alone."""
    from keras_selflearn.labelling.graph import GraphLabeller
    from keras_selflearn.labelling.labeller import Setting
    from keras_selflearn.labelling.spreading import align

    labelled, others = np.flatnonzero(given >= 0), np.flatnonzero(given < 0)
    n_classes = head.kernel.shape[1]
    if not variant.graph:
        shares = head.probabilities(embeddings[others])
        return align(shares, shares.mean(axis=0, dtype=np.float64))
    setting = Setting(n_classes, head=head, later_round=later_round, memory=memory)
    labeller = GraphLabeller(replace(setting, **variant.setting))
    labeller.fit(embeddings[labelled], given[labelled], embeddings[others])
    return labeller.unlabelled_probabilities()


def soft_discriminant(embeddings: np.ndarray, targets: np.ndarray) -> LinearHead:
    """Fit the discriminant of `fit_discriminant` to soft labels.

    Parameters
    ----------
    embeddings : (n, d) float32
    targets : (n, n_classes) float32
        The weight with which each image belongs to each class.
    """
    from keras_selflearn.labelling.linear_heads import LinearHead, discriminant_of

    sums, products = targets.T @ embeddings, (embeddings * targets.sum(axis=1)[:, None]).T
    frequencies = targets.sum(axis=0, dtype=np.float64)
    kernel, bias = discriminant_of(sums, products @ embeddings, frequencies, frequencies.sum())
    return LinearHead(kernel.astype(np.float32), bias.astype(np.float32))


def table(found: dict[tuple[str, int], list[float]], numbers: list[int]) -> str:
    """Write a Markdown table of means and sample standard deviations."""
    columns = [("variant", "---"), *((f"{labels} labels", "---:") for labels in numbers)]
    rows = [
        [each.name, *(mean_and_deviation(found[each.name, labels]) for labels in numbers)]
        for each in VARIANTS
    ]
    return markdown_table(columns, rows)


if __name__ == "__main__":
    command_line.run(Asked, main, "What each mechanism of labels in minutes is worth.")
