"""Accuracy over the number of labels, before and after self-learning: a table and a picture."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from keras_selflearn.console.errors import InputError
from keras_selflearn.reproduction.markdown import markdown_table, mean_and_deviation
from keras_selflearn.reproduction.runs import Run, finished_runs
from keras_selflearn.runs.drawing import LINE_STYLES, save_png_and_svg
from keras_selflearn.storage.files import write_whole

# What may differ between the runs of one curve.
_DRAW = ("seed", "labels", "labels_per_class")
_COLUMNS = (
    ("Data", "---"),
    ("Settings", "---"),
    ("Labels", "---:"),
    ("Labels only", "---:"),
    ("After self-learning", "---:"),
    ("Points gained in each draw", "---"),
    ("Seconds", "---:"),
)


@dataclass(frozen=True)
class Point:
    """Runs that differ in the draw of their labels alone, in the order of their seeds.

    Attributes
    ----------
    labels : int
        Number of given labels.
    in_class : float
        The mean number of given labels in a class.
    before, after : tuple of float
        Test accuracy in percent with the labels alone, and after self-learning.
    seconds : tuple of float
    """

    labels: int
    in_class: float
    before: tuple[float, ...]
    after: tuple[float, ...]
    seconds: tuple[float, ...]

    @property
    def gains(self) -> list[float]:
        """Points gained in each draw."""
        return [after - before for before, after in zip(self.before, self.after)]


@dataclass(frozen=True)
class Curve:
    """Runs with the same settings, by their number of labels.

    Attributes
    ----------
    data : str
        The data set.
    settings : str
        The flags by which the curve differs from others of the same data set; may be empty.
    points : tuple of Point
        In the order of their numbers of labels.
    """

    data: str
    settings: str
    points: tuple[Point, ...]

    @property
    def name(self) -> str:
        """The data set and the settings."""
        return f"{self.data}, {self.settings}" if self.settings else self.data


def draw_label_curves(folder: Path) -> list[Path]:
    """Write labels.md, labels.png and labels.svg of the finished runs in `folder`.

    Runs are also looked for in its subfolders: two runs that differ in their labels alone need
    folders of results of their own.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InputError
        Without a finished run of self-learning with a test set, for more settings than a picture
        can tell apart, and when a record can't be read.
    """
    folders = [folder, *sorted(path for path in folder.glob("*") if path.is_dir())]
    curves = label_curves([run for each in folders for run in finished_runs(each)])
    if not curves:
        raise InputError(
            f"There is no finished run of self-learning with test images in {folder}: give the"
            " folder of results that holds some."
        )
    if len(curves) > len(LINE_STYLES):
        raise InputError(
            f"The runs in {folder} have {len(curves)} different settings, and one picture shows"
            f" {len(LINE_STYLES)}: move the runs into folders of their own."
        )
    stem = folder / "labels"
    table = write_whole(stem.with_suffix(".md"), markdown(curves) + "\n")
    save_png_and_svg(picture(curves), stem)
    return [table, stem.with_suffix(".png"), stem.with_suffix(".svg")]


def label_curves(runs: Sequence[Run]) -> list[Curve]:
    """Sort runs of self-learning into curves, and each curve's runs into points."""
    by_settings: dict[tuple[Any, ...], list[Run]] = {}
    for run in runs:
        if run.self_learns and {"n_labelled", "self_learning"} <= set(run.test_accuracy):
            by_settings.setdefault(_settings(run), []).append(run)
    return [
        Curve(dict(settings)["dataset"], _difference(settings, list(by_settings)), _points(members))
        for settings, members in sorted(by_settings.items(), key=lambda each: str(each[0]))
    ]


def _settings(run: Run) -> tuple[Any, ...]:
    decisive = run.config.identity(run.record.backbone_sha256)
    return tuple((name, value) for name, value in decisive.items() if name not in _DRAW)


def _difference(settings: tuple[Any, ...], all_settings: list[tuple[Any, ...]]) -> str:
    """Name the flags in which these settings differ from others of the same data set."""
    own = dict(settings)
    others = [dict(each) for each in all_settings]
    others = [each for each in others if each["dataset"] == own["dataset"]]
    differ = [name for name in own if any(each.get(name) != own[name] for each in others)]
    return " ".join(f"--{name}={own[name]}" for name in differ)


def _points(runs: Sequence[Run]) -> tuple[Point, ...]:
    by_labels: dict[int, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.config.seed):
        by_labels.setdefault(run.record.data.labelled, []).append(run)
    return tuple(
        Point(
            labels,
            labels / len(members[0].record.data.classes),
            tuple(run.test_accuracy["n_labelled"] for run in members),
            tuple(run.test_accuracy["self_learning"] for run in members),
            tuple(run.record.seconds for run in members),
        )
        for labels, members in sorted(by_labels.items())
    )


def markdown(curves: Sequence[Curve]) -> str:
    """Write a Markdown table: means with sample standard deviations, and each draw's gain."""
    rows = [
        [
            curve.data,
            f"`{curve.settings}`" if curve.settings else "",
            f"{point.labels}",
            mean_and_deviation(point.before),
            mean_and_deviation(point.after),
            ", ".join(f"{gain:+.1f}" for gain in point.gains),
            f"{statistics.mean(point.seconds):.0f}",
        ]
        for curve in curves
        for point in curve.points
    ]
    return markdown_table(_COLUMNS, rows)


def picture(curves: Sequence[Curve]) -> Figure:
    """Draw a broken line for the labels alone and a solid one for self-learning, for each curve.

    Lines join the means; small marks are the draws.
    """
    figure = Figure(figsize=(6.4, 4.0), layout="constrained")
    axes = figure.subplots()
    for curve, (color, marker, _) in zip(curves, LINE_STYLES):
        in_class = [point.in_class for point in curve.points]
        for kind, line, filled in (("after", "-", color), ("before", "--", "white")):
            draws = [getattr(point, kind) for point in curve.points]
            axes.plot(
                in_class,
                [statistics.mean(each) for each in draws],
                color=color,
                linestyle=line,
                marker=marker,
                markerfacecolor=filled,
                label=f"{curve.name}: {'self-learning' if kind == 'after' else 'labels only'}",
            )
            for place, each in zip(in_class, draws):
                axes.plot([place] * len(each), each, ".", color=color, markersize=3, alpha=0.6)
    axes.set(xscale="log", xlabel="Labels in a class", ylabel="Test accuracy (%)")
    ticks = sorted({point.in_class for curve in curves for point in curve.points})
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return figure
