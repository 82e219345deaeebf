"""Which labellers vote, as the option `voters` names them."""

from __future__ import annotations

from keras_selflearn.console.errors import InputError, unknown_name
from keras_selflearn.labelling import labeller_class

# They all learn from the labelled embeddings and the head, and have nothing else to save.
VOTERS = ("graph", "nearest", "softmax")


def parse_voters(text: str) -> tuple[str, ...]:
    """Split "graph,nearest" into names.

    Raises
    ------
    InputError
        For a name that is not in `VOTERS` or comes twice, and for fewer than two.
    """
    names = tuple(name.strip() for name in str(text).split(","))
    for name in names:
        if name not in VOTERS:
            raise unknown_name("voter", name, VOTERS)
    if len({*names}) < max(2, len(names)):
        raise InputError(f"voters is '{text}': give two or more, comma-separated, each once.")
    return names


def voters_of(text: str | None, *, logits: bool) -> tuple[str, ...]:
    """The names of the voters: those that `text` lists, or all that the loss allows.

    Parameters
    ----------
    text : str or None
    logits : bool
        Whether the loss has a head that gives logits.

    Raises
    ------
    InputError
        As `parse_voters`, and for a voter that needs logits where there are none.
    """
    if text is None:
        return tuple(name for name in VOTERS if logits or not labeller_class(name).needs_logits)
    names = parse_voters(text)
    for name in names:
        if labeller_class(name).needs_logits and not logits:
            raise InputError(
                f"The voter '{name}' needs a loss with logits, such as cross-entropy: choose that"
                " loss, or leave the voter out."
            )
    return names
