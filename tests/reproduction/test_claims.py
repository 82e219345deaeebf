from __future__ import annotations

import math

import numpy as np
import pytest

from keras_selflearn.paper import CELLS, published_table
from keras_selflearn.reproduction.claims import Claim, Comparison, check_claims
from keras_selflearn.reproduction.table import Measured, ResultTable, Row


def comparison(higher, lower, name="here"):
    return Comparison(name, Measured(higher), Measured(lower))


def test_differences_are_paired_by_seed():
    pair = comparison({0: 10.0, 1: 20.0, 5: 90.0}, {1: 15.0, 0: 9.0, 7: 0.0})
    assert pair.differences == [1.0, 5.0] and pair.difference == 3.0


def test_p_value_by_the_formula_of_the_paired_t_test():
    """With two degrees of freedom the distribution function has a closed form."""
    pair = comparison({0: 11.0, 1: 12.0, 2: 16.0}, {0: 10.0, 1: 10.0, 2: 10.0})
    differences = np.array([1.0, 2.0, 6.0])
    t = differences.mean() / (differences.std(ddof=1) / math.sqrt(3))
    assert pair.p_value == pytest.approx(0.5 - t / (2 * math.sqrt(2 + t * t)))
    assert comparison(pair.lower.accuracies, pair.higher.accuracies).p_value > 0.5


@pytest.mark.parametrize("n", [0, 1, 2])
def test_no_test_with_fewer_than_three_runs(n):
    runs = {seed: float(seed) for seed in range(n)}
    assert comparison(runs, dict.fromkeys(runs, -1.0)).p_value is None


def test_no_p_value_without_spread():
    assert comparison({0: 2.0, 1: 2.0, 2: 2.0}, {0: 1.0, 1: 1.0, 2: 1.0}).p_value is None


UP, DOWN = comparison({0: 2.0}, {0: 1.0}), comparison({0: 1.0}, {0: 1.5}, "there")
EQUAL, MISSING = comparison({0: 1.0}, {0: 1.0}), comparison({}, {0: 1.0})


@pytest.mark.parametrize(
    ("comparisons", "verdict"),
    [
        ([UP, UP], "supported"),
        ([UP, MISSING], "not enough runs"),
        ([MISSING], "not enough runs"),
        ([UP, DOWN], "contradicted"),
        ([DOWN, MISSING], "contradicted"),
        ([UP, EQUAL], "contradicted"),
    ],
)
def test_verdict(comparisons, verdict):
    assert Claim("", comparisons).verdict == verdict


def test_evidence_counts_and_names():
    assert Claim("", [UP, DOWN, MISSING]).evidence == (
        "holds in 1 of 2 comparisons with runs (of 3); mean difference +0.25 points."
        " Not in there (−0.50)"
    )
    assert Claim("", [MISSING]).evidence == "none of 1 comparisons has runs"


def test_significance():
    clear = comparison({0: 10.0, 1: 10.1, 2: 9.9}, {0: 1.0, 1: 1.0, 2: 1.0})
    unclear = comparison({0: 10.0, 1: 1.0, 2: 1.0}, {0: 1.0, 1: 1.1, 2: 1.0})
    assert Claim("", [clear, unclear]).significance.startswith("p < 0.05 in 1 of 2, largest p = 0.")
    partly = Claim("", [clear, UP, UP])
    assert partly.significance == "p < 0.05 in 1 of 1 tested, 2 not tested"
    assert Claim("", [UP]).significance == "no test: needs 3 runs that differ"


def table_of(number, means=None):
    """A table whose measured cells are the published means, or `means(row, cell)`, with one run."""
    published = published_table(number)
    means = means or (lambda row, cell: row.cell(cell)[0])
    rows = tuple(
        Row(row, {cell: Measured({0: means(row, cell)}) for cell in CELLS})
        for row in published.rows
    )
    return ResultTable(published, rows, ())


@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_paper_s_own_figures_support_what_it_says_of_every_cell(number):
    pretrained, self_learning, overall, triplet, gap = check_claims(table_of(number))
    assert len(pretrained.comparisons) == 12 and len(self_learning.comparisons) == 8
    for claim in (pretrained, self_learning, overall, triplet, gap):
        assert claim.verdict == "supported", claim


def test_each_claim_can_be_contradicted():
    claims = check_claims(table_of(2, lambda row, cell: 50.0))
    assert [claim.verdict for claim in claims] == ["contradicted"] * 5


def test_one_contradicting_cell_is_named():
    def means(row, cell):
        at = (row.loss, row.weights, cell)
        return 1.0 if at == ("arcface", "imagenet", "self_learning") else row.cell(cell)[0]

    pretrained, self_learning, *_ = check_claims(table_of(2, means))
    assert "11 of 12" in pretrained.evidence and "arcface, self-learning" in pretrained.evidence
    assert "7 of 8" in self_learning.evidence and "arcface, imagenet" in self_learning.evidence
