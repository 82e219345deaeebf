"""Read JSON from a file of unknown origin."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from keras_selflearn.storage.lines import check_file

# Parsed, the worst JSON takes some 30 times its size in memory.
_MOST_BYTES = 8 * 2**20


def read_json(path: Path, *, most_bytes: int = _MOST_BYTES) -> Any:
    """Read a JSON file of up to 8 MiB, or another size. Its numbers must be finite and fit 64 bits.

    Raises
    ------
    OSError
        When the file is not there, can't be read or is no plain one (see `check_file`).
    ValueError
        For all that is wrong in it.
    """
    check_file(path)
    with path.open("rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise ValueError(f"it is larger than {most_bytes // 2**20} MiB")
    try:
        value = json.loads(
            content.decode("utf-8"),
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_integer,
        )
        if b"\\ud" in content.lower():
            # A file name that is not UTF-8 is written so. Other lone surrogates are no text.
            json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogateescape")
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise ValueError(f"it is not UTF-8 text ({error.reason})") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error}") from error
    return value


def _no_number(text: str) -> None:
    raise ValueError(f"it holds {text}, which is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"it holds the number {text[:20]}, which is too large")
    return value


def _integer(text: str) -> int:
    # Long ones are refused before they are converted, which takes time that grows as their square.
    if len(text) > 20 or not -(2**63) <= int(text) < 2**64:
        raise ValueError(f"it holds the number {text[:20]}, which is too large")
    return int(text)
