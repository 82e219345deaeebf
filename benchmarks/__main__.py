"""Run the benchmark: `python -m benchmarks`, or parts of it: `--only=training,labelling`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.line import Line, as_text
from benchmarks.own_process import in_own_process
from benchmarks.parts import PARTS, describe_machine, run_part
from benchmarks.settings import Settings
from keras_selflearn.console import command_line
from keras_selflearn.console.errors import check_integer, unknown_name
from keras_selflearn.storage.files import write_whole


def main(settings: Settings) -> None:
    """Run the parts, print the table and write it; exit status 1 where a bound is not kept."""
    parts = [name for name in settings.only.split(",") if name] or list(PARTS)
    for name in parts:
        if name not in PARTS:
            raise unknown_name("part of the benchmark", name, PARTS)
    check_integer("rounds", settings.rounds, least=1)
    lines: list[Line] = []
    for name in parts:
        start = time.monotonic()
        print(f"{name} ...", file=sys.stderr, flush=True)
        lines += in_own_process(run_part, name, settings)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    print(as_text(lines))
    record = {
        "environment": in_own_process(describe_machine),
        "lines": [line.as_record() for line in lines],
    }
    write_whole(Path(settings.output), json.dumps(record, indent=2) + "\n")
    if not all(line.holds for line in lines):
        sys.exit(1)


if __name__ == "__main__":
    command_line.run(Settings, main, "How fast keras_selflearn is, beside what the machine allows.")
