from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from __future__ import annotations
from dataclasses import dataclass
from keras_selflearn import command_line
from keras_selflearn.config import option
from keras_selflearn.errors import InputError

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
    print(config)

command_line.run(Config, main, "Shows its flags.")
"""


def call(*arguments):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True
    )


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
