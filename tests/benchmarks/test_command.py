from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from waiting import run_process

from benchmarks import __main__ as command
from benchmarks.line import Line
from benchmarks.settings import Settings
from keras_selflearn.console.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs the command on parts that have these lines; the names of those that ran, the file."""

    def run(lines, only=""):
        ran = []

        def run_part(name, settings):
            ran.append(name)
            return lines

        monkeypatch.setattr(command, "run_part", run_part)
        monkeypatch.setattr(command, "describe_machine", lambda: {"cpu": "some"})
        monkeypatch.setattr(command, "in_own_process", lambda function, *given: function(*given))
        output = tmp_path / "found.json"
        try:
            command.main(Settings(only=only, output=str(output)))
        finally:
            ran.append(json.loads(output.read_text()))
        return ran

    return run


def test_the_table_is_printed_and_written(run, capsys):
    *ran, record = run([Line("speed", (2.0,), at_least=1.0)], only="training,floor")
    assert ran == ["training", "floor"]
    assert record["environment"] == {"cpu": "some"}
    assert [line["name"] for line in record["lines"]] == ["speed", "speed"]
    assert record["lines"][0]["value"] == 2.0
    assert capsys.readouterr().out.count("ok     speed") == 2


def test_all_parts_run_where_none_is_named(run):
    assert run([])[:-1] == list(command.PARTS)


def test_a_bound_that_is_not_kept_gives_status_1(run, capsys):
    with pytest.raises(SystemExit) as ended:
        run([Line("speed", (0.5,), at_least=1.0)], only="training")
    assert ended.value.code == 1
    assert "SHORT  speed" in capsys.readouterr().out


def test_no_rounds_are_refused():
    with pytest.raises(InputError, match="rounds is 0"):
        command.main(Settings(rounds=0))


def test_an_unknown_part_is_refused_in_a_sentence():
    result = run_process(
        [sys.executable, "-m", "benchmarks", "--only=trainings"],
        cwd=ROOT,
    )
    assert result.returncode == 2
    assert "Unknown part of the benchmark 'trainings': did you mean 'training'?" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_the_command_measures_the_start(tmp_path):
    output = tmp_path / "found.json"
    result = run_process(
        [sys.executable, "-m", "benchmarks", "--only=start", "--rounds=1", f"--output={output}"],
        cwd=ROOT,
    )
    record = json.loads(output.read_text())
    lines = record["lines"]
    assert result.returncode == (0 if all(line["holds"] for line in lines) else 1)
    assert [line["at_most"] for line in lines] == [0.5, 0.5, 0, None]
    of_help, _, tensorflow, first_step = (line["value"] for line in lines)
    assert tensorflow == 0
    assert first_step > of_help  # Python and TensorFlow are part of it.
    assert record["environment"]["packages"]["tensorflow"]
    for line in lines:
        assert line["name"] in result.stdout
