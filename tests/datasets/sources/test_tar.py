from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import tracemalloc

import pytest
from shard_files import png, samples, tar_of

from keras_selflearn.datasets.sources import tar as module
from keras_selflearn.datasets.sources.piece import Report
from keras_selflearn.datasets.sources.tar import read_tar


def read(content):
    """Names and contents, labels, what is skipped, and the error if there is one."""
    skipped = []
    report = Report(lambda name, reason: skipped.append((name, reason)))
    found, error = [], None
    try:
        for each in read_tar(io.BytesIO(content), "s.tar", report):
            found.append((each.name, each.content()))
            assert each.size == len(found[-1][1])
    except Exception as raised:
        error = raised
    return found, report, skipped, error


@pytest.mark.parametrize("pack", [lambda content: content, gzip.compress])
def test_images_come_in_order_with_the_labels_beside_them(pack):
    members = samples([1, 2, 3], ["cat", " 7\n"])
    members.insert(0, members.pop(1))  # A label may come after its image.
    found, report, skipped, error = read(pack(tar_of(members)))
    assert [name for name, _ in found] == [f"s.tar/{i:06d}.png" for i in range(3)]
    assert [content for _, content in found] == [png(level) for level in (1, 2, 3)]
    assert report.labels == {"s.tar/000000.png": "cat", "s.tar/000001.png": "7"}
    assert not skipped and error is None


def test_a_label_belongs_to_all_images_of_its_sample_in_its_folder():
    members = [("a/1.left.jpg", b"x"), ("b/1.jpg", b"y"), ("a/1.right.jpg", b"z")]
    _, report, _, _ = read(tar_of([*members, ("a/1.cls", "Käse".encode())]))
    assert report.labels == dict.fromkeys(("s.tar/a/1.left.jpg", "s.tar/a/1.right.jpg"), "Käse")


@pytest.mark.parametrize("label", ["", "-1", " -1.0\n"])
def test_an_empty_label_and_minus_1_are_none(label):
    _, report, skipped, _ = read(tar_of(samples([1], [label])))
    assert not report.labels and not skipped


@pytest.mark.parametrize(
    "label, reason",
    [(b"\xff\xfe\xff", "not UTF-8"), (b"a\0b", "NUL"), (b"x" * 1001, "1,001 characters")],
)
def test_what_can_be_no_label_is_skipped_and_its_image_stays(label, reason):
    found, report, skipped, _ = read(tar_of([("1.cls", label), ("1.jpg", b"x")]))
    assert len(found) == 1 and not report.labels
    assert skipped[0][0] == "s.tar/1.cls" and reason in skipped[0][1]


def test_other_members_are_counted_and_folders_and_a_mac_s_notes_ignored():
    folder = tarfile.TarInfo("a")
    folder.type = tarfile.DIRTYPE
    members = [(folder, b""), ("a/1.json", b"{}"), ("a/._1.jpg", b"x"), ("a/.2.jpg", b"x")]
    found, report, skipped, _ = read(tar_of([*members, ("./a/1.jpg", b"x")]))
    assert [name for name, _ in found] == ["s.tar/a/1.jpg"] and not skipped
    state = report.left_out.state()
    assert state["ends"] == {".json": 1} and state["reasons"][0][2:] == [1, ["s.tar/a/.2.jpg"]]


def hostile(kind):
    info = tarfile.TarInfo("bad.jpg")
    info.type, info.linkname = kind, "/etc/passwd"
    return info


@pytest.mark.parametrize(
    "member, reason",
    [
        (hostile(tarfile.SYMTYPE), "link"),
        (hostile(tarfile.LNKTYPE), "link"),
        (hostile(tarfile.CHRTYPE), "device"),
        (hostile(tarfile.FIFOTYPE), "device"),
        ("/etc/bad.jpg", "leads out"),
        ("a/../../bad.jpg", "leads out"),
        ("x" * 5000 + ".jpg", "more than 4,096 characters"),
        ("good.jpg", "another image of this name"),
    ],
)
def test_hostile_members_are_skipped_with_the_reason(member, reason):
    found, _, skipped, error = read(tar_of([("good.jpg", b"x"), (member, b""), ("z.jpg", b"y")]))
    assert [name for name, _ in found] == ["s.tar/good.jpg", "s.tar/z.jpg"] and error is None
    assert len(skipped) == 1 and reason in skipped[0][1]


