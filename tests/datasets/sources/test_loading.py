from __future__ import annotations

import gzip
import shutil

import numpy as np
import pytest
from shard_files import levels, parquet_of, png, samples, tar_of

from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.console.signals import Stopped
from keras_selflearn.datasets.folder import load_folder
from keras_selflearn.datasets.sources import find
from keras_selflearn.datasets.sources.journal import Store
from keras_selflearn.datasets.sources.loading import load_images


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def load(images, tmp_path, **changes):
    return load_images(images, **{"image_size": 32, "cache_dir": tmp_path / "cache", **changes})


@pytest.fixture
def shards(tmp_path):
    """Three shards of ten training images each, labelled but for the last, and one of tests."""
    files = {
        f"train-{i}.tar": tar_of(samples(range(10 * i, 10 * i + 10), ["cat", "dog"] * (i < 2)))
        for i in range(3)
    }
    files["test-0.tar.gz"] = gzip.compress(tar_of(samples([200, 201], ["dog", "cat"])))
    return write(tmp_path / "shards", files)


@pytest.fixture
def opened(monkeypatch):
    """The names of the shards that were read."""
    names, read = [], find.read_tar

    def note(file, name, report):
        names.append(name)
        return read(file, name, report)

    monkeypatch.setattr(find, "read_tar", note)
    return names


def test_shards_are_loaded_with_labels_and_test_images(shards, tmp_path):
    data = load(shards, tmp_path)
    assert levels(data.images) == [*range(30)] and levels(data.test_images) == [200, 201]
    assert data.class_names == ("cat", "dog") and data.test_labels.tolist() == [1, 0]
    assert data.labels.tolist() == ([0, 1] + [-1] * 8) * 2 + [-1] * 10
    assert data.paths[:2] == ("train-0.tar/000000.png", "train-0.tar/000001.png")
    assert data.test_paths[0] == "test-0.tar.gz/000000.png" and not data.skipped
    assert isinstance(data.images, np.memmap) and not data.images.flags.writeable


@pytest.mark.parametrize("pattern", ["train-{0..1}.tar", "train-[01].tar", "{train-0,train-1}.tar"])
def test_a_pattern_stands_for_shards(shards, tmp_path, pattern):
    data = load(f"{shards}/{pattern}", tmp_path)
    assert levels(data.images) == [*range(20)] and data.paths[10] == "train-1.tar/000000.png"


def test_parquet_and_tar_may_lie_beside_each_other(shards, tmp_path):
    pytest.importorskip("pyarrow", reason="the extra parquet is missing")
    images = [png(100 + i) for i in range(3)]
    write(shards, {"train-9.parquet": parquet_of(images, [1, None, -1], ["cat", "dog"])})
    write(shards, {"test-9.parquet": parquet_of(images, [1, -1, 0], ["cat", "dog"])})
    with pytest.warns(InputWarning, match="1 test images in .* no label: test-9.parquet/00000001"):
        data = load(shards, tmp_path)
    assert levels(data.images) == [*range(30), 100, 101, 102]
    assert data.labels[-3:].tolist() == [1, -1, -1]
    assert levels(data.test_images) == [200, 201, 100, 102]
    assert data.test_labels.tolist() == [1, 0, 1, 0]
    assert data.paths[-1] == "train-9.parquet/00000002.png"


def test_the_second_time_no_shard_is_opened_and_a_changed_one_alone_is_read(
    shards, tmp_path, opened
):
    first = load(shards, tmp_path)
    assert len(opened) == 4
    assert load(shards, tmp_path).paths == first.paths and len(opened) == 4
    write(shards, {"train-1.tar": tar_of(samples([77], ["cat"]))})
    data = load(shards, tmp_path)
    assert opened[4:] == ["train-1.tar"]
    assert levels(data.images) == [*range(10), 77, *range(20, 30)]
    write(shards, {"train-1a.tar": tar_of(samples([78]))})
    assert levels(load(shards, tmp_path).images) == [*range(10), 77, 78, *range(20, 30)]
    assert opened[5:] == ["train-1a.tar"]
    assert len([*(tmp_path / "cache").iterdir()]) == 1  # Outdated stores are removed.


