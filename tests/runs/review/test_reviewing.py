"""What the command does, and which files it makes."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import urllib.request

import pytest
from calling import call_here
from example_review import CLASSES, make_run, name_of
from waiting import DEADLINE, finish, said

from keras_selflearn.runs.review.session import Change, opened


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path)


def called(run, *flags):
    return call_here("review", f"--run={run}", *flags)


def test_the_page_is_written_as_a_file_and_over_nothing(run, tmp_path):
    output = tmp_path / "new" / "page.html"
    process = called(run, f"--static={output}")
    assert process.returncode == 0, process.stderr
    assert output.read_text().startswith("<!DOCTYPE html>")
    assert f"The page is in {output}: its button saves corrections.csv.\n" in process.stdout
    assert f"--from_run={run} --corrections=corrections.csv" in process.stdout
    again = called(run, f"--static={output}")
    assert (again.returncode, again.stdout) == (2, "")
    assert "is there already: choose another name with --static" in again.stderr


def test_labels_go_to_label_studio_and_come_back(run, tmp_path):
    file = tmp_path / "tasks.json"
    process = called(run, f"--label_studio_export={file}")
    assert process.returncode == 0, process.stderr
    assert f"32 tasks are in {file}" in process.stdout
    assert '<Choice value="&lt;b&gt;dog&lt;/b&gt;"/>' in process.stdout
    tasks = json.loads(file.read_text())
    tasks[7]["annotations"] = tasks[1]["annotations"]
    file.write_text(json.dumps(tasks))
    process = called(run, f"--label_studio_import={file}")
    assert process.returncode == 0, process.stderr
    assert "1 annotations are new.\nWhat was said of 1 images is in" in process.stdout
    assert (
        f"{name_of(7)},{CLASSES[1]},{CLASSES[2]},correct" in (run / "corrections.csv").read_text()
    )
    again = called(run, f"--label_studio_import={file}")
    assert again.stdout.startswith("0 annotations are new.\nWhat was said of 1 images is in")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--static=a.html", "--label_studio_export=b.json"], "exclude each other"),
        (["--port=70000"], "port"),
        (["--images=none"], "say with --images where it is"),
        (["--static={photos}/a.html"], "which is only read: choose another place with --static"),
        (["--label_studio_export={photos}/new/a.json"], "which is only read"),
        (["--label_studio_import=none.json"], "none.json can't be read"),
    ],
)
def test_what_can_t_be_is_one_sentence(run, flags, message):
    photos = run.parent / "photos"
    process = called(run, *(flag.format(photos=photos) for flag in flags))
    assert (process.returncode, process.stdout) == (2, "")
    assert message in process.stderr and len(process.stderr.splitlines()) == 1
    assert not list(photos.glob("*.html")) and not (photos / "new").exists()


def test_without_a_run_it_says_so():
    assert "--run is missing" in call_here("review").stderr


@pytest.mark.slow
def test_it_serves_until_ctrl_c_and_says_where_all_is(run):
    """In a process of its own, which must not wait for TensorFlow."""
    program = (
        "import sys, runpy; sys.argv[0] = 'review'\n"
        "try: runpy.run_module('keras_selflearn.review', run_name='__main__')\n"
        "finally: print('tensorflow' in sys.modules)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, f"--run={run}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    spoke, _, _ = select.select([process.stdout], [], [], DEADLINE)
    assert spoke, said(process)
    assert "Ctrl-C ends:" in process.stdout.readline(), said(process)
    address = process.stdout.readline().strip()
    changes = json.dumps([{"index": 7, "action": "none"}]).encode()
    request = urllib.request.Request(
        f"{address}save", changes, {"Content-Type": "application/json"}
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    assert opener.open(request, timeout=60).status == 200
    second = called(run)
    assert second.returncode == 2 and "under review already" in second.stderr
    process.send_signal(signal.SIGINT)
    output, errors = finish(process, "the server")
    assert (process.returncode, errors) == (0, "")
    assert f"What was said of 1 images is in {run / 'corrections.csv'}" in output
    assert f"--corrections={run / 'corrections.csv'}" in output
    assert output.splitlines()[-1] == "False"
    with opened(run) as session:
        session.change([Change(8, "accept")])
        assert len(session.said) == 2
