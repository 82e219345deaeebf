"""How the trained network labels images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from keras_selflearn.console.option import Options, option
from keras_selflearn.labelling import labeller_class, labeller_names
from keras_selflearn.labelling.voters import VOTERS, parse_voters, voters_of
from keras_selflearn.options.augmentation import VIEW_NAMES, parse_views
from keras_selflearn.options.losses import loss_of
from keras_selflearn.options.selflearning import has_meta_iterations
from keras_selflearn.options.training import has_linear_embedding, trains_network

REFERENCES = ("initial", "all")
TEST_FEATURES = ("as-is", "standardised")
COMPARED_EMBEDDINGS = ("normalised", "raw")


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


def normalises(options: Any) -> bool:
    """Whether the loss takes embeddings of length 1, and labels come from their comparison."""
    loss = loss_of(options)
    has_embedding = trains_network(options) or has_linear_embedding(options)
    return has_embedding and loss.normalized and not loss.logits and compares(options)


def embeds_raw(options: Any) -> bool:
    """Whether images are compared by the embedding before it is normalised for the loss."""
    return options.compared_embedding == "raw" and normalises(options)


def has_voters(options: Any) -> bool:
    """Whether several labellers vote."""
    return "voters" in labeller_class(labelling_of(options)).uses


def labellers_of(options: Any) -> tuple[str, ...]:
    """The names of the labellers that label: the voters, or the only one."""
    if not has_voters(options):
        return (labelling_of(options),)
    return voters_of(options.voters, logits=loss_of(options).logits)


def _used_by_labeller(name: str) -> Callable[[Any], bool]:
    """Whether the labeller, or a voter, uses the option of this name."""
    return lambda options: any(
        name in labeller_class(labeller).uses for labeller in labellers_of(options)
    )


def _used_for_pseudo_labels(name: str) -> Callable[[Any], bool]:
    """The same, where there are pseudo-labels."""
    used = _used_by_labeller(name)
    return lambda options: has_meta_iterations(options) and used(options)


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
        used=has_voters,
    )
    label_views: str = option(
        "none",
        f"Views of an image that label it with a trained network: {', '.join(VIEW_NAMES)}, none.",
        check=parse_views,
        used=lambda options: trains_network(options) and has_meta_iterations(options),
    )
    reference: str = option(
        "initial",
        "Labelled images to search for the nearest: initial, or all (with pseudo-labels).",
        choices=REFERENCES,
        used=reference_matters,
    )
    n_neighbors: int = option(
        1,
        "Number of nearest labelled images that vote.",
        least=1,
        used=_used_by_labeller("n_neighbors"),
    )
    compared_embedding: str = option(
        "normalised",
        "Embedding that is compared with labelled images: normalised (as the loss has it), or raw.",
        choices=COMPARED_EMBEDDINGS,
        used=normalises,
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
        used=_used_by_labeller("graph_neighbors"),
    )
    graph_dimensions: int = option(
        256,
        "Number of principal components of the embeddings for the graph.",
        least=1,
        used=_used_for_pseudo_labels("graph_dimensions"),
    )
    graph_exponent: float = option(
        3.0,
        "Power of the cosine that weighs how two images are joined.",
        above=0,
        used=_used_by_labeller("graph_exponent"),
    )
    graph_alpha: float = option(
        0.9,
        "Share of an image's label that comes from the images it is joined with.",
        least=0,
        below=1,
        used=_used_for_pseudo_labels("graph_alpha"),
    )
    prior: str = option(
        "estimated",
        "Shares of the classes for the graph: estimated, equal, labels, none, or a CSV file.",
        used=_used_for_pseudo_labels("prior"),
    )
