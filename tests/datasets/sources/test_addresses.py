"""Images at addresses: fsspec's memory, files of this machine, and S3 on loopback."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest
from shard_files import levels, parquet_of, png, samples, tar_of

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.sources import steady
from keras_selflearn.datasets.sources.find import find_source
from keras_selflearn.datasets.sources.loading import load_images
from keras_selflearn.datasets.sources.piece import Report
from keras_selflearn.datasets.sources.steady import Steady, without_secrets

fsspec = pytest.importorskip("fsspec", reason="the extra remote is missing")


@pytest.fixture(autouse=True)
def no_waits(monkeypatch):
    monkeypatch.setattr(steady, "_WAITS", (0, 0))


@pytest.fixture
def memory():
    """fsspec's file system in memory; `memory({path: content})` fills it."""
    system = fsspec.filesystem("memory")

    def fill(contents):
        for path, content in contents.items():
            system.pipe_file(f"/{path}", content)
        return system

    yield fill
    system.store.clear()
    system.pseudo_dirs[:] = [""]


SHARDS = {
    "photos/train-0.tar": tar_of(samples(range(10), ["cat", "dog"])),
    "photos/train-1.tar": tar_of(samples(range(10, 20))),
    "photos/test.tar": tar_of(samples([200], ["dog"])),
}
FOLDER = {
    **{f"photos/labelled/{name}/{i}.png": png(i) for i in range(3) for name in ("cat", "dog")},
    **{f"photos/unlabelled/a/{i:02d}.png": png(100 + i) for i in range(20)},
    "photos/test/dog/1.png": png(200),
}


def load(images, tmp_path, **changes):
    return load_images(images, **{"image_size": 32, "cache_dir": tmp_path / "cache", **changes})


@pytest.mark.parametrize(
    "images", ["memory://photos", "memory://photos/{train-0,train-1,test}.tar"]
)
def test_shards_at_an_address(memory, tmp_path, images):
    memory(SHARDS)
    data = load(images, tmp_path)
    assert levels(data.images) == [*range(20)] and levels(data.test_images) == [200]
    assert data.labels[:3].tolist() == [0, 1, -1] and data.paths[10] == "train-1.tar/000000.png"


def test_parquet_at_an_address(memory, tmp_path):
    pytest.importorskip("pyarrow", reason="the extra parquet is missing")
    content = parquet_of([png(i) for i in range(30)], [1, 0] + [None] * 28, ["cat", "dog"])
    memory({"photos/data/train-00000-of-00001.parquet": content})
    data = load("memory://photos/data/*.parquet", tmp_path)
    assert levels(data.images) == [*range(30)] and data.labels[:3].tolist() == [1, 0, -1]


def test_a_folder_at_an_address(memory, tmp_path):
    memory(FOLDER)
    data = load("memory://photos/", tmp_path)
    assert levels(data.images) == [0, 1, 2] * 2 + [*range(100, 120)]
    assert data.labels[:7].tolist() == [0] * 3 + [1] * 3 + [-1]
    assert data.paths[6] == "unlabelled/a/00.png" and data.test_paths == ("test/dog/1.png",)


def test_a_changed_file_is_noticed_by_its_size_and_time(memory, tmp_path):
    memory(FOLDER)
    load("memory://photos", tmp_path)
    memory({"photos/labelled/cat/1.png": png(55)})
    assert levels(load("memory://photos", tmp_path).images)[1] == 55


def test_labels_of_a_table_at_an_address(memory, tmp_path):
    memory(FOLDER)
    table = tmp_path / "labels.csv"
    table.write_text("path,label\nunlabelled/a/03.png,x\nunlabelled\\a\\04.png,y\n")
    data = load("memory://photos", tmp_path, labels_csv=table)
    given = {path: label for path, label in zip(data.paths, data.labels.tolist()) if label >= 0}
    assert given == {"unlabelled/a/03.png": 0, "unlabelled/a/04.png": 1}


def test_names_that_no_file_system_has_are_left_out(memory):
    memory({**FOLDER, "photos/../secret.png": png(1), "photos/labelled//x.png": png(1)})
    found = find_source("memory://photos").found
    assert {*found} <= {path.removeprefix("photos/") for path in FOLDER}


