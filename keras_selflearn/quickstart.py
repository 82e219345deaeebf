"""The paper's finding in minutes, on real images and without a download: `make quickstart`.

VGG16 is pretrained on digits drawn from fonts; then self-learning on scikit-learn's handwritten
digits starts once from random and once from those weights.
"""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_selflearn.console import command_line
from keras_selflearn.console.option import Options, option, same_as
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.options.config import Config
from keras_selflearn.runs.pretraining import SUFFIX, PretrainConfig, pretrain
from keras_selflearn.storage.cache import cache_root
from keras_selflearn.storage.files import make_writable

if TYPE_CHECKING:
    import tensorflow as tf

    from keras_selflearn.runs.record import RunRecord
    from keras_selflearn.runs.workload import Workload

PICTURE = "quickstart.png"

# The budget of a machine that trains on a hundred images a second: two minutes of pretraining and
# a minute a run. Small batches give the few images that it has time for more gradient steps.
_BATCH_SIZE = 16
_GLYPHS = 9600
_EPOCHS, _META_EPOCHS = 20, 2
_META_ITERATIONS, _SELECTION_PERCENT = 3, 20
# Of wrong pseudo-labels, in percent: from here on they explain why nothing was gained.
_MANY_WRONG = 5


@dataclass(frozen=True)
class QuickstartConfig(Options):
    """What may be changed without leaving the story."""

    loss: str = same_as(Config, "loss")
    seed: int = same_as(Config, "seed")
    results_dir: str = option("results", f"Folder for the runs and the picture, {PICTURE}.")
    cache_dir: str | None = option(
        None, "Folder that keeps the pretrained weights.", without="~/.cache/keras_selflearn"
    )


def main(config: QuickstartConfig) -> None:
    """Pretrain, run twice, print the table and draw the picture."""
    experiment = make_experiment(config)
    experiment.resolve()  # A mistyped name must not wait for TensorFlow.
    cache_dir = Path(config.cache_dir).expanduser() if config.cache_dir else cache_root()
    import_tensorflow_quietly()
    from keras_selflearn.runs.experiment import check

    check(experiment)
    results_dir = make_writable(config.results_dir, "results_dir")
    weights = weights_path(cache_dir)
    check_cache(weights)
    left = Left(experiment, pretraining=not weights.exists())
    print("Three steps; how long they take is measured in the first of them.", flush=True)
    pretrain_once(weights, left)
    runs = {}
    for step, (name, path) in enumerate({"random": "random", "pretrained": weights}.items(), 2):
        print(f"{step}/3 Self-learning on digits from {name} weights{left.aside()}", flush=True)
        runs[name] = _run(replace(experiment, weights=str(path)), left.callbacks)
        left.next()
    picture = results_dir / PICTURE
    _draw(runs, picture)
    print(f"\n{table(runs)}\n")
    for name, run in runs.items():
        sentence = why_nothing_gained(name, run)
        if sentence:
            print(f"{sentence}\n")
    print(f"The curves: {picture}\nIt took {left.taken()}.")


def make_experiment(config: QuickstartConfig) -> Config:
    """The run on handwritten digits, still without its initial weights."""
    return Config(
        loss=config.loss,
        seed=config.seed,
        results_dir=config.results_dir,
        weights="random",
        batch_size=_BATCH_SIZE,
        epochs=_EPOCHS,
        meta_epochs=_META_EPOCHS,
        meta_iterations=_META_ITERATIONS,
        selection_percent=_SELECTION_PERCENT,
    )


def make_pretraining(output: Path | None = None) -> PretrainConfig:
    """The pretraining, one epoch of `_GLYPHS` glyphs."""
    return PretrainConfig(epochs=1, batch_size=_BATCH_SIZE, output=str(output or ""))


def weights_path(cache_dir: Path) -> Path:
    """Where the pretrained weights are kept: the name changes with glyphs and pretraining."""
    source = Path(__file__).with_name("datasets") / "glyphs.py"
    recipe = repr((make_pretraining(), _GLYPHS)).encode()
    digest = hashlib.sha256(recipe + source.read_bytes()).hexdigest()[:8]
    return cache_dir / f"vgg16-glyphs-{digest}{SUFFIX}"


def check_cache(path: Path) -> None:
    """Raise an `InputError` unless `path` is a weights file or can become one."""
    from keras_selflearn.network.backbone import check_weights_file

    if path.exists():
        check_weights_file(path)
    else:
        make_writable(path.parent, "cache_dir")


def pretrain_once(path: Path, left: Left) -> None:
    """Put the weights pretrained on glyphs to `path`, unless they are there."""
    if path.exists():
        print(f"1/3 Pretrained weights are in the cache: {path} (delete it to pretrain again)")
        return
    print(f"1/3 Pretraining VGG16 on glyphs; kept in {path}", flush=True)
    accuracy = pretrain(make_pretraining(path), dataset=_glyphs(), callbacks=left.callbacks)
    left.next()
    print(f"    Test accuracy on glyphs: {accuracy:.1f} %")


