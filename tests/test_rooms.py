"""The rooms of the package, and that a room imports only from rooms below it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import keras_selflearn
from keras_selflearn import __main__ as entry

PACKAGE = Path(keras_selflearn.__file__).parent
FLOORS = {
    "console": 1,
    "paper": 2,
    "storage": 2,
    "selflearning": 2,
    "labelling": 2,
    "losses": 3,
    "datasets": 3,
    "network": 4,
    "options": 4,
    "training": 5,
    "estimator": 6,
    "runs": 7,
    "reproduction": 8,
}
COMMANDS = {"main", "predict", "export", "pretrain", "quickstart", "report", "reproduce"}


def modules():
    return {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(
            ".__init__"
        ): path
        for path in PACKAGE.rglob("*.py")
    }


def room(module):
    """The room of a module; a command's own name, or the empty name of the package."""
    return f"{module}.".split(".")[1]


def floor(module):
    return FLOORS.get(room(module), max(FLOORS.values()) + 1)


def imports(path, known):
    """The modules of the package that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras_selflearn"):
            assert not node.level, f"{path} has a relative import"
            for name in node.names:
                full = f"{node.module}.{name.name}"
                yield full if full in known else node.module
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name in known)


def test_a_room_imports_only_from_rooms_below_it():
    known = modules()
    wrong = [
        f"{module} imports {imported}"
        for module, path in known.items()
        for imported in imports(path, known)
        if room(imported)
        and room(imported) != room(module)
        and module != "keras_selflearn"
        and floor(imported) >= floor(module)
    ]
    assert not wrong


def test_no_two_modules_import_each_other():
    known = modules()
    arrows = {module: {*imports(path, known)} - {module} for module, path in known.items()}
    done, under_way = set(), []

    def follow(module):
        if module in done or module == "keras_selflearn":
            return
        assert module not in under_way, " -> ".join([*under_way, module])
        under_way.append(module)
        for imported in sorted(arrows[module]):
            follow(imported)
        done.add(under_way.pop())

    for module in arrows:
        follow(module)


def test_the_top_holds_commands_and_rooms_alone():
    found = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert found == COMMANDS == {*entry.COMMANDS}
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == {*FLOORS}


@pytest.mark.parametrize("name", FLOORS)
def test_a_room_says_what_it_is_in_three_sentences(name):
    text = ast.get_docstring(ast.parse((PACKAGE / name / "__init__.py").read_text("utf-8")))
    assert text and 2 <= len(re.findall(r"[.!?](?:\s|$)", text)) <= 4, text


def test_each_file_of_tests_has_a_name_of_its_own():
    """Or pytest collects but one of two, and ends with an error."""
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(names) == sorted({*names})
