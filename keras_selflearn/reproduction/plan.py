"""Which runs a command of `reproduce` needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.console.option import Options, option, same_as
from keras_selflearn.options.config import Config
from keras_selflearn.paper import (
    PublishedFigure,
    published_table,
    published_tables,
    table_of_dataset,
)
from keras_selflearn.reproduction.grid import Grid, make_figure_grid, make_grid

EXECUTORS = ("local", "ray")


@dataclass(frozen=True)
class ReproduceConfig(Options):
    """Which part of the paper, and how."""

    table: int | None = option(None, "Table of the paper to run and draw: 1, 2 or 3.")
    figure: int | None = option(None, "Figure of the paper to run and draw: 2, 3 or 4.")
    preset: str = option("paper", "Preset: a flagfile in flags/, such as paper, cpu or smoke.")
    losses: str | None = option(None, "Losses to run, comma-separated.", without="all")
    weights: str | None = option(
        None, "Initial weights to run, comma-separated: random, imagenet.", without="both"
    )
    regimes: str | None = option(
        None, "Regimes to run, comma-separated: self-learning, all-labelled.", without="both"
    )
    runs: int | None = option(
        None, "Runs of each cell.", least=1, without="the preset's or the paper's"
    )
    dataset: str | None = option(
        None, "Data set of the figure; figure 2 takes any.", without="the paper's"
    )
    imagenet_weights: str | None = option(
        None, "File of the ImageNet weights.", without="Keras' own download and cache"
    )
    dry_run: bool = option(False, "Only list which runs are done and which are left.")
    executor: str = option(
        "local", "Place of the runs: local (one by one) or ray (a cluster).", choices=EXECUTORS
    )
    ray_address: str | None = option(
        None, "Address of the Ray cluster: auto or HOST:PORT.", without="one on this machine alone"
    )
    results_dir: str = option("results", "Folder of the folders of results.")
    data_dir: str | None = same_as(Config, "data_dir")


def plan(config: ReproduceConfig, figure: PublishedFigure | None = None) -> Grid:
    """List the runs that the table or the figure needs.

    Raises
    ------
    InputError
        Unless `config` names exactly one table or figure and all its names are known.
    """
    if (config.table is None) == (figure is None):
        raise InputError("Say which part of the paper: --table=1, 2 or 3, or --figure=2, 3 or 4.")
    options: dict[str, Any] = {
        "losses": config.losses,
        "weights": config.weights,
        "regimes": config.regimes,
        "runs": config.runs,
        "imagenet_weights": config.imagenet_weights,
        "results_dir": config.results_dir,
        "data_dir": config.data_dir,
    }
    if config.table is not None:
        if config.dataset is not None:
            raise InputError("--dataset is for figures: each table has a data set of its own.")
        return make_grid(published_table(config.table), config.preset, **options)
    assert figure is not None
    name = config.dataset or figure.dataset
    table = table_of_dataset(name)
    if table is None:
        raise unknown_name("dataset", name, [each.dataset for each in published_tables()])
    return make_figure_grid(figure, table, config.preset, **options)