def test_one_image_at_an_address_can_be_labelled(memory):
    memory(FOLDER)
    source = find_source("memory://photos/unlabelled/a/03.png")
    ((name, content),) = [(each.name, each.content()) for each in source.images(Report(print))]
    assert (name, content) == ("03.png", png(103))


def broken(system, times, monkeypatch):
    """Let a file system fail so many times for the file 03.png, and for the shard train-1.tar."""
    left = [times]

    def failing(act):
        def call(path, *given, **options):
            if path.endswith(("03.png", "train-1.tar")) and left[0]:
                left[0] -= 1
                raise TimeoutError("no answer")
            return act(path, *given, **options)

        return call

    for name in ("cat_file", "open"):
        monkeypatch.setattr(type(system), name, staticmethod(failing(getattr(system, name))))
    return left


@pytest.mark.parametrize("contents, number", [(FOLDER, 26), (SHARDS, 20)])
def test_a_read_that_fails_is_tried_again(memory, tmp_path, monkeypatch, contents, number):
    left = broken(memory(contents), 2, monkeypatch)
    data = load("memory://photos", tmp_path)
    assert len(data.images) == number and not data.skipped and left == [0]


@pytest.mark.parametrize(
    "contents, name", [(FOLDER, "unlabelled/a/03.png"), (SHARDS, "train-1.tar")]
)
def test_what_can_t_be_read_is_left_out_and_read_the_next_time(
    memory, tmp_path, monkeypatch, contents, name
):
    system = memory(contents)
    with monkeypatch.context() as patch:
        broken(system, 3, patch)
        ((path, reason),) = load("memory://photos", tmp_path).skipped
    assert path == name and "can't be read: TimeoutError: no answer" in reason
    data = load("memory://photos", tmp_path)
    assert not data.skipped and len(data.images) in (20, 26)
    assert len([*(tmp_path / "cache").iterdir()]) == 1


def test_a_read_that_fails_in_the_middle_goes_on_at_its_place(monkeypatch):
    content, opened = bytes(range(256)) * 100, []

    class Failing:
        def __init__(self):
            opened.append(0)
            self.place = 0

        def seek(self, place, whence=0):
            self.place = place + (len(content) if whence == 2 else 0)
            return self.place

        def read(self, number):
            opened[-1] += 1
            if opened[-1] == 3:
                raise ConnectionError("reset")
            self.place += number
            return content[self.place - number : self.place]

        def close(self):
            pass

    file = Steady(Failing)
    assert b"".join(iter(lambda: file.read(1000), b"")) == content and len(opened) > 5
    assert file.seek(-3, 2) == len(content) - 3 and file.read(9) == content[-3:]
    assert not file.failed


def refused(images):
    with pytest.raises(InputError) as error:
        find_source(images)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_addresses_that_can_t_be_used_are_one_sentence_each(memory, tmp_path):
    memory(SHARDS)
    assert "There is nothing at memory://none" in refused("memory://none")
    assert "no /photos/train-2.tar" in refused("memory://photos/train-{0..2}.tar")
    assert "There is no shard /photos/x-*.tar" in refused("memory://photos/x-*.tar")
    assert "nothing://x can't be reached: ValueError: Protocol not known" in refused("nothing://x")
    assert f"There is nothing at file://{tmp_path}/none" in refused(f"file://{tmp_path}/none")


@pytest.mark.parametrize(
    "address, secret",
    [
        ("ftp://me:hunter2@host/photos", "hunter2"),
        ("s3://AKIA123:hunter2@bucket/x.tar", "hunter2"),
        ("simplecache::s3://AKIA123:hunter2@bucket/x.tar", "hunter2"),
        ("https://host/x.tar?X-Amz-Signature=hunter2", "hunter2"),
    ],
)
def test_an_address_with_a_password_is_refused_and_not_shown(address, secret):
    said = refused(address)
    assert "holds a password or a key" in said and secret not in said


def test_passwords_in_what_a_file_system_says_are_left_out():
    said = without_secrets("GET 'https://a:b@host/x?token=abc&X-Amz-Signature=f%20f' failed")
    assert said == "GET 'https://host/x' failed"


