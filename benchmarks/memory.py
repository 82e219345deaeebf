"""Memory of a run of Plant Village's size: the images once, or, where they are mapped, none.

Each run is a process of its own, whose anonymous memory is sampled (see `PeakMemory`). Its peak is
counted beyond that of the same run on few images: Python, TensorFlow, the network, a mini-batch.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.after_meta_iteration import AfterMetaIteration
from benchmarks.line import Line
from benchmarks.own_process import in_own_process
from benchmarks.peak_memory import MIB, NOT_MEASURED, PeakMemory, can_measure
from benchmarks.settings import Settings
from keras_selflearn import SelfLearningClassifier

IMAGE_SHAPE = (96, 96, 3)
N_CLASSES = 38
N_LABELLED = 380
META_ITERATIONS = 3
_IMAGES_AT_A_TIME = 1000


@dataclass(frozen=True)
class Run:
    """What self-learning is run on: a fifth of the images is for validation.

    Attributes
    ----------
    n_images : int
    backbone : str
    file : str or None
        That the images are mapped from; None: they are in memory.
    """

    n_images: int
    backbone: str
    file: str | None = None

    @property
    def image_bytes(self) -> int:
        """Of all its images as uint8."""
        return self.n_images * int(np.prod(IMAGE_SHAPE))

    @property
    def name(self) -> str:
        """For the table."""
        where = "mapped from a file" if self.file else "in memory"
        size = f"{IMAGE_SHAPE[0]}x{IMAGE_SHAPE[1]}"
        return f"{self.backbone} on {self.n_images} images of {size} {where}"


def lines(settings: Settings) -> list[Line]:
    """Of as many images as the paper's Plant Village has; on Linux only, one round."""
    if not can_measure():
        print(f"memory: {NOT_MEASURED}", file=sys.stderr)
        return []
    # VGG16 would embed all of them for 10 minutes to an hour and a half.
    return [*beyond_baseline("tiny", 54_305, baseline=100), whole("vgg16", 4_000)]


def beyond_baseline(backbone: str, n_images: int, *, baseline: int) -> list[Line]:
    """What a run takes beyond one on `baseline` images, and how that grows."""
    least = max(in_own_process(peaks, Run(baseline, backbone), tensorflow=True))
    run = Run(n_images, backbone)
    found = in_own_process(peaks, run, tensorflow=True)
    with tempfile.TemporaryDirectory() as folder:
        mapped = Run(n_images, backbone, str(Path(folder) / "images.npy"))
        _write_images(mapped)
        of_mapped = in_own_process(peaks, mapped, tensorflow=True)
    note = (
        f"the images {run.image_bytes / MIB:.0f} MiB; the baseline, {baseline} images,"
        f" {least / MIB:.0f} MiB"
    )
    return [
        Line(
            f"memory beyond the baseline, over the images: {run.name}",
            ((max(found) - least) / run.image_bytes,),
            at_most=1.15,
            note=note,
        ),
        Line(
            f"memory beyond the baseline, over the images: {mapped.name}",
            ((max(of_mapped) - least) / run.image_bytes,),
            at_most=0.15,
            note=note,
        ),
        Line(
            f"growth from the first to the last meta-iteration, of the images: {run.name}",
            (100 * (found[-1] - found[1]) / run.image_bytes,),
            "%",
            at_most=2,
            note=f"{META_ITERATIONS} meta-iterations",
        ),
    ]


def whole(backbone: str, n_images: int) -> Line:
    """All that a run takes."""
    run = Run(n_images, backbone)
    peak = max(in_own_process(peaks, run, tensorflow=True))
    return Line(
        f"peak memory: {run.name}",
        (peak / MIB,),
        "MiB",
        note=f"the images {run.image_bytes / MIB:.0f} MiB; no bound, as what the network takes in"
        " training differs by about as much from run to run",
    )


def peaks(run: Run) -> list[int]:
    """Peak bytes of this process until the first training is done and in each meta-iteration."""
    found: list[int] = []
    with PeakMemory() as memory:
        images = np.load(run.file, mmap_mode="r") if run.file else _images(run)
        n_train = run.n_images - run.n_images // 5
        labels = np.random.default_rng(0).integers(0, N_CLASSES, run.n_images)
        given = labels[:n_train].copy()
        given[min(N_LABELLED, n_train // 2) :] = -1
        SelfLearningClassifier(
            loss="triplet",
            weights="random",
            backbone=run.backbone,
            selection_percent=2,
            meta_iterations=META_ITERATIONS,
            epochs=1,
            meta_epochs=1,
            random_state=0,
        ).fit(
            images[:n_train],
            given,
            validation_data=(images[n_train:], labels[n_train:]),
            true_labels=labels[:n_train],
            callbacks=[AfterMetaIteration(lambda: found.append(memory.take()))],
        )
        # What comes after the last meta-iteration is the last one's.
        found[-1] = max(found[-1], memory.take())
    return found


def _images(run: Run) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (run.n_images, *IMAGE_SHAPE), np.uint8)


def _write_images(run: Run) -> None:
    shape = (run.n_images, *IMAGE_SHAPE)
    images = np.lib.format.open_memmap(run.file, "w+", np.uint8, shape)
    rng = np.random.default_rng(0)
    for start in range(0, run.n_images, _IMAGES_AT_A_TIME):
        part = images[start : start + _IMAGES_AT_A_TIME]
        part[:] = rng.integers(0, 256, part.shape, np.uint8)
    images.flush()
