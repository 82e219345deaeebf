"""What runs show of the paper's finding: a table, and why a run gained nothing."""

from __future__ import annotations

from collections.abc import Iterable

from keras_selflearn.runs.record import RunRecord

# If at least so many per cent of the pseudo-labels are wrong, they explain why nothing was gained.
_MANY_WRONG = 5


def table(runs: dict[str, RunRecord]) -> str:
    """Show the test accuracies and what self-learning gained, by the name of the weights."""
    data = next(iter(runs.values())).data
    title = f"Test accuracy on {data.test} handwritten digits, one run of each"
    rows = ((name, *_before_and_after(run)) for name, run in runs.items())
    return gains_table(title, "Initial weights   ", data.labelled, rows)


def gains_table(
    title: str, heading: str, labels: int, rows: Iterable[tuple[str, float, float]]
) -> str:
    """Show accuracies in percent before and after self-learning, and what it gained.

    Parameters
    ----------
    title : str
    heading : str
        The heading of the names, as wide as their column.
    labels : int
    rows : iterable of (name, before, after)
    """
    few = f"{labels} labels"
    lines = [title, f"{heading}{few:>15}   after self-learning   points gained"]
    for name, before, after in rows:
        gained = points_gained(before, after)
        lines.append(f"{name:<{len(heading)}}{before:>13.1f} %{after:>20.1f} %{gained:>+16.1f}")
    return "\n".join(lines)


def points_gained(before: float, after: float) -> float:
    """Percentage points as a table shows them, so that no sentence contradicts it."""
    return round(after - before, 1) + 0.0  # -0.0 would look like a loss.


def why_nothing_gained(name: str, run: RunRecord) -> str:
    """Explain a run in which self-learning gained nothing; empty for a gain.

    Parameters
    ----------
    name : str
        The name of the initial weights.
    run : RunRecord
        The record of a run with at least one meta-iteration.
    """
    gained = points_gained(*_before_and_after(run))
    if gained > 0:
        return ""
    lost = f"lost {-gained:.1f} points" if gained else "gained nothing"
    begin = f"From {name} weights self-learning {lost}"
    selections = [each for each in run.history if each.selected]
    number = sum(each.selected for each in selections)
    if not number:
        return f"{begin}: it gave no pseudo-label."
    right = sum(each.selected * (each.selected_accuracy or 0) for each in selections) / number
    first, last = (run.history[i].loss for i in (0, -1))
    losses = f"the training loss was {first:.2f} before and {last:.2f} at the end"
    if 100 - right >= _MANY_WRONG:
        return (
            f"{begin}: {100 - right:.0f} % of its {number} pseudo-labels were wrong, and it was"
            f" trained on these, too ({losses})."
        )
    return (
        f"{begin}: {right:.1f} % of its {number} pseudo-labels were right, but it could"
        f" label these images already, so that little was left to learn from them ({losses})."
    )


def _before_and_after(run: RunRecord) -> tuple[float, float]:
    accuracy = run.test_accuracy
    return accuracy["n_labelled"], accuracy["self_learning"]
