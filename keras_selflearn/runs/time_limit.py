"""Fit a run into a time: fewer folds first, then fewer steps, then fewer meta-iterations."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Callable

from keras_selflearn.console.durations import in_words
from keras_selflearn.console.errors import InputError
from keras_selflearn.options.config import Config, differing
from keras_selflearn.options.training import has_head_rounds, trains_network
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.runs.plan import Plan
from keras_selflearn.selflearning.shares import as_option, shares_of

# What a limit changes.
SET_BY_LIMIT = (
    "folds",
    "keep",
    "steps",
    "meta_steps",
    "meta_iterations",
    "selection_percent",
    "all_labelled_epochs",
)
# Rather fewer meta-iterations than trainings of a smaller share of their steps.
_LEAST_SHARE = 0.25
_LEAST_STEPS = 10

Planning = Callable[[Config], Plan]


def fit_into(
    config: Config, seconds: float, *, planned: Planning, cost: Callable[[Plan], float]
) -> Config:
    """Change a configuration as little as needed, so that its run takes at most so long.

    First there are two folds, and then none. Then all trainings get the same share of their steps,
    down to a quarter. Then there are fewer meta-iterations, at least one. At last the share falls
    further.

    Parameters
    ----------
    config : Config
        Resolved, with the number of folds that the run would have.
    seconds : float
    planned : callable
        From a configuration to its plan.
    cost : callable
        The seconds of a plan.

    Raises
    ------
    InputError
        When not even the shortest run takes so little.
    """

    def fits(each: Config) -> bool:
        return cost(planned(each)) <= seconds

    if fits(config):
        return config
    for folds in (2, 0):
        needs_folds = config.early_stop or config.accuracy is not None
        if (config.folds or 0) > folds and not (folds == 0 and needs_folds):
            keep = config.keep if folds else "last"
            config = replace(config, folds=folds, keep=keep)
            if fits(config):
                return config
    if not trains_network(config):
        raise _too_short(cost(planned(config)))
    while True:
        share = _share(config, seconds, planned, cost)
        if share >= _LEAST_SHARE or _meta_iterations(config) <= _fewest(config):
            break
        config = _with_meta_iterations(config, _meta_iterations(config) - 1)
    shortest = _with_share(config, planned(config), 0.0)
    if share <= 0 or not fits(shortest):
        raise _too_short(cost(planned(shortest)))
    return _with_share(config, planned(config), share)


def earlier(config: Config, results_dir: Path, name: str) -> Config | None:
    """Find what an unfinished run of the same command was fitted to; None without one."""
    for folder in map(RunFolder, sorted(results_dir.glob(f"{name}*/"))):
        if not folder.has_run():
            continue
        run = folder.read_run()
        if run.status == "finished" or run.flags.get("time_limit") != config.time_limit:
            continue
        changes = {key: run.flags[key] for key in SET_BY_LIMIT if key in run.flags}
        found = replace(config, **changes)
        if not differing(run.flags, asdict(found)):
            return found
    return None


def changes(before: Config, after: Config) -> str:
    """Say what was changed for the limit, as flags; empty if nothing was."""
    return ", ".join(
        f"--{name}={getattr(after, name)}"
        for name in SET_BY_LIMIT
        if getattr(before, name) != getattr(after, name)
    )


def _meta_iterations(config: Config) -> int:
    return (config.meta_iterations or 0) if config.regime == "self-learning" else 0


def _fewest(config: Config) -> int:
    """At least one training on pseudo-labels, of the network."""
    least = config.head_rounds if has_head_rounds(config) else 1
    return min(least, _meta_iterations(config))


def _with_meta_iterations(config: Config, number: int) -> Config:
    shares = shares_of(config.selection_percent)[:number]
    return replace(config, meta_iterations=number, selection_percent=as_option(shares))


def _share(
    config: Config, seconds: float, planned: Planning, cost: Callable[[Plan], float]
) -> float:
    """The share of the steps for which there is time."""
    plan = planned(config)
    without = replace(
        plan,
        fits=tuple(tuple(replace(part, steps=0) for part in parts) for parts in plan.fits),
    )
    fixed = cost(without)
    return (seconds - fixed) / max(cost(plan) - fixed, 1e-9)


def _with_share(config: Config, plan: Plan, share: float) -> Config:
    """Give each training this share of its steps, and at least ten."""
    if config.regime == "all-labelled":
        epochs = max(int((config.all_labelled_epochs or 1) * share), 1)
        return replace(config, all_labelled_epochs=epochs)
    own: list[int] = [part.steps for part in plan.fits[-1]]
    later = [steps for steps in own[1:] if steps]
    changed: dict[str, Any] = {}
    if own[0]:
        changed["steps"] = max(int(own[0] * share), min(_LEAST_STEPS, own[0]))
    if later:
        mean = sum(later) / len(later)
        changed["meta_steps"] = max(int(mean * share), min(_LEAST_STEPS, int(mean)))
    return replace(config, **changed)


def _too_short(seconds: float) -> InputError:
    return InputError(
        f"--time_limit is too short: even the shortest run takes about {in_words(seconds)} on this"
        " machine. Give more time, fewer images or a smaller --image_size."
    )