@pytest.mark.parametrize("change", ["none", "first"])
def test_a_stopped_decoding_goes_on_behind_the_last_whole_shard(
    shards, tmp_path, opened, monkeypatch, change
):
    read = find.read_tar

    def stop(file, name, report):
        for i, image in enumerate(read(file, name, report)):
            if name == "train-2.tar" and i == 8:
                raise Stopped(2)
            yield image

    with monkeypatch.context() as patch:
        patch.setattr(find, "read_tar", stop)
        with pytest.raises(Stopped):
            load(shards, tmp_path)
    assert opened == ["test-0.tar.gz", "train-0.tar", "train-1.tar", "train-2.tar"]
    del opened[:]
    if change == "first":  # Then others follow it, and what is done is copied.
        write(shards, {"a.tar": tar_of(samples([99]))})
    data = load(shards, tmp_path)
    assert opened == ["a.tar"] * (change == "first") + ["train-2.tar"]
    assert levels(data.images) == [99] * (change == "first") + [*range(30)]
    assert len([*(tmp_path / "cache").iterdir()]) == 1


def test_a_journal_that_a_power_failure_damaged_is_used_up_to_there(shards, tmp_path, opened):
    load(shards, tmp_path)
    (store,) = (tmp_path / "cache").iterdir()
    (store / ".lock").unlink(missing_ok=True)
    store = store.rename(store.with_name(f"{store.name[:16]}unfinished"))
    lines = (store / "pieces.jsonl").read_bytes().splitlines(keepends=True)
    (store / "pieces.jsonl").write_bytes(b"".join(lines[:3]) + lines[3][:30])
    with (store / "train.npy").open("r+b") as file:  # Rows of the second shard are missing, too.
        file.truncate(128 + 19 * 32 * 32 * 3)
    del opened[:]
    assert levels(load(shards, tmp_path).images) == [*range(30)]
    assert opened == ["train-1.tar", "train-2.tar"]


def test_a_damaged_shard_leaves_out_its_other_images_with_the_reason(shards, tmp_path):
    content = (shards / "train-1.tar").read_bytes()
    write(shards, {"train-1.tar": content[:4000], "train-2.tar": b"no tar"})
    with pytest.warns(InputWarning, match=r"2 shards in .* damaged.*train-1.tar .unexpected end"):
        data = load(shards, tmp_path)
    assert levels(data.images) == [*range(10), 10, 11]
    (cut, reason), (other, why) = data.skipped
    assert (cut, other) == ("train-1.tar", "train-2.tar")
    assert reason.endswith("all after the first 2 of its images are left out")
    assert why.endswith("all of its images are left out")


def test_damaged_images_are_left_out_and_too_many_end_in_a_list(shards, tmp_path):
    write(shards, {"train-3.tar": tar_of([("1.jpg", b"no image"), ("1.cls", b"cat")])})
    data = load(shards, tmp_path)
    assert data.skipped[0][0] == "train-3.tar/1.jpg" and len(data.images) == 30
    write(shards, {"train-3.tar": tar_of([(f"{i}.jpg", b"no image") for i in range(9)])})
    with pytest.raises(InputError, match="9 of 41 images in .* are damaged"):
        load(shards, tmp_path)
    assert len((tmp_path / "cache/skipped.csv").read_text().splitlines()) == 10


def test_without_labels_one_sentence_says_so_and_nothing_is_lost(shards, tmp_path, opened):
    with pytest.raises(InputError, match="No training image in .*train-2.tar has a label: put"):
        load(shards / "train-2.tar", tmp_path)
    table = tmp_path / "labels.csv"
    table.write_text("path,label\ntrain-2.tar/000003.png,x\ntrain-2.tar/000004.png,y\n")
    with pytest.raises(InputError, match="has a label"):
        load(shards / "train-2.tar", tmp_path)
    assert opened == ["train-2.tar"]
    data = load(shards / "train-2.tar", tmp_path, labels_csv=table)
    assert data.labels.tolist() == [-1] * 3 + [0, 1] + [-1] * 5


def test_with_a_table_it_alone_labels_and_all_shards_are_training_images(shards, tmp_path):
    write(shards, {"train-3.tar": tar_of([("1.jpg", b"no image")])})
    table = tmp_path / "labels.csv"
    rows = ["train-0.tar/000005.png,x", "test-0.tar.gz/000000.png,y", "train-3.tar/1.jpg,y"]
    table.write_text("\n".join(["path,label", *rows]))
    data = load(shards, tmp_path, labels_csv=table)
    assert levels(data.images) == [200, 201, *range(30)] and not len(data.test_images)
    assert {data.paths[i]: label for i, label in enumerate(data.labels) if label >= 0} == {
        "test-0.tar.gz/000000.png": 1,
        "train-0.tar/000005.png": 0,
    }
    table.write_text("path,label\ntrain-0.tar/5.png,x\n")
    with pytest.raises(InputError, match="names 1 images that are not in"):
        load(shards, tmp_path, labels_csv=table)


