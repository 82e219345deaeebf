from __future__ import annotations

import unicodedata

import pytest

from keras_selflearn.datasets.class_folders import class_folders, copy_picture


def test_plain_names_stay():
    names = ["cat", "Hund", "猫", "café", "a b", "x.y", "-1", "عربي", "👩‍🔬"]
    assert class_folders(names) == names


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("a/b", "a_b"),
        ("a\\b:c", "a_b_c"),
        ("..", "_"),
        (".", "_"),
        ("../../etc", "_._.._etc"),
        ("/etc", "_etc"),
        (".hidden", "_hidden"),
        ("", "_"),
        ("   ", "_"),
        ("end. .", "end"),
        (" in ", "in"),
        ("line\nbreak\x00", "line_break_"),
        ("half \ud800", "half _"),
        ("cafe\u0301", "caf\u00e9"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("aux ", "_aux"),
        ("com1 .x", "_com1 .x"),
        ("console", "console"),
        ("~", "~"),
    ],
)
def test_others_become_one_name_of_a_folder(name, folder, tmp_path):
    assert class_folders([name]) == [folder]
    (tmp_path / folder).mkdir()
    assert [each.name for each in tmp_path.iterdir()] == [folder]


@pytest.mark.parametrize("letter", ["x", "ü", "猫", "👩"])
def test_long_names_are_cut_between_characters(letter, tmp_path):
    first, second = class_folders([letter * 1000 + "a", letter * 1000 + "b"])
    assert first != second and set(first) == {letter}
    for name in (first, second):
        (tmp_path / name).mkdir()
        assert 145 < len(name.encode()) < 160


def test_names_differ_where_case_and_accents_make_no_difference():
    names = [
        "Cat",
        "cat",
        "CAT",
        "cat-2",
        "a/b",
        "a:b",
        "caf\u00e9",
        "cafe\u0301",
        "straße",
        "STRASSE",
    ]
    folders = class_folders(names)
    assert folders[:6] == ["Cat", "cat-3", "CAT-4", "cat-2", "a_b", "a_b-2"]
    keys = [unicodedata.normalize("NFKD", each).casefold() for each in folders]
    assert len(set(keys)) == len(names)


def test_a_thousand_times_the_same_name():
    folders = class_folders(["x/"] * 300)
    assert len(set(folders)) == 300 and folders[:2] == ["x_", "x_-2"]


def test_copies_keep_the_folders_that_they_were_in(tmp_path):
    for folder in ("a", "b/c"):
        (tmp_path / "from" / folder).mkdir(parents=True)
        (tmp_path / "from" / folder / "1.png").write_text(folder)
        copy_picture(tmp_path / "from" / folder / "1.png", tmp_path / "to", f"{folder}/1.png")
    assert (tmp_path / "to/a/1.png").read_text() == "a"
    assert (tmp_path / "to/b/c/1.png").read_text() == "b/c"


def test_no_copy_is_written_over_another(tmp_path):
    for text in ("first", "second", "third"):
        (tmp_path / "1.png").write_text(text)
        copy_picture(tmp_path / "1.png", tmp_path / "to", "1.png")
    copies = {path.name: path.read_text() for path in (tmp_path / "to").iterdir()}
    assert copies == {"1.png": "first", "1-2.png": "second", "1-3.png": "third"}


def test_an_image_that_is_gone_is_another_error_than_a_disk_that_is_full(tmp_path):
    with pytest.raises(ValueError, match="No such file"):
        copy_picture(tmp_path / "none.png", tmp_path, "none.png")
    (tmp_path / "1.png").write_text("x")
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError):
        copy_picture(tmp_path / "1.png", tmp_path / "file", "1.png")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (300 * "d/" + "x.png", "it lies in more than 200 folders within one another"),
        (20 * (250 * "d" + "/") + "x.png", "its copy would have too long a path"),
        (255 * "x", "its copy would have too long a path"),
    ],
    ids=["deep", "long", "numbered"],
)
def test_a_copy_that_can_t_be_made_is_left_out_with_the_reason(tmp_path, path, reason):
    (tmp_path / "image").write_bytes(b"1")
    if len(path) == 255:  # The number that tells it from the first makes it too long.
        copy_picture(tmp_path / "image", tmp_path / "copies", path)
    with pytest.raises(ValueError, match=reason):
        copy_picture(tmp_path / "image", tmp_path / "copies", path)
