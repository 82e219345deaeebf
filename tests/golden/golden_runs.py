"""The golden runs: small deterministic runs, and what is kept of each.

A process of its own: `python tests/golden/golden_runs.py FOLDER NAME ...` does the named runs in
FOLDER and writes what is kept of them to FOLDER/kept.json. It uses nothing of the package but what
users call: the commands, `SelfLearningClassifier` and `load_dataset`.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import hashlib
import json
import os
import runpy
import signal
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SHARED = """--deterministic --precision=float32 --seed=7 --backbone=tiny --weights=random
--learning_rate=1e-2 --batch_size=12 --embedding_size=16 --epochs=20 --meta_epochs=2
--meta_iterations=2 --selection_percent=25 --augment=whole-pixel-shift""".split()
DIGITS = "--train_images=100 --test_images=30".split()
COUNTS = ("meta_iteration", "labelled", "selected", "remaining", "gradient_steps")
STOPPED = 128 + signal.SIGTERM
# What has another name now than in 0.2.0, which was recorded.
RENAMED = {"test_accuracy": "validation_accuracy"}
_CLASSES = ("one", "two", "three")


@dataclass(frozen=True)
class Run:
    """A run of `python -m keras_selflearn.main`.

    Attributes
    ----------
    flags : str
        In addition to `SHARED` and, but for a folder of images, `DIGITS`.
    rounded : bool
        Whether the numbers of examples or of gradient steps depend on rounding: they then differ
        between processors.
    stops : tuple of int
        The run is done a second time. SIGTERM comes in this gradient step of the first process, in
        this one of the second, and so on; the last process is left alone.
    images : bool
        Whether it is a run on a folder of images.
    schema : bool
        Whether the keys and types of its run.json are kept.
    """

    flags: str
    rounded: bool = False
    stops: tuple[int, ...] = ()
    images: bool = False
    schema: bool = False


RUNS = {
    "cross-entropy": Run(
        "--loss=cross-entropy --labels=20 --label_smoothing=0.1 --decay=cosine --warmup=0.1"
        " --ema_momentum=0.8 --steps=120 --meta_steps=5 --augment=whole-pixel-shift,flip"
        " --dropout=0.1",
        stops=(70, 51),
        schema=True,
    ),
    "cross-entropy-train-first": Run(
        "--loss=cross-entropy --labels=20 --order=train-first --min_confidence=0.3"
        " --meta_iterations=3 --epochs=60 --evaluate_every=2 --augment=none --dropout=0",
        rounded=True,
    ),
    "triplet": Run(
        "--loss=triplet --labels=20 --n_neighbors=3 --selection=equal --augment=flip"
        " --optimizer=sgd --meta_iterations=3",
        rounded=True,
    ),
    "triplet-train-first": Run(
        "--loss=triplet --labels=20 --order=train-first --reference=all --triplet_distance=squared"
        " --validation_features=standardised --margin=0.7 --decay=cosine --ema_momentum=0.5"
        " --dropout=0.5",
        stops=(42,),
    ),
    "contrastive": Run(
        "--loss=contrastive --labels=20 --contrastive_power=2 --reference=all --settled_epochs=2"
        " --meta_epochs=4 --self_learning_rate=1e-3",
        rounded=True,
    ),
    "arcface": Run(
        "--loss=arcface --labels=20 --arcface_scale=10 --arcface_margin=0.3 --warmup=0.5"
        " --min_confidence=-0.0025 --validation_features=standardised --n_neighbors=2",
        rounded=True,
    ),
    "ways-to-train": Run(
        "--loss=cross-entropy --labels=20 --restart --labelled_share=0.25 --targets=soft"
        " --pseudo_labels=revised --selection_percent=30,60 --pseudo_weights=confidence"
        " --pseudo_augment=brightness,contrast,saturation,rotate,zoom,square"
        " --augment=whole-pixel-shift,flip"
        " --ema_momentum=0.8 --steps=30 --meta_steps=20",
        stops=(40, 9),
    ),
    "classes-in-batches": Run(
        "--loss=triplet --labels=30 --images_per_class=3 --restart --pseudo_labels=revised"
        " --selection=stratified --epochs=4",
        rounded=True,
    ),
    "sum-of-losses": Run(
        "--loss=cross-entropy+triplet --loss_weights=1,0.5 --labels=30 --steps=30 --meta_steps=10",
        stops=(20,),
    ),
    "as-the-authors": Run(
        "--loss=triplet --labels=20 --augment=shift --compared_embedding=raw --order=train-first"
        " --validation_features=standardised --triplet_distance=squared --steps=30 --meta_steps=10",
        stops=(20,),
    ),
    "n-labelled": Run(
        "--loss=arcface --regime=n-labelled --labels_per_class"
        "=0=2,1=3,2=2,3=2,4=2,5=2,6=2,7=2,8=2,9=4"
    ),
    "all-labelled": Run("--loss=contrastive --regime=all-labelled --all_labelled_epochs=3"),
    "folds": Run(
        "--loss=triplet --labels=40 --folds=2 --early_stop --epochs=4", rounded=True, schema=True
    ),
    "folder": Run(
        "--loss=triplet --dataset=folder --image_size=32 --reference=all", images=True, schema=True
    ),
    "folder-cross-entropy": Run(
        "--loss=cross-entropy --dataset=folder --image_size=32", images=True
    ),
    "vgg16": Run(
        "--loss=triplet --labels=20 --backbone=vgg16 --train_images=30 --test_images=10 --steps=2"
        " --meta_steps=1 --meta_iterations=1 --learning_rate=1e-4 --embedding_size=64"
    ),
}
# By the estimator, without a command.
ESTIMATOR = "estimator"
NAMES = (*RUNS, ESTIMATOR)


def main(folder: Path, names: list[str]) -> None:
    """Do these runs and write kept.json, by name."""
    import tensorflow as tf

    from keras_selflearn.datasets import load_dataset

    # As `--deterministic` does, also for the run without a command.
    tf.config.experimental.enable_op_determinism()
    digits = load_dataset("digits")
    kept = {}
    for name in names:
        if name == ESTIMATOR:
            kept[name] = _estimated(digits)
        else:
            kept[name] = _run(RUNS[name], folder / name, digits)
        print(name, flush=True)
    (folder / "kept.json").write_text(json.dumps(kept, indent=1) + "\n")


def _run(run: Run, folder: Path, digits: Any) -> dict[str, Any]:
    flags = [*SHARED, *([] if run.images else DIGITS), *run.flags.split()]
    if run.images:
        write_images(folder / "digit images", digits)
        flags.append(f"--images={folder / 'digit images'}")
    once = _finish(flags, folder / "once")
    kept = keep(once, run, digits.test_images[:30])
    if run.images:
        kept["exact"]["predicted"] = _predict(once, folder)
    if run.stops:
        stopped = folder / "stopped"
        for step in run.stops:
            with _sigterm_in(step) as sent:
                status = command("main", *flags, f"--results_dir={stopped}")
            if (sent, status) != ([True], STOPPED):
                raise SystemExit(f"SIGTERM in step {step}: sent {sent}, exit status {status}.")
        kept["stopped"] = keep(_finish(flags, stopped), run, digits.test_images[:30])
    return kept


def _finish(flags: list[str], results: Path) -> Path:
    status = command("main", *flags, f"--results_dir={results}")
    if status:
        raise SystemExit(f"{flags} ended with status {status}.")
    (record,) = results.glob("*/run.json")
    return record.parent


def command(module: str, *flags: str) -> int:
    """The exit status of `python -m keras_selflearn.MODULE`, done in this process."""
    from absl import flags as absl_flags

    defined = set(absl_flags.FLAGS)
    before = sys.argv
    sys.argv = [module, *flags]
    try:
        with warnings.catch_warnings():
            runpy.run_module(f"keras_selflearn.{module}", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        sys.argv = before
        # A process has one set of flags; each command adds its own to it.
        for name in set(absl_flags.FLAGS) - defined:
            delattr(absl_flags.FLAGS, name)
        absl_flags.FLAGS.unparse_flags()
    return 0


@contextlib.contextmanager
def _sigterm_in(step: int) -> Iterator[list[bool]]:
    """Send SIGTERM to this process in the gradient step of this number, counted from 1."""
    import tensorflow as tf

    owner = tf.keras.callbacks.CallbackList
    original = owner.on_train_batch_end
    done, sent = [0], []

    def on_train_batch_end(self: Any, *arguments: Any, **named: Any) -> Any:
        done[0] += 1
        if done[0] == step:
            os.kill(os.getpid(), signal.SIGTERM)
            sent.append(True)
        return original(self, *arguments, **named)

    owner.on_train_batch_end = on_train_batch_end
    try:
        yield sent
    finally:
        owner.on_train_batch_end = original


def write_images(folder: Path, digits: Any) -> None:
    """Digits 1 to 3 as small PNGs: 4 labelled, 12 unlabelled and 5 test images of each."""
    from PIL import Image

    for digit, name in enumerate(_CLASSES, 1):
        images = digits.images[digits.labels == digit][:16]
        paths = [folder / "labelled" / name / f"{i}.png" for i in range(4)]
        paths += [folder / "unlabelled" / f"{digit}-{i}.png" for i in range(12)]
        images = [*images, *digits.test_images[digits.test_labels == digit][:5]]
        paths += [folder / "test" / name / f"{i}.png" for i in range(5)]
        for pixels, path in zip(images, paths):
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path)


def as_recorded(record: dict[str, Any]) -> dict[str, Any]:
    """A record of a history, with the names that it had when it was recorded."""
    return {RENAMED.get(name, name): value for name, value in record.items()}


def keep(folder: Path, run: Run, images: np.ndarray) -> dict[str, Any]:
    """What is kept of a finished run's folder: `exact`, and `counted` without rounding.

    Parameters
    ----------
    folder : Path
    run : Run
    images : (n, 32, 32, 3) uint8
        To label with the classifier that the run saved.
    """
    from keras_selflearn import SelfLearningClassifier

    classifier = SelfLearningClassifier.load(folder / "classifier")
    record = json.loads((folder / "run.json").read_text())
    record["history"] = [as_recorded(each) for each in record["history"]]
    exact = {**_exact(classifier, images)}
    exact["history"] = record["history"]
    exact["test_accuracy"] = record["test_accuracy"]
    exact["cross_validation"] = record["cross_validation"]
    exact["data_sha256"] = record["data_sha256"]
    exact["pseudo_labels.csv begins"] = rows(folder / "pseudo_labels.csv")[:6]
    exact["files"] = {
        # The name stands in the header of history.csv alone.
        path.name: sha256(unmarked(path).replace(b",test_accuracy,", b",validation_accuracy,"))
        for path in sorted(folder.glob("*.csv"))
        # They are newer than the exact figures of some processors.
        if path.name not in ("labels.csv", "duplicates.csv")
    }
    for when in ("initial", "final"):
        with np.load(folder / f"embeddings-{when}.npz") as arrays:
            exact[f"embeddings-{when}.npz"] = {
                name: _digest(arrays[name]) for name in sorted(arrays)
            }
    counted = {**_counted(classifier), "status": record["status"]}
    counted["files"] = sorted(
        path.name for path in folder.iterdir() if not path.name.startswith("events.")
    )
    counted["columns"] = {
        path.name: [RENAMED.get(column, column) for column in rows(path)[0]]
        for path in sorted(folder.glob("*.csv"))
    }
    if run.images:
        counted["images.csv"] = sha256(unmarked(folder / "images.csv"))
    if not run.rounded:
        counted["history"] = [[each[name] for name in COUNTS] for each in record["history"]]
        counted["termination"] = record["termination"]
    kept = {"exact": exact, "counted": counted}
    if run.schema:
        # Texts, or null where there is no such package or no git checkout.
        environment = record["environment"]
        environment["git_commit"] = ""
        environment["packages"] = dict.fromkeys(environment["packages"], "")
        kept["run.json"] = schema(record)
    return kept


def _estimated(digits: Any) -> dict[str, Any]:
    """What is kept of a `fit` without a folder, twice: as fitted, and as saved and loaded."""
    from keras_selflearn import SelfLearningClassifier

    names = np.array([f"digit {i}" for i in range(10)])
    images, names = digits.images[:80], names[digits.labels[:80]]
    given = np.where(np.arange(80) < 30, names, "-1")
    classifier = SelfLearningClassifier(
        loss="arcface",
        weights="random",
        backbone="tiny",
        embedding_size=16,
        epochs=20,
        meta_epochs=2,
        meta_iterations=2,
        selection_percent=50,
        augment="whole-pixel-shift",
        batch_size=12,
        learning_rate=1e-2,
        precision="float32",
        random_state=7,
    )
    classifier.fit(images, given, true_labels=names)
    history = [as_recorded(each) for each in classifier.history_]
    exact = {**_exact(classifier, digits.test_images[:30]), "history": history}
    counted = _counted(classifier)
    counted["history"] = [[each[name] for name in COUNTS] for each in history]
    counted["termination"] = classifier.termination_condition_
    return {"exact": exact, "counted": counted}


def _exact(classifier: Any, images: np.ndarray) -> dict[str, Any]:
    """What a fitted classifier says, to the last bit."""
    weights = classifier.network_.trainer.get_weights()
    predicted = classifier.predict(images)
    return {
        "labels": _digest(classifier.transduction_),
        "labelled_in": _digest(classifier.labeled_iter_),
        "confidence": _digest(classifier.confidence_),
        "matched": _digest(classifier.matched_),
        "reference": _digest(classifier.reference_),
        "weights": sha256("\n".join(sorted(map(_digest, weights))).encode()),
        "embeddings of test images": _digest(classifier.transform(images)),
        "probabilities of test images": _digest(classifier.predict_proba(images)),
        "labels of test images": _digest(predicted),
        "labels of test images begin": predicted[:10].tolist(),
    }


def _counted(classifier: Any) -> dict[str, Any]:
    """What of a fitted classifier no rounding changes."""
    initial = np.flatnonzero(classifier.labeled_iter_ == 0)
    weights = classifier.network_.trainer.get_weights()
    return {
        "classes": classifier.classes_.tolist(),
        "initially labelled": initial.tolist(),
        "initial labels": classifier.transduction_[initial].tolist(),
        "images": len(classifier.transduction_),
        "image shape": list(classifier.image_shape_),
        "weights": sorted(f"{each.dtype} {each.shape}" for each in weights),
    }


def _predict(run: Path, folder: Path) -> dict[str, Any]:
    """What `python -m keras_selflearn.predict` says of the folder's test images."""
    output, copies = folder / "labels.csv", folder / "copies"
    status = command(
        "predict",
        f"--run={run}",
        f"--images={folder / 'digit images' / 'test'}",
        f"--output={output}",
        f"--copy_to={copies}",
    )
    if status:
        raise SystemExit(f"predict ended with status {status}.")
    copied = sorted(str(path.relative_to(copies)) for path in copies.rglob("*.png"))
    return {"labels.csv begins": rows(output)[:4], "sha256": sha256(unmarked(output))} | {
        "copies": sha256("\n".join(copied).encode())
    }


def rows(path: Path) -> list[list[str]]:
    """Of a CSV file, its header among them."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file))


def unmarked(path: Path) -> bytes:
    """Of a CSV file, without the UTF-8 mark that later versions write before its header."""
    return path.read_bytes().removeprefix(codecs.BOM_UTF8)


def schema(value: Any) -> Any:
    """The keys and types of what JSON holds; of a list, those of its first element."""
    if isinstance(value, dict):
        return {name: schema(each) for name, each in value.items()}
    if isinstance(value, list):
        return [schema(each) for each in value[:1]]
    return type(value).__name__


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _digest(array: np.ndarray) -> str:
    """Of dtype, shape and bytes; of texts their characters."""
    array = np.asarray(array)
    if array.dtype.kind in "OU":
        content = "\n".join(map(str, array.tolist())).encode()
        return sha256(f"text {array.shape}\n".encode() + content)
    return sha256(f"{array.dtype} {array.shape}\n".encode() + np.ascontiguousarray(array).tobytes())


if __name__ == "__main__":
    from keras_selflearn import SelfLearningClassifier  # noqa: F401, before TensorFlow is imported

    main(Path(sys.argv[1]), sys.argv[2:])
