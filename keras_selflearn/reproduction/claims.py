"""Checks the paper's claims (sections 4.1 and 5) against measured accuracies."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import ttest_1samp

from keras_selflearn.paper import CELLS
from keras_selflearn.reproduction.table import Measured, ResultTable, average

SUPPORTED = "supported"
CONTRADICTED = "contradicted"
NOT_ENOUGH = "not enough runs"
TEST = "one-sided paired t-test over runs of the same seed"
_RUNS_FOR_A_TEST = 3
_SIGNIFICANT = 0.05
_CELL_NAMES = {
    "n_labelled": "few labels",
    "self_learning": "self-learning",
    "all_labelled": "all labels",
}


@dataclass(frozen=True)
class Comparison:
    """A claim that the accuracy `higher` is above `lower`; only common seeds count."""

    name: str
    higher: Measured
    lower: Measured

    @property
    def differences(self) -> list[float]:
        """The differences in points, for each seed that both have."""
        higher, lower = self.higher.accuracies, self.lower.accuracies
        return [higher[seed] - lower[seed] for seed in sorted(set(higher) & set(lower))]

    @property
    def difference(self) -> float | None:
        """The mean difference; None without a common seed."""
        return statistics.fmean(self.differences) if self.differences else None

    @property
    def p_value(self) -> float | None:
        """The p-value of `TEST`; None with fewer than three runs or with equal differences."""
        differences = self.differences
        if len(differences) < _RUNS_FOR_A_TEST:
            return None
        if math.isclose(min(differences), max(differences)):
            return None
        return float(ttest_1samp(differences, 0.0, alternative="greater").pvalue)


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, as comparisons that must all hold.

    Attributes
    ----------
    text : str
    comparisons : sequence of Comparison
    """

    text: str
    comparisons: Sequence[Comparison]

    @property
    def verdict(self) -> str:
        """`supported` if all comparisons have runs and agree with the claim."""
        differences = [comparison.difference for comparison in self.comparisons]
        if any(each is not None and each <= 0 for each in differences):
            return CONTRADICTED
        return NOT_ENOUGH if None in differences else SUPPORTED

    @property
    def evidence(self) -> str:
        """In how many comparisons the claim holds and by how much, and where it fails."""
        measured = {
            each.name: each.difference for each in self.comparisons if each.difference is not None
        }
        if not measured:
            return f"none of {len(self.comparisons)} comparisons has runs"
        holding = [name for name, difference in measured.items() if difference > 0]
        mean = statistics.fmean(measured.values())
        parts = [
            f"holds in {len(holding)} of {len(measured)} comparisons with runs"
            f" (of {len(self.comparisons)}); mean difference {signed(mean)} points"
        ]
        failing = [
            f"{name} ({signed(difference)})"
            for name, difference in measured.items()
            if name not in holding
        ]
        if failing:
            parts.append("Not in " + "; ".join(failing))
        return ". ".join(parts)

    @property
    def significance(self) -> str:
        """The p-values, in words."""
        p_values = [each.p_value for each in self.comparisons if each.p_value is not None]
        if not p_values:
            return f"no test: needs {_RUNS_FOR_A_TEST} runs that differ"
        significant = sum(p_value < _SIGNIFICANT for p_value in p_values)
        found = f"p < {_SIGNIFICANT} in {significant} of {len(p_values)}"
        if len(p_values) < len(self.comparisons):
            return f"{found} tested, {len(self.comparisons) - len(p_values)} not tested"
        return f"{found}, largest p = {max(p_values):.2g}"


def signed(points: float) -> str:
    """Write a difference with its sign, as in the tables."""
    return f"{points:+.2f}".replace("-", "\N{MINUS SIGN}")


def check_claims(table: ResultTable) -> list[Claim]:
    """List the paper's claims about a table, each with its comparisons."""
    losses = list(dict.fromkeys(row.published.loss for row in table.rows))
    metric = [loss for loss in losses if loss != "cross-entropy"]
    pretrained_over_random = [
        Comparison(
            f"{loss}, {_CELL_NAMES[cell]}",
            table.row(loss, "imagenet").cells[cell],
            table.row(loss, "random").cells[cell],
        )
        for loss in losses
        for cell in CELLS
    ]
    overall = {
        loss: average(
            row.cells[cell] for row in table.rows if row.published.loss == loss for cell in CELLS
        )
        for loss in losses
    }
    pretrained = {
        loss: average(table.row(loss, "imagenet").cells[cell] for cell in CELLS) for loss in metric
    }
    return [
        Claim("Pretrained weights beat random ones in every cell.", pretrained_over_random),
        Claim(
            "Self-learning beats training on the few labels alone.",
            _between_cells(table, "self_learning", "n_labelled"),
        ),
        Claim(
            "Cross-entropy is the best loss overall (mean of its cells).",
            [
                Comparison(f"over {loss}", overall["cross-entropy"], overall[loss])
                for loss in metric
            ],
        ),
        Claim(
            "Triplet loss is the best metric loss with pretrained weights (mean of its cells).",
            [
                Comparison(f"over {loss}", pretrained["triplet"], pretrained[loss])
                for loss in metric
                if loss != "triplet"
            ],
        ),
        Claim(
            "A gap to training on all labels remains.",
            _between_cells(table, "all_labelled", "self_learning"),
        ),
    ]


def _between_cells(table: ResultTable, higher: str, lower: str) -> list[Comparison]:
    return [Comparison(row.name, row.cells[higher], row.cells[lower]) for row in table.rows]
