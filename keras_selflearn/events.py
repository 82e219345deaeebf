"""TensorBoard event files of a run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from keras_selflearn.errors import InputError
from keras_selflearn.loop import Learner, Record

_SCALARS = ("labelled", "selected", "validation_accuracy", "selected_accuracy")
_SCALARS += ("unlabelled_accuracy",)


class EventFiles(tf.keras.callbacks.Callback):
    """Writes the loss of each epoch and the figures of each meta-iteration.

    Parameters
    ----------
    folder : Path
        TensorBoard's `--logdir`.

    Its methods raise an `InputError` when the disk is full.
    """

    def __init__(self, folder: Path):
        super().__init__()
        self._folder = folder
        self._writer = tf.summary.create_file_writer(str(folder))

    def on_epoch_end(self, epoch, logs=None):
        """Write the training loss at the epoch's number, counted over the whole run."""
        with self._writing():
            tf.summary.scalar("epoch/loss", logs["loss"], step=epoch)

    def on_meta_iteration_end(self, record: Record, learner: Learner) -> None:
        """Write the record's figures at the meta-iteration's number."""
        with self._writing():
            for name in _SCALARS:
                value = getattr(record, name)
                if value is not None:
                    tf.summary.scalar(
                        f"meta_iteration/{name}", float(value), step=record.meta_iteration
                    )
            self._writer.flush()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            with self._writer.as_default():
                yield
        except tf.errors.OpError as error:
            reason = error.message.strip().splitlines()[0].split("}} ")[-1]
            raise InputError(
                f"TensorBoard's events can't be written to {self._folder} ({reason}): make room."
            ) from error
