"""absl flags from a dataclass, and errors as one sentence with exit status 2."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Any, Callable, NoReturn

from absl import app, flags

from keras_selflearn.errors import InputError

_DEFINE = {
    "str": flags.DEFINE_string,
    "int": flags.DEFINE_integer,
    "float": flags.DEFINE_float,
    "bool": flags.DEFINE_bool,
}
_HELP_FLAGS = ("--help", "-help", "--helpshort", "-helpshort", "-h")


def run(config_class: type, main: Callable[[Any], None], description: str) -> NoReturn:
    """Parse the command line into a `config_class` and give it to `main`.

    Parameters
    ----------
    config_class : dataclass
        Its fields become flags; their metadata hold each one's `help`.
    main : callable
        Takes the instance. An `InputError` in it ends the program with status 2.
    description : str
        Shown above the flags by `--help`.
    """
    for each in fields(config_class):
        define = _DEFINE[each.type.replace(" | None", "")]
        define(each.name, each.default, each.metadata["help"])

    def parse(argv: list[str]) -> list[str]:
        if any(argument in _HELP_FLAGS for argument in argv[1:]):
            print(_help(config_class, description))
            sys.exit(0)
        try:
            positional = flags.FLAGS(argv)[1:]
        except flags.Error as error:
            _stop(str(error).replace("ERROR:: ", "").strip().splitlines()[0])
        except OSError as error:
            _stop(f"The flagfile can't be read: {error}.")
        if positional:
            _stop(f"'{positional[0]}' is no flag: flags start with two dashes, see --help.")
        return argv

    def call(_) -> None:
        config = config_class(
            **{each.name: getattr(flags.FLAGS, each.name) for each in fields(config_class)}
        )
        try:
            main(config)
        except InputError as error:
            _stop(str(error))
        except KeyboardInterrupt:
            print("\nInterrupted.", file=sys.stderr)
            sys.exit(130)

    app.run(call, flags_parser=parse)


def _help(config_class: type, description: str) -> str:
    lines = [description, "", "Flags:"]
    for each in fields(config_class):
        known = each.default is not None
        default = f" (default: {str(each.default).lower()})" if known else ""
        lines.append(f"  --{each.name}: {each.metadata['help']}{default}")
    lines.append("  --flagfile: Reads flags from a file, one a line; a later flag wins.")
    return "\n".join(lines)


def _stop(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(2)
