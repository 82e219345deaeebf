"""Figure 3: accuracy over meta-iterations from random and from pretrained weights (section 4.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from keras_selflearn.runs.drawing import LINE_STYLES, accuracy_axes, save_png_and_svg


def draw_accuracy_curves(
    curves: Mapping[str, Sequence[Mapping[int, float]]], title: str, path_stem: Path
) -> None:
    """Draw each run as a thin line and the mean of a group as a bold one, as PNG and SVG.

    Parameters
    ----------
    curves : mapping of str to runs
        Up to three groups, by the name of the initial weights. A run maps each measured
        meta-iteration to its test accuracy in percent. A mean is drawn where all runs of the group
        were measured. A group may be empty.
    title : str
    path_stem : Path
    """
    figure, axes = accuracy_axes(title)
    drawn = []
    for (name, runs), (color, marker, line) in zip(curves.items(), LINE_STYLES):
        # A run that has just begun has no accuracy.
        runs = [run for run in runs if len(run)]
        for run in runs:
            axes.plot(*zip(*run.items()), color=color, linestyle=line, linewidth=0.8, alpha=0.6)
        shared = sorted(set.intersection(*map(set, runs))) if runs else []
        axes.plot(
            shared,
            [np.mean([run[i] for run in runs]) for i in shared],
            color=color,
            marker=marker,
            linestyle=line,
            linewidth=2.4,
            markersize=5,
            clip_on=False,
            label=f"{name} weights ({_count(runs)})",
        )
        drawn += [accuracy for run in runs for accuracy in run.values()]
    if drawn:
        margin = max(0.06 * (max(drawn) - min(drawn)), 1)
        axes.set_ylim(max(min(drawn) - margin, 0), min(max(drawn) + margin, 100))
    else:
        axes.set(xlim=(0, 1), ylim=(0, 100))
    axes.legend(title="thin: each run, bold: mean of all", title_fontsize="small")
    save_png_and_svg(figure, path_stem)


def _count(runs: Sequence[Mapping[int, float]]) -> str:
    return {0: "no run", 1: "1 run"}.get(len(runs), f"{len(runs)} runs")
