"""Labels in seconds, and the paper's finding in minutes, without a download: `make quickstart`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from keras_selflearn.console import command_line
from keras_selflearn.console.option import Options, option, same_as
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.options.config import Config
from keras_selflearn.reproduction.first_labels import first_labels
from keras_selflearn.reproduction.quickstart import FULL, PICTURE, SHORT, Quickstart
from keras_selflearn.storage.cache import cache_root


@dataclass(frozen=True)
class QuickstartConfig(Options):
    """What may be changed without leaving the story."""

    loss: str = same_as(Config, "loss")
    seed: int = same_as(Config, "seed")
    part: int | None = option(
        None,
        "The part to run: 1 (labels in minutes) or 2 (the paper's finding).",
        choices=(1, 2),
        without="both",
    )
    short: bool = option(
        False, "Only show that all works, with a tiny network: its accuracies mean nothing."
    )
    results_dir: str = option("results", f"Folder for the runs and the picture, {PICTURE}.")
    cache_dir: str | None = option(
        None, "Folder that keeps the pretrained weights.", without="~/.cache/keras_selflearn"
    )


def main(config: QuickstartConfig) -> None:
    """Label digits in seconds; then pretrain, run twice, and draw the picture."""
    results_dir = Path(config.results_dir).expanduser()
    quickstart = Quickstart(
        SHORT if config.short else FULL,
        loss=config.loss,
        seed=config.seed,
        results_dir=results_dir,
        cache_dir=Path(config.cache_dir).expanduser() if config.cache_dir else cache_root(),
    )
    import_tensorflow_quietly()
    if config.part != 1:
        quickstart.check()
    if config.part != 2:
        first_labels(results_dir, seed=config.seed)
    if config.part != 1:
        quickstart.run()


if __name__ == "__main__":
    # TensorFlow turns oneDNN on by itself on some processors only. On the others, too, a training
    # step takes half the time with it.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    command_line.run(QuickstartConfig, main, "Labels in seconds, and the paper's finding.")
