"""The page of a review: the same file is served, or opened from the disk."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from keras_selflearn.runs.page import text
from keras_selflearn.runs.page.templates import render
from keras_selflearn.runs.review.corrections import COLUMNS, CORRECTIONS_CSV
from keras_selflearn.runs.review.session import Session

_PACKAGE = "keras_selflearn.runs.review"
_SCRIPTS = ("csv.js", "images.js", "grid.js", "detail.js", "saving.js", "review.js")


def page(
    session: Session,
    *,
    shown: Sequence[int] | None = None,
    pictures: Sequence[str] | None = None,
    note: str = "",
) -> str:
    """Render the page.

    Parameters
    ----------
    session : Session
    shown : sequence of k int, optional
        The images that the page has; None: all.
    pictures : sequence of k str, optional
        Their pictures as data URIs, empty where there is none. Without them, a server has them.
    note : str
        A sentence above the images.
    """
    script, style = "".join(map(_asset, _SCRIPTS)), _asset("review.css")
    return str(
        render(
            "review.html",
            package=_PACKAGE,
            title=session.run.resolve().name,
            policy=policy(script, style),
            style=Markup(style),
            script=Markup(script),
            note=note,
            contents=text.as_json(_contents(session, shown, pictures)),
        )
    )


def policy(script: str, style: str) -> str:
    """What a browser lets the page do: run its own script, and ask its own server."""
    return (
        f"default-src 'none'; img-src 'self' data:; connect-src 'self'; script-src {_hash(script)};"
        f" style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    )


def _contents(
    session: Session, shown: Sequence[int] | None, pictures: Sequence[str] | None
) -> dict[str, Any]:
    images = session.images
    indices = range(len(images)) if shown is None else shown
    places = {images[i].path: place for place, i in enumerate(indices)}
    names = dict.fromkeys([each.label for each in images] + [each.instead for each in images])
    codes = {name: code for code, name in enumerate(names)}
    return {
        "run": session.run.resolve().name,
        "key": f"{session.run.resolve().name} {session.record.data_sha256}",
        "served": pictures is None,
        "columns": COLUMNS,
        "file": CORRECTIONS_CSV,
        "command": session.next_command(),
        "classes": session.classes,
        "names": list(names),
        "pictures": pictures,
        # Path, label, given, probability, doubt, likeliest other class, round, unlike, nearest.
        "images": [
            [
                image.path,
                codes[image.label],
                int(image.given),
                image.probability,
                image.doubt,
                codes[image.instead],
                image.meta_iteration,
                image.unlike,
                [places[each] for each in image.nearest if each in places],
            ]
            for image in (images[i] for i in indices)
        ],
        "said": [
            [path, each.action, each.label, each.previous, each.time]
            for path, each in session.said.items()
        ],
    }


def _hash(content: str) -> str:
    digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _asset(name: str) -> str:
    return files(_PACKAGE).joinpath("assets", name).read_text(encoding="utf-8")
