from __future__ import annotations

import sys

import pytest
from waiting import run_process

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.options.config import Config

PROGRAM = """
from __future__ import annotations
from dataclasses import dataclass
from keras_selflearn.console import command_line
from keras_selflearn.console.option import option
from keras_selflearn.console.errors import InputError

@dataclass(frozen=True)
class Config:
    name: str | None = option(None, "A name.")
    size: int = option(3, "Pixels.")
    share: float = option(0.5, "From 0 to 1.")
    exact: bool = option(False, "Slower.")

def main(config):
    if config.name == "wrong":
        raise InputError("The name is wrong.")
    if config.name == "bug":
        raise ValueError("a fault of the program")
    if config.name and config.name.startswith("/"):
        open(config.name)
    print(config)

command_line.run(Config, main, "Shows its flags.")
"""


def call(*arguments):
    return run_process([sys.executable, "-c", PROGRAM, *arguments])


def test_flags_become_a_config():
    result = call("--name=x", "--size=5", "--share=0.25", "--exact")
    assert result.stdout == "Config(name='x', size=5, share=0.25, exact=True)\n"
    assert call().stdout == "Config(name=None, size=3, share=0.5, exact=False)\n"


def test_help():
    result = call("--help")
    assert result.returncode == 0
    assert result.stdout.splitlines()[0] == "Shows its flags."
    assert "  --size: Pixels. (default: 3)" in result.stdout
    assert "  --name: A name.\n" in result.stdout


def test_error_of_the_user_is_a_sentence_and_status_2():
    result = call("--name=wrong")
    assert (result.returncode, result.stderr) == (2, "The name is wrong.\n")


def test_fault_of_the_program_keeps_its_traceback():
    result = call("--name=bug")
    assert result.returncode == 1 and "Traceback" in result.stderr


def test_a_path_that_no_system_takes_is_a_sentence_and_status_2():
    path = "/" + 300 * "a"
    result = call(f"--name={path}")
    assert result.stderr == f"{path} can't be used: File name too long.\n"
    assert result.returncode == 2
    assert "Traceback" in call("--name=/not/there").stderr


def test_parse_gives_what_a_command_would_get(tmp_path):
    flagfile = tmp_path / "a.cfg"
    flagfile.write_text("# A comment.\n--seed=4\n--undefok=other\n--other=1\n")
    config = command_line.parse(Config, [f"--flagfile={flagfile}", "--epochs=2"])
    assert config == Config(seed=4, epochs=2)


def test_parse_does_not_touch_the_program_s_own_flags():
    assert command_line.parse(Config, ["--seed=1"]).seed == 1
    assert command_line.parse(Config, []).seed == 0


@pytest.mark.parametrize("argument", ["--sed=1", "--seed=x", "--flagfile=none.cfg", "positional"])
def test_parse_names_what_is_wrong(argument):
    with pytest.raises(InputError):
        command_line.parse(Config, [argument])


@pytest.mark.parametrize("first", ["--seed=7", "# a comment", "", "--flagfile={other}"])
def test_a_flagfile_that_notepad_saved_is_read(tmp_path, first):
    other = tmp_path / "other.cfg"
    other.write_text("--seed=7", encoding="utf-8-sig")
    flagfile = tmp_path / "flags.cfg"
    lines = [first.format(other=other), "--seed=7", "--epochs=9"]
    flagfile.write_text("\r\n".join(lines), encoding="utf-8-sig")
    config = command_line.parse(Config, [f"--flagfile={flagfile}"])
    assert (config.seed, config.epochs) == (7, 9)


def test_a_flagfile_that_is_not_utf_8_is_refused(tmp_path):
    flagfile = tmp_path / "flags.cfg"
    flagfile.write_bytes("--images=Äpfel".encode("utf-16"))
    with pytest.raises(InputError, match="The flagfile can't be read: it is not UTF-8"):
        command_line.parse(Config, [f"--flagfile={flagfile}"])


def test_a_full_memory_is_a_sentence_and_status_2():
    program = PROGRAM.replace('ValueError("a fault of the program")', "MemoryError")
    result = run_process([sys.executable, "-c", program, "--name=bug"])
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith("The memory is full: ")


def test_a_flag_may_be_a_number_or_a_list():
    for text, value in (("25", 25.0), ("2.5e1", 25.0), ("20,40", "20,40")):
        found = command_line.parse(Config, [f"--selection_percent={text}"]).selection_percent
        assert found == value and type(found) is type(value)
    assert command_line.parse(Config, []).selection_percent is None
    for wrong in ("much", "", "0", "nan", "20,", "20,400"):
        with pytest.raises(InputError, match="election percentage"):
            command_line.parse(Config, [f"--selection_percent={wrong}"])
