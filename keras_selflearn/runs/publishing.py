"""Give several finished files their names together, also where a process is killed meanwhile."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_selflearn.console.errors import InputError
from keras_selflearn.storage.files import flush, rename_file, rename_folder, write_whole
from keras_selflearn.storage.json_files import read_json
from keras_selflearn.storage.unfinished import is_unfinished, left_overs, owned

# What is in the unfinished folder beside the output when all is ready to get its name.
LABELS, SKIPPED, _NOTE = "labels.csv", "skipped.csv", "ready.json"
_Moves = Sequence["tuple[Path, Path]"]


def publish(beside: Path, moves: _Moves, command: dict[str, Any], result: Sequence[int]) -> None:
    """Rename each source to its target, all or none of them.

    Parameters
    ----------
    beside : Path
        The unfinished folder beside the output.
    moves : sequence of (source, target)
        Files and folders that are on the disk. The first target is the output.
    command : dict
        The command as JSON has it. If it is killed, the same command finishes its work.
    result : sequence of int
        What the command returns.

    Raises
    ------
    InputError
        When a target is there.
    """
    names = [source.name for source, _ in moves]
    note = {"command": command, "result": [*result], "names": names}
    write_whole(beside / _NOTE, json.dumps(note))
    _move_all(moves)


def finish_left_over(
    output: Path, skipped: Path, copies: Path | None, command: dict[str, Any]
) -> list[int] | None:
    """Finish the work of a process that was killed. Give its result; None if there is none.

    Parameters
    ----------
    output, skipped, copies : Path
        Where the labels, the list of skipped files and the copies go.
    command : dict
        As `publish` got it.
    """
    for left_over in left_overs(output):
        with owned(left_over) as is_owned:
            note = _note(left_over) if is_owned else None
            if note is None or note["command"] != command:
                continue
            moves = []
            for name in note["names"]:
                if name in (LABELS, SKIPPED):
                    moves.append((left_over / name, output if name == LABELS else skipped))
                elif copies is not None and is_unfinished(Path(name), copies.name):
                    moves.append((copies.with_name(Path(name).name), copies))
            if all(os.path.lexists(source) or os.path.lexists(target) for source, target in moves):
                _move_all([move for move in moves if os.path.lexists(move[0])])
                shutil.rmtree(left_over, ignore_errors=True)
                return note["result"]
    return None


def _note(left_over: Path) -> dict[str, Any] | None:
    try:
        note = read_json(left_over / _NOTE)
        is_one = (
            isinstance(note["command"], dict)
            and all(type(each) is int for each in note["result"])
            and all(type(each) is str for each in note["names"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return note if is_one else None


def _move_all(moves: _Moves) -> None:
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            (rename_folder if source.is_dir() else rename_file)(source, target)
            done.append((source, target))
    except InputError:
        for source, target in done:
            target.rename(source)
        raise
    for _, target in moves:
        flush(target.parent)
