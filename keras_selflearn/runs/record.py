"""The record of a run: what run.json holds, and the only code that reads and writes it.

No `from __future__ import annotations` here: msgspec reads the types, on Python 3.9, too.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import Field, fields
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Optional, Union, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from keras_selflearn.console.errors import InputError
from keras_selflearn.options.config import Config
from keras_selflearn.options.earlier_names import named_as_now
from keras_selflearn.storage.files import write_whole
from keras_selflearn.storage.json_files import read_json

VERSION = 2
Status = Literal["running", "interrupted", "failed", "finished"]
STATUSES = get_args(Status)

Count = Annotated[int, Meta(ge=0)]
Size = Annotated[int, Meta(ge=1)]
Percent = Annotated[float, Meta(ge=0, le=100)]
NotNegative = Annotated[float, Meta(ge=0)]

_TYPES = {
    "str": str,
    "bool": bool,
    "int": Annotated[int, Meta(ge=0, le=2**32 - 1)],
    "float": float,
    "float | str": Union[float, str],
}


def _type_of_flag(each: Field) -> Any:
    kind = Size if each.name == "batch_size" else _TYPES[each.type.replace(" | None", "")]
    return Optional[kind] if each.default is None else kind


_Config = msgspec.defstruct(
    "_Config", [(each.name, _type_of_flag(each), each.default) for each in fields(Config)]
)


class _Flags(Struct):
    config: _Config  # type: ignore[valid-type]


class Process(Struct, kw_only=True):
    """A process that worked on the run."""

    pid: int
    host: str
    since: str


class Environment(Struct, kw_only=True):
    """What the run was computed on; a package that is not installed has no version."""

    keras_selflearn: str
    git_commit: Optional[str]
    python: str
    packages: dict[str, Optional[str]]
    platform: str = "unknown platform"
    cpu: str
    gpus: list[str]
    precision: str


class Sizes(Struct, kw_only=True):
    """Numbers of training and test images, or differences between such numbers."""

    train: int
    test: int


class Data(Struct, kw_only=True):
    """The images that were used: their numbers, classes and shape."""

    train: Size
    test: Count
    labelled: Size
    labelled_per_class: Optional[dict[str, int]] = None
    whole: Optional[Sizes] = None
    difference_from_paper: Optional[Sizes] = None
    classes: list[str]
    image_shape: Optional[list[int]] = None


class MetaIteration(Struct, kw_only=True, frozen=True):
    """One entry of the history; docs/run-folder.md describes each field.

    A record of version 0.1.0 has no `gradient_steps`. One without flips has no `flipped`.
    """

    meta_iteration: Count
    labelled: Size
    selected: Count
    remaining: Count
    gradient_steps: Optional[Count] = None
    loss: Optional[float] = None
    test_accuracy: Optional[Percent] = None
    selected_accuracy: Optional[Percent] = None
    unlabelled_accuracy: Optional[Percent] = None
    flipped: Union[Count, UnsetType] = UNSET

    @classmethod
    def of(cls, figures: Mapping[str, Any]) -> "MetaIteration":
        """From the figures that the loop reports, by name."""
        return convert(_with_new_names(figures), cls)


class Estimate(Struct, kw_only=True):
    """Cross-validation: mean accuracy and its deviation over the folds, by meta-iteration."""

    folds: Size
    accuracy: list[Optional[Percent]]
    spread: list[Optional[NotNegative]]


class VerdictRecord(Struct, kw_only=True, frozen=True):
    """Whether self-learning helped, by folds or by test images; `Verdict` explains the fields."""

    images: Size
    before: Percent
    after: Percent
    gain: Annotated[float, Meta(ge=-100, le=100)]
    half_width: NotNegative


class FoldChanges(Struct, kw_only=True, frozen=True):
    """What self-learning changed in a fold; `Changes` explains the fields."""

    images: Size
    right_before: Count
    gained: Count
    lost: Count


class Measured(Struct, frozen=True):
    """What images were labelled with that training did not see: positions of classes."""

    labels: list[int]
    confidence: list[float]


class HeldOut(Struct, kw_only=True, frozen=True):
    """The training images that a fold holds out, and their labels after its trainings.

    `before` self-learning, and `after` it.
    """

    index: list[Count]
    before: Optional[Measured] = None
    after: Optional[Measured] = None

    def __post_init__(self) -> None:
        for each in (self.before, self.after):
            if each is not None and not len(each.labels) == len(each.confidence) == len(self.index):
                raise ValueError("its held-out images have not one label each")


class Fold(Struct):
    """Accuracy on the images of one fold, by meta-iteration; the last is measured.

    A fold of version 0.2.0 has no `changes`, and one of an earlier version no `held_out`.
    """

    accuracy: Annotated[list[Optional[Percent]], Meta(min_length=1)]
    changes: Optional[FoldChanges] = None
    held_out: Optional[HeldOut] = None

    def __post_init__(self) -> None:
        if self.accuracy[-1] is None:
            raise ValueError("its last accuracy is missing")


class Duplicates(Struct, kw_only=True, frozen=True):
    """How many images of a user's folder are the same as another one, or nearly.

    The accuracies are with and without the test images that are training images, too; None where
    there is nothing to measure.
    """

    identical: Count
    nearly: Count
    labels_differ: Count
    test_in_training: Count
    test_accuracy_with: Optional[Percent] = None
    test_accuracy_without: Optional[Percent] = None


class RunRecord(Struct, kw_only=True, dict=True):
    """The whole record of a run. `flags` is the JSON key `config`: flags of the command line."""

    version: int = VERSION
    status: Status
    cause: Optional[str] = None
    needs_other_flags: bool = False
    termination: Optional[str] = None
    flags: dict[str, Any] = field(name="config")
    weights_sha256: Optional[str] = None
    backbone_sha256: Optional[str] = None
    data_sha256: Optional[str] = None
    environment: Environment
    data: Data
    duplicates: Optional[Duplicates] = None
    processes: list[Process] = []
    cross_validation: Optional[Estimate] = None
    verdict: Optional[VerdictRecord] = None
    test_verdict: Optional[VerdictRecord] = None
    frozen_accuracy: Optional[Percent] = None
    history: list[MetaIteration]
    test_accuracy: dict[str, Percent] = {}
    meta_iteration_seconds: list[NotNegative] = []
    seconds: NotNegative = 0.0

    def __post_init__(self) -> None:
        for number, each in enumerate(self.history):
            if each.meta_iteration != number:
                raise ValueError(f"history[{number}] is of meta-iteration {each.meta_iteration}")

    @cached_property
    def config(self) -> Config:
        """The configuration; a flag that this version doesn't know is left out."""
        known = {each.name for each in fields(Config)}
        return Config(**{name: value for name, value in self.flags.items() if name in known})

    @property
    def accuracies(self) -> list[Optional[float]]:
        """Test accuracy in percent by meta-iteration; None where it was not measured."""
        return [each.test_accuracy for each in self.history]

    def measure(self) -> None:
        """Fill `test_accuracy` from the history: the cells of the paper's tables."""
        self.test_accuracy = table_cells(self.flags["regime"], self.accuracies)


