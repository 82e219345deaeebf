"""The network and the weights that it starts from."""

from __future__ import annotations

from dataclasses import dataclass

from keras_selflearn.console.option import Options, option
from keras_selflearn.options.training import trains_network

BACKBONES = ("vgg16", "tiny")


@dataclass(frozen=True)
class NetworkOptions(Options):
    """Backbone, initial weights, embedding and dropout."""

    GROUP = "network"

    weights: str | None = option(
        None, "Initial weights: random, imagenet or a file.", of_data_set=True, place=True
    )
    backbone: str = option(
        "vgg16", "Backbone: vgg16, or tiny for tests and teaching.", choices=BACKBONES
    )
    embedding_size: int = option(
        256,
        "Dimensions of the embedding; --train=head has those of the features.",
        least=1,
        used=trains_network,
    )
    dropout: float = option(
        0.2,
        "Share of the pooled features that training drops.",
        least=0,
        below=1,
        used=trains_network,
    )
