"""Describes a run in words: its task, its result, and the machine."""

from __future__ import annotations

from pathlib import PurePath

import msgspec
import numpy as np
from markupsafe import Markup

from keras_selflearn.console.several import values_in
from keras_selflearn.labelling import labeller_class
from keras_selflearn.network.names import OWN, has_own_weights, is_model_file
from keras_selflearn.options.config import Config
from keras_selflearn.options.labelling import labelling_of
from keras_selflearn.options.training import has_linear_embedding
from keras_selflearn.runs.data import data_title
from keras_selflearn.runs.page import text
from keras_selflearn.runs.page.contents import Contents
from keras_selflearn.runs.page.copies import of_duplicates
from keras_selflearn.runs.page.doubtful import doubtful, expected_wrong
from keras_selflearn.runs.page.highlights import likely_mistakes
from keras_selflearn.runs.page.templates import render
from keras_selflearn.runs.record import RunRecord
from keras_selflearn.selflearning.shares import share_in, shares_of
from keras_selflearn.selflearning.verdict import Verdict
from keras_selflearn.storage.preset_folder import is_preset, preset_name

_NETWORKS = {"vgg16": "a VGG16 network", "tiny": "a tiny network"}


def title(run: RunRecord) -> str:
    """Return the title of the page."""
    config = run.config
    return text.clean(f"{data_title(config)}, {_loss(config)}, {config.regime}")


def paragraph(contents: Contents) -> Markup:
    """Describe the task of a run and its result."""
    run, config = contents.run, contents.run.config
    accuracy, estimated = _first_and_last(run)
    known = contents.true_labels[contents.pseudo_labelled] >= 0
    return render(
        "summary.html",
        run=run,
        config=config,
        weights=_weights(config),
        network=" and ".join(_network(each) for each in values_in(config.backbone)),
        data_name=config.images or config.dataset,
        loss=_loss(config),
        embeds=has_linear_embedding(config),
        meta_iterations=len(run.history) - 1,
        accuracy=accuracy,
        estimated=estimated,
        pseudo_labels=len(contents.pseudo_labelled),
        remaining=int(np.sum(contents.labelled_in < 0)),
        known=int(known.sum()),
        right=right_share(contents),
        mistakes=None if contents.doubt is not None else len(likely_mistakes(contents)),
        doubted=None if contents.doubt is None else len(doubtful(contents)),
        expected_wrong=expected_wrong(contents),
        endings=[
            *verdicts(run),
            *of_duplicates(run),
            *filter(None, [not_reached(run)]),
            *why_it_ended(run),
        ],
        duration=text.duration(run.seconds),
    )


def verdicts(run: RunRecord) -> list[str]:
    """Say whether self-learning helped, by the test images and by the folds, if there are any."""
    config, found = run.config, []
    if config.regime != "self-learning" or not config.meta_iterations:
        return []
    for by, measured in (("test images", run.test_verdict), ("folds", run.verdict)):
        if measured is not None:
            found.append(f"{Verdict(**msgspec.structs.asdict(measured)).by(by)}.")
    single = 1 in (run.data.labelled_per_class or {}).values()
    if run.verdict is None and config.train == "head" and config.folds != 0 and single:
        found.append(
            "Folds can't tell whether self-learning helped: a class has one labelled image."
        )
    return found


def not_reached(run: RunRecord) -> str | None:
    """Say how many images the labeller gave no label, though it was to label all; None for 0."""
    config, remaining = run.config, run.history[-1].remaining
    why = labeller_class(labelling_of(config)).why_no_label
    if not why or len(run.history) == 1 or not remaining:
        return None
    share = share_in(shares_of(config.selection_percent), len(run.history) - 1)
    if share < 100 or config.min_confidence is not None:
        return None
    return f"{remaining} images have no pseudo-label: {why}."


