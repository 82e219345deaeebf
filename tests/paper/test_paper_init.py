from __future__ import annotations

import pytest

from keras_selflearn.datasets import DATASETS
from keras_selflearn.losses import loss_names
from keras_selflearn.options.config import Config
from keras_selflearn.paper import (
    CELLS,
    published_figure,
    published_table,
    published_tables,
    table_of_dataset,
)
from keras_selflearn.reproduction.presets import read_preset


# Read by eye from the paper's pages: three cells of each table, the mean and the deviation.
@pytest.mark.parametrize(
    ("table", "loss", "weights", "cell", "published"),
    [
        (1, "cross-entropy", "random", "n_labelled", (75.81, 2.28)),
        (1, "triplet", "imagenet", "self_learning", (86.14, 1.11)),
        (1, "contrastive", "random", "all_labelled", (81.82, 2.29)),
        (1, "arcface", "imagenet", "all_labelled", (95.66, 0.31)),
        (2, "cross-entropy", "imagenet", "n_labelled", (77.07, 0.91)),
        (2, "cross-entropy", "imagenet", "self_learning", (83.33, 0.19)),
        (2, "triplet", "random", "n_labelled", (68.35, 3.63)),
        (2, "contrastive", "imagenet", "self_learning", (76.58, 0.05)),
        (2, "arcface", "random", "self_learning", (69.54, 3.69)),
        (2, "arcface", "imagenet", "all_labelled", (87.76, 0.24)),
        (3, "cross-entropy", "random", "n_labelled", (45.78, 4.09)),
        (3, "cross-entropy", "imagenet", "self_learning", (84.62, 1.2)),
        (3, "triplet", "imagenet", "n_labelled", (76.88, 0.36)),
        (3, "contrastive", "imagenet", "all_labelled", (45.66, 2.64)),
        (3, "arcface", "random", "self_learning", (58.39, 3.61)),
        (3, "arcface", "imagenet", "n_labelled", (60.67, 0.13)),
    ],
)
def test_cells_are_those_of_the_paper(table, loss, weights, cell, published):
    rows = {(row.loss, row.weights): row for row in published_table(table).rows}
    assert rows[loss, weights].cell(cell) == published


@pytest.mark.parametrize(
    ("table", "means", "deviations"),
    [(1, 1959.56, 20.66), (2, 1779.66, 25.19), (3, 1480.74, 38.04)],
)
def test_sums_of_all_cells(table, means, deviations):
    """Added up from the paper's text by other means: a slip in any cell shows."""
    cells = [row.cell(cell) for row in published_table(table).rows for cell in CELLS]
    assert sum(mean for mean, _ in cells) == pytest.approx(means)
    assert sum(deviation for _, deviation in cells) == pytest.approx(deviations)


@pytest.mark.parametrize(
    ("table", "dataset", "sizes"),
    [
        (1, "svhn_cropped", (73257, 26032, 10, 32, 1000, 5)),
        (2, "cifar10", (50000, 10000, 10, 32, 4000, 5)),
        (3, "plant_village", (43456, 10849, 38, 96, 380, 2)),
    ],
)
def test_section_4_1(table, dataset, sizes):
    found = published_table(table)
    assert found == table_of_dataset(dataset)
    assert sizes == (
        found.train_images,
        found.test_images,
        found.classes,
        found.image_size,
        found.labels,
        found.selection_percent,
    )
    assert (found.meta_iterations, found.runs) == (25, 3)


@pytest.mark.parametrize("table", published_tables(), ids=lambda table: table.dataset)
def test_each_loss_with_both_weights(table):
    rows = [(row.loss, row.weights) for row in table.rows]
    losses = ("cross-entropy", "triplet", "contrastive", "arcface")
    assert rows == [(loss, weights) for loss in losses for weights in ("random", "imagenet")]
    assert set(losses) <= set(loss_names()) and table.dataset in DATASETS


@pytest.mark.parametrize("table", published_tables(), ids=lambda table: table.dataset)
def test_flagfiles_and_data_sets_say_the_same_as_the_paper(table):
    for config in (read_preset("paper", table.dataset), Config(table.dataset)):
        config = config.resolve()
        assert config.labels == table.labels
        assert config.selection_percent == table.selection_percent
        assert config.meta_iterations == table.meta_iterations
    assert read_preset("paper", table.dataset).runs == table.runs


def test_figures():
    assert published_figure(2).dataset == "plant_village" and not published_figure(2).losses
    third, fourth = published_figure(3), published_figure(4)
    assert (third.losses, third.weights, third.runs) == (
        ("cross-entropy",),
        ("random", "imagenet"),
        3,
    )
    assert third.dataset == fourth.dataset == "cifar10" and len(fourth.losses) == 4


@pytest.mark.parametrize(
    ("get", "message"),
    [
        (lambda: published_table(4), "Table 4 is none of the paper's: give 1, 2 or 3."),
        (lambda: published_figure(1), "Figure 1 shows no results: give 2, 3 or 4."),
    ],
)
def test_what_the_paper_does_not_have(get, message):
    with pytest.raises(ValueError) as error:
        get()
    assert str(error.value) == message


def test_other_data_sets_have_no_table():
    assert table_of_dataset("digits") is None
