"""The first part of the quickstart: labels in minutes, on handwritten digits."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from keras_selflearn.console import command_line
from keras_selflearn.options.config import Config
from keras_selflearn.options.presets import preset_file
from keras_selflearn.reproduction.finding import gains_table

PICTURE = "first-labels.png"
_DRAWS = 3
_LABELS = 20


@dataclass(frozen=True)
class Draw:
    """The test accuracy of one choice of labelled images, in percent, by meta-iteration."""

    seed: int
    accuracies: tuple[float, ...]

    @property
    def before(self) -> float:
        """With the labels alone."""
        return self.accuracies[0]

    @property
    def after(self) -> float:
        """After self-learning."""
        return self.accuracies[-1]


def first_labels(results_dir: Path, *, seed: int, say: Callable[[str], object] = print) -> None:
    """Label digits from two labels a class, three times, and say what self-learning gained.

    Features come from a small network that the package ships. It has learned digits that are drawn
    from fonts, and no handwritten one.

    Raises
    ------
    InputError
        When a folder can't be written.
    """
    from keras_selflearn.runs.experiment import run_experiment

    start = time.monotonic()
    say(
        f"Labels in minutes: {_LABELS} labelled digits, {_DRAWS} times others. A small network"
        " gives features, and labels spread to similar images."
    )
    draws = []
    for number in range(seed, seed + _DRAWS):
        run = run_experiment(experiment(results_dir, number)).read_run()
        measured = tuple(each for each in run.accuracies if each is not None)
        draws.append(Draw(number, measured))
    picture = results_dir / PICTURE
    _draw(draws, picture)
    say(f"\n{table(draws)}\n\nThe curves: {picture}")
    say(f"It took {time.monotonic() - start:.0f} seconds.\n")


def experiment(results_dir: Path, seed: int) -> Config:
    """Return one draw as an experiment. Its test images measure it, so it needs no folds."""
    from keras_selflearn.network.weights import TINY_GLYPHS

    flags = [f"--flagfile={preset_file('quick')}", "--dataset=digits", f"--labels={_LABELS}"]
    flags += ["--backbone=tiny", f"--weights={TINY_GLYPHS}", "--image_size=32"]
    flags += ["--keep=last", "--folds=0"]
    flags += [f"--seed={seed}", f"--results_dir={results_dir}"]
    return command_line.parse(Config, flags)


def _draw(draws: list[Draw], path: Path) -> None:
    from keras_selflearn.runs.curve import Curve, draw_curves

    curves = [Curve(f"draw {each.seed}", each.accuracies) for each in draws]
    least = min(accuracy for each in draws for accuracy in each.accuracies)
    title = f"Labels spread from {_LABELS} handwritten digits to 1277 others"
    draw_curves(curves, title, path, lowest=10 * max(0, least // 10 - 1))


def table(draws: list[Draw]) -> str:
    """Show the draws and their mean."""
    rows = [(f"draw {each.seed}", each.before, each.after) for each in draws]
    means = (
        sum(getattr(each, name) for each in draws) / len(draws) for name in ("before", "after")
    )
    before, after = means
    rows.append(("mean", before, after))
    return gains_table("Test accuracy on 500 handwritten digits", "Labels     ", _LABELS, rows)
