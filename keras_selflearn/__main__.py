"""All commands under one name: `keras-selflearn predict --run=FOLDER ...`.

`python -m keras_selflearn predict` and `python -m keras_selflearn.predict` do the same.
"""

from __future__ import annotations

import runpy
import sys

from keras_selflearn.console.errors import unknown_name
from keras_selflearn.console.screen import forgiving_screen

COMMANDS = {
    "main": "label a folder of images, or run one experiment",
    "predict": "label new images with a run's classifier",
    "suggest": "list the images that are worth a label next, or first",
    "export": "write a run's classifier as a SavedModel, a Keras, ONNX or TFLite file",
    "report": "draw a run's page again, or one page of all tables and figures",
    "pretrain": "train a network on another data set, to start from its weights",
    "quickstart": "show what self-learning brings, on handwritten digits",
    "reproduce": "run and draw a table or a figure of the paper",
}
_HELP = ("", "--help", "-h", "help")


def main() -> None:
    """Run the command that the first argument names; exit status 2 if there is none."""
    with forgiving_screen():
        _run()


def _run() -> None:
    name, *arguments = sys.argv[1:] or [""]
    if name in _HELP:
        width = max(map(len, COMMANDS))
        print("keras-selflearn COMMAND --FLAG=VALUE ...\n")
        print("\n".join(f"  {each:<{width}}  {what}" for each, what in COMMANDS.items()))
        print("\nkeras-selflearn COMMAND --help explains each flag.")
        return
    if name not in COMMANDS:
        print(unknown_name("command", name, COMMANDS), file=sys.stderr)
        sys.exit(2)
    sys.argv = [f"keras-selflearn {name}", *arguments]
    runpy.run_module(f"keras_selflearn.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
