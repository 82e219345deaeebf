"""Which folder a run goes to: a new one, or that of the same run, broken off before."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from keras_selflearn import __version__
from keras_selflearn.console.errors import InputError
from keras_selflearn.options.config import differing
from keras_selflearn.options.network import identity_of_networks
from keras_selflearn.runs.folder import RunFolder
from keras_selflearn.runs.record import RunRecord
from keras_selflearn.storage.lock import Held, lock


@contextlib.contextmanager
def opened(results_dir: Path, name: str, record: RunRecord) -> Iterator[RunFolder]:
    """The folder of a run, held by this process in the block.

    It is called `name`, or `name`-2, -3 and so on: the first that is of the same run and not
    finished, or of a run that was broken off before anything was kept, else a new one. A run that
    needs other flags stays as it is where this one has others.

    Parameters
    ----------
    results_dir : Path
    name : str
    record : RunRecord
        The record of the run that is to begin.

    Raises
    ------
    InputError
        When another process holds the folder of the same run, or one that is not finished was
        made with other flags or by another version.
    """
    _remove_left_over(results_dir)
    for number in itertools.count(1):
        folder = RunFolder(results_dir / (name if number == 1 else f"{name}-{number}"))
        try:
            folder.path.mkdir(exist_ok=True)
        except FileExistsError:
            continue  # It is a file.
        except OSError as error:
            raise InputError(
                f"The folder {folder.path} can't be made ({error.strerror}): choose another with"
                " --results_dir."
            ) from error
        if not (folder.is_new() or folder.has_run()):
            continue  # It is not a run's.
        if folder.has_run() and folder.read_run().status == "finished":
            continue
        held = ExitStack()
        try:
            held.enter_context(lock(folder.path))
        except Held:
            run = folder.read_run() if folder.has_run() else None
            if run is None or not _differences(run, record):
                raise InputError(_in_use(folder.path, run)) from None
            continue
        with held:
            if folder.has_run():
                run = folder.read_run()
                if run.status == "finished":  # since it was read
                    continue
                if folder.has_progress():
                    if run.needs_other_flags and _is_another(run, record):
                        continue
                    _check_same(folder.path, run, record)
                elif _is_another(run, record):
                    folder.forget_run()
            yield folder
            return


def _is_another(run: RunRecord, record: RunRecord) -> bool:
    return run.environment.keras_selflearn != __version__ or bool(_differences(run, record))


def _check_same(path: Path, run: RunRecord, record: RunRecord) -> None:
    version = run.environment.keras_selflearn
    if version != __version__:
        raise InputError(
            f"{path} is an unfinished run of version {version}, with which version {__version__}"
            " can't go on: remove it, or choose another --results_dir."
        )
    differences = _differences(run, record)
    if differences:
        raise InputError(
            f"{path} is an unfinished run with other flags: {'; '.join(differences)}. Give the"
            " same to go on with it; else remove it, or choose another --results_dir."
        )


def _differences(run: RunRecord, record: RunRecord) -> list[str]:
    before, now = run.flags, record.flags
    if run.backbone_sha256 is not None and _networks(run) == _networks(record):
        before = {**before, "backbone": now.get("backbone")}  # The same files in another place.
    found = [
        f"--{name} was {before.get(name)} and is {now.get(name)}" for name in differing(before, now)
    ]
    is_changed = run.backbone_sha256 != record.backbone_sha256
    if is_changed and before.get("backbone") == now.get("backbone"):
        found.append("the file of the model was changed")
    if run.data_sha256 != record.data_sha256:
        found.append("the images or labels were changed")
    first, second = run.weights_sha256, record.weights_sha256
    is_file = first is not None and second is not None
    if first != second or not is_file and before.get("weights") != now.get("weights"):
        found.append(f"--weights was {before.get('weights')} and is {now.get('weights')}")
    return found


def _networks(run: RunRecord) -> str:
    return identity_of_networks(str(run.flags.get("backbone")), run.backbone_sha256)


def _in_use(path: Path, run: RunRecord | None) -> str:
    who = "process unknown on this machine"
    if run and run.processes:
        holder = run.processes[-1]
        who = f"process {holder.pid} on {holder.host}, since {holder.since}"
    return (
        f"{path} is in use by {who}, for the same run: wait for it, stop it, or choose"
        " another --results_dir."
    )


def _remove_left_over(results_dir: Path) -> None:
    """Remove checkpoints of runs that were killed just after they were finished."""
    for path in results_dir.glob("*/checkpoints/"):
        folder = RunFolder(path.parent)
        with contextlib.suppress(Held, InputError), lock(folder.path):
            if folder.has_run() and folder.read_run().status == "finished":
                folder.remove_checkpoints()
