"""Tests of the one name that all commands have."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from waiting import run_process

from keras_selflearn import __main__ as entry


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["keras-selflearn", *arguments])
    with pytest.raises(SystemExit) as end:
        entry.main()
        sys.exit(0)
    return end.value.code, capsys.readouterr()


@pytest.mark.parametrize("arguments", [[], ["--help"], ["-h"], ["help"]])
def test_without_a_command_all_are_listed(monkeypatch, capsys, arguments):
    status, said = call(monkeypatch, capsys, *arguments)
    assert status == 0
    for name, what in entry.COMMANDS.items():
        assert f"{name} " in said.out and what in said.out


def test_an_unknown_command_is_one_sentence(monkeypatch, capsys):
    status, said = call(monkeypatch, capsys, "predic")
    assert (status, said.out) == (2, "")
    assert said.err.startswith("Unknown command 'predic': did you mean 'predict'?")
    assert len(said.err.splitlines()) == 1


def test_the_rest_goes_to_the_command(monkeypatch):
    ran = []
    monkeypatch.setattr(entry.runpy, "run_module", lambda *given, **named: ran.append(given))
    monkeypatch.setattr(sys, "argv", ["keras-selflearn", "predict", "--run=a", "--images=b"])
    entry.main()
    assert ran == [("keras_selflearn.predict",)]
    assert sys.argv == ["keras-selflearn predict", "--run=a", "--images=b"]


def test_it_is_installed_by_its_name():
    command = Path(sys.executable).with_name("keras-selflearn")
    assert "  predict " in run_process([command, "--help"], check=True).stdout
