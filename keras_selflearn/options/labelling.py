"""How the trained network labels images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from keras_selflearn.console.option import Options, option
from keras_selflearn.labelling import labeller_class, labeller_names
from keras_selflearn.losses import objective_class
from keras_selflearn.options.selflearning import has_meta_iterations

REFERENCES = ("initial", "all")
TEST_FEATURES = ("as-is", "standardised")


def labelling_of(options: Any) -> str:
    """The name of the labeller: the one that is asked for, or the loss's own."""
    loss = objective_class(options.loss) if isinstance(options.loss, str) else options.loss
    return options.labelling or loss.labelling


def compares(options: Any) -> bool:
    """Whether labels come from a comparison with labelled images."""
    return labeller_class(labelling_of(options)).needs_reference


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
    reference: str = option(
        "initial",
        "Labelled images to search for the nearest: initial, or all (with pseudo-labels).",
        choices=REFERENCES,
        used=lambda options: has_meta_iterations(options) and compares(options),
    )
    n_neighbors: int = option(1, "Nearest labelled images that vote.", least=1, used=compares)
    validation_features: str = option(
        "as-is",
        "Embeddings that the test accuracy compares: as-is or standardised.",
        choices=TEST_FEATURES,
        used=compares,
    )
