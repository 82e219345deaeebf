"""What the package says while it works goes through `logging`, and from there to the screen."""

from __future__ import annotations

import logging

from keras_selflearn.console.screen import standard_error


def printable(name: object) -> str:
    """The text of a path or a name for a message, which any handler can encode.

    Names of files need not be UTF-8. Their other bytes are escaped.
    """
    return str(name).encode("utf-8", "backslashreplace").decode("utf-8")


class _Screen(logging.Handler):
    """Writes each message to standard error, as it is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            screen = standard_error()
            screen.write(f"{self.format(record)}\n")
            screen.flush()
        except Exception:
            self.handleError(record)


def say_on_screen() -> None:
    """Let messages of the package appear on standard error, and there only.

    A program that wants them elsewhere, or not at all, changes the logger `keras_selflearn`.
    """
    logger = logging.getLogger("keras_selflearn")
    if not logger.handlers:  # A program may have set up the logger before it imported the package.
        logger.addHandler(_Screen())
        logger.setLevel(logging.INFO)
        logger.propagate = False
