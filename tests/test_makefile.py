from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

import pytest
from waiting import run_process

ROOT = Path(__file__).resolve().parent.parent


def make(*arguments):
    # Not to be taken for a part of the `make` that runs the tests.
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    return run_process(["make", "--silent", *arguments], cwd=ROOT, env=environment)


@pytest.fixture
def python_of(tmp_path):
    """Makes an interpreter that says it is of another version."""

    def write(version):
        fake = tmp_path / "python"
        version = version.replace(".", ", ")
        fake.write_text(
            f"#!{sys.executable}\nimport sys\n"
            f"class Version(tuple): major, minor = {version}\n"
            f"sys.version_info = Version(({version}, 0))\n"
            "exec(sys.argv[2])\n"
        )
        fake.chmod(0o755)
        return fake

    return write


def test_help_lists_the_targets():
    result = make("help")
    assert result.returncode == 0
    for target in ("install", "lock", "quickstart", "test", "docs"):
        assert any(line.startswith(target) for line in result.stdout.splitlines())


@pytest.mark.parametrize(
    ("target", "flags"),
    [
        ("reproduce-table1", "--table=1 --preset=paper"),
        ("reproduce-table2", "--table=2 --preset=paper"),
        ("reproduce-table3", "--table=3 --preset=paper"),
        ("reproduce-figure2", "--figure=2 --preset=paper"),
        ("reproduce-figure3", "--figure=3 --preset=paper"),
        ("reproduce-figure4", "--figure=4 --preset=paper"),
    ],
)
def test_what_reproduces_the_paper(target, flags):
    assert f"-m keras_selflearn.reproduce {flags}" in make("--dry-run", target).stdout
    changed = make("--dry-run", target, "PRESET=cpu", "FLAGS=--runs=2").stdout
    assert f"{flags.replace('paper', 'cpu')} --runs=2" in changed


def test_report():
    assert "-m keras_selflearn.report --preset=cpu" in make("-n", "report", "PRESET=cpu").stdout


def test_an_interpreter_that_is_not_there_is_one_sentence():
    result = make("install", "PYTHON=python9.9")
    assert result.returncode != 0
    first, *rest = result.stderr.splitlines()
    assert first == "There is no python9.9: give PYTHON=PATH, Python 3.9 to 3.13."
    assert all("Error" in line for line in rest)


@pytest.mark.parametrize("version", ["2.7", "3.8", "3.14"])
@pytest.mark.parametrize("target", ["install", "lock"])
def test_unsupported_python_is_one_sentence(target, version, python_of, tmp_path):
    """What is tested is what the user is told."""
    python = python_of(version)
    result = make(target, f"PYTHON={python}", f"VENV={tmp_path}/venv")
    assert result.returncode != 0
    assert f"needs Python 3.9 to 3.13 for TensorFlow; {python} is another." in result.stderr
    assert "Traceback" not in result.stderr and [*tmp_path.iterdir()] == [python]


@pytest.mark.parametrize("version", ["3.11", "3.12"])
def test_the_tested_versions_are_installed(version, python_of, tmp_path):
    commands = make("-n", "install", f"PYTHON={python_of(version)}", f"VENV={tmp_path}/venv").stdout
    tested = f"tests/constraints-py{version}.txt"
    assert f"install -qq --editable '.[dev]' --constraint={tested}" in commands
    assert f'echo "Installing the versions in {tested} into {tmp_path}/venv, ' in commands
    assert f'echo "{tested}" > {tmp_path}/venv/installed' in commands


@pytest.mark.parametrize("arguments", [("3.10",), ("3.12", "CONSTRAINTS=")])
def test_others_install_what_setup_allows(arguments, python_of, tmp_path):
    version, *changes = arguments
    python, venv = f"PYTHON={python_of(version)}", f"VENV={tmp_path}/venv"
    commands = make("-n", "install", python, venv, *changes).stdout
    assert "install -qq --editable '.[dev]'" in commands and "--constraint" not in commands
    assert f'echo "Installing into {tmp_path}/venv, ' in commands
    assert f'echo "" > {tmp_path}/venv/installed' in commands


def test_an_environment_of_other_tested_versions_is_installed_again(python_of, tmp_path):
    installed = tmp_path / "venv" / "installed"
    installed.parent.mkdir()
    installed.touch()
    arguments = "-n", "install", f"PYTHON={python_of('3.12')}", f"VENV={installed.parent}"
    assert "pip install" not in make(*arguments).stdout
    os.utime(installed, (0, 0))
    assert "pip install" in make(*arguments).stdout
    changed = ROOT / "tests/constraints-py3.12.txt"
    assert "pip install" in make(*arguments, f"--what-if={changed.relative_to(ROOT)}").stdout


@pytest.mark.parametrize("version", ["3.10", "3.12"])
def test_lock_writes_what_the_newest_packages_are(version, python_of, tmp_path):
    commands = make("-n", "lock", f"PYTHON={python_of(version)}", f"VENV={tmp_path}/venv").stdout
    assert f"{tmp_path}/venv-lock/bin/pip install -qq --editable '.[dev]'" in commands
    assert f"pip freeze --exclude-editable; }} > tests/constraints-py{version}.txt" in commands
    assert "--constraint" not in commands


@pytest.mark.parametrize("version", [(3, 8), (3, 14)])
def test_setup_on_an_unsupported_python_is_one_sentence(version, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (*version, 0))
    with pytest.raises(SystemExit, match=f"needs Python 3.9 to 3.13 .* this is 3.{version[1]}."):
        runpy.run_path(str(ROOT / "setup.py"))


def test_docs_are_built_with_warnings_as_errors():
    commands = make("--dry-run", "docs").stdout
    assert "-m sphinx -q -W --keep-going -n " in commands and " docs build/docs" in commands
