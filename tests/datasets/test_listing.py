from __future__ import annotations

import os
import warnings
from contextlib import nullcontext

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.datasets.listing import list_folder


def make(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"")
    return folder


def locked(monkeypatch, *folders):
    """Let nobody read these folders: the tests may run as root, who may read all."""
    original = os.scandir
    hidden = {str(folder) for folder in folders}

    def scandir(path):
        if str(path) in hidden:
            raise PermissionError(13, "Permission denied")
        return original(path)

    monkeypatch.setattr(os, "scandir", scandir)


def warnings_of(*arguments):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        listing = list_folder(*arguments)
    assert all(each.category is InputWarning for each in caught)
    return listing, sorted(str(each.message) for each in caught)


def by_path(listing):
    names = (*listing.class_names, None)  # UNLABELLED is -1
    return {path: names[label] for path, label in zip(listing.paths, listing.labels)}


def test_classes_are_folders(tmp_path):
    listing = list_folder(
        make(
            tmp_path,
            "labelled/cat/b.JPG",
            "labelled/cat/deep/er/a.png",
            "labelled/dög ü/c c.webp",
            "labelled/README.txt",
            "unlabelled/x.gif",
            "unlabelled/far/y.jpeg",
            "unlabelled/.hidden.png",
            "unlabelled/notes.txt",
            "test/cat/t.bmp",
            "elsewhere/z.png",
        )
    )
    assert by_path(listing) == {
        "labelled/cat/b.JPG": "cat",
        "labelled/cat/deep/er/a.png": "cat",
        "labelled/dög ü/c c.webp": "dög ü",
        "unlabelled/far/y.jpeg": None,
        "unlabelled/x.gif": None,
    }
    assert listing.class_names == ("cat", "dög ü")
    assert listing.test_paths == ("test/cat/t.bmp",) and listing.test_labels.tolist() == [0]
    assert listing.labels.dtype == np.int64


def test_the_order_is_that_of_the_names_whatever_the_system_s(tmp_path, monkeypatch):
    names = [f"unlabelled/{i}.png" for i in "3120"]
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", *names)
    first = list_folder(tmp_path)
    original = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: nullcontext(reversed([*original(path)])))
    assert list_folder(tmp_path).paths == first.paths
    assert first.paths[2:] == tuple(sorted(names))


def test_a_csv_labels_images_anywhere(tmp_path):
    folder = make(tmp_path / "images", "a b.png", "deep/c.png", "d.png", "é.png")
    labels = tmp_path / "labels.csv"
    labels.write_text(
        '\ufeffpath,note,label\n"a b.png",x,"two, words"\n'
        f"./deep/c.png,,one\n{folder}/é.png,,one\n",
        encoding="utf-8",
    )
    listing = list_folder(folder, labels)
    assert by_path(listing) == {
        "a b.png": "two, words",
        "d.png": None,
        "deep/c.png": "one",
        "é.png": "one",
    }
    assert listing.test_paths == ()


def test_links_are_followed_but_not_in_circles(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "unlabelled/x/2.png")
    (tmp_path / "unlabelled/link.png").symlink_to(tmp_path / "labelled/a/1.png")
    (tmp_path / "unlabelled/y").symlink_to(tmp_path / "unlabelled/x")
    (tmp_path / "unlabelled/x/up").symlink_to(tmp_path / "unlabelled")
    (tmp_path / "unlabelled/broken.png").symlink_to(tmp_path / "nowhere.png")
    assert list_folder(tmp_path).paths[2:] == (
        "unlabelled/link.png",
        "unlabelled/x/2.png",
    )


def test_no_folder_is_gone_through_twice_and_a_link_to_a_file_is_an_image_of_its_own(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "unlabelled/x/2.png")
    (tmp_path / "unlabelled/2.png").symlink_to("x/2.png")
    (tmp_path / "unlabelled/y").symlink_to("x")
    listing, said = warnings_of(tmp_path)
    assert listing.paths[2:] == ("unlabelled/2.png", "unlabelled/x/2.png") and not said


NFC, NFD = "caf\u00e9", "cafe\u0301"


