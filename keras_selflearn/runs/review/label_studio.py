"""Tasks of Label Studio: labels go there as predictions, and come back as annotations.

No `from __future__ import annotations` here: msgspec reads the types, on Python 3.9, too.
"""

import html
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional
from urllib.parse import parse_qs, quote, urlsplit

from msgspec import Struct

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.same_name import alike
from keras_selflearn.runs.record import convert
from keras_selflearn.runs.review.corrections import CORRECT, NONE, Correction, corrected, now
from keras_selflearn.runs.review.labelled_images import LabelledImage
from keras_selflearn.runs.review.session import Session
from keras_selflearn.storage.json_files import read_json

NONE_OF_THESE = "None of these"
_CLASS, _IMAGE, _CHOICES = "class", "image", "choices"
# Label Studio's address of a file below its document root.
_LOCAL_FILE = "/data/local-files/?d="
_MOST_BYTES = 64 * 2**20


class _Result(Struct):
    type: str
    value: dict[str, Any] = {}


class _Annotation(Struct):
    result: list[_Result] = []
    was_cancelled: bool = False
    updated_at: Optional[str] = None
    created_at: Optional[str] = None


class _Task(Struct):
    data: dict[str, Any]
    annotations: list[_Annotation] = []


def tasks(session: Session) -> str:
    """The images of a run as JSON that Label Studio imports.

    A predicted label is a prediction, with its probability as the score. A given label, and what
    was said in a review, is an annotation.
    """
    return json.dumps([_task(image, session) for image in session.images], indent=1) + "\n"


def labelling_interface(classes: Sequence[str]) -> str:
    """What a project of Label Studio must have as its labelling interface."""
    choices = (f'<Choice value="{html.escape(name)}"/>' for name in (*classes, NONE_OF_THESE))
    return (
        f'<View><Image name="{_IMAGE}" value="$image"/>'
        f'<Choices name="{_CLASS}" toName="{_IMAGE}" choice="single">{"".join(choices)}</Choices>'
        "</View>"
    )


def read_annotations(path: Path, session: Session) -> dict[str, Correction]:
    """Read what annotations say of the images of a run, where that is new.

    The last annotation of an image counts, and one that was skipped does not.

    Returns
    -------
    dict
        By path.

    Raises
    ------
    InputError
        When it is no JSON of Label Studio with choices, or names images that the run has not.
    """
    try:
        found = convert(read_json(path, most_bytes=_MOST_BYTES), list[_Task])
        known = {image.path: image for image in session.images}
        said, unknown = {}, []
        for number, task in enumerate(found):
            label, when = _annotated(task, number)
            if label is None:
                continue
            image = _meant(task.data, known)
            if image is None:
                unknown.append(str(task.data.get("path", task.data.get("image"))))
                continue
            is_none = alike(label) == alike(NONE_OF_THESE)
            each = corrected(label, image.label, NONE if is_none else CORRECT, when or now())
            if _is_new(each, image, session.said):
                said[image.path] = each
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"{path} is no JSON of Label Studio with choices: {error}.") from error
    if unknown:
        raise InputError(
            f"{path} names {len(unknown)} images that the run {session.run} has not, the first"
            f" {unknown[0][:200]!r}: import what its own export became."
        )
    return said


def _task(image: LabelledImage, session: Session) -> dict[str, Any]:
    place = os.fsencode(f"{session.folder.resolve().name}/{image.path}")
    data = {"image": _LOCAL_FILE + quote(place), "path": image.path, "doubt": image.doubt}
    task: dict[str, Any] = {"data": data}
    said = session.said.get(image.path)
    if image.label and not image.given:
        prediction = {"model_version": "keras_selflearn", **_choice(image.label)}
        score = {} if image.probability is None else {"score": image.probability}
        task["predictions"] = [{**prediction, **score}]
    if said is not None and (said.label or said.action == NONE):
        task["annotations"] = [_choice(said.label or NONE_OF_THESE)]
    elif image.given and said is None:
        task["annotations"] = [_choice(image.label)]
    return task


def _choice(label: str) -> dict[str, Any]:
    value = {_CHOICES: [label]}
    result = {"from_name": _CLASS, "to_name": _IMAGE, "type": _CHOICES, "value": value}
    return {"result": [result]}


def _annotated(task: _Task, number: int) -> tuple[Optional[str], Optional[str]]:
    """The class that the last annotation names, and when; None without one."""
    for annotation in reversed(task.annotations):
        chosen = [each.value.get(_CHOICES) for each in annotation.result if each.type == _CHOICES]
        if annotation.was_cancelled or not chosen:
            continue
        names = chosen[0]
        if len(chosen) > 1 or not isinstance(names, list) or len(names) != 1:
            raise ValueError(f"task {number} has not one choice but several")
        name = names[0].strip() if isinstance(names[0], str) else ""
        if not name:
            raise ValueError(f"task {number} has a choice without a name")
        return name, annotation.updated_at or annotation.created_at
    return None, None


def _meant(data: Mapping[str, Any], known: Mapping[str, LabelledImage]) -> Optional[LabelledImage]:
    """The image of a task: by the path of an export, or by what its address ends with."""
    if data.get("path") in known:
        return known[data["path"]]
    image = data.get("image")
    if not isinstance(image, str):
        return None
    address = urlsplit(image)
    named = parse_qs(address.query, errors="surrogateescape").get("d")
    parts = (named[0] if named else address.path).split("/")
    ends = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((known[end] for end in ends if end in known), None)


def _is_new(each: Correction, image: LabelledImage, said: Mapping[str, Correction]) -> bool:
    before = said.get(image.path)
    if before is None:
        return not (image.given and each.label == image.label)
    return (before.label, before.action) != (each.label, each.action)
