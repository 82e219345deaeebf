from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def make(*arguments):
    # Not to be taken for a part of the `make` that runs the tests.
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", "--silent", *arguments], cwd=ROOT, capture_output=True, text=True, env=environment
    )


def test_help_lists_the_targets():
    result = make("help")
    assert result.returncode == 0
    for target in ("install", "quickstart", "test"):
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
def test_unsupported_python_is_one_sentence(version, tmp_path):
    """An interpreter that says it is another: what is tested is what the user is told."""
    fake = tmp_path / "python"
    fake.write_text(
        f"#!{sys.executable}\nimport sys\n"
        f"class Version(tuple): major, minor = {version.replace('.', ', ')}\n"
        f"sys.version_info = Version(({version.replace('.', ', ')}, 0))\n"
        "exec(sys.argv[2])\n"
    )
    fake.chmod(0o755)
    result = make("install", f"PYTHON={fake}", f"VENV={tmp_path}/venv")
    assert result.returncode != 0
    assert f"needs Python 3.9 to 3.13 for TensorFlow; {fake} is another." in result.stderr
    assert "Traceback" not in result.stderr and not (tmp_path / "venv").exists()


@pytest.mark.parametrize("version", [(3, 8), (3, 14)])
def test_setup_on_an_unsupported_python_is_one_sentence(version, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (*version, 0))
    with pytest.raises(SystemExit, match=f"needs Python 3.9 to 3.13 .* this is 3.{version[1]}."):
        runpy.run_path(str(ROOT / "setup.py"))
