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
    "losses": 2,
    "datasets": 3,
    "network": 3,
    "options": 4,
    "training": 5,
    "estimator": 6,
    "runs": 7,
    "reproduction": 8,
}
COMMANDS = {"main", "predict", "suggest", "export", "pretrain", "quickstart", "report", "reproduce"}


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


def says(name):
    return ast.get_docstring(ast.parse((PACKAGE / name / "__init__.py").read_text("utf-8")))


@pytest.mark.parametrize("name", FLOORS)
def test_a_room_says_what_it_is_in_three_sentences(name):
    assert len(re.findall(r"[.!?](?:\s|$)", says(name))) == 3, says(name)


@pytest.mark.parametrize("name", FLOORS)
def test_a_room_says_which_rooms_it_imports(name):
    known = modules()
    of_room = [path for module, path in known.items() if room(module) == name]
    imported = {room(each) for path in of_room for each in imports(path, known)} - {"", name}
    if "every room" not in says(name):
        assert not {each for each in imported if not re.search(rf"\b{each}\b", says(name))}


def calls(path, name):
    """The lines in which a file calls the function of this name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name:
            yield f"{path}:{node.lineno}"


def test_the_rooms_above_the_console_print_nothing():
    """They say what they do through `logging`, so that a user can silence or redirect it."""
    library = [
        path for module, path in modules().items() if room(module) in {*FLOORS} - {"console"}
    ]
    assert not [line for path in library for line in calls(path, "print")]


def test_no_module_reaches_for_what_another_keeps_to_itself():
    known, wrong = modules(), []
    for module, path in known.items():
        ours = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras_self"):
                ours |= {each.asname or each.name for each in node.names}
        wrong += [f"{module} imports {name}" for name in ours if re.match("_[a-z]", name)]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            owner = getattr(getattr(node, "value", None), "id", None)
            if isinstance(node, ast.Attribute) and re.match("_[a-z]", node.attr) and owner in ours:
                wrong.append(f"{module} uses {owner}.{node.attr}")
    assert not wrong


def test_figure_1_is_one_short_file_that_knows_no_file_and_no_keras():
    path = PACKAGE / "selflearning" / "loop.py"
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 150
    assert {room(each) for each in imports(path, modules())} == {"selflearning"}
    assert not re.search("keras|tensorflow|pathlib", text.replace("keras_selflearn", ""))


def test_each_file_of_tests_has_a_name_of_its_own():
    """Or pytest collects but one of two, and ends with an error."""
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(names) == sorted({*names})