def test_corrections_change_labels_and_leave_images_out(shards, tmp_path, opened):
    table = tmp_path / "corrections.csv"
    rows = ["train-0.tar/000000.png,dog,", "train-0.tar/000002.png,,none"]
    table.write_text("\n".join(["path,label,action", *rows, "train-2.tar/000009.png,,none"]))
    for _ in range(2):
        data = load(shards, tmp_path, corrections=table)
        assert levels(data.images) == [0, 1, *range(3, 29)]
        assert data.labels[:3].tolist() == [1, 1, -1] and len(data.paths) == 28
        assert isinstance(data.images, np.memmap)
    assert len(opened) == 4
    assert len(load(shards, tmp_path).images) == 30 and len(opened) == 4


def test_what_else_is_in_shards_is_counted_each_time(shards, tmp_path):
    write(shards, {"train-3.tar": tar_of([("1.json", b"{}"), ("1.png", png(30))])})
    for _ in range(2):
        with pytest.warns(InputWarning, match=r"1 files in .* are left out.*1 \.json"):
            load(shards, tmp_path)


def test_shards_of_tests_alone_are_refused(shards, tmp_path):
    with pytest.raises(InputError, match="has no shard of training images"):
        load(shards / "test-0.tar.gz", tmp_path)


@pytest.mark.parametrize("images", ["none.tar", "train-{0..9}.tar", "none-*.parquet"])
def test_a_shard_that_is_not_there_is_named_before_any_is_read(shards, tmp_path, opened, images):
    with pytest.raises(InputError, match=r"There is no shard .*(none|train-3)"):
        load(shards / images, tmp_path)
    assert not opened


def test_a_folder_with_images_stays_a_folder(shards, tmp_path, opened):
    write(shards, {f"labelled/{c}/{i}.png": png(i) for c in "ab" for i in range(2)})
    with pytest.warns(InputWarning, match="4 files in|left out"):
        assert len(load(shards, tmp_path).images) == 4
    assert not opened


def folder(tmp_path):
    files = {f"labelled/{name}/sub/{i}.png": png(i) for i in range(5) for name in ("cat", "dög")}
    files |= {f"unlabelled/{i}.png": png(100 + i) for i in range(20)}
    files |= {"test/cat/1.png": png(200), "unlabelled/notes.txt": b"x"}
    return write(tmp_path / "photos", files)


def test_a_folder_at_an_address_is_loaded_as_one_of_this_machine(tmp_path, recwarn):
    pytest.importorskip("fsspec", reason="the extra remote is missing")
    photos = folder(tmp_path)
    expected = load_folder(photos, image_size=32, cache_dir=tmp_path / "other")
    said = [str(each.message) for each in recwarn.list]
    recwarn.clear()
    data = load(f"file://{photos}", tmp_path)
    np.testing.assert_array_equal(data.images, expected.images)
    np.testing.assert_array_equal(data.test_images, expected.test_images)
    assert data.labels.tolist() == expected.labels.tolist()
    assert (data.paths, data.test_paths) == (expected.paths, expected.test_paths)
    assert data.class_names == expected.class_names
    assert [str(each.message).replace("file://", "") for each in recwarn.list] == said
    assert said and "1 .txt" in said[0]


def test_pieces_of_a_folder_are_decoded_once_and_the_others_after_a_stop(tmp_path, monkeypatch):
    pytest.importorskip("fsspec", reason="the extra remote is missing")
    monkeypatch.setattr(find, "_IMAGES", 4)
    photos, read, names = folder(tmp_path), find.Folder._content, []

    def note(self, found, report):
        names.append(found.name)
        if found.name == stop_at:
            raise Stopped(2)
        return read(self, found, report)

    monkeypatch.setattr(find.Folder, "_content", note)
    stop_at = "unlabelled/9.png"
    with pytest.raises(Stopped):
        load(f"file://{photos}", tmp_path)
    (unfinished,) = (tmp_path / "cache").iterdir()
    done = {name for each in Store(unfinished, 32).done for name in each.names}
    stop_at = ""
    del names[:]
    data = load(f"file://{photos}", tmp_path)
    assert len(data.images) == 30 and done
    assert {*names} == {*data.paths, *data.test_paths} - done
    del names[:]
    write(photos, {"unlabelled/5a.png": png(7)})
    assert len(load(f"file://{photos}", tmp_path).images) == 31 and 1 <= len(names) < 20
    shutil.rmtree(photos / "test")
    del names[:]
    assert not len(load(f"file://{photos}", tmp_path).test_images) and not names
