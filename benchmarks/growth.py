"""How seconds and memory grow: `python -m benchmarks.growth --by=images`, a table in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.own_process import in_own_process
from benchmarks.peak_memory import MIB, can_measure
from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.console.option import option

# As many as take about 5 minutes on two cores without native bfloat16.
SIZES: dict[str, list[dict[str, Any]]] = {
    "images": [{"images": n, "labels": 500} for n in (5000, 10_000, 20_000, 40_000)],
    "labels": [{"labels": n} for n in (500, 2000, 8000)],
    # With the loss that has an output for each class.
    "classes": [{"classes": n, "loss": "cross-entropy"} for n in (10, 100, 1000)],
    "image_size": [{"image_size": n, "images": 500, "labels": 100} for n in (32, 48, 64, 96, 128)],
}
_COLUMNS = ("images", "labels", "classes", "image size", "loss", "training (s/step)")
_COLUMNS += ("embedding (s)", "labelling (s)", "peak memory (MiB)")


@dataclass(frozen=True)
class Settings:
    """Of one table."""

    by: str = option("images", f"What grows: {', '.join(SIZES)}.")


def main(settings: Settings) -> None:
    """Print a row as soon as it is measured."""
    if settings.by not in SIZES:
        raise unknown_name("growth", settings.by, SIZES)
    if not can_measure():
        raise InputError("Memory is measured on Linux only: measure growth there.")
    for line in table(SIZES[settings.by]):
        print(line, flush=True)


def table(sizes: list[dict[str, Any]]) -> Iterator[str]:
    """Lines of Markdown, a row for each of `sizes`: the fields of `growth_row.Size` to change."""
    yield _row(_COLUMNS)
    yield _row(["---:"] * len(_COLUMNS))
    for size in sizes:
        yield _row(in_own_process(cells, size, tensorflow=True))


def cells(changes: dict[str, Any]) -> list[str]:
    """Of one row, measured in this process."""
    from benchmarks.growth_row import Size, measure

    size = Size(**changes)
    row = measure(size)
    return [
        str(size.images),
        str(size.labels),
        str(size.classes),
        f"{size.image_size}x{size.image_size}",
        size.loss,
        f"{row.step:.3f}",
        f"{row.embedding:.1f}",
        f"{row.labelling:.2f}",
        f"{row.peak / MIB:.0f}",
    ]


def _row(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    command_line.run(Settings, main, "How a meta-iteration's seconds and memory grow, for VGG16.")
