"""Record the golden files: `python tests/golden/record.py`, once for each Python.

Only for a change of results that is wanted: see README.md in this folder.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import golden


def main() -> int:
    """Write counted.json, run-json.json and the exact file of this stack and processor."""
    with tempfile.TemporaryDirectory() as folder:
        kept = golden.do_runs(Path(folder))
    _write(golden.COUNTED, golden.part(kept, "counted"))
    _write(golden.RUN_JSON, golden.part(kept, "run.json"))
    path, stack, processor = golden.exact_file(), golden.stack(), golden.processor()
    records = json.loads(path.read_text()) if path.exists() else []
    records = [each for each in records if (each["stack"], each["processor"]) != (stack, processor)]
    runs = golden.part(kept, "exact")
    _write(path, [*records, {"stack": stack, "processor": processor, "runs": runs}])
    return 0


def _write(path: Path, content: Any) -> None:
    before = path.read_text() if path.exists() else ""
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    path.write_text(text)
    print(f"{path}: {'as before' if text == before else 'changed'}")


if __name__ == "__main__":
    sys.exit(main())
