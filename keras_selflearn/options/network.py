"""The network and the weights that it starts from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keras_selflearn.console.errors import InputError, in_any_case
from keras_selflearn.console.option import Options, option
from keras_selflearn.console.several import as_text, values_in
from keras_selflearn.network.names import (
    BACKBONES,
    PREPROCESSING,
    has_own_weights,
    is_model_file,
    unknown_backbone,
)
from keras_selflearn.options.training import takes_steps, trains_network
from keras_selflearn.storage.digest import sha256
from keras_selflearn.storage.preset_folder import (
    PREFIX,
    digest_of_preset,
    is_preset,
    preset_folder,
)


def check_side_by_side(number: int, train: str) -> None:
    """Raise an `InputError` for several networks where what is trained is one."""
    if number > 1 and train != "head":
        raise InputError(
            f"backbone names {number} networks, and only a head is fitted on several: give one, or"
            " train='head' (--train=head)."
        )


def _check_backbone(backbone: str) -> None:
    for each in values_in(backbone):
        if each == PREFIX:
            raise InputError(f"backbone {PREFIX} names no preset: give hub:NAME or hub:FOLDER.")
        if not has_own_weights(each) and in_any_case(each, BACKBONES) is None:
            raise unknown_backbone(each)


def normalised(backbone: str) -> str:
    """The same networks, with each name as `BACKBONES` has it."""
    return as_text(in_any_case(each, BACKBONES) or each for each in values_in(backbone))


def digests_of(backbone: str) -> str | None:
    """The SHA-256 of each file of a model and of each preset's folder, and nothing for a name.

    None where there is neither file nor folder.
    """
    found = [_digest(each) for each in values_in(backbone)]
    return as_text(found) if any(found) else None


def _digest(network: str) -> str:
    if is_preset(network):
        folder = preset_folder(network)
        return digest_of_preset(folder) if folder is not None and folder.is_dir() else ""
    path = Path(network).expanduser()
    return sha256(path) if is_model_file(network) and path.is_file() else ""


def with_digests(backbone: str, digests: str | None) -> list[tuple[str, str]]:
    """Each network with its digest, empty for a name; `digests` is as `digests_of` gives it."""
    networks, known = values_in(backbone), values_in(digests or "")
    return [*zip(networks, known + [""] * len(networks))]


def identity_of_networks(backbone: str, digests: str | None) -> str:
    """What tells networks apart: their names, and the digests of files."""
    return as_text(digest or name for name, digest in with_digests(backbone, digests))


@dataclass(frozen=True)
class NetworkOptions(Options):
    """Backbone, initial weights, the size and the scale of its images, embedding and dropout."""

    GROUP = "network"

    weights: str | None = option(
        None, "Initial weights: random, imagenet or a file.", of_data_set=True, place=True
    )
    backbone: str = option(
        "vgg16",
        "Backbone: vgg16, tiny, one of Keras, a .keras or .h5 file, hub:PRESET; or several: A,B.",
        check=_check_backbone,
    )
    image_size: int | None = option(
        None,
        "Height and width of images for the network; a folder's are stored in this size.",
        least=32,
        most=4096,
        unit="pixels",
        without="96 for a folder, 224 with hub:PRESET, else the images' own size",
    )
    preprocessing: str | None = option(
        None,
        "How the backbone's pixels are scaled: unit, imagenet, raw, tf, torch or caffe.",
        choices=PREPROCESSING,
        without="the backbone's own",
    )
    embedding_size: int = option(
        256,
        "Dimensions of the embedding, where the network or --head=embedding is trained.",
        least=1,
        used=takes_steps,
    )
    dropout: float = option(
        0.2,
        "Share of the pooled features that training drops.",
        least=0,
        below=1,
        used=trains_network,
    )
    batch_statistics: bool = option(
        False,
        "Batch normalisation uses each batch's statistics in training, and renews its moving ones.",
        used=trains_network,
    )
