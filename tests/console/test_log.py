from __future__ import annotations

import logging

import pytest

from keras_selflearn.console.log import printable, say_on_screen

PACKAGE = logging.getLogger("keras_selflearn")
MODULE = logging.getLogger("keras_selflearn.datasets.folder")


class Closed:
    def write(self, text):
        raise BrokenPipeError

    flush = write


def test_a_message_of_a_module_is_a_line_on_standard_error(capsys):
    MODULE.info("Decoding %d images", 3)
    MODULE.warning("One is damaged.")
    assert capsys.readouterr() == ("", "Decoding 3 images\nOne is damaged.\n")


@pytest.fixture
def level():
    before = PACKAGE.level
    yield PACKAGE.setLevel
    PACKAGE.setLevel(before)


def test_a_program_can_silence_what_is_no_warning(level, capsys):
    level(logging.WARNING)
    MODULE.info("Decoding %d images", 3)
    MODULE.warning("One is damaged.")
    assert capsys.readouterr().err == "One is damaged.\n"


def test_a_program_that_has_set_up_the_logger_keeps_it(monkeypatch):
    own = logging.NullHandler()
    monkeypatch.setattr(PACKAGE, "handlers", [own])
    say_on_screen()
    assert PACKAGE.handlers == [own]


def test_a_closed_screen_stops_nothing(monkeypatch):
    monkeypatch.setattr("sys.stderr", Closed())
    MODULE.info("Decoding %d images", 3)


def test_a_name_that_is_not_utf_8_can_be_encoded_in_a_message():
    name = b"photos/caf\xe9".decode("utf-8", "surrogateescape")
    assert printable(name) == "photos/caf\\udce9"
    assert printable("photos/café") == "photos/café"
