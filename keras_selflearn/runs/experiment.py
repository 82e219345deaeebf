"""One experiment of section 4: a data set, a loss, initial weights and a regime."""

from __future__ import annotations

import contextlib
import logging
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

import numpy as np
import tensorflow as tf

from keras_selflearn.console.errors import InputWarning
from keras_selflearn.console.profiling import Profile, profiled
from keras_selflearn.console.signals import deferred
from keras_selflearn.datasets import Dataset
from keras_selflearn.estimator.classifier import SelfLearningClassifier
from keras_selflearn.estimator.doubts import (
    warn_of_no_pairs,
    warn_of_rare_pairs,
    warn_of_small_classes,
)
from keras_selflearn.estimator.label_codes import encode
from keras_selflearn.network.backbone import weights_digest
from keras_selflearn.network.precision import resolve_precision
from keras_selflearn.options.config import Config
from keras_selflearn.options.network import digests_of
from keras_selflearn.runs.accepting import acceptance_line, accepted
from keras_selflearn.runs.before_and_after import BeforeAndAfter
from keras_selflearn.runs.calibrating import calibrate_by_folds
from keras_selflearn.runs.claim_folder import opened
from keras_selflearn.runs.configuration import (
    check,
    check_early_stop,
    end_at,
    make_classifier,
    make_objective,
)
from keras_selflearn.runs.data import (
    HIDDEN,
    data_digest,
    names_with_none,
)
from keras_selflearn.runs.duplicates import (
    FolderCopies,
    count_duplicates,
    find_duplicates,
    tell_duplicates,
    write_duplicates,
)
from keras_selflearn.runs.embedded_images import images_to_embed
from keras_selflearn.runs.environment import describe_environment
from keras_selflearn.runs.events import EventFiles
from keras_selflearn.runs.first_lines import time_line
from keras_selflearn.runs.folder import DUPLICATES_CSV, RunFolder
from keras_selflearn.runs.folds import cross_validate
from keras_selflearn.runs.image_labels import (
    doubting_embeddings,
    frozen_accuracy,
    image_labels,
)
from keras_selflearn.runs.loaded import Loaded, load_for_run
from keras_selflearn.runs.pictures import draw_run
from keras_selflearn.runs.planning import (
    first_lines,
    plan_of,
    wanted_folds,
    within_limit,
)
from keras_selflearn.runs.progress import make_progress
from keras_selflearn.runs.record import HeldOut, RunRecord
from keras_selflearn.runs.recorder import Recorder
from keras_selflearn.runs.run_name import run_name
from keras_selflearn.runs.without_copies import without_copies
from keras_selflearn.selflearning.verdict import Verdict
from keras_selflearn.storage.checkpoint import Checkpoints
from keras_selflearn.storage.files import make_writable

_LOG = logging.getLogger(__name__)


def run_experiment(
    config: Config, *, callbacks: Sequence[tf.keras.callbacks.Callback] = ()
) -> RunFolder:
    """Run one experiment and write its folder.

    The test set is measured after each meta-iteration. It chooses nothing.

    Parameters
    ----------
    config : Config
    callbacks : sequence of Keras callbacks
        Active in every training, but not in cross-validation.

    Returns
    -------
    RunFolder
        A folder in `config.results_dir`, with all files of the run.

    Raises
    ------
    InputError
        For a value in `config` that can't be used.
    """
    with profiled() as profile:
        folder = _run(check(config), profile, callbacks)
        if config.profile:
            folder.write_profile(profile.table())
    return folder


