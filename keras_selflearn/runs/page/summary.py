"""What was asked, what came out, and on what, in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np

from keras_selflearn.runs.page import text
from keras_selflearn.runs.page.chosen import likely_mistakes
from keras_selflearn.runs.page.contents import Contents

_NETWORKS = {"vgg16": "a VGG16 network", "tiny": "a tiny network"}


def title(run: Mapping[str, Any]) -> str:
    """What the page is called."""
    config = run["config"]
    folder = config.get("images")
    of = PurePath(folder).name or folder if folder else config["dataset"]
    return text.clean(f"{of}, {_loss(config)}, {config['regime']}")


def paragraph(contents: Contents) -> str:
    """What was asked and what came out, as HTML."""
    run = contents.run
    sentences = [_asked(run), _accuracy(run)]
    if len(contents.pseudo_labelled):
        sentences.append(_pseudo_labels(contents))
    sentences += [text.escape(sentence) for sentence in why_it_ended(run)]
    sentences.append(f"It took {text.duration(run['seconds'])}.")
    return " ".join(sentences)


def why_it_ended(run: Mapping[str, Any]) -> list[str]:
    """A sentence where a run ended before the meta-iterations that were asked for."""
    config, last = run["config"], len(run["history"]) - 1
    if run.get("termination") == "no_change":
        return [
            f"In meta-iteration {last} none was as sure as --min_confidence="
            f"{config['min_confidence']}, which ended it."
        ]
    if config.get("early_stop") and last < config["meta_iterations"]:
        return [
            f"It ended after meta-iteration {last}, from which the cross-validated accuracy rises"
            " no more (--early_stop)."
        ]
    return []


def tiles(contents: Contents) -> list[tuple[str, str]]:
    """The figures that matter most, each with what it is of."""
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
        found.append((text.count(len(likely_mistakes(contents))), "likely mistakes"))
    return found


def accuracies(run: Mapping[str, Any]) -> tuple[list[float | None], bool]:
    """Percent after each meta-iteration, and whether cross-validation only estimated it."""
    values = [record["validation_accuracy"] for record in run["history"]]
    folds = run.get("cross_validation")
    if folds and all(value is None for value in values):
        return list(folds["accuracy"]), True
    return values, False


def _first_and_last(run: Mapping[str, Any]) -> tuple[list[float], bool]:
    """Up to two of `accuracies`: the folds may have gone on for longer than the run itself."""
    values, estimated = accuracies(run)
    measured = [value for value in values[: len(run["history"])] if value is not None]
    return measured[:1] + measured[1:][-1:], estimated


def right_share(contents: Contents) -> str:
    """Of the pseudo-labels whose true label is known, in percent; empty where none is."""
    true = contents.true_labels[contents.pseudo_labelled]
    given = contents.labels[contents.pseudo_labelled]
    known = true >= 0
    return text.share(int((true == given)[known].sum()), int(known.sum())) if known.any() else ""


def made_with(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Seed, versions and machine."""
    environment = run["environment"]
    packages = environment["packages"]
    versions = ", ".join(f"{name} {version}" for name, version in packages.items() if version)
    gpus = ", ".join(environment["gpus"]) or "no GPU"
    commit = environment["git_commit"]
    source = f" (commit {commit})" if commit else ""
    return [
        ("seed", str(run["config"]["seed"])),
        ("made with", f"keras_selflearn {environment['keras_selflearn']}{source}"),
        ("packages", f"Python {environment['python']}, {versions}"),
        ("machine", f"{environment['cpu']}, {gpus}, {environment['platform']}"),
        ("precision", environment["precision"]),
    ]


def settings(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every flag of the command line, and what it was."""
    return [(f"--{name}", str(value)) for name, value in sorted(run["config"].items())]


def _of(config: Mapping[str, Any]) -> str:
    """The data set, or the folder that the images come from."""
    return config.get("images") or config["dataset"]


def _loss(config: Mapping[str, Any]) -> str:
    return config["loss"] if config["loss"].endswith("entropy") else f"{config['loss']} loss"


def _weights(config: Mapping[str, Any]) -> str:
    weights = str(config["weights"])
    if weights == "random":
        return "random weights"
    return "ImageNet weights" if weights == "imagenet" else f"the weights {PurePath(weights).name}"


def _asked(run: Mapping[str, Any]) -> str:
    config, data = run["config"], run["data"]
    network = _NETWORKS.get(config["backbone"], config["backbone"])
    asked = (
        f"Starting from {text.escape(_weights(config))}, {network} was to learn"
        f" {text.count(len(data['classes']), 'class', 'classes')} of {text.name(_of(config))}"
        f" with {_loss(config)}"
    )
    others = data["train"] - data["labelled"]
    if config["regime"] == "all-labelled":
        return f"{asked} from all {text.count(data['train'], 'training image')} with their labels."
    asked += f" from {text.count(data['labelled'], 'labelled image')}"
    if config["regime"] == "n-labelled":
        return f"{asked} alone."
    least = config.get("min_confidence")
    done, planned = len(run["history"]) - 1, config["meta_iterations"]
    often = text.count(planned, "meta-iteration")
    often = often if done == planned else f"{done} of up to {often}"
    return (
        f"{asked} and, in {often}, to label the {text.count(others, 'other')} itself, each time"
        f" keeping the {config['selection_percent']:g}\N{NO-BREAK SPACE}% that it was surest of"
        f"{'' if least is None else f', with a confidence of at least {least:g}'}."
    )


def _accuracy(run: Mapping[str, Any]) -> str:
    values, estimated = _first_and_last(run)
    measured = [text.percent(value) for value in values]
    if not measured:
        return (
            "There were no test images and no cross-validation: how accurate it is was not"
            " measured."
        )
    how = "estimated by cross-validation on the labelled images"
    if not estimated:
        how = f"measured on {text.count(run['data']['test'], 'test image')} that it never saw"
    if len(measured) == 1:
        return f"Its accuracy is <strong>{measured[0]}</strong>, {how}."
    return (
        f"Its accuracy, {how}, was {measured[0]} after the labelled images alone and is"
        f" <strong>{measured[-1]}</strong> at the end."
    )


def _pseudo_labels(contents: Contents) -> str:
    number, remaining = len(contents.pseudo_labelled), int(np.sum(contents.labelled_in < 0))
    right = right_share(contents)
    known = contents.true_labels[contents.pseudo_labelled] >= 0
    were = f", {right} of them right" if right else ""
    if right and not known.all():
        were = f" ({right} right of the {text.count(int(known.sum()))} whose true label is known)"
    mistakes = len(likely_mistakes(contents))
    link = f'<a href="#mistakes-section">{text.count(mistakes)} of these labels</a>'
    again = f"would no longer give {link}: likely mistakes" if mistakes else "would give all again"
    return (
        f"It labelled {text.count(number, 'image')}{were}; {text.count(remaining)} stayed"
        f" unlabelled. The final model {again}."
    )
