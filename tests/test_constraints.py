"""The tested versions, `constraints-py*.txt`, against setup.py and what is installed."""

from __future__ import annotations

import platform
import re
import runpy
import sys
import types
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
TESTED = sorted((ROOT / "tests").glob("constraints-py*.txt"))


def pins(path):
    """Versions by name."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in (_.split("==") for _ in lines)}


def made_on(path):
    """The Python version, system and processor that the file's second line names."""
    _, line, *_ = path.read_text().splitlines()
    return re.fullmatch(r"# with Python (\d+\.\d+)\.\d+ on (\w+) (\w+)", line).groups()


@pytest.fixture
def required(monkeypatch):
    """What setup.py asks for."""
    given = {}
    setuptools = types.SimpleNamespace(setup=given.update, find_packages=lambda **_: [])
    monkeypatch.setitem(sys.modules, "setuptools", setuptools)
    runpy.run_path(str(ROOT / "setup.py"))
    return [Requirement(_) for _ in given["install_requires"] + given["extras_require"]["dev"]]


@pytest.mark.parametrize("path", TESTED, ids=lambda path: path.stem)
def test_all_that_setup_asks_for_is_pinned_to_what_it_allows(path, required):
    version, system, machine = made_on(path)
    assert path.name == f"constraints-py{version}.txt"
    there = {"python_version": version, "platform_system": system, "platform_machine": machine}
    pinned = pins(path)
    for requirement in required:
        if requirement.marker is None or requirement.marker.evaluate(there):
            assert pinned[canonicalize_name(requirement.name)] in requirement.specifier, requirement


def test_both_stacks_have_one():
    versions = {path.stem: pins(path)["tensorflow"] for path in TESTED}
    assert versions["constraints-py3.11"].startswith("2.15.")
    assert int(pins(ROOT / "tests/constraints-py3.12.txt")["keras"].split(".")[0]) == 3


def test_what_is_installed_is_what_is_pinned():
    """In an environment of `make install`, which writes into `installed` what it installed."""
    record = Path(sys.prefix, "installed")
    constraints = record.read_text().strip() if record.exists() else ""
    if not constraints:
        pytest.skip("`make install` did not make this environment from tested versions")
    pinned = pins(ROOT / constraints)
    installed = {canonicalize_name(each.metadata["Name"]): each.version for each in distributions()}
    _, *machine = made_on(ROOT / constraints)
    if machine == [platform.system(), platform.machine()]:
        assert set(pinned) <= set(installed)
    assert {name: installed[name] for name in pinned if name in installed} == {
        name: version for name, version in pinned.items() if name in installed
    }
