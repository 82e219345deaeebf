"""Runs cells on the machines of a Ray cluster; docs/cluster.md describes it."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from keras_selflearn.console.errors import InputError, one_line
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.options.config import Config
from keras_selflearn.reproduction.executors import Outcome, is_finished
from keras_selflearn.reproduction.grid import Cell

_LOG = logging.getLogger(__name__)
# A cell that dies more often may itself be the cause.
_MAX_RETRIES = 3


def run_on_ray(cells: Iterable[Cell], address: str | None = None) -> Iterator[Outcome]:
    """Run each cell as a Ray task in its own process, on a GPU if the cluster has one.

    A cell whose machine dies is run again on another machine. A cell that fails is not. Leaving
    the iteration cancels the unfinished cells.

    Parameters
    ----------
    cells : iterable of Cell
        All machines must see the same folder of results.
    address : str, optional
        A running cluster: `auto`, `HOST:PORT` or `ray://HOST:PORT`; None means this machine.

    Yields
    ------
    Outcome
        As soon as each cell has ended.

    Raises
    ------
    InputError
        When Ray is not installed, or the cluster can't be reached.
    """
    ray = _connect(address)
    try:
        options = {"max_calls": 1, "max_retries": _MAX_RETRIES, **_resources(ray)}
        task = ray.remote(**options)(_run_cell)
        pending = {task.remote(_with_absolute_paths(cell.config)): cell for cell in cells}
        while pending:
            (ended,), _ = ray.wait(list(pending), num_returns=1)
            yield Outcome(pending.pop(ended), _error(ray, ended))
    finally:
        # A shared cluster goes on: this ends only what this program has started.
        ray.shutdown()


def _connect(address: str | None) -> Any:
    if not address:
        _keep_to_this_machine()
    try:
        import ray
    except ImportError as error:
        raise InputError(
            "Ray is not installed: install the package with its extra `cluster`, in a checkout"
            " `pip install -e '.[cluster]'`."
        ) from error
    try:
        if address and address != "auto":
            _check_address(address)
        ray.init(address or "local", include_dashboard=False, logging_level=logging.ERROR)
    except Exception as error:  # Ray raises many kinds of errors, also plain Exception.
        advice = "give auto, HOST:PORT or ray://HOST:PORT, as `ray start` shows it"
        trouble = f"The Ray cluster {address} can't be reached ({one_line(error)}): {advice}."
        if not address:
            trouble = f"Ray can't be started on this machine ({one_line(error)}): try again."
        raise InputError(trouble) from error
    return ray


def _keep_to_this_machine() -> None:
    """Let a Ray that is started here hear nobody else. It reads this when it is imported."""
    # Where it makes no clusters, Ray listens to the loopback interface alone.
    os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    # Other users of this machine reach that, too. Ray before 2.52 knows no token.
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    if "RAY_AUTH_TOKEN_PATH" not in os.environ:
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


def _check_address(address: str) -> None:
    """Raise an `OSError` or `ValueError` at once; Ray would try for minutes."""
    host, _, port = address.rpartition("/")[2].rpartition(":")
    socket.create_connection((host, int(port)), timeout=10).close()


def _resources(ray: Any) -> dict[str, Any]:
    """Choose what a task takes: a GPU, else all CPUs of a machine, as TensorFlow does."""
    if ray.cluster_resources().get("GPU"):
        return {"num_gpus": 1}
    cpus = [node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"]]
    return {"num_cpus": min(filter(None, cpus), default=1)}


def _with_absolute_paths(config: Config) -> Config:
    """Make paths absolute: a worker has another working directory, perhaps another home."""
    paths = {
        name: os.path.abspath(os.path.expanduser(getattr(config, name)))
        for name in ("results_dir", "data_dir", "weights")
        if getattr(config, name) not in (None, "random", "imagenet")
    }
    return replace(config, **paths)


def _run_cell(config: Config) -> str | None:
    """Run a cell on a worker unless it is finished; return None, or the cause of its failure."""
    # In the worker itself: a process of its own would outlive a killed Ray.
    import_tensorflow_quietly()
    from keras_selflearn.runs.experiment import run_experiment

    try:
        if not is_finished(config):
            run_experiment(config)
    except InputError as error:
        return str(error)
    except Exception as error:
        # Returned, not raised: the command may not have the class of the error.
        _LOG.exception("%s failed", config.loss)
        return one_line(error)
    return None


def _error(ray: Any, ended: Any) -> str | None:
    try:
        return ray.get(ended)
    except ray.exceptions.RayError as error:
        return one_line(error)
