"""TensorBoard event files of a run."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf
from tensorboard.summary.writer.record_writer import RecordWriter

from keras_selflearn.selflearning.learner import Learner
from keras_selflearn.selflearning.record import Record
from keras_selflearn.storage.files import written_whole

_SCALARS = (
    "labelled",
    "selected",
    "test_accuracy",
    "selected_accuracy",
    "unlabelled_accuracy",
)
# TensorBoard reads no event file that does not begin with this.
_VERSION = "brain.Event:2"
_SECONDS_BETWEEN_FILES = 300


class EventFiles(tf.keras.callbacks.Callback):
    """Writes the loss of each epoch and the figures of each meta-iteration.

    It writes a whole file at the end of each meta-iteration, and every few minutes in a long one.
    TensorBoard reads the files of a folder in the order of their names, while they come.

    Parameters
    ----------
    folder : Path
        The folder to give to TensorBoard as `--logdir`.

    Its methods raise an `InputError` when the disk is full.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._start = time.time()
        self._files = 0
        self._last_file = time.monotonic()
        self._events: list[bytes] = []

    def on_epoch_end(self, epoch: int, logs: dict) -> None:
        """Note the training loss at the number of the epoch, counted over the whole run."""
        self._note(epoch, {"epoch/loss": logs["loss"]})
        if time.monotonic() - self._last_file > _SECONDS_BETWEEN_FILES:
            self._write()

    def on_meta_iteration_end(self, record: Record, learner: Learner) -> None:
        """Note the figures of the record at its number, and write a file."""
        values = {f"meta_iteration/{name}": getattr(record, name) for name in _SCALARS}
        self._note(
            record.meta_iteration,
            {tag: value for tag, value in values.items() if value is not None},
        )
        self._write()

    def _note(self, step: int, values: Mapping[str, float]) -> None:
        summary = tf.compat.v1.Summary(
            value=[
                tf.compat.v1.Summary.Value(tag=tag, simple_value=float(value))
                for tag, value in values.items()
            ]
        )
        event = tf.compat.v1.Event(wall_time=time.time(), step=step, summary=summary)
        self._events.append(event.SerializeToString())

    def _write(self) -> None:
        version = tf.compat.v1.Event(wall_time=self._start, file_version=_VERSION)
        name = f"events.out.tfevents.{self._start:.6f}.{self._files:06}.{platform.node()}"
        with written_whole(self._folder / name) as file:
            records = RecordWriter(file)
            for event in (version.SerializeToString(), *self._events):
                records.write(event)
        self._events.clear()
        self._files += 1
        self._last_file = time.monotonic()
