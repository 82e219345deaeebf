"""Accuracy over meta-iterations, as in the paper's figure 3."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Told apart by colour-blind readers (Okabe and Ito) and, by the markers, in grey print.
_STYLES = (("#0072B2", "o", "-"), ("#D55E00", "s", "--"), ("#009E73", "^", "-."))


@dataclass(frozen=True)
class Curve:
    """A line of the picture: test accuracies in percent after meta-iterations 0, 1, 2, ..."""

    name: str
    accuracies: Sequence[float]


def draw_curves(curves: Sequence[Curve], title: str, path: Path) -> None:
    """Draw up to three curves to the PNG at `path`; meta-iteration 0 is labelled-only."""
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    for curve, (color, marker, line) in zip(curves, _STYLES):
        axes.plot(curve.accuracies, color=color, marker=marker, linestyle=line, label=curve.name)
        last = len(curve.accuracies) - 1
        axes.annotate(
            f"{curve.accuracies[-1]:.1f} %",
            (last, curve.accuracies[-1]),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            color=color,
        )
    axes.set(title=title, xlabel="Meta-iteration", ylabel="Test accuracy (%)", ylim=(0, 105))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=120)
