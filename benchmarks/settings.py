"""What can be asked of the benchmark, as flags."""

from __future__ import annotations

from dataclasses import dataclass

from keras_selflearn.console.option import option


@dataclass(frozen=True)
class Settings:
    """Of one run of the benchmark."""

    only: str = option("", "Parts to run, comma-separated (default: all).")
    rounds: int = option(5, "Rounds of each measurement, of which the median counts.")
    output: str = option("benchmarks.json", "JSON file of the results, written anew.")
    imagenet_weights: str | None = option(
        None, "File of the ImageNet weights, for the accuracies on CIFAR-10."
    )
    backbone: str | None = option(
        None, "Network whose features the part `suggest` labels images by, on CIFAR-10."
    )
    data_dir: str | None = option(
        None, "Folder of TensorFlow Datasets (default: ~/tensorflow_datasets)."
    )
