"""Train VGG16 on a source data set and keep its weights for others to start from.

`python -m keras_selflearn.pretrain --dataset=glyphs --output=glyphs.weights.h5`
"""

from __future__ import annotations

from keras_selflearn.console import command_line
from keras_selflearn.runs.pretraining import PretrainConfig, pretrain


def main(config: PretrainConfig) -> None:
    """Pretrain and say what came out."""
    accuracy = pretrain(config)
    print(f"\n{config.dataset} test accuracy: {accuracy:.2f} %")
    print(f"Start from these weights with --weights={config.output}")


if __name__ == "__main__":
    command_line.run(PretrainConfig, main, "Pretraining of VGG16 on a source data set.")
