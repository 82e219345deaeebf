"""The name of a run's folder."""

from __future__ import annotations

from pathlib import Path

from keras_selflearn.console.several import values_in
from keras_selflearn.network.names import has_own_weights
from keras_selflearn.options.config import Config
from keras_selflearn.runs.data import data_name
from keras_selflearn.storage.names import cut_to_bytes
from keras_selflearn.storage.preset_folder import PREFIX

# In bytes. File systems take 255 for the whole name of a run, and a number may follow.
_LONGEST_WEIGHTS = 100


def run_name(config: Config) -> str:
    """Name the run's folder by what tells the cells of the paper's tables apart, and the seed."""
    starts = [
        each if has_own_weights(each) else str(config.weights)
        for each in values_in(config.backbone)
    ]
    names = [Path(each).name.removeprefix(PREFIX).split(".")[0] or "weights" for each in starts]
    weights = cut_to_bytes("+".join(dict.fromkeys(names)), _LONGEST_WEIGHTS)
    return f"{data_name(config)}-{config.loss}-{weights}-{config.regime}-seed{config.seed}"