def _run(
    config: Config, profile: Profile, callbacks: Sequence[tf.keras.callbacks.Callback]
) -> RunFolder:
    start = time.monotonic()
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    precision = resolve_precision(config.precision)
    results_dir = make_writable(config.results_dir, "results_dir")
    loaded = load_for_run(config)
    dataset, labels, labelled = loaded.dataset, loaded.labels, loaded.labelled
    config = within_limit(config, loaded, results_dir, run_name(config), since=start)
    classifier = make_classifier(config)
    record = RunRecord(
        status="running",
        flags=asdict(config),
        weights_sha256=weights_digest(str(config.weights)),
        backbone_sha256=digests_of(config.backbone),
        data_sha256=data_digest(dataset),
        environment=describe_environment(precision),
        data=loaded.data,
        history=[],
    )
    with opened(results_dir, run_name(config), record) as folder, contextlib.ExitStack() as made:
        images = images_to_embed(dataset, labelled)
        recorder = Recorder(folder, record, images, profile, start)
        try:
            copies = find_duplicates(dataset, labels)
            _list_images(folder, dataset, labels, copies)
            if copies is not None:
                record.duplicates = count_duplicates(copies)
                tell_duplicates(copies, folder.path / DUPLICATES_CSV)
            plan = plan_of(config, loaded)
            folds = plan.folds
            _warn(config, loaded, folds)
            for line in first_lines(config, loaded, plan):
                _LOG.info(line)
            progress = made.enter_context(
                contextlib.closing(
                    make_progress(
                        folder.path.name,
                        plan,
                        lambda seconds: _LOG.info(time_line(seconds, plan, config)),
                    )
                )
            )
            held_out: list[HeldOut] = []
            if folds:
                estimate, verdict, held_out = cross_validate(
                    partial(make_classifier, config),
                    dataset.images,
                    labels,
                    labelled,
                    number=folds,
                    seed=config.seed,
                    folder=folder,
                    checkpoint_minutes=config.checkpoint_minutes,
                    progress=progress,
                )
                recorder.estimate(estimate, verdict)
                last = None
                if config.early_stop:
                    last = estimate.best()
                elif config.keep == "best" and verdict is not None and verdict.gain < 0:
                    last = 0
                if last is not None:
                    end_at(classifier, last)
                    progress.end_at(last)
            checkpoints = Checkpoints(folder.checkpoints, minutes=config.checkpoint_minutes)
            measured = BeforeAndAfter(folder.labels_of("test"))
            listeners = [recorder, measured, EventFiles(folder.path), *callbacks]
            progress.begin(folds)
            _fit(classifier, dataset, labels, [progress, *listeners], checkpoints)
            if not folder.has_images():  # Somebody may have cleared the folder meanwhile.
                _list_images(folder, dataset, labels, copies)
            verdict = _verdict_of_test_images(measured, classifier, dataset)
            if copies is not None:
                record.duplicates = without_copies(copies, measured, classifier, dataset)
            calibrate_by_folds(classifier, held_out)
            frozen, is_frozen = doubting_embeddings(
                classifier, dataset.images, progress.on_features
            )
            if is_frozen:
                record.frozen_accuracy = frozen_accuracy(classifier, frozen)
            doubted = image_labels(classifier, dataset.images, held_out, frozen)
            if config.accuracy is not None:
                doubted = accepted(doubted, config.accuracy)
                _LOG.info(acceptance_line(doubted, config.accuracy))
            embeddings = recorder.finish(classifier, dataset, doubted, verdict)
        except BaseException as error:
            recorder.fail(error)
            raise
        folder.remove_checkpoints()
        draw_run(folder, classifier, dataset, embeddings, doubted)
    return folder


def _verdict_of_test_images(
    measured: BeforeAndAfter, classifier: SelfLearningClassifier, dataset: Dataset
) -> Verdict | None:
    """Say whether self-learning helped on the test images; None without them or without it."""
    known = dataset.test_labels[dataset.test_labels >= 0]
    if not len(known):
        return None
    changes = measured.changes(encode(names_with_none(dataset)[known], classifier.classes_))
    return None if changes is None else Verdict.of([changes])


def _list_images(
    folder: RunFolder, dataset: Dataset, labels: np.ndarray, copies: FolderCopies | None
) -> None:
    if dataset.paths is not None:
        given = ["" if label == HIDDEN else str(label) for label in labels]
        folder.write_images(dataset.paths, given, dataset.skipped)
    if copies is not None:
        write_duplicates(folder.path / DUPLICATES_CSV, copies)


def _warn(config: Config, loaded: Loaded, folds: int) -> None:
    """Warn of too few labels or images, before cross-validation takes hours."""
    labels, labelled = loaded.labels, loaded.labelled
    classes, numbers = np.unique(labels[labelled], return_inverse=True)
    warn_of_small_classes(numbers, classes)
    objective = make_objective(config)
    warn_of_no_pairs(objective, numbers, config.batch_size, config.images_per_class)
    warn_of_rare_pairs(objective, numbers, config.batch_size, config.images_per_class)
    if config.regime == "self-learning" and len(labelled) == len(labels):
        warnings.warn(
            "There is no unlabelled image: nothing is left to learn from.",
            InputWarning,
            stacklevel=2,
        )
    fewest = int(np.bincount(numbers).min())
    wanted = wanted_folds(config, loaded.data.test)
    if folds < wanted:
        warnings.warn(
            f"Cross-validation has {folds or 'no'} folds in place of {wanted}: a class has only"
            f" {fewest} labelled.",
            InputWarning,
            stacklevel=2,
        )
    check_early_stop(config, fewest)


def _fit(
    classifier: SelfLearningClassifier,
    dataset: Dataset,
    labels: np.ndarray,
    callbacks: Sequence[tf.keras.callbacks.Callback],
    checkpoints: Checkpoints,
) -> None:
    class_names = names_with_none(dataset)
    validation_data = None
    if len(dataset.test_images):
        validation_data = dataset.test_images, class_names[dataset.test_labels]
    with deferred(), warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)  # `_warn` gave them.
        classifier.fit(
            dataset.images,
            labels,
            validation_data=validation_data,
            true_labels=class_names[dataset.labels],
            callbacks=list(callbacks),
            checkpoints=checkpoints,
        )