@pytest.mark.parametrize(
    "address, missing, extra",
    [
        ("s3://bucket/x", "s3fs", "s3"),
        ("gs://bucket/x", "gcsfs", "gcs"),
        ("memory://photos", "fsspec", "remote"),
        ("s3://bucket/x", "fsspec", "s3"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, address, missing, extra):
    known = importlib.import_module("fsspec.registry")._registry  # What was imported before.
    monkeypatch.delitem(known, address.split(":")[0], raising=False)
    for name in [name for name in sys.modules if name.split(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    assert f"{address} needs the extra {extra} (pip install " in refused(address)


def test_a_package_of_no_extra_is_named_as_fsspec_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "paramiko", None)
    assert "needs a package that is not installed: " in refused("sftp://host/photos")


def test_parquet_without_its_package_is_named_with_the_extra(memory, monkeypatch):
    memory({"photos/x.parquet": b""})
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert "needs the extra parquet (pip install" in refused("memory://photos/x.parquet")


def test_plain_paths_need_no_fsspec(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    (tmp_path / "x.tar").write_bytes(SHARDS["photos/train-0.tar"])
    assert levels(load(tmp_path / "x.tar", tmp_path).images) == [*range(10)]
    (tmp_path / "a").mkdir()
    assert find_source(tmp_path / "a") is None and find_source(tmp_path / "none") is None
    assert find_source(tmp_path / "a.jpg") is None


# S3's protocol, spoken by moto on loopback.


@pytest.fixture(scope="module")
def s3():
    """A server with an empty bucket `photos`; gives a file system to fill it."""
    pytest.importorskip("s3fs", reason="the extra s3 is missing")
    server_module = pytest.importorskip("moto.server", reason="moto, which speaks S3, is missing")
    import s3fs

    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        s3fs.S3FileSystem.clear_instance_cache()
        system = s3fs.S3FileSystem()
        system.mkdir("photos")
        yield system
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.fixture
def bucket(s3):
    def fill(contents):
        for path, content in contents.items():
            s3.pipe_file(path, content)
        s3.invalidate_cache()
        return s3

    yield fill
    for path in s3.find("photos"):
        s3.rm_file(path)
    s3.invalidate_cache()


@pytest.mark.slow
@pytest.mark.parametrize("images", ["s3://photos", "s3://photos/*.tar"])
def test_shards_on_s3(bucket, tmp_path, images):
    bucket(SHARDS)
    data = load(images, tmp_path)
    assert levels(data.images) == [*range(20)] and levels(data.test_images) == [200]
    assert data.labels[:3].tolist() == [0, 1, -1]


@pytest.mark.slow
def test_a_folder_on_s3_is_that_in_memory_and_a_changed_object_is_noticed(bucket, memory, tmp_path):
    s3 = bucket({**FOLDER, "photos/labelled/": b""})  # As S3's console makes folders.
    memory(FOLDER)
    data, expected = load("s3://photos", tmp_path), load("memory://photos", tmp_path)
    np.testing.assert_array_equal(data.images, expected.images)
    assert (data.paths, data.test_paths) == (expected.paths, expected.test_paths)
    assert data.labels.tolist() == expected.labels.tolist()
    s3.pipe_file("photos/labelled/cat/1.png", png(55))
    s3.invalidate_cache()
    assert levels(load("s3://photos", tmp_path).images)[1] == 55


@pytest.mark.slow
def test_parquet_on_s3(bucket, tmp_path):
    pytest.importorskip("pyarrow", reason="the extra parquet is missing")
    bucket({"photos/t.parquet": parquet_of([png(1), png(2)], [0, 1], ["cat", "dog"])})
    assert levels(load("s3://photos/t.parquet", tmp_path).images) == [1, 2]


@pytest.mark.slow
def test_what_s3_refuses_is_one_sentence_each_without_the_key(bucket, monkeypatch):
    s3 = bucket(SHARDS)
    assert "There is nothing at s3://none/x" in refused("s3://none/x")
    assert "There is nothing at s3://photos/none" in refused("s3://photos/none")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    type(s3).clear_instance_cache()
    said = refused("s3://photos")
    assert "credentials for s3://photos are missing" in said and "hunter2" not in said


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_one_sentence(bucket, monkeypatch):
    s3 = bucket({})
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    type(s3).clear_instance_cache()
    assert "s3://photos can't be reached" in refused("s3://photos")
    type(s3).clear_instance_cache()
