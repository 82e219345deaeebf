from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from waiting import run_process, wait_for

from keras_selflearn.console.errors import InputError
from keras_selflearn.options.config import Config
from keras_selflearn.reproduction.grid import Cell
from keras_selflearn.reproduction.ray_executor import run_on_ray
from keras_selflearn.runs.experiment import run_experiment

pytestmark = pytest.mark.slow

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None,
    reason="Ray is not installed: pip install -e '.[cluster]'",
)

FINISHED, FAILING, *LONG = range(4)  # seeds


def cell(seed, **changes):
    options = {"backbone": "tiny", "epochs": 1, "meta_iterations": 0, "regime": "n-labelled"}
    options.update(results_dir="results", seed=seed)
    return Cell(f"seed {seed}", (), Config(**{**options, **changes}))


def records(folder):
    """(seed, status) of each run in the folder."""
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*/run.json")]
    return [(run["config"]["seed"], run["status"]) for run in map(json.loads, texts)]


def kill_in_the_middle(cluster, node, folder):
    """Kill the node's Ray once the cells of `LONG` have begun: one a node, for each takes all."""
    begun = {(seed, "running") for seed in LONG}
    wait_for(f"the records of {begun}", lambda: begun <= set(records(folder)))
    cluster.remove_node(node, allow_graceful=False)


def start_cluster(options):
    """A cluster and its second node; None where Ray, which waits for half a minute, gave it up."""
    from ray.cluster_utils import Cluster

    cluster = Cluster()
    try:
        cluster.add_node(**options)
        return cluster, cluster.add_node(**options)
    except Exception as error:
        if "timed out during startup" not in str(error):
            raise
        print(error)
        cluster.shutdown()
        return None


@pytest.fixture(scope="module")
def grid_with_a_dying_node(tmp_path_factory):
    """Errors by seed, the runs' (seed, status), whether the cluster survived, processes by seed."""
    folder = tmp_path_factory.mktemp("ray")
    options = {"num_cpus": 2, "include_dashboard": False}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]), prepend=os.pathsep)
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        cluster, node = wait_for("a cluster of two nodes", lambda: start_cluster(options))
        try:
            # The nodes stay where they are: what is relative to this folder is sent as absolute.
            patch.chdir(folder)
            run_experiment(cell(FINISHED).config)
            cells = [cell(seed, regime="all-labelled", epochs=80) for seed in LONG]
            diverging = {"meta_iterations": 1, "meta_epochs": 3, "self_learning_rate": 1e38}
            cells += [cell(FAILING, regime="self-learning", **diverging), cell(FINISHED)]
            with ThreadPoolExecutor() as pool:
                killed = pool.submit(kill_in_the_middle, cluster, node, folder / "results")
                outcomes = list(run_on_ray(cells, cluster.address))
                killed.result()
            survived = cluster.head_node.remaining_processes_alive()
        finally:
            cluster.shutdown()
    errors = {outcome.cell.config.seed: outcome.error for outcome in outcomes}
    assert len(outcomes) == len(cells) == len(errors)
    runs = [json.loads(path.read_text()) for path in (folder / "results").glob("*/run.json")]
    processes = {run["config"]["seed"]: len(run["processes"]) for run in runs}
    return errors, Counter(records(folder / "results")), survived, processes


@needs_ray
def test_a_cell_whose_machine_dies_is_gone_on_with(grid_with_a_dying_node):
    errors, runs, _, processes = grid_with_a_dying_node
    assert [errors[seed] for seed in LONG] == [None, None]
    assert [runs[seed, "finished"] for seed in LONG] == [1, 1]
    assert sum(runs[seed, "running"] for seed in LONG) == 0
    assert sorted(processes[seed] for seed in LONG) == [1, 2]


@needs_ray
def test_a_cell_that_fails_is_reported_and_not_run_again(grid_with_a_dying_node):
    errors, runs, _, processes = grid_with_a_dying_node
    assert errors[FAILING].startswith("The loss became") and "\n" not in errors[FAILING]
    assert runs[FAILING, "failed"] == 1 and runs[FAILING, "finished"] == 0
    assert processes[FAILING] == 1


@needs_ray
def test_a_finished_cell_is_not_run_again(grid_with_a_dying_node):
    errors, runs, _, _ = grid_with_a_dying_node
    assert errors[FINISHED] is None
    assert runs[FINISHED, "finished"] == 1 and runs[FINISHED, "running"] == 0


@needs_ray
def test_a_named_cluster_is_left_running(grid_with_a_dying_node):
    assert grid_with_a_dying_node[2]


@needs_ray
@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "nowhere"])
def test_a_cluster_out_of_reach_is_an_error_in_a_sentence(address):
    with pytest.raises(InputError, match=f"cluster {address} can't be reached .*: give auto, "):
        next(run_on_ray([cell(0)], address))


PROGRAM = """
import psutil
from keras_selflearn.reproduction import ray_executor

ray = ray_executor._connect(None)
ray.get(ray.remote(num_cpus=0)(lambda: 0).remote())
started = [psutil.Process(), *psutil.Process().children(recursive=True)]
for process in started:
    for each in process.net_connections("tcp"):
        if each.status == psutil.CONN_LISTEN:
            print("listens", each.laddr.ip)
ray.shutdown()
"""


@needs_ray
def test_ray_on_this_machine_listens_to_nobody_else(tmp_path):
    pytest.importorskip("psutil")
    names = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    environment.update(HOME=str(tmp_path), RAY_USAGE_STATS_ENABLED="0")
    process = run_process([sys.executable, "-c", PROGRAM], env=environment, check=True)
    places = {line.split()[1] for line in process.stdout.splitlines() if "listens" in line}
    assert places and places <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}
    assert not (tmp_path / ".ray").exists()


def test_without_ray_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"pip install -e '\.\[cluster\]'"):
        next(run_on_ray([cell(0)]))