def test_one_class_whose_name_has_two_unicode_forms_is_one_class(tmp_path):
    names = (f"labelled/{NFD}/1.png", "labelled/b/1.png", f"test/{NFC}/2.png")
    listing = list_folder(make(tmp_path, *names))
    assert listing.class_names == ("b", NFD) and listing.test_labels.tolist() == [1]
    make(tmp_path, f"labelled/{NFC}/3.png")
    assert len(list_folder(tmp_path).class_names) == 2


@pytest.mark.parametrize(("here", "written"), [(NFC, NFD), (NFD, NFC)])
def test_a_csv_may_name_files_in_another_unicode_form(tmp_path, here, written):
    folder = make(tmp_path / "images", f"{here}.png", "b.png", "c.png")
    labels = tmp_path / "labels.csv"
    labels.write_text(
        f"path,label\n{written}.png,{here}\nb.png,{written}\nc.png,d\n", encoding="utf-8"
    )
    listing = list_folder(folder, labels)
    assert by_path(listing) == {f"{here}.png": written, "b.png": written, "c.png": "d"}
    assert {*listing.class_names} == {written, "d"}


def test_blanks_around_names_in_a_csv_count_as_nothing(tmp_path):
    folder = make(tmp_path / "images", "a.png", "b.png", " c.png")
    labels = tmp_path / "labels.csv"
    labels.write_text(" path , label\na.png , x\n b.png,\ty \n c.png,x\n,\n\n")
    assert by_path(list_folder(folder, labels)) == {"a.png": "x", "b.png": "y", " c.png": "x"}


def test_an_empty_cell_or_minus_1_in_a_csv_is_no_label(tmp_path):
    folder = make(tmp_path / "images", "a.png", "b.png", "c.png", "d.png", "e.png")
    labels = tmp_path / "labels.csv"
    labels.write_text("path,label\na.png,x\nb.png,y\nc.png,\nd.png,-1\ne.png,  \n")
    assert list_folder(folder, labels).labels.tolist() == [0, 1, -1, -1, -1]


@pytest.mark.parametrize("row", ["a.png,Äpfel", "ä.png,x"])
def test_a_csv_that_is_not_utf_8_is_refused_with_the_line(tmp_path, row):
    folder = make(tmp_path / "images", "a.png", "b.png", "ä.png")
    labels = tmp_path / "labels.csv"
    labels.write_bytes(f"path,label\nb.png,y\n{row}\n".encode("cp1252"))
    with pytest.raises(InputError, match="labels.csv, line 3 is not UTF-8: save the table"):
        list_folder(folder, labels)


def test_american_names_of_the_folders_are_read_too(tmp_path, recwarn):
    make(tmp_path, "labeled/a/1.png", "labeled/b/1.png", "unlabeled/x/2.png", "unlabelled/3.png")
    listing = list_folder(tmp_path)
    assert by_path(listing) == {
        "labeled/a/1.png": "a",
        "labeled/b/1.png": "b",
        "unlabelled/3.png": None,
        "unlabeled/x/2.png": None,
    }
    assert not recwarn


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([], "no folder .*labelled: put"),
        (["labelled/a/1.png"], "of 1 class: label"),
        (["labelled/a/1.png", "labelled/b/1.txt"], "b holds no image"),
        (["labelled/a/1.png", "labelled/b/1.png", "test/c/1.png"], "class 'c'"),
    ],
)
def test_folders_that_can_t_be_learned_from(tmp_path, paths, message):
    with pytest.raises(InputError, match=message):
        list_folder(make(tmp_path, *paths))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no folder of images"):
        list_folder(tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,class\na.png,x\n", "columns path and label"),
        ("", "columns path and label"),
        ("path,label\na.png,x\nnone.png,y\n", "names 1 images that are not in .*'none.png'"),
        ("path,label\n../secret.png,x\n", "line 2: '../secret.png' is not in"),
        ("path,label\n/etc/a.png,x\n", "line 2: '/etc/a.png' is not in"),
        ("path,label\na.png,x\na.png,y\n", "line 3: 'a.png' has two labels"),
        ("path,label\na.png\n", "line 2: a path or a label is missing"),
        ("path,label\na.png,x\n", "of 1 class: label"),
        ('path,label\n"a.png,x\n', "is no CSV"),
    ],
)
def test_a_csv_that_can_t_be_used(tmp_path, text, message):
    labels = tmp_path / "labels.csv"
    labels.write_text(text)
    with pytest.raises(InputError, match=message):
        list_folder(make(tmp_path / "images", "a.png", "b.png"), labels)


