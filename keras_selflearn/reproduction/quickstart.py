"""The quickstart: pretrain on drawn digits, then learn handwritten ones from both weights.

The network is pretrained on digits that are drawn from fonts. Self-learning on scikit-learn's
handwritten digits starts once from random and once from those weights.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from keras_selflearn.datasets import Dataset, load_dataset
from keras_selflearn.options.config import Config
from keras_selflearn.reproduction.finding import table, why_nothing_gained
from keras_selflearn.runs.pretraining import PretrainConfig, pretrain
from keras_selflearn.runs.record import RunRecord
from keras_selflearn.runs.workload import Workload, planned_workload
from keras_selflearn.storage.files import make_writable
from keras_selflearn.storage.weights_file import SUFFIX

if TYPE_CHECKING:
    from keras_selflearn.reproduction.time_left import TimeLeft

PICTURE = "quickstart.png"
_TEST_GLYPHS = 1000


@dataclass(frozen=True)
class Recipe:
    """How much is trained.

    Attributes
    ----------
    backbone : str
    batch_size : int
    glyphs : int
        Drawn digits to pretrain on, in one epoch.
    epochs, meta_epochs, meta_iterations : int
    selection_percent : float
    """

    backbone: str
    batch_size: int
    glyphs: int
    epochs: int
    meta_epochs: int
    meta_iterations: int
    selection_percent: float


# For a machine that trains on a hundred images a second: two minutes of pretraining, and a minute
# for each run. There is time for few images only, and small batches give them more gradient steps.
FULL = Recipe("vgg16", 16, 9600, epochs=20, meta_epochs=2, meta_iterations=3, selection_percent=20)
SHORT = Recipe("tiny", 50, 1000, epochs=2, meta_epochs=1, meta_iterations=2, selection_percent=20)


class Quickstart:
    """One quickstart. It checks its parameters before TensorFlow is imported.

    Parameters
    ----------
    recipe : Recipe
    loss : str
    seed : int
    results_dir, cache_dir : Path
        Where the runs and the picture go, and where the pretrained weights are kept.
    say : callable
        Gets what the quickstart tells, a few lines at a time.

    Raises
    ------
    InputError
        For an unknown loss or a seed out of range.
    """

    def __init__(
        self,
        recipe: Recipe,
        *,
        loss: str,
        seed: int,
        results_dir: Path,
        cache_dir: Path,
        say: Callable[[str], object] = print,
    ) -> None:
        self._recipe = recipe
        self._say = say
        self._results_dir = results_dir
        self._experiment = Config(
            loss=loss,
            seed=seed,
            results_dir=str(results_dir),
            weights="random",
            backbone=recipe.backbone,
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            meta_epochs=recipe.meta_epochs,
            meta_iterations=recipe.meta_iterations,
            selection_percent=recipe.selection_percent,
        )
        self._experiment.resolve()
        self._weights = cache_dir / _weights_name(recipe)

    def check(self) -> None:
        """Make the folders, and check what `run` would otherwise find wrong later.

        Raises
        ------
        InputError
            When a folder can't be written, or the weights in the cache are damaged.
        """
        from keras_selflearn.network.backbone import check_weights_file
        from keras_selflearn.runs.configuration import check

        check(self._experiment)
        make_writable(self._results_dir, "results_dir")
        if self._weights.exists():
            check_weights_file(self._weights)
        else:
            make_writable(self._weights.parent, "cache_dir")

    def run(self) -> None:
        """Pretrain unless the weights are in the cache, run twice, and show what came out.

        Raises
        ------
        InputError
            As `check`.
        """
        from keras_selflearn.reproduction.time_left import TimeLeft
        from keras_selflearn.runs.experiment import run_experiment

        self.check()
        is_cached = self._weights.exists()
        work = [self._work_of_run()] * 2
        left = TimeLeft(
            work if is_cached else [_work_of_pretraining(self._recipe), *work],
            batch_size=self._recipe.batch_size,
        )
        self._say(
            "The paper's finding, in three steps. The first of them measures how long they take."
        )
        if is_cached:
            self._say(
                f"1/3 Pretrained weights are in the cache: {self._weights}"
                " (delete the file to pretrain again)"
            )
        else:
            self._pretrain(left)
        runs = {}
        for step, (name, weights) in enumerate(
            {"random": "random", "pretrained": str(self._weights)}.items(), 2
        ):
            self._say(f"{step}/3 Self-learning on digits from {name} weights{left.aside()}")
            experiment = replace(self._experiment, weights=weights)
            runs[name] = run_experiment(experiment, callbacks=left.callbacks).read_run()
            left.next()
        picture = self._results_dir / PICTURE
        _draw(runs, picture)
        self._say(f"\n{table(runs)}\n")
        for sentence in filter(None, (why_nothing_gained(*each) for each in runs.items())):
            self._say(f"{sentence}\n")
        self._say(f"The curves: {picture}\nIt took {left.taken()}.")

    def _pretrain(self, left: TimeLeft) -> None:
        self._say(
            f"1/3 Pretraining {self._recipe.backbone} on drawn digits; the weights are kept in"
            f" {self._weights}"
        )
        accuracy = pretrain(
            replace(_pretraining(self._recipe), output=str(self._weights)),
            dataset=_drawn_digits(self._recipe),
            callbacks=left.callbacks,
        )
        left.next()
        self._say(f"    Test accuracy on drawn digits: {accuracy:.1f} %")

    def _work_of_run(self) -> Workload:
        data = load_dataset(self._experiment.dataset)
        return planned_workload(
            self._experiment.resolve(),
            train_images=len(data.images),
            test_images=len(data.test_images),
        )


def _pretraining(recipe: Recipe) -> PretrainConfig:
    return PretrainConfig(epochs=1, batch_size=recipe.batch_size, backbone=recipe.backbone)


def _weights_name(recipe: Recipe) -> str:
    """Name the weights file so that it changes with the glyphs and with the pretraining."""
    how = repr((_pretraining(recipe), recipe.glyphs)).encode()
    source = Path(__file__).parents[1] / "datasets" / "glyphs.py"
    digest = hashlib.sha256(how + source.read_bytes()).hexdigest()[:8]
    return f"{recipe.backbone}-glyphs-{digest}{SUFFIX}"


def _drawn_digits(recipe: Recipe) -> Dataset:
    """Draw fewer digits than the data set `glyphs` has, because drawing takes a while, too."""
    from keras_selflearn.datasets.glyphs import render_glyphs

    names = tuple(str(digit) for digit in range(10))
    return Dataset(*render_glyphs(recipe.glyphs), *render_glyphs(_TEST_GLYPHS, seed=1), names)


def _work_of_pretraining(recipe: Recipe) -> Workload:
    steps = math.ceil(recipe.glyphs / recipe.batch_size)
    return Workload(steps, recipe.glyphs, _TEST_GLYPHS)


def _draw(runs: dict[str, RunRecord], path: Path) -> None:
    from keras_selflearn.runs.curve import Curve, draw_curves

    run = next(iter(runs.values()))
    title = f"Self-learning on {run.config.dataset}, {run.data.labelled} labels"
    curves = [
        Curve(f"{name} weights", [each.test_accuracy for each in run.history])
        for name, run in runs.items()
    ]
    draw_curves(curves, f"{title}, {run.config.loss} loss", path)
