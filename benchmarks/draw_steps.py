"""Draw accuracy against gradient steps: `python -m benchmarks.draw_steps`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import NullFormatter, NullLocator

from benchmarks.steps import read
from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import option
from keras_selflearn.runs.drawing import LINE_STYLES, accuracy_axes, save_png_and_svg

# Table 2 of the paper: cross-entropy, ImageNet weights, 4000 labels.
PUBLISHED = 77.07


@dataclass(frozen=True)
class Asked:
    """What to draw."""

    input: str = option(
        "results/cifar10-steps/steps.json", "JSON file that benchmarks.steps wrote."
    )


def main(asked: Asked) -> None:
    """Draw the measurements on test images beside their file."""
    records = [record for record in read(asked.input) if record["measure_on"] == "test"]
    if not records:
        raise InputError(f"{asked.input} has no measurement on test images: benchmarks.steps does.")
    draw(records, "CIFAR-10, 4000 labels alone, ImageNet weights", Path(asked.input).parent)


def draw(records: Sequence[Mapping[str, Any]], title: str, folder: Path) -> None:
    """Draw steps.png and steps.svg: a line a schedule through the means, seeds as dots."""
    figure, axes = accuracy_axes(title)
    for schedule, (color, marker, line) in zip(sorted(set(map(_schedule, records))), LINE_STYLES):
        mine = [record for record in records if _schedule(record) == schedule]
        found = {n: [] for n in sorted({record["steps"] for record in mine})}
        for record in mine:
            found[record["steps"]].append(record["accuracy"])
            axes.plot(record["steps"], record["accuracy"], ".", color=color, alpha=0.5)
        axes.plot(
            [*found],
            [np.mean(accuracies) for accuracies in found.values()],
            color=color,
            marker=marker,
            linestyle=line,
            label=f"{schedule} ({_count({record['seed'] for record in mine})})",
        )
    axes.axhline(PUBLISHED, color="0.4", linewidth=1, label=f"published: {PUBLISHED} %")
    axes.set(xlabel="Gradient steps of 100 images", xscale="log")
    steps = sorted({record["steps"] for record in records})
    axes.set_xticks(steps, labels=map(str, steps))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.legend(loc="lower right")
    folder.mkdir(parents=True, exist_ok=True)
    save_png_and_svg(figure, folder / "steps")


def _schedule(record: Mapping[str, Any]) -> str:
    return f"{record['preset']} {record['flags']}".strip()


def _count(seeds: set[int]) -> str:
    return "1 seed" if len(seeds) == 1 else f"mean of {len(seeds)} seeds"


if __name__ == "__main__":
    command_line.run(Asked, main, "A picture of accuracy against gradient steps.")