def test_a_csv_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="none.csv can't be read"):
        list_folder(make(tmp_path, "a.png"), tmp_path / "none.csv")


def test_what_is_left_out_is_counted(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "unlabelled/1.mp4", "unlabelled/2.MP4")
    make(tmp_path, "unlabelled/noext", "other/1.png")
    with pytest.warns(InputWarning) as caught:
        list_folder(tmp_path)
    first, second = sorted(str(each.message) for each in caught)
    assert first.startswith("3 files in") and first.endswith(": 2 .mp4, 1 noext.")
    read = f"Only labelled/, unlabelled/, test/ in {tmp_path} are read"
    assert second == f"{read}: other (1 image) left out."


def test_a_folder_that_links_lead_to_is_gone_through_once(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "test/a/2.png", "unlabelled/3.png")
    (tmp_path / "unlabelled/up").symlink_to(tmp_path)
    listing = list_folder(tmp_path)
    assert listing.paths == ("labelled/a/1.png", "labelled/b/1.png", "unlabelled/3.png")


@pytest.mark.parametrize("name", ["labelled", "unlabelled", "test", ""])
def test_a_folder_that_must_be_read_and_can_t_is_an_error(tmp_path, monkeypatch, name):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "unlabelled/1.png", "test/a/1.png")
    locked(monkeypatch, tmp_path / name)
    with pytest.raises(InputError, match=f"{name} can't be read .Permission denied.: allow"):
        list_folder(tmp_path)


def test_entries_that_can_t_be_read_are_counted_and_the_others_used(tmp_path, monkeypatch):
    make(tmp_path, "labelled/a/1.png", "labelled/a/locked/2.png", "labelled/b/1.png")
    make(tmp_path, "labelled/lost+found/1.png", "unlabelled/lost+found/1.png", "unlabelled/2.png")
    make(tmp_path, "lost+found/1.png")
    lost = [tmp_path / part / "lost+found" for part in ("", "labelled", "unlabelled")]
    locked(monkeypatch, *lost, tmp_path / "labelled/a/locked")
    listing, said = warnings_of(tmp_path)
    assert by_path(listing) == {
        "labelled/a/1.png": "a",
        "labelled/b/1.png": "b",
        "unlabelled/2.png": None,
    }
    assert said[0] == (
        f"3 entries in {tmp_path} are left out, for they can't be read: labelled/a/locked"
        " (Permission denied), labelled/lost+found (Permission denied), unlabelled/lost+found"
        " (Permission denied)."
    )
    assert said[1].endswith(" are read: lost+found left out.") and len(said) == 2


