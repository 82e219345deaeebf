"""Results stay the same bit for bit.

Bits are promised for one machine and the same versions only: another processor adds in another
order. The golden files hold two kinds of figures, and three tests use them.

- **Exact** (`exact-pyX-tfY.json`): histories, and digests of labels, confidences, weights,
  embeddings and predictions, for one set of versions and one kind of processor. Where both are the
  same here, all of it must be equal bit for bit. Where they are not, that test is skipped and says
  so; the next two hold everywhere.
- **Counted** (`counted.json`): what does not depend on rounding, the same for all versions and
  processors: the initially labelled images, the numbers of labelled, selected and remaining images
  and of gradient steps, why the run ended, the shapes of the weights, files and columns. Runs whose
  numbers depend on rounding (`rounded` in golden_runs.py) leave these out.
- **Repeated**, without a golden file: a run that is stopped by SIGTERM and resumed, and a run that
  two processes do, must each equal the other bit for bit.

README.md in this folder says how to record anew.
"""

from __future__ import annotations

import json
import os

import golden
import pytest
from golden_runs import NAMES, RUNS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return golden.do_runs(tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="module")
def exact():
    """The exact figures of this stack and processor."""
    changed = [name for name in golden.OTHER_BITS if name in os.environ]
    if changed:
        pytest.skip(f"{changed[0]} changes how this processor computes")
    path = golden.exact_file()
    records = json.loads(path.read_text()) if path.exists() else []
    for record in records:
        if (record["stack"], record["processor"]) == (golden.stack(), golden.processor()):
            return record["runs"]
    pytest.skip(f"no exact figures of {golden.stack()} on {golden.processor()}")


def test_the_two_processes_do_all_runs():
    assert sorted({*golden.HALVES[0], *golden.HALVES[1]}) == sorted(NAMES)


@pytest.mark.parametrize("name", sorted(NAMES))
def test_results_are_the_same_bit_for_bit(name, kept, exact):
    if name not in exact:
        pytest.skip(f"no exact figures of {name} on this processor")
    assert golden.part(kept, "exact")[name] == exact[name]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_what_no_rounding_changes_is_the_same_on_every_machine(name, kept):
    expected = json.loads(golden.COUNTED.read_text())
    assert golden.part(kept, "counted")[name] == expected[name]


@pytest.mark.parametrize("name", sorted(name for name, run in RUNS.items() if run.stops))
def test_a_run_that_is_stopped_and_resumed_equals_one_that_is_not(name, kept):
    (run,) = (half[name] for half in kept if name in half)
    assert run["stopped"]["exact"] == run["exact"]
    assert run["stopped"]["counted"] == run["counted"]


def test_two_processes_give_the_same(kept):
    first, second = (half[golden.TWICE] for half in kept)
    assert first == second


def test_run_json_still_has_all_its_keys(kept):
    """More may come; each that was there stays, with its type."""
    expected = json.loads(golden.RUN_JSON.read_text())
    for name, schema in golden.part(kept, "run.json").items():
        assert _missing(expected[name], schema) == []


def _missing(expected, found, place=""):
    if isinstance(expected, dict) and isinstance(found, dict):
        pairs = [(key, each, found.get(key)) for key, each in expected.items()]
    elif isinstance(expected, list) and isinstance(found, list) and expected:
        pairs = [("0", expected[0], found[0] if found else None)]
    else:
        return [] if expected == found else [f"{place} was {expected} and is {found}"]
    return [each for key, *both in pairs for each in _missing(*both, f"{place}/{key}")]
