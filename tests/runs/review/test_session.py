"""What is said in a review, and what is on the disk then."""

from __future__ import annotations

import csv
import json
import os

import pytest
from example_review import CLASSES, make_run, name_of

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.runs.review.session import Change, Session, opened


def table(path):
    with path.open(newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


def test_what_is_said_is_on_the_disk_and_goes_on_there(tmp_path):
    run = make_run(tmp_path)
    before = sorted((tmp_path / "photos").rglob("*"))
    with opened(run) as session:
        assert session.classes == list(CLASSES) and not session.said
        session.change([Change(7, "correct", CLASSES[1]), Change(8, "accept"), Change(9, "none")])
        session.change([Change(8, "undo"), Change(10, "correct", " bird ")])
        assert session.classes == [*CLASSES, "bird"]
    found = table(run / "corrections.csv")
    said = {path: (row["label"], row["previous"], row["action"]) for path, row in found.items()}
    assert said == {
        name_of(7): (CLASSES[1], CLASSES[2], "correct"),
        name_of(9): ("", CLASSES[0], "none"),
        name_of(10): ("bird", CLASSES[1], "correct"),
    }
    with opened(run) as session:
        assert session.classes == [*CLASSES, "bird"] and len(session.said) == 3
        session.change([Change(11, "accept")])
    assert table(run / "corrections.csv").items() > found.items()
    assert sorted((tmp_path / "photos").rglob("*")) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Change(99, "accept"), "there is no image 99"),
        (Change(31, "accept"), "image 31 needs the name of a class"),
        (Change(1, "correct", "  "), "needs the name"),
        (Change(1, "correct", "-1"), "needs the name"),
        (Change(1, "correct", "a\0"), "needs the name"),
    ],
)
def test_all_changes_are_taken_or_none(tmp_path, change, message):
    run = make_run(tmp_path)
    with opened(run) as session:
        with pytest.raises(ValueError, match=message):
            session.change([Change(0, "accept"), change])
        assert not session.said and not (run / "corrections.csv").exists()


def test_a_second_review_of_a_run_refuses(tmp_path, hold):
    run = make_run(tmp_path)
    hold(run)
    with pytest.raises(InputError, match="under review already, in another process"):
        with opened(run):
            pass


def test_corrections_that_no_review_wrote_are_kept_and_gone_on_with(tmp_path):
    run = make_run(tmp_path)
    mine = f"path,label,note\n{name_of(4)},{CLASSES[0]},mine\n"
    (run / "corrections.csv").write_text(mine)
    with opened(run) as session:
        session.change([Change(5, "accept")])
        session.change([Change(6, "accept")])
    assert (run / "corrections-before-review.csv").read_text() == mine
    assert {*table(run / "corrections.csv")} == {name_of(4), name_of(5), name_of(6)}


def test_corrections_that_can_t_be_read_stay_and_nothing_is_served(tmp_path):
    run = make_run(tmp_path)
    (run / "corrections.csv").write_text("notes\n")
    with pytest.raises(InputError, match="must be a table with the columns"):
        with opened(run):
            pass
    assert (run / "corrections.csv").read_text() == "notes\n"


def test_a_run_that_was_corrected_hands_on_what_it_was_told(tmp_path):
    """Its labels.csv lacks what was rejected: the next run would label it again."""
    first = make_run(tmp_path / "1")
    with opened(first) as session:
        session.change([Change(0, "none"), Change(9, "correct", "bird")])
    corrections = first / "corrections.csv"
    second = make_run(tmp_path / "2", config={"corrections": str(corrections)})
    lines = (second / "labels.csv").read_bytes().splitlines(keepends=True)
    (second / "labels.csv").write_bytes(b"".join(lines[:1] + lines[2:]))
    with opened(second) as session:
        assert session.images[-1].path == name_of(0)  # shown, so that it can be undone
        session.change([Change(3, "accept")])
    found = table(second / "corrections.csv")
    assert found[name_of(0)]["action"] == "none" and found[name_of(9)]["label"] == "bird"
    assert len(found) == 3
    corrections.unlink()
    (second / "corrections.csv").unlink()
    with pytest.warns(InputWarning, match="are not there any more"):
        assert not Session(second).said


def test_the_next_command_learns_from_it(tmp_path):
    session = Session(make_run(tmp_path))
    command = session.next_command()
    assert command.startswith("python -m keras_selflearn.main --from_run=")
    assert f"--corrections={session.path}" in command and "--results_dir" in command


@pytest.mark.parametrize(
    ("status", "message"),
    [("failed", "not finished but failed"), ("running", "not finished but interrupted")],
)
def test_only_a_finished_run_is_reviewed(tmp_path, status, message):
    run = make_run(tmp_path)
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, "status": status}))
    with pytest.raises(InputError, match=message):
        with opened(run):
            pass


def test_images_that_were_moved_are_named_or_found(tmp_path):
    run = make_run(tmp_path)
    (tmp_path / "photos").rename(tmp_path / "moved")
    with pytest.raises(InputError, match="say with --images where it is"):
        Session(run)
    assert Session(run, tmp_path / "moved").folder == tmp_path / "moved"
    with pytest.raises(InputError, match="There is no folder"):
        Session(tmp_path / "none")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write")
def test_a_folder_that_can_t_be_written_is_one_sentence(tmp_path):
    run = make_run(tmp_path)
    run.chmod(0o500)
    with pytest.raises(InputError, match="write a page with --static"):
        with opened(run):
            pass
    run.chmod(0o700)