def test_links_that_lead_nowhere_and_pipes_are_counted_as_what_they_are(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "unlabelled/1.png")
    (tmp_path / "unlabelled/itself").symlink_to("itself")
    (tmp_path / "unlabelled/upward").symlink_to("..")
    (tmp_path / "unlabelled/broken.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "labelled/a/broken").symlink_to("nowhere")
    (tmp_path / "labelled/broken").symlink_to("nowhere")
    os.mkfifo(tmp_path / "unlabelled/pipe.jpg")
    listing, said = warnings_of(tmp_path)
    assert listing.paths == ("labelled/a/1.png", "labelled/b/1.png", "unlabelled/1.png")
    names = "labelled/a/broken, labelled/broken, unlabelled/broken.jpg, unlabelled/itself"
    assert said == [
        f"1 entries in {tmp_path} are left out, for they are pipes, sockets or devices:"
        " unlabelled/pipe.jpg.",
        f"4 links in {tmp_path} are left out, for they lead nowhere: {names}.",
    ]


def test_folders_1200_deep_are_listed(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "unlabelled/1.png")
    here = os.open(tmp_path / "unlabelled", os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        here, before = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(before)
    os.close(os.open("x.png", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)
    assert list_folder(tmp_path).paths[-1] == "unlabelled/" + 1200 * "d/" + "x.png"
    # What pytest removes folders with goes no deeper than Python's calls.
    os.rename(tmp_path / "unlabelled" / (600 * "d/"), tmp_path / "half")


def test_a_folder_whose_path_is_too_long_is_counted(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "unlabelled/1.png")
    here = os.open(tmp_path / "unlabelled", os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        here, before = os.open("d" * 250, os.O_RDONLY, dir_fd=here), here
        os.close(before)
    os.close(here)
    listing, said = warnings_of(tmp_path)
    assert len(listing.paths) == 3
    assert len(said) == 1 and "1 entries in" in said[0] and "File name too long" in said[0]


def test_images_beside_the_folders_are_counted_and_not_lost_without_a_word(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "unlabelled/1.png", "test/a/1.png")
    make(tmp_path, "lost.png", "labelled/lost.png", "test/lost.png", "notes.txt")
    make(tmp_path, "unlabelled/.hidden.png", "unlabelled/.cache/1.png")
    listing, said = warnings_of(tmp_path)
    assert len(listing.paths) == 3 and len(listing.test_paths) == 1
    assert said[0].startswith("1 files in") and said[0].endswith(": 1 .txt.")
    assert said[1].startswith("2 files or folders in") and "they are hidden" in said[1]
    assert said[2] == (
        f"3 images in {tmp_path} are left out, for they lie beside the folders of images and not"
        " in one: labelled/lost.png, lost.png, test/lost.png."
    )


def test_a_table_beside_labelled_and_test_says_what_becomes_of_their_images(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "unlabelled/1.png", "test/a/1.png")
    labels = tmp_path / "labels.csv"
    labels.write_text("path,label\nlabelled/a/1.png,a\nunlabelled/1.png,b\n")
    listing, (said,) = warnings_of(tmp_path, labels)
    assert by_path(listing)["test/a/1.png"] is None
    assert said.startswith("With --labels_csv the names of folders say nothing: 2 images in")
    assert "are unlabelled training images (labelled/b/1.png, test/a/1.png)" in said
    labels.write_text("path,label\n" + "".join(f"{path},{path[-7]}\n" for path in listing.paths))
    assert warnings_of(tmp_path, labels)[1] == []


@pytest.mark.parametrize("link", ["labelled/again", "test"])
def test_a_class_folder_that_is_another_by_a_link_is_called_that(tmp_path, link):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png")
    (tmp_path / link).symlink_to(tmp_path / ("labelled/a" if "/" in link else "labelled"))
    with pytest.raises(InputError, match="leads to images that are read already, by another name"):
        list_folder(tmp_path)


def test_one_spelling_of_a_folder_may_be_a_link_to_the_other(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "unlabelled/1.png")
    (tmp_path / "labeled").symlink_to("labelled")
    (tmp_path / "unlabeled").symlink_to("unlabelled")
    listing, said = warnings_of(tmp_path)
    assert len(listing.paths) == 3 and not said


def test_an_empty_lost_and_found_is_no_class(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png")
    (tmp_path / "labelled/lost+found").mkdir()
    assert list_folder(tmp_path).class_names == ("a", "b")


def test_what_systems_keep_beside_files_is_ignored(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "unlabelled/1.png")
    for folder in ("", "labelled", "labelled/a", "unlabelled"):
        for name in ("@eaDir/1.png", "$RECYCLE.BIN/1.png", "__MACOSX/1.png", "Thumbs.db"):
            make(tmp_path / folder, name, "._1.png", ".DS_Store", "desktop.ini")
    listing, said = warnings_of(tmp_path)
    assert len(listing.paths) == 3 and not said


def test_folders_are_known_in_any_case(tmp_path):
    make(tmp_path, "Labelled/a/1.png", "LABELED/b/1.png", "Unlabeled/1.png", "Test/b/2.png")
    listing, said = warnings_of(tmp_path)
    assert by_path(listing) == {
        "Labelled/a/1.png": "a",
        "LABELED/b/1.png": "b",
        "Unlabeled/1.png": None,
    }
    assert listing.test_paths == ("Test/b/2.png",) and not said


def test_labels_as_people_type_them_are_one_class_or_are_warned_of(tmp_path):
    names = [f"sub/{i}.png" for i in range(11)]
    folder = make(tmp_path / "images", *names)
    labels = ["B\u00e4r", " B\u00e4r", "b\u00e4r", "Ba\u0308r", "L\u00f6we", "L\u00f6we ", "-1", ""]
    labels += ["-1.0", "\u22121", "N/A"]
    table = tmp_path / "labels.csv"
    rows = "".join(f"sub\\{i}.png;{label}\r\n" for i, label in enumerate(labels))
    table.write_text("Path;Label\r\n" + rows + ";\r\n;\r\n", encoding="utf-8-sig", newline="")
    listing, said = warnings_of(folder, table)
    found = by_path(listing)
    classes = ["B\u00e4r"] * 2 + ["b\u00e4r", "B\u00e4r"] + ["L\u00f6we"] * 2 + [None] * 4 + ["N/A"]
    assert [found[name] for name in names] == classes
    assert len(said) == 2 and "are called 'N/A': leave the cell" in said[0]
    assert "'B\u00e4r', 'b\u00e4r'. They stay apart" in said[1]


@pytest.mark.parametrize("other", ["cAT", "c\u200bat", "\uff43at", "cat\ufeff"])
def test_class_folders_that_look_alike_are_warned_of_with_both_spellings(tmp_path, other):
    make(tmp_path, "labelled/cat/1.png", f"labelled/{other}/1.png", "labelled/dog/1.png")
    listing, (said,) = warnings_of(tmp_path)
    assert len(listing.class_names) == 3 and "'cat'" in said and repr(other) in said


def test_blanks_around_the_name_of_a_class_folder_count_as_nothing(tmp_path):
    make(tmp_path, "labelled/cat /1.png", "labelled/ cat/2.png", "labelled/dog\u00a0/1.png")
    make(tmp_path, "test/cat/3.png")
    listing, said = warnings_of(tmp_path)
    assert listing.class_names == ("cat", "dog") and listing.labels.tolist() == [0, 0, 1]
    assert listing.test_labels.tolist() == [0] and not said


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_read_by_its_mark_and_separator(tmp_path, encoding, separator):
    folder = make(tmp_path / "images", "\u00e4.png", "b.png")
    text = "path,label\n\u00e4.png,x y\nb.png,\u732b\n".replace(",", separator)
    if encoding[-2:] in ("le", "be"):
        text = "\ufeff" + text
    labels = tmp_path / "labels.csv"
    labels.write_bytes(text.encode(encoding))
    assert by_path(list_folder(folder, labels)) == {"\u00e4.png": "x y", "b.png": "\u732b"}


def test_a_table_may_say_its_separator(tmp_path):
    labels = tmp_path / "labels.csv"
    labels.write_text("sep=;\r\npath;label\r\na.png;x,y\r\nnone.png;z\r\n")
    with pytest.raises(InputError, match="first 'none.png'"):
        list_folder(make(tmp_path / "images", "a.png", "b.png"), labels)
    labels.write_text("sep=;\r\npath;label\r\na.png;x,y\r\nb.png\r\n")
    with pytest.raises(InputError, match="line 4: a path or a label is missing"):
        list_folder(tmp_path / "images", labels)


def test_a_class_is_not_cut_at_a_nul(tmp_path):
    folder = make(tmp_path / "images", "a.png", "b.png")
    labels = tmp_path / "labels.csv"
    labels.write_text("path,label\na.png,cat\nb.png,cat\0\n")
    with pytest.raises(InputError, match="line 3.*NUL"):
        list_folder(folder, labels)


def test_other_names_are_told_apart_up_to_a_number(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", *(f"u{i}.x{i}" for i in range(1100)))
    _, (said,) = warnings_of(tmp_path)
    assert said.startswith("1100 files in") and ": 100 others, 1 .x" in said
