"""All options of an experiment, from all groups. Each option is a flag."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import SimpleNamespace
from typing import Any

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import declared
from keras_selflearn.console.several import values_in
from keras_selflearn.datasets import FOLDER, dataset_entry
from keras_selflearn.losses.parameters import LossParameters
from keras_selflearn.network.names import OWN, has_own_weights
from keras_selflearn.options.batches import BatchOptions
from keras_selflearn.options.data import DataOptions
from keras_selflearn.options.devices import DeviceOptions
from keras_selflearn.options.labelling import LabellingOptions, labelling_of
from keras_selflearn.options.losses import LossOptions
from keras_selflearn.options.network import (
    NetworkOptions,
    check_side_by_side,
    digests_of,
    identity_of_networks,
    normalised,
)
from keras_selflearn.options.run import OutputOptions, SeedOptions
from keras_selflearn.options.selflearning import CrossValidationOptions, SelfLearningOptions
from keras_selflearn.options.training import (
    AllLabelledOptions,
    HeadOptions,
    ScheduleOptions,
    TrainingOptions,
)
from keras_selflearn.selflearning.shares import as_option, shares_of
from keras_selflearn.storage.preset_folder import is_preset

_FOLDER_IMAGE_SIZE = 96
# Most encoders of KerasHub see images in this size, and would only enlarge smaller ones.
_PRESET_IMAGE_SIZE = 224


@dataclass(frozen=True)
class EstimatorOptions(
    DeviceOptions,
    LabellingOptions,
    SelfLearningOptions,
    ScheduleOptions,
    TrainingOptions,
    BatchOptions,
    HeadOptions,
    NetworkOptions,
):
    """The options that are parameters of the estimator, too."""


@dataclass(frozen=True)
class Config(
    OutputOptions,
    SeedOptions,
    CrossValidationOptions,
    AllLabelledOptions,
    EstimatorOptions,
    LossParameters,
    LossOptions,
    DataOptions,
):
    """One experiment. None means what `--help` says as the default."""

    def resolve(self) -> Config:
        """Check the options against each other, and fill in what the data set decides.

        Raises
        ------
        InputError
            For an unknown data set, and for options that do not go together.
        """
        if self.images is not None and self.dataset == _DEFAULTS["dataset"]:
            return replace(self, dataset=FOLDER).resolve()
        self.check_data()
        self.check_folds()
        # Names in upper or lower case are one name.
        resolved = replace(self, backbone=normalised(self.backbone))
        networks = values_in(self.backbone)
        check_side_by_side(len(networks), self.train)
        if all(has_own_weights(each) for each in networks):
            if self.weights not in (None, OWN):
                what = "preset of KerasHub" if is_preset(networks[0]) else "model of your own"
                raise InputError(
                    f"A {what} has its own weights, and --weights is {self.weights}: leave it out."
                )
            resolved = replace(resolved, weights=OWN)
        if self.dataset == FOLDER and self.image_size is None:
            has_preset = any(is_preset(each) for each in networks)
            size = _PRESET_IMAGE_SIZE if has_preset else _FOLDER_IMAGE_SIZE
            resolved = replace(resolved, image_size=size)
        entry = dataset_entry(self.dataset)
        from_entry = {
            each.name: getattr(entry, each.name)
            for each in fields(self)
            if declared(each).of_data_set and getattr(resolved, each.name) is None
        }
        if self.labels_per_class is not None:
            from_entry.pop("labels", None)
        resolved = replace(resolved, **from_entry)
        if resolved.self_learning_rate is None:
            resolved = replace(resolved, self_learning_rate=self.learning_rate / 10)
        if resolved.all_labelled_epochs is None:
            resolved = replace(resolved, all_labelled_epochs=resolved.epochs)
        # A list has one form, and a number stays as it is.
        shares = shares_of(resolved.selection_percent)
        resolved = replace(resolved, selection_percent=as_option(shares))
        resolved.check_numbers()
        return resolved

    def identity(self, backbone_sha256: str | None = None) -> dict[str, Any]:
        """The options that decide the results of this run, of a resolved configuration.

        Options that the run does not use are left out, and so are places and `evaluate_every`.
        Initial weights count only as random or not random. The default labeller of the loss counts
        the same if an option names it. The file of a model counts by its digest. `backbone_sha256`
        has the digests in the form of `digests_of`. By default the files are read now.
        """
        decisive = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if not declared(each).measures and is_used(each.name, vars(self))
        }
        decisive["labelling"] = labelling_of(self)
        digests = backbone_sha256 or digests_of(self.backbone)
        decisive["backbone"] = identity_of_networks(self.backbone, digests)
        return {**decisive, "pretrained": self.weights != "random"}


PLACES = tuple(each.name for each in fields(Config) if declared(each).place)
_OPTIONS = {each.name: declared(each) for each in fields(Config)}
_DEFAULTS = {each.name: each.default for each in fields(Config)}
# A folder has no numbers of its own. The estimator has the same defaults.
ESTIMATOR_DEFAULTS: dict[str, Any] = {
    each.name: getattr(dataset_entry(FOLDER), each.name)
    if declared(each).of_data_set
    else each.default
    for each in fields(EstimatorOptions)
}


def is_used(name: str, options: Mapping[str, Any]) -> bool:
    """Whether a run with these options, and the defaults of all others, uses this one.

    A place is never used. A name that is no option any more counts as used.
    """
    known = _OPTIONS.get(name)
    if known is None:
        return True
    return not known.place and known.is_used(SimpleNamespace(**{**_DEFAULTS, **options}))


def differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names of the options in which two runs differ, in alphabetical order.

    Options that neither run uses do not count. A run of an earlier version may lack an option. Then
    the option has its default there.
    """
    before, now = ({**_DEFAULTS, **options} for options in (before, now))
    return [
        name
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name) and (is_used(name, before) or is_used(name, now))
    ]
