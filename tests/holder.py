"""Holds the lock of a folder until it is killed: `python holder.py FOLDER`, says when it has it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from keras_selflearn.storage.lock import lock

with lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