def test_a_member_that_is_too_large_is_skipped_without_being_held(monkeypatch):
    monkeypatch.setattr("keras_selflearn.datasets.sources.piece.LARGEST", 1000)
    content = tar_of([("1.jpg", bytes(2**24)), ("2.jpg", b"x")])
    tracemalloc.start()
    found, _, skipped, _ = read(content)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()
    assert [name for name, _ in found] == ["s.tar/2.jpg"]
    assert skipped == [("s.tar/1.jpg", "it has 16,777,216 bytes, and at most 1,000 are read")]


@pytest.mark.parametrize("numbers", [{"LARGEST": 2**20}, {"_NO_BOMB": 2**20}])
def test_a_gzip_bomb_ends_the_shard(numbers, monkeypatch):
    for name, number in numbers.items():
        monkeypatch.setattr(module, name, number)
    members = [("1.jpg", b"x"), *((f"{i}.jpg", bytes(2**21)) for i in range(2, 5))]
    found, _, _, error = read(gzip.compress(tar_of(members)))
    assert "too large" in str(error) and 1 <= len(found) < 4


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_a_header_that_would_fill_memory_ends_the_shard(kind):
    info = tarfile.TarInfo("1")
    info.type, info.size = kind, 2**33
    content = tar_of([("0.jpg", b"x")])[:1024] + info.tobuf(tarfile.GNU_FORMAT) + bytes(2**16)
    found, _, _, error = read(content)
    assert len(found) == 1 and "8,589,934,592 bytes" in str(error)


@pytest.mark.parametrize("length", [100, 600, 1100, 1535, 1536, 1600, 2048])
@pytest.mark.parametrize("pack", [lambda content: content, gzip.compress])
def test_a_shard_that_is_cut_off_gives_what_is_whole_and_an_error(length, pack):
    members = [(f"{i}.jpg", bytes([i]) * 300) for i in range(4)]
    whole = tar_of(members)
    assert read(pack(whole))[3] is None
    found, _, _, error = read(pack(whole[:length]))
    assert error is not None
    assert [content for _, content in found] == [c for _, c in members[: (length + 212) // 1024]]


def test_a_gzip_file_that_is_cut_off_is_an_error():
    packed = gzip.compress(tar_of(samples(range(9))))
    assert read(packed[: len(packed) // 2])[3] is not None


@pytest.mark.parametrize("place", [512, 1024, 1024 + 148])
def test_a_damaged_header_in_the_middle_is_no_end(place):
    content = bytearray(tar_of([(f"{i}.jpg", b"x") for i in range(3)]))
    content[place + 1024 if place == 512 else place] ^= 0xFF
    found, _, _, error = read(bytes(content))
    if place == 512:  # In the pixels: no header.
        assert error is None and len(found) == 3
    else:
        assert len(found) == 1 and "header is damaged" in str(error)


@pytest.mark.parametrize("content", [b"", b"no tar file", bytes(100), b"\x1f\x8bno gzip", png(3)])
def test_what_is_no_tar_file_is_an_error(content):
    found, _, _, error = read(content)
    assert not found and error is not None


def test_another_compression_is_named():
    assert "compressed by xz" in str(read(lzma.compress(tar_of([])))[3])


def test_memory_does_not_grow_with_the_number_of_members():
    content = tar_of([(f"{i}.txt", b"x") for i in range(5_000)])
    tracemalloc.start()
    read(content)
    assert tracemalloc.get_traced_memory()[1] < 2**20  # The members alone would take 5 MB.
    tracemalloc.stop()
