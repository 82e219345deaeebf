from __future__ import annotations

import os
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
    assert second == f"Only labelled/, unlabelled/, test/ in {tmp_path} are read: other left out."


def test_a_folder_that_links_lead_to_is_gone_through_once(tmp_path):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "test/a/2.png", "unlabelled/3.png")
    (tmp_path / "unlabelled/up").symlink_to(tmp_path)
    listing = list_folder(tmp_path)
    assert listing.paths == ("labelled/a/1.png", "labelled/b/1.png", "unlabelled/3.png")


def test_a_folder_that_can_t_be_read_is_an_error(tmp_path, monkeypatch):
    make(tmp_path, "labelled/a/1.png", "labelled/b/1.png", "unlabelled/locked/1.png")
    original = os.scandir

    def scandir(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return original(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(InputError, match="locked can't be read .Permission denied.: allow"):
        list_folder(tmp_path)