class Left:
    """What is left to do, and how long it takes at the pace measured so far.

    Parameters
    ----------
    experiment : Config
    pretraining : bool
        Whether it is to do.
    """

    def __init__(self, experiment: Config, *, pretraining: bool) -> None:
        from keras_selflearn.runs.pace import Pace

        self._start = time.monotonic()
        run = _work_of_run(experiment)
        self._parts = [_work_of_pretraining(), run, run] if pretraining else [run, run]
        self._pace = Pace(_BATCH_SIZE, self._tell)
        self.callbacks: Sequence[tf.keras.callbacks.Callback] = [self._pace]

    def next(self) -> None:
        """The first of what is left is done."""
        del self._parts[0]

    def aside(self) -> str:
        """How long the rest takes, to end a line with; empty where no pace is known."""
        seconds = self._expected()
        return "" if seconds is None else f": about {_in_words(seconds)} left"

    def taken(self) -> str:
        """The time since the beginning, in words."""
        return _in_words(time.monotonic() - self._start)

    def _tell(self) -> None:
        from tqdm import tqdm

        pace = self._pace.images_per_second
        # Above the bars, where there are any.
        tqdm.write(
            f"    This machine trains on {pace:.0f} images a second:"
            f" about {_in_words(self._expected())} in all."
        )

    def _expected(self) -> float | None:
        from keras_selflearn.reproduction.estimate import PASSES_IN_TRAINING, expected_seconds

        pace = self._pace.images_per_second
        if pace is None:
            return None
        per_pass = 1 / (PASSES_IN_TRAINING * pace)
        return sum(expected_seconds(work, per_pass) for work in self._parts)


def table(runs: dict[str, RunRecord]) -> str:
    """Test accuracies of the runs and what self-learning gained, by their initial weights."""
    data = next(iter(runs.values())).data
    labels = f"{data.labelled:>8} labels"
    lines = [
        f"Test accuracy on {data.test} handwritten digits, one run of each",
        f"{'Initial weights':<18}{labels}   after self-learning   points gained",
    ]
    for name, run in runs.items():
        before, after = _before_and_after(run)
        lines.append(f"{name:<18}{before:>13.1f} %{after:>20.1f} %{_gained(run):>+16.1f}")
    return "\n".join(lines)


def why_nothing_gained(name: str, run: RunRecord) -> str:
    """One sentence from the run's record, if self-learning gained nothing; else empty.

    Parameters
    ----------
    name : str
        Of the initial weights.
    run : RunRecord
        With at least one meta-iteration.
    """
    gained = _gained(run)
    if gained > 0:
        return ""
    lost = f"lost {-gained:.1f} points" if gained else "gained nothing"
    begin = f"From {name} weights self-learning {lost}"
    selections = [each for each in run.history if each.selected]
    number = sum(each.selected for each in selections)
    if not number:
        return f"{begin}: it gave no pseudo-label."
    right = sum(each.selected * (each.selected_accuracy or 0) for each in selections) / number
    first, last = (run.history[i].loss for i in (0, -1))
    losses = f"the training loss was {first:.2f} before and {last:.2f} at the end"
    if 100 - right >= _MANY_WRONG:
        return (
            f"{begin}: {100 - right:.0f} % of its {number} pseudo-labels were wrong, and it was"
            f" trained on these, too ({losses})."
        )
    return (
        f"{begin}: {right:.1f} % of its {number} pseudo-labels were right, but it could"
        f" label these images already, so that little was left to learn from them ({losses})."
    )


def _before_and_after(run: RunRecord) -> tuple[float, float]:
    accuracy = run.test_accuracy
    return accuracy["n_labelled"], accuracy["self_learning"]


def _gained(run: RunRecord) -> float:
    """Percentage points as the table shows them, so that no sentence contradicts it."""
    before, after = _before_and_after(run)
    return round(after - before, 1) + 0.0  # -0.0 would be shown as a loss.


def _glyphs() -> Any:
    """Fewer of them than `load_glyphs` draws: that takes a while, too."""
    from keras_selflearn.datasets import Dataset
    from keras_selflearn.datasets.glyphs import N_TEST, render_glyphs

    names = tuple(str(digit) for digit in range(10))
    return Dataset(*render_glyphs(_GLYPHS), *render_glyphs(N_TEST, seed=1), names)


def _work_of_pretraining() -> Workload:
    from keras_selflearn.datasets.glyphs import N_TEST
    from keras_selflearn.runs.workload import Workload

    return Workload(math.ceil(_GLYPHS / _BATCH_SIZE), _GLYPHS, N_TEST)


def _work_of_run(experiment: Config) -> Workload:
    from keras_selflearn.datasets import load_dataset
    from keras_selflearn.runs.workload import planned_workload

    data = load_dataset(experiment.dataset)
    return planned_workload(
        experiment.resolve(), train_images=len(data.images), test_images=len(data.test_images)
    )


def _in_words(seconds: float) -> str:
    from keras_selflearn.reproduction.estimate import in_words

    return in_words(seconds)


def _run(experiment: Config, callbacks: Sequence[tf.keras.callbacks.Callback]) -> RunRecord:
    from keras_selflearn.runs.experiment import run_experiment

    return run_experiment(experiment, callbacks=callbacks).read_run()


def _draw(runs: dict[str, RunRecord], path: Path) -> None:
    from keras_selflearn.runs.curve import Curve, draw_curves

    curves = [Curve(f"{name} weights", run.accuracies) for name, run in runs.items()]
    run = next(iter(runs.values()))
    config = run.config
    title = f"Self-learning on {config.dataset}, {run.data.labelled} labels"
    draw_curves(curves, f"{title}, {config.loss} loss", path)


if __name__ == "__main__":
    # TensorFlow turns oneDNN on by itself on some processors only. On the others, too, a training
    # step takes half the time with it.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    command_line.run(QuickstartConfig, main, "The paper's finding in minutes, on real images.")
