"""What fits leave behind in one process."""

from __future__ import annotations

import subprocess
import sys

import pytest

# A network of 30 MB: 10 of weights, and twice as much of the optimiser's. Each fit would leave
# 30 MB behind.
FITS = """
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
from keras_selflearn import SelfLearningClassifier

def resident():
    with open("/proc/self/status") as file:
        (line,) = [each for each in file if each.startswith("VmRSS")]
    return int(line.split()[1]) / 1024

images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), np.uint8)
labels = np.arange(8) % 2
for _ in range(8):
    classifier = SelfLearningClassifier(
        backbone="tiny", weights="random", embedding_size=40_000, epochs=1, meta_iterations=0,
        random_state=0)
    classifier.fit(images, labels).predict(images)
    print("MB", resident(), len(classifier.history_), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_eight_fits_take_little_more_memory_than_three():
    done = subprocess.run([sys.executable, "-c", FITS], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    found = [float(line.split()[1]) for line in done.stdout.splitlines() if line[:2] == "MB"]
    assert len(found) == 8
    # Five more networks would be 150 MB.
    assert found[7] - found[2] < 75, found
