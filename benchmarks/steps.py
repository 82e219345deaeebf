"""Accuracy against gradient steps, labelled-only: `python -m benchmarks.steps --preset=fast`.

With `--measure_on=validation` a quarter of the labelled examples is held out of training and
measured in place of the test images: schedules are compared on it, so that test images choose
nothing.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import numpy as np

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.console.option import option
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.options.config import Config
from keras_selflearn.reproduction.presets import Preset, flagfiles
from keras_selflearn.storage.files import write_whole

if TYPE_CHECKING:
    from keras_selflearn.datasets import Dataset

PARTS = ("test", "validation")
_VALIDATION_SHARE = 4


@dataclass(frozen=True)
class Asked:
    """What to measure."""

    preset: str = option("fast", "Flagfile of the schedule: fast, paper, ...")
    dataset: str = option("cifar10", "Data set.")
    flags: str = option("", "Flags that change the preset, as for keras_selflearn.main.")
    steps: str = option("100,200,400,800", "Numbers of gradient steps, comma-separated.")
    seeds: str = option("0", "Seeds, comma-separated.")
    measure_on: str = option(
        "test", "Images to measure: test, or validation, a quarter of the labelled ones."
    )
    imagenet_weights: str | None = option(None, "File of the ImageNet weights.")
    data_dir: str | None = option(
        None, "Folder of TensorFlow Datasets (default: ~/tensorflow_datasets)."
    )
    output: str = option(
        "results/cifar10-steps/steps.json", "JSON file that measurements are added to."
    )


def main(asked: Asked) -> None:
    """Measure what the output does not have yet and add it."""
    if asked.measure_on not in PARTS:
        raise unknown_name("part to measure on", asked.measure_on, PARTS)
    steps, seeds = (_integers(name, getattr(asked, name)) for name in ("steps", "seeds"))
    arguments = [f"--flagfile={path}" for path in flagfiles(asked.preset, asked.dataset)]
    preset = command_line.parse(Preset, [*arguments, *asked.flags.split()])
    config = replace(
        preset,
        regime="n-labelled",
        data_dir=asked.data_dir,
        weights=asked.imagenet_weights or preset.weights,
    )
    import_tensorflow_quietly()
    from msgspec import to_builtins

    from keras_selflearn.datasets import load_dataset
    from keras_selflearn.network.precision import resolve_precision
    from keras_selflearn.runs.configuration import resolve
    from keras_selflearn.runs.environment import describe_environment

    config = resolve(config)
    environment = describe_environment(resolve_precision(config.precision))
    dataset = load_dataset(config.dataset, config.data_dir)
    for seed in seeds:
        # At a constant rate, without an average at the end, a long training passes through the
        # shorter ones.
        passes = config.decay == "none" and not config.ema_momentum
        trainings = [steps] if passes else [[number] for number in steps]
        for numbers in trainings:
            wanted = {**_asked_of(asked), "weights": Path(config.weights).name, "seed": seed}
            numbers = [n for n in numbers if not _has(asked.output, {**wanted, "steps": n})]
            if not numbers:
                continue
            start = time.monotonic()

            def add(number: int, accuracy: float, wanted=wanted, start=start) -> None:
                record = {**wanted, "steps": number, "accuracy": accuracy}
                record["seconds"] = round(time.monotonic() - start, 1)
                print(json.dumps(record), flush=True)
                _add(asked.output, {**record, "environment": to_builtins(environment)})

            seeded = replace(config, seed=seed, steps=max(numbers))
            _measure(seeded, dataset, numbers, asked.measure_on, add)


def _measure(
    config: Config,
    dataset: Dataset,
    numbers: list[int],
    measure_on: str,
    report: Callable[[int, float], None],
) -> None:
    """Report the accuracy in percent after each of these numbers of steps of one training."""
    import tensorflow as tf

    from keras_selflearn.datasets.splitting import choose_labelled
    from keras_selflearn.network.embedding import inference_batches
    from keras_selflearn.runs.configuration import make_classifier
    from keras_selflearn.runs.data import training_labels

    labels = training_labels(dataset, config)
    images, truth = dataset.test_images, dataset.test_labels
    indices = np.arange(len(truth))
    if measure_on == "validation":
        labelled = np.flatnonzero(labels != "-1")
        held_out = len(labelled) // _VALIDATION_SHARE
        indices = labelled[choose_labelled(dataset.labels[labelled], held_out, seed=config.seed)]
        labels[indices] = "-1"
        images, truth = dataset.images, dataset.labels[indices]
    # The classifier sorts the names of the classes.
    names = np.array(sorted(dataset.class_names))

    def measure(number: int, trainer: tf.keras.Model) -> None:
        batches = inference_batches(images, indices, batch_size=200)
        predicted = names[trainer.predict(batches, verbose=0).argmax(axis=1)]
        right = np.sum(predicted == np.array(dataset.class_names)[truth])
        report(number, 100 * int(right) / len(truth))

    class Measure(tf.keras.callbacks.Callback):
        done = 0

        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            self.done += 1
            if self.done in numbers[:-1]:
                measure(self.done, self.model)

    classifier = make_classifier(config).fit(dataset.images, labels, callbacks=[Measure()])
    # The weights that a training ends with may not be those of its last step.
    measure(config.steps, classifier.network_.trainer)


def _integers(name: str, text: str) -> list[int]:
    try:
        return sorted(int(each) for each in text.split(","))
    except ValueError as error:
        raise InputError(f"--{name} is '{text}': give whole numbers, comma-separated.") from error


def _asked_of(asked: Asked) -> dict[str, Any]:
    return {name: asdict(asked)[name] for name in ("preset", "dataset", "flags", "measure_on")}


def read(output: str | Path) -> list[dict[str, Any]]:
    """The measurements in that file; none where it is not there."""
    path = Path(output)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def _has(output: str, wanted: dict[str, Any]) -> bool:
    return any(wanted.items() <= record.items() for record in read(output))


def _add(output: str, record: dict[str, Any]) -> None:
    path = Path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps([*read(output), record], indent=1) + "\n")


if __name__ == "__main__":
    command_line.run(Asked, main, "Accuracy against gradient steps, trained on the labels alone.")
