"""Cross-validation in a run's folder. A fold that is done is not done again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import msgspec
import numpy as np

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.signals import deferred
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.runs.before_and_after import BeforeAndAfter
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.runs.progress import Progress
from keras_selflearn.runs.record import Fold, HeldOut, convert
from keras_selflearn.selflearning.cross_validation import CrossValidation, folds
from keras_selflearn.selflearning.verdict import Changes, Verdict
from keras_selflearn.storage.checkpoint import Checkpoints
from keras_selflearn.storage.files import write_whole
from keras_selflearn.storage.json_files import read_json


def cross_validate(
    make_classifier: Callable[[], SelfLearningClassifier],
    images: np.ndarray,
    labels: np.ndarray,
    labelled: np.ndarray,
    *,
    number: int,
    seed: int,
    folder: RunFolder,
    checkpoint_minutes: float,
    progress: Progress,
) -> tuple[CrossValidation, Verdict | None, list[HeldOut]]:
    """Run self-learning once for each fold, and measure it on the images of that fold.

    A fold is a part of the labelled images. Its run does not see them.

    Parameters
    ----------
    make_classifier : callable
        Makes an estimator that is not fitted.
    images : (n, height, width, channels) uint8
    labels : (n,) array
        As for `SelfLearningClassifier.fit`.
    labelled : (m,) int64
        Positions of the images that have a label.
    number : int
        The number of folds.
    seed : int
        Decides which images each fold holds out.
    folder : RunFolder
        Keeps the folds that are done.
    checkpoint_minutes : float
    progress : Progress

    Returns
    -------
    CrossValidation
    Verdict or None
        None if there was no self-learning, or a fold is of an earlier version.
    list of HeldOut
        What each fold labelled; empty if a fold is of an earlier version.

    Raises
    ------
    InputError
        As `SelfLearningClassifier.fit`; when the file of an earlier fold is damaged.
    """
    classes, numbers = np.unique(labels[labelled], return_inverse=True)
    done_folds = []
    for fold, positions in enumerate(folds(numbers, number, seed=seed), 1):
        held_out = labelled[positions]
        done = folder.folds / f"{fold}.json"
        if not done.exists():
            classifier = make_classifier()
            checkpoints = Checkpoints(folder.folds / str(fold), minutes=checkpoint_minutes)
            progress.begin(fold - 1)
            measured = BeforeAndAfter(folder.labels_of(f"fold-{fold}"))
            with deferred():
                classifier.fit(
                    images,
                    labels,
                    held_out=held_out,
                    callbacks=[progress, measured],
                    checkpoints=checkpoints,
                )
            curve = [each["test_accuracy"] for each in classifier.history_]
            progress.say(f"fold {fold} of {number}: {_change(curve)} of the part held out right")
            folder.check_there()
            folder.folds.mkdir(exist_ok=True)
            changes = measured.changes(np.searchsorted(classes, labels[held_out]))
            labels_of_fold = HeldOut(index=held_out.tolist(), **measured.measured(len(held_out)))
            content = {
                "accuracy": curve,
                "changes": changes and asdict(changes),
                "held_out": msgspec.to_builtins(labels_of_fold),
            }
            write_whole(done, json.dumps(content) + "\n")
            checkpoints.remove()
            measured.forget()
        done_folds.append(_read_fold(done))
    all_changes = [
        Changes(**msgspec.structs.asdict(fold.changes)) for fold in done_folds if fold.changes
    ]
    verdict = Verdict.of(all_changes) if len(all_changes) == len(done_folds) else None
    held_out_of_all = [fold.held_out for fold in done_folds if fold.held_out is not None]
    return (
        CrossValidation.of([fold.accuracy for fold in done_folds]),
        verdict,
        held_out_of_all if len(held_out_of_all) == len(done_folds) else [],
    )


def held_out_of_folds(folder: RunFolder) -> list[HeldOut]:
    """Read what the folds of a finished run labelled; empty if one is of an earlier version."""
    paths = sorted(folder.folds.glob("*.json"))
    found = [_read_fold(path).held_out for path in paths]
    return [] if None in found else [each for each in found if each is not None]


def _change(curve: Sequence[float | None]) -> str:
    """Say the first and the last accuracy."""
    first, *rest = [f"{each:.1f}" for each in curve if each is not None]
    return f"{first} -> {rest[-1]} %" if rest else f"{first} %"


def _read_fold(path: Path) -> Fold:
    try:
        return convert(read_json(path), Fold)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is damaged ({error}): remove it.") from error
