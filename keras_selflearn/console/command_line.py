"""Make flags of declared options, and end with one sentence and status 2 on a user's error."""

from __future__ import annotations

import errno
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Callable, NoReturn

from absl import app, flags

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.console.full_memory import is_out_of_memory, what_takes_less
from keras_selflearn.console.option import by_group, default_of, explain, kind
from keras_selflearn.console.screen import forgiving_screen
from keras_selflearn.console.signals import Stopped, stop_signals


class _NumberOrText(flags.ArgumentParser):
    """Makes a float of a text that is a number, and leaves others as they are."""

    def parse(self, argument: Any) -> float | str:
        try:
            return float(argument)
        except ValueError:
            return argument

    def flag_type(self) -> str:
        return "number or text"


def _define_number_or_text(name: str, default: Any, help: str, **named: Any) -> None:
    flags.DEFINE(_NumberOrText(), name, default, help, **named)


_DEFINERS: dict[str, Callable[..., Any]] = {
    "str": flags.DEFINE_string,
    "int": flags.DEFINE_integer,
    "float": flags.DEFINE_float,
    "bool": flags.DEFINE_bool,
    "float | str": _define_number_or_text,
}
_UTF8_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_HELP_FLAGS = ("--help", "-help", "--helpshort", "-helpshort", "-h")
# What the user must change, whatever the program does with the path.
_OF_A_PATH = (errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.ELOOP)


def run(
    config_class: type,
    main: Callable[[Any], None],
    description: str,
    *,
    flagfiles_of: Callable[[Any, frozenset[str]], Sequence[Path]] = lambda config, given: (),
) -> NoReturn:
    """Parse the command line into a `config_class` and give it to `main`.

    Parameters
    ----------
    config_class : dataclass
        Its fields, which `option` made, become flags.
    main : callable
        Takes the instance. An `InputError` in it ends the program with status 2.
    description : str
        `--help` shows it above the flags.
    flagfiles_of : callable
        Takes the instance and the names of the flags that were given. It returns flagfiles whose
        flags come before all others.
    """
    _define(config_class, flags.FLAGS)

    def parse_or_stop(argv: list[str]) -> list[str]:
        if any(argument in _HELP_FLAGS for argument in argv[1:]):
            print(_help(config_class, description))
            sys.exit(0)
        try:
            _fill(flags.FLAGS, argv)
            config = _instance(config_class, flags.FLAGS)
            given = (name for name in vars(config) if flags.FLAGS[name].present)
            first = [f"--flagfile={path}" for path in flagfiles_of(config, frozenset(given))]
            if first:
                flags.FLAGS.unparse_flags()
                _fill(flags.FLAGS, [argv[0], *first, *argv[1:]])
        except InputError as error:
            _stop(str(error))
        return argv

    def call(_: list[str]) -> None:
        warnings.showwarning = _show_warning(warnings.showwarning)
        try:
            with stop_signals():
                main(_instance(config_class, flags.FLAGS))
        except InputError as error:
            _stop(str(error))
        except Stopped as error:
            goes_on = f" What is done is kept in {error.kept}: the same command goes on with it."
            message = f"\nStopped by {error}.{goes_on if error.kept else ''}"
            _stop(message, status=128 + error.number)
        except KeyboardInterrupt:
            _stop("\nInterrupted.", status=128 + signal.SIGINT)
        except OSError as error:
            if error.errno not in _OF_A_PATH or error.filename is None:
                raise
            _stop(f"{os.fsdecode(error.filename)} can't be used: {error.strerror}.")
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            _stop(what_takes_less(each.name for each in fields(config_class)))

    with forgiving_screen():
        app.run(call, flags_parser=parse_or_stop)


def parse(config_class: type, arguments: Sequence[str]) -> Any:
    """Make the `config_class` that a command with these arguments would get.

    Raises
    ------
    InputError
        For an unknown flag, a value of the wrong type, or a flagfile that can't be read.
    """
    values = flags.FlagValues()
    _define(config_class, values)
    # Of absl's own flags, only these two are useful in a file.
    flags.DEFINE_string("flagfile", "", "Reads flags from a file.", flag_values=values)
    flags.DEFINE_string("undefok", "", "Flags that may be unknown.", flag_values=values)
    _fill(values, ["", *arguments])
    return _instance(config_class, values)


def _define(config_class: type, values: flags.FlagValues) -> None:
    for each in fields(config_class):
        _DEFINERS[kind(each)](each.name, each.default, explain(each), flag_values=values)


def _fill(values: flags.FlagValues, argv: Sequence[str]) -> None:
    try:
        lines = values.read_flags_from_files(argv[1:], force_gnu=False)
        while any(line.startswith(_UTF8_MARK) for line in lines):  # One may name another flagfile.
            unmarked = list(_without_marks(lines))
            lines = values.read_flags_from_files(unmarked, force_gnu=False)
        positional = values([argv[0], *lines])[1:]
    except flags.Error as error:
        raise InputError(str(error).replace("ERROR:: ", "").strip().splitlines()[0]) from error
    except OSError as error:
        raise InputError(f"The flagfile can't be read: {error}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"The flagfile can't be read: it is not UTF-8 ({error}).") from error
    if positional:
        raise InputError(f"'{positional[0]}' is no flag: flags start with two dashes, see --help.")


def _without_marks(lines: Sequence[str]) -> Iterator[str]:
    """Leave out the UTF-8 mark, which Notepad writes before the first line of a file."""
    for line in lines:
        is_first = line.startswith(_UTF8_MARK)
        line = line.removeprefix(_UTF8_MARK)
        # Behind the mark, absl takes a blank line or a comment for a flag.
        if not is_first or (line.strip() and not line.startswith(("#", "//"))):
            yield line


def _instance(config_class: type, values: flags.FlagValues) -> Any:
    return config_class(**{each.name: values[each.name].value for each in fields(config_class)})


def _help(config_class: type, description: str) -> str:
    lines = [description]
    for title, options in by_group(config_class).items():
        lines += ["", f"{title.capitalize() or 'Flags'}:"]
        for each in options:
            default = f" (default: {default_of(each)})" if default_of(each) else ""
            lines.append(f"  --{each.name}: {explain(each)}{default}")
    lines += ["", "  --flagfile: Read flags from a file, one in a line; a later flag wins."]
    return "\n".join(lines)


def _show_warning(show: Callable[..., None]) -> Callable[..., None]:
    def show_warning(message: Warning, category: type[Warning], *rest: Any, **named: Any) -> None:
        if issubclass(category, InputWarning):
            print(f"Warning: {message}", file=sys.stderr, flush=True)
        else:
            show(message, category, *rest, **named)

    return show_warning


def _stop(message: str, status: int = 2) -> NoReturn:
    print(message, file=sys.stderr, flush=True)
    sys.exit(status)
