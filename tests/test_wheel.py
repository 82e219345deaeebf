"""What a wheel holds: all that the package opens at run time, and nothing of the tests."""

from __future__ import annotations

import os
import runpy
import sys
import types
import zipfile
from pathlib import Path

import pytest
from setuptools import find_packages
from waiting import run_process

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "keras_selflearn"
NOT_CODE = {".cfg", ".json", ".h5", ".html", ".css", ".js", ".typed"}


@pytest.fixture
def given(monkeypatch):
    """What setup.py gives to setuptools."""
    found = {}
    setuptools = types.SimpleNamespace(setup=found.update, find_packages=find_packages)
    monkeypatch.setitem(sys.modules, "setuptools", setuptools)
    monkeypatch.chdir(ROOT)
    runpy.run_path(str(ROOT / "setup.py"))
    return found


def data_files():
    """Files of the package that are no code, by their paths below it."""
    return {
        Path(folder, name).relative_to(PACKAGE)
        for folder, _, names in os.walk(PACKAGE, followlinks=True)  # `flags` is a link
        for name in names
        if Path(name).suffix in NOT_CODE or name == "py.typed"
    }


def test_every_file_that_is_no_code_is_package_data(given):
    taken = set()
    for package, patterns in given["package_data"].items():
        folder = PACKAGE.joinpath(*package.split(".")[1:])
        for pattern in patterns:
            found = {path.relative_to(PACKAGE) for path in folder.glob(pattern)}
            assert found, (package, pattern)
            taken |= found
    assert taken == data_files()
    names = {path.name for path in taken}
    assert {"py.typed", "quick.cfg", "fast.cfg", "tiny-glyphs.weights.h5", "page.css"} <= names


def test_every_folder_with_code_is_a_package(given):
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert {ROOT.joinpath(*name.split(".")) for name in given["packages"]} == folders


@pytest.mark.slow
@pytest.mark.one_stack
def test_the_wheel_holds_them_and_an_installed_copy_finds_them(tmp_path):
    """Built and unpacked without a network, and called from another folder."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "keras_selflearn"):
        (source / name).symlink_to(ROOT / name)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('..'))"
    built = run_process([sys.executable, "-c", build], cwd=source, check=True)
    (wheel,) = tmp_path.glob("keras_selflearn-*-py3-none-any.whl")
    assert built.stdout.splitlines()[-1] == wheel.name
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name) for name in archive.namelist()}
        archive.extractall(installed)
    assert {Path("keras_selflearn") / path for path in data_files()} <= names
    assert {path.parts[0].split("-")[0] for path in names} == {"keras_selflearn"}
    program = (
        "import sys; sys.path.insert(0, 'installed'); import keras_selflearn\n"
        "from keras_selflearn.options import presets\n"
        "from keras_selflearn.reproduction import presets as of_paper\n"
        "print(keras_selflearn.__file__, presets.preset_names(), of_paper.preset_names())"
    )
    process = run_process([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert str(installed) in process.stdout
    for name in ("quick", "few", "paper", "fast", "cpu", "smoke"):
        assert f"'{name}'" in process.stdout