def why_it_ended(run: RunRecord) -> list[str]:
    """Say why a run ended before its last meta-iteration; empty if it did not."""
    config, last = run.config, len(run.history) - 1
    if run.termination == "no_change":
        return [
            f"In meta-iteration {last} no pseudo-label was as sure as --min_confidence="
            f"{config.min_confidence}. This ended the run."
        ]
    lost = run.verdict is not None and run.verdict.gain < 0
    if config.keep == "best" and lost and last == 0 and not config.early_stop:
        return [
            "The model before self-learning is kept, because the folds measured a loss"
            " (--keep=best)."
        ]
    if config.early_stop and last < (config.meta_iterations or 0):
        return [
            f"The run ended after meta-iteration {last}, because the cross-validated accuracy does"
            " not rise any more after it (--early_stop)."
        ]
    if config.train == "head-then-all" and 0 < last < config.head_rounds:
        return [f"All was labelled after meta-iteration {last}: the network was never trained."]
    return []


def tiles(contents: Contents) -> list[tuple[str, str]]:
    """List the most important figures, each with its name."""
    measured, estimated = _first_and_last(contents.run)
    what = "estimated accuracy" if estimated else "test accuracy"
    found = []
    if len(measured) > 1:
        found.append((f"{measured[0]:.1f} \N{RIGHTWARDS ARROW} {text.percent(measured[-1])}", what))
    elif measured:
        found.append((text.percent(measured[0]), what))
    if len(contents.pseudo_labelled):
        found.append((text.count(len(contents.pseudo_labelled)), "pseudo-labels"))
        right = right_share(contents)
        if right:
            found.append((right, "of them right"))
        wrong = expected_wrong(contents)
        if wrong is not None:
            found.append((f"about {text.count(wrong)}", "of them probably wrong"))
        if contents.doubt is None:
            found.append((text.count(len(likely_mistakes(contents))), "likely mistakes"))
    if contents.doubt is not None:
        found.append((text.count(len(doubtful(contents))), "doubtful labels"))
    return found


def accuracies(run: RunRecord) -> tuple[list[float | None], bool]:
    """Return percent by meta-iteration, and whether cross-validation estimated it."""
    folds = run.cross_validation
    if folds and all(value is None for value in run.accuracies):
        return folds.accuracy, True
    return run.accuracies, False


def _first_and_last(run: RunRecord) -> tuple[list[float], bool]:
    """Return up to two of `accuracies`; the folds may have had more meta-iterations."""
    values, estimated = accuracies(run)
    measured = [value for value in values[: len(run.history)] if value is not None]
    return measured[:1] + measured[1:][-1:], estimated


def right_share(contents: Contents) -> str:
    """Return the share of right pseudo-labels in percent; empty if no true label is known."""
    true = contents.true_labels[contents.pseudo_labelled]
    given = contents.labels[contents.pseudo_labelled]
    known = true >= 0
    return text.share(int((true == given)[known].sum()), int(known.sum())) if known.any() else ""


def made_with(run: RunRecord) -> list[tuple[str, str]]:
    """List seed, versions and machine."""
    environment = run.environment
    versions = [f"{name} {version}" for name, version in environment.packages.items() if version]
    gpus = ", ".join(environment.gpus) or "no GPU"
    source = f" (commit {environment.git_commit})" if environment.git_commit else ""
    return [
        ("seed", str(run.config.seed)),
        ("made with", f"keras_selflearn {environment.keras_selflearn}{source}"),
        ("packages", ", ".join([f"Python {environment.python}", *versions])),
        ("machine", f"{environment.cpu}, {gpus}, {environment.platform}"),
        ("precision", environment.precision),
    ]


def settings(run: RunRecord) -> list[tuple[str, str]]:
    """List every flag of the command line with its value."""
    return [(f"--{name}", str(value)) for name, value in sorted(run.flags.items())]


def _loss(config: Config) -> str:
    return config.loss if config.loss.endswith("entropy") else f"{config.loss} loss"


def _network(backbone: str) -> str:
    if backbone in _NETWORKS:
        return _NETWORKS[backbone]
    name = PurePath(backbone).name
    if is_preset(backbone):
        return f"the preset {PurePath(preset_name(backbone)).name} of KerasHub"
    return f"the model {name}" if is_model_file(backbone) else f"a network of type {name}"


def _weights(config: Config) -> str:
    networks = values_in(config.backbone)
    if config.weights == OWN:
        return "their own weights" if networks[1:] else "its own weights"
    name = PurePath(str(config.weights)).name
    known = {"random": "random weights", "imagenet": "ImageNet weights"}
    weights = known.get(name, f"the weights {name}")
    has_own = any(has_own_weights(each) for each in networks)
    return f"{weights} or the model's own" if has_own else weights