def table_cells(regime: str, accuracies: Sequence[Optional[float]]) -> dict[str, float]:
    """The cells of a table that a run fills, in percent.

    A run of self-learning fills two: its accuracy before self-learning is the cell of few labels.
    """
    measured = [each for each in accuracies if each is not None]
    if not measured:
        return {}
    first, last = measured[0], measured[-1]
    if regime == "all-labelled":
        return {"all_labelled": last}
    if regime == "n-labelled":
        return {"n_labelled": last}
    return {"n_labelled": first, "self_learning": last}


def read_record(path: Path) -> RunRecord:
    """Read run.json, also one of version 0.1.0 or 0.2.0.

    Raises
    ------
    InputError
        When it is missing or damaged; it names the file and the field.
    """
    try:
        record = convert(_in_new_form(read_json(path)), RunRecord)
        convert({"config": record.flags}, _Flags)
    except (OSError, ValueError) as error:
        raise InputError(
            f"The record of a run, {path}, can't be read: {error}; mend it or remove its folder."
        ) from error
    return record


def write_record(path: Path, record: RunRecord) -> None:
    """Write run.json whole; see `write_whole`."""
    content = json.dumps(msgspec.to_builtins(record), indent=2, allow_nan=False)
    write_whole(path, content + "\n")


def convert(value: Any, kind: type) -> Any:
    """JSON as one of the types above; a `ValueError` names the field that is wrong."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValueError(_in_words(error)) from error


def _in_new_form(value: Any) -> Any:
    """Version 0.2.0 and earlier wrote no `version` and called the test set validation.

    In an unfinished run they also wrote an accuracy that was not measured yet. Before record 2
    options had values of other names.
    """
    if not isinstance(value, dict):
        return value
    version, history = value.get("version", 0), value.get("history")
    if isinstance(cells := value.get("test_accuracy"), dict):
        measured = {name: each for name, each in cells.items() if each is not None}
        value = {**value, "test_accuracy": measured}
    flags = value.get("config")
    if isinstance(version, int) and version < 2 and isinstance(flags, dict):
        value = {**value, "config": named_as_now(flags)}
    if isinstance(version, int):
        if version > VERSION:
            raise ValueError(f"it has version {version}, so a later keras_selflearn wrote it")
        version = VERSION
    if isinstance(history, list):
        history = [_with_new_names(each) for each in history]
    return {**value, "version": version, "history": history}


def _with_new_names(figures: Any) -> Any:
    if not isinstance(figures, Mapping) or "validation_accuracy" not in figures:
        return figures
    others = {name: value for name, value in figures.items() if name != "validation_accuracy"}
    return {**others, "test_accuracy": figures["validation_accuracy"]}


def _in_words(error: msgspec.ValidationError) -> str:
    """`history[0].labelled: expected int, got str`."""
    what, _, where = str(error).replace("`", "").partition(" - at $")
    what = what[:1].lower() + what[1:]
    where = re.sub(r"^\.", "", where)
    return f"{where}: {what}" if where else what
