"""List images to label: by a finished run, or by features alone before there are any labels."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.log import printable
from keras_selflearn.console.option import Options, option
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.console.screen import standard_error
from keras_selflearn.storage.csv_files import write_csv
from keras_selflearn.storage.files import is_in, make_writable

if TYPE_CHECKING:
    from keras_selflearn.labelling.suggestion import Suggested

_LOG = logging.getLogger(__name__)
_NEXT, _FIRST = 30, 60
_COLUMNS = "label predicted probability second stands_for".split()
_OF_NETWORK = ("backbone", "weights", "image_size")


@dataclass(frozen=True)
class SuggestConfig(Options):
    """Whose images, how many, and where the list goes."""

    run: str | None = option(None, "Folder of a finished run: what to label next.")
    images: str | None = option(
        None,
        "Folder of images at any depth, where there is no run: what to label first. Only read.",
    )
    number: int | None = option(
        None, "How many images to suggest.", least=1, without=f"{_NEXT} with --run, else {_FIRST}"
    )
    output: str = option("suggested.csv", "New CSV file to write.")
    backbone: str | None = option(
        None,
        "With --images: the network that computes the features.",
        without="that of the preset quick",
    )
    weights: str | None = option(
        None, "With --images: the weights of the network.", without="imagenet"
    )
    image_size: int | None = option(
        None,
        "With --images: height and width to resize images to.",
        unit="pixels",
        least=32,
        without="that of the preset quick",
    )
    seed: int = option(0, "Seed of the clusters.", least=0)


@dataclass(frozen=True)
class Listed:
    """What is in the list.

    Attributes
    ----------
    classes : dict
        How many images are predicted to be of each class; the class is empty without a run.
    skipped : int
        Number of damaged images, which are left out.
    """

    classes: Mapping[str, int]
    skipped: int


def suggest_for(config: SuggestConfig) -> Listed:
    """Write the list that `config` describes.

    Raises
    ------
    InputError
        For whatever in `config` can't be used; when there are no images to label, and when the
        images of the run were changed.
    """
    _check(config)
    import_tensorflow_quietly()
    return _next(config, config.run) if config.run else _first(config, str(config.images))


def _check(config: SuggestConfig) -> None:
    if (config.run is None) == (config.images is None):
        raise InputError("Give --run for what to label next, or --images for what to label first.")
    given = [name for name in _OF_NETWORK if getattr(config, name) is not None]
    if config.run is not None and given:
        raise InputError(f"--{given[0]} is not for --run: the run has its own.")
    output = Path(config.output).expanduser()
    if os.path.lexists(output):
        raise InputError(f"{output} is there already: choose another name with --output.")
    if config.images is not None:
        images = Path(config.images).expanduser()
        if not images.is_dir():
            raise InputError(f"There is no folder of images {images}.")
        if is_in(output, images):
            raise InputError(
                f"{output} is in the folder of images, {images}, which is only read: choose another"
                " place with --output."
            )
    make_writable(output.parent, "output")


def _next(config: SuggestConfig, run: str) -> Listed:
    """By the features and the given labels of a run."""
    from keras_selflearn.estimator.classifier import SelfLearningClassifier
    from keras_selflearn.estimator.features_once import frozen_embeddings
    from keras_selflearn.labelling.suggestion import suggest
    from keras_selflearn.network.embedding import embed
    from keras_selflearn.runs.data import data_digest
    from keras_selflearn.runs.finished_run import finished_run
    from keras_selflearn.runs.loaded import load_for_run
    from keras_selflearn.runs.progress import make_progress

    folder = finished_run(Path(run).expanduser())
    record = folder.read_run()
    options = replace(record.config, results_dir=str(folder.path.parent)).resolve()
    classifier = SelfLearningClassifier.load(folder.classifier)
    loaded = load_for_run(options)
    dataset = loaded.dataset
    if record.data_sha256 not in (None, data_digest(dataset)):
        raise InputError(
            f"The images or labels of the run in {run} were changed: start a new run with them, or"
            " put back the ones that it was trained on."
        )
    classes, positions = np.unique(loaded.labels[loaded.labelled], return_inverse=True)
    labels = np.full(len(loaded.labels), -1)
    labels[loaded.labelled] = positions
    if (labels >= 0).all():
        raise InputError(f"All images of the run in {run} have a label: none is left to suggest.")
    parameters = classifier.get_params(deep=False)
    embeddings = None
    if parameters["train"] == "head":
        progress = make_progress(folder.path.name)
        try:
            embeddings = frozen_embeddings(
                parameters, dataset.images, n_classes=len(classes), tell=progress.on_features
            )
        finally:
            progress.close()
    if embeddings is None:
        embeddings = embed(classifier.network_, dataset.images, np.arange(len(dataset.images)))
    found = suggest(embeddings, config.number or _NEXT, labels=labels, seed=config.seed)
    names = range(len(labels)) if dataset.paths is None else dataset.paths
    first = "index" if dataset.paths is None else "path"
    return Listed(_write(config, first, names, classes.tolist(), found), 0)


def _first(config: SuggestConfig, images: str) -> Listed:
    """By the features of a pretrained network alone."""
    from tqdm import tqdm

    from keras_selflearn.datasets.listing import find_images
    from keras_selflearn.estimator.classifier import SelfLearningClassifier
    from keras_selflearn.estimator.suggesting import embed_files
    from keras_selflearn.labelling.suggestion import suggest

    given = {name: getattr(config, name) for name in _OF_NETWORK}
    classifier = SelfLearningClassifier(
        preset="quick", **{name: value for name, value in given.items() if value is not None}
    )
    classifier.check_parameters()
    folder = Path(images).expanduser()
    paths = sorted(find_images(folder))
    if not paths:
        raise InputError(f"There are no images in {folder}.")
    skipped: list[str] = []
    screen = standard_error()
    if not screen.isatty():
        _LOG.info("Computing features of %s images of %s", f"{len(paths):,}", printable(folder))
    with tqdm(
        total=len(paths), desc="features", unit=" images", leave=False, disable=None, file=screen
    ) as bar:
        embeddings, names = embed_files(
            classifier.get_params(deep=False),
            folder,
            paths,
            on_damaged=lambda path, reason: skipped.append(path),
            on_embedded=bar.update,
        )
    if not names:
        raise InputError(f"None of the images in {folder} is whole.")
    found = suggest(embeddings, config.number or _FIRST, seed=config.seed)
    return Listed(_write(config, "path", names, [], found), len(skipped))


def _write(
    config: SuggestConfig, first: str, names: Any, classes: list[str], found: Suggested
) -> Mapping[str, int]:
    """Write the list, and count the predicted classes."""
    predicted, second = (
        ["" if place < 0 else classes[place] for place in places.tolist()]
        for places in (found.predicted, found.second)
    )
    probability = ["" if np.isnan(each) else f"{each:.4f}" for each in found.probability]
    rows = zip(predicted, probability, second, found.stands_for.tolist())
    write_csv(
        Path(config.output).expanduser(),
        [first, *_COLUMNS],
        ([names[i], "", *row] for i, row in zip(found.index.tolist(), rows)),
    )
    return dict(sorted(Counter(predicted).items()))
