from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from PIL import Image

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.damaged import write_skipped
from keras_selflearn.datasets.folder import load_folder
from keras_selflearn.datasets.image_files import in_parallel


def picture(path, level):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((40, 50, 3), level, np.uint8)).save(path)


@pytest.fixture
def images(tmp_path):
    """Twenty of different grey, a damaged one among them."""
    folder = tmp_path / "images"
    for i in range(3):
        picture(folder / f"labelled/dark/{i}.png", 10 + i)
        picture(folder / f"labelled/light ü/{i}.png", 200 + i)
        picture(folder / f"test/dark/{i}.png", 20 + i)
    for i in range(10):
        picture(folder / f"unlabelled/{i}.png", 100 + i)
    (folder / "unlabelled/5 b.png").write_bytes(b"no image")
    return folder


def load(images, **changes):
    options = {"image_size": 32, "cache_dir": images.parent / "cache"}
    return load_folder(images, **{**options, **changes})


def levels(pixels):
    return pixels[:, 0, 0, 0].tolist()


def test_images_labels_and_paths_belong_together(images):
    loaded = data = load(images)
    assert levels(data.images) == [10, 11, 12, 200, 201, 202, *range(100, 110)]
    assert data.labels.tolist() == [0] * 3 + [1] * 3 + [-1] * 10
    assert levels(data.test_images) == [20, 21, 22] and data.test_labels.tolist() == [0] * 3
    assert data.class_names == ("dark", "light ü")
    assert loaded.paths[3] == "labelled/light ü/0.png" and len(loaded.paths) == 16
    assert loaded.test_paths == tuple(f"test/dark/{i}.png" for i in range(3))
    assert data.images.shape == (16, 32, 32, 3) and data.images.dtype == np.uint8
    assert isinstance(data.images, np.memmap) and not data.images.flags.writeable


