"""How the trained network labels images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras_selflearn.console.option import Options, option
from keras_selflearn.labelling import labeller_class, labeller_names
from keras_selflearn.labelling.voters import VOTERS, parse_voters, voters_of
from keras_selflearn.options.losses import loss_of
from keras_selflearn.options.selflearning import has_meta_iterations

REFERENCES = ("initial", "all")
TEST_FEATURES = ("as-is", "standardised")


def labelling_of(options: Any) -> str:
    """The name of the labeller: the one that the option names, or the default of the loss."""
    return options.labelling or loss_of(options).labelling


def compares(options: Any) -> bool:
    """Whether labels come from a comparison with labelled images."""
    return labeller_class(labelling_of(options)).needs_reference


def reference_matters(options: Any) -> bool:
    """Whether the labeller is given labelled images only, so that it matters which."""
    labeller = labeller_class(labelling_of(options))
    return has_meta_iterations(options) and compares(options) and not labeller.needs_unlabelled


def labellers_of(options: Any) -> tuple[str, ...]:
    """The names of the labellers that label: the voters, or the only one."""
    name = labelling_of(options)
    return voters_of(options.voters, logits=loss_of(options).logits) if name == "vote" else (name,)


def labels_by_graph(options: Any) -> bool:
    """Whether the graph labels, alone or as a voter."""
    return "graph" in labellers_of(options)


def uses_graph(options: Any) -> bool:
    """Whether pseudo-labels come from a graph of all images."""
    return has_meta_iterations(options) and labels_by_graph(options)


def finds_nearest(options: Any) -> bool:
    """Whether nearest labelled images vote."""
    names = labellers_of(options)
    return any(name != "graph" and labeller_class(name).needs_reference for name in names)


@dataclass(frozen=True)
class LabellingOptions(Options):
    """The labeller, and what it compares with."""

    GROUP = "labelling"

    labelling: str | None = option(
        None,
        f"Labelling: {', '.join(labeller_names())}.",
        choices=labeller_names,
        without="the loss's",
    )
    voters: str | None = option(
        None,
        f"Labellers that --labelling=vote asks, comma-separated: {', '.join(VOTERS)}.",
        check=parse_voters,
        without="all that the loss allows",
        used=lambda options: labelling_of(options) == "vote",
    )
    reference: str = option(
        "initial",
        "Labelled images to search for the nearest: initial, or all (with pseudo-labels).",
        choices=REFERENCES,
        used=reference_matters,
    )
    n_neighbors: int = option(
        1, "Number of nearest labelled images that vote.", least=1, used=finds_nearest
    )
    validation_features: str = option(
        "as-is",
        "Embeddings for the test accuracy: as-is or standardised.",
        choices=TEST_FEATURES,
        used=compares,
    )
    graph_neighbors: int = option(
        10,
        "Number of most similar images that --labelling=graph joins with each image.",
        least=1,
        used=labels_by_graph,
    )
    graph_dimensions: int = option(
        256,
        "Number of principal components of the embeddings for the graph.",
        least=1,
        used=uses_graph,
    )
    graph_exponent: float = option(
        3.0,
        "Power of the cosine that weighs how two images are joined.",
        above=0,
        used=labels_by_graph,
    )
    graph_alpha: float = option(
        0.9,
        "Share of an image's label that comes from the images it is joined with.",
        least=0,
        below=1,
        used=uses_graph,
    )
    prior: str = option(
        "estimated",
        "Shares of the classes for the graph: estimated, equal, labels, none, or a CSV file.",
        used=uses_graph,
    )