def test_damaged_images_are_left_out_with_the_reason(images, tmp_path):
    ((path, reason),) = load(images).skipped
    assert path == "unlabelled/5 b.png" and "cannot identify" in reason
    write_skipped(tmp_path / "skipped.csv", [(path, reason)])
    lines = (tmp_path / "skipped.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "path,reason" and lines[1].startswith("unlabelled/5 b.png,")


def test_without_test_images_there_are_none(images):
    shutil.rmtree(images / "test")
    data = load(images)
    assert data.test_images.shape == (0, 32, 32, 3) and len(data.test_labels) == 0


def test_the_second_time_nothing_is_decoded(images, monkeypatch):
    first = load(images)
    monkeypatch.setattr(in_parallel, "read_picture", None)
    second = load(images)
    np.testing.assert_array_equal(first.images, second.images)
    assert first.paths == second.paths and first.skipped == second.skipped


def test_files_that_were_changed_added_or_removed_are_noticed(images):
    load(images)
    picture(images / "unlabelled/0.png", 77)
    assert levels(load(images).images)[6] == 77
    picture(images / "unlabelled/00.png", 78)
    assert levels(load(images).images)[6:8] == [77, 78]
    os.remove(images / "unlabelled/0.png")
    assert levels(load(images).images)[6:8] == [78, 101]
    assert len(list((images.parent / "cache").iterdir())) == 1  # outdated ones are removed


def decoded_again(images, monkeypatch):
    """The images, and the names of those that were decoded."""
    read, names = in_parallel.read_picture, []

    def note(path, *arguments, **named):
        names.append(path.name)
        return read(path, *arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(in_parallel, "read_picture", note)
        data = load(images)
    return data, sorted(names)


def test_two_images_of_one_size_and_time_that_change_places_are_noticed(images):
    first, second = (images / f"labelled/{name}/0.png" for name in ("dark", "light ü"))
    size = max(path.stat().st_size for path in (first, second))
    for path in (first, second):
        path.write_bytes(path.read_bytes().ljust(size, b"\0"))
        os.utime(path, (1e9, 1e9))
    assert levels(load(images).images)[:4:3] == [10, 200]
    first.rename(images / "other")
    second.rename(first)
    (images / "other").rename(second)
    assert levels(load(images).images)[:4:3] == [200, 10]
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    for path in (first, second):
        os.utime(path, (1e9, 1e9))
    assert levels(load(images).images)[:4:3] == [10, 200]


def test_only_images_that_are_new_are_decoded(images, monkeypatch):
    before = load(images)
    damaged = "5 b.png"  # it is tried again
    picture(images / "unlabelled/00.png", 78)
    data, names = decoded_again(images, monkeypatch)
    assert names == ["00.png", damaged] and levels(data.images)[6:9] == [100, 78, 101]
    os.rename(images / "unlabelled/3.png", images / "labelled/dark/9.png")
    data, names = decoded_again(images, monkeypatch)
    assert set(names) <= {"9.png", damaged} and levels(data.images)[:4] == [10, 11, 12, 103]
    os.remove(images / "labelled/dark/9.png")
    data, names = decoded_again(images, monkeypatch)
    assert names == [damaged] and len(data.images) == len(before.images)
    (cache,) = (images.parent / "cache").glob("images-*")
    os.truncate(cache / "train.npy", 1000)
    os.remove(images / "unlabelled/00.png")
    data, names = decoded_again(images, monkeypatch)
    assert len(names) == 16 and levels(data.images)[:4] == [10, 11, 12, 200]


def test_other_labels_need_no_decoding(images, monkeypatch):
    labels = images.parent / "labels.csv"
    labels.write_text("path,label\nlabelled/dark/0.png,a\nunlabelled/1.png,b\n")
    load(images, labels_csv=labels)
    monkeypatch.setattr(in_parallel, "read_picture", None)
    labels.write_text("path,label\nlabelled/dark/1.png,x\nunlabelled/2.png,y\n")
    data = load(images, labels_csv=labels)
    assert data.class_names == ("x", "y")
    assert dict(zip(levels(data.images), data.labels))[102] == 1


def test_another_size_is_another_cache(images):
    assert load(images, image_size=48).images.shape[1:] == (48, 48, 3)
    assert load(images).images.shape[1:] == (32, 32, 3)


def test_nothing_is_written_to_the_user_s_folder(images):
    def contents():
        return sorted((str(path), path.stat().st_mtime_ns) for path in images.rglob("*"))

    before = contents()
    load(images)
    assert contents() == before


def test_more_than_a_tenth_damaged_stops_with_the_list(images):
    for i in range(3):
        (images / f"unlabelled/{i}.png").write_bytes(b"no image")
    with pytest.raises(InputError, match="4 of 20 images .* are damaged .*cannot identify"):
        load(images)
    listed = (images.parent / "cache/skipped.csv").read_text()
    assert listed.count("no") and "unlabelled/2.png" in listed
    assert not list((images.parent / "cache").glob("images-*"))


def test_a_class_without_a_whole_image_is_an_error(images):
    shutil.rmtree(images / "test")
    for i in range(1, 3):
        os.remove(images / f"labelled/dark/{i}.png")
    os.remove(images / "unlabelled/5 b.png")
    (images / "labelled/dark/0.png").write_bytes(b"no image")
    with pytest.raises(InputError, match="class 'dark' .* are damaged"):
        load(images)


def test_a_damaged_cache_is_an_error(images):
    load(images)
    (cache,) = (images.parent / "cache").glob("images-*")
    os.truncate(cache / "train.npy", 1000)
    with pytest.raises(InputError, match="remove it"):
        load(images)


def test_many_images_are_decoded_in_order(tmp_path):
    for i in range(60):
        picture(tmp_path / f"images/labelled/{'ab'[i % 2]}/{i:02}.png", i)
    loaded = load(tmp_path / "images")
    assert levels(loaded.images) == [int(path[-6:-4]) for path in loaded.paths]
