from __future__ import annotations

import io
import os
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from keras_selflearn.storage.arrays import read_arrays

ARRAYS = {
    "numbers": np.arange(12, dtype=np.int64).reshape(3, 4),
    "columns": np.asfortranarray(np.arange(6, dtype=">f4").reshape(2, 3)),
    "scalar": np.float16(0.5),
    "empty": np.empty((0, 7), np.float32),
    "words": np.array(["cat", "Käse", ""]),
    "bytes": np.array([b"a", b"bc"]),
    "flags": np.array([True, False]),
}


def npz(arrays=ARRAYS, save=np.savez):
    file = io.BytesIO()
    save(file, **arrays)
    return file.getvalue()


def member(content, name="a.npy", method=zipfile.ZIP_DEFLATED):
    """A zip of one member with this content."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def header(descr, shape):
    file = io.BytesIO()
    fields = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, fields)
    return file.getvalue()


def refuse(content, match):
    """Reading fails with that message and never holds more than a few mebibytes."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=match):
            read_arrays(io.BytesIO(content))
        assert tracemalloc.get_traced_memory()[1] < len(content) + 8 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_wrote_is_read(save):
    loaded = read_arrays(io.BytesIO(npz(save=save)))
    assert list(loaded) == list(ARRAYS)
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(loaded[name], array)
        assert loaded[name].dtype == array.dtype and loaded[name].shape == array.shape


def test_the_arrays_are_one_s_own():
    array = read_arrays(io.BytesIO(npz()))["numbers"]
    array[0, 0] = 7
    assert array[0, 0] == 7


def test_an_array_of_many_pieces_is_read():
    array = np.random.default_rng(0).integers(0, 9, 3_000_001, np.uint8)
    for save in (np.savez, np.savez_compressed):
        loaded = read_arrays(io.BytesIO(npz({"a": array}, save)))
        np.testing.assert_array_equal(loaded["a"], array)


def test_a_prefix_is_left_alone():
    file = io.BytesIO(b"a line of a header\n" + npz())
    file.readline()
    np.testing.assert_array_equal(read_arrays(file)["numbers"], ARRAYS["numbers"])


@pytest.mark.slow
def test_zeros_that_deflate_well_are_read():
    zeros = np.zeros(10_000_000, np.int64)
    content = npz({"a": zeros}, np.savez_compressed)
    assert len(content) < zeros.nbytes / 900
    np.testing.assert_array_equal(read_arrays(io.BytesIO(content))["a"], zeros)


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all" * 99, npz()[:-1], npz()[30:]])
def test_what_is_no_npz_is_refused(content):
    refuse(content, "damaged")


def test_a_changed_byte_of_an_array_is_noticed():
    content = npz({"a": np.arange(1000)})
    place = content.index(np.int64(500).tobytes())
    refuse(content[:place] + b"\xff" + content[place + 1 :], "damaged .*CRC")


class _Payload:
    def __reduce__(self):
        return os.mkdir, (str(_Payload.folder),)


def test_a_pickle_is_not_executed(tmp_path):
    _Payload.folder = tmp_path / "made by the pickle"
    content = npz({"a": np.array([_Payload()], object)})
    refuse(content, "'a' is of object")
    assert not _Payload.folder.exists()
    pickle.loads(pickle.dumps(_Payload()))
    assert _Payload.folder.exists()  # It would have worked.


@pytest.mark.parametrize(
    ("array", "what"),
    [
        (np.zeros(2, [("x", "f4")]), "not of numbers or strings"),
        (np.array(["2020-01-01"], "M8[D]"), "not of numbers or strings"),
        (np.zeros(2, np.complex64), "not of numbers or strings"),
        (np.zeros(2, "V3"), "not of numbers or strings"),
    ],
)
def test_other_types_are_refused(array, what):
    refuse(npz({"a": array}), what)


@pytest.mark.parametrize(
    ("descr", "shape", "match"),
    [
        ("<f8", (10**12,), "impossible shape|not what is there"),
        ("<f8", (2**62,), "impossible shape"),
        ("<f8", (10**30, 0), "impossible shape"),
        ("<f8", (2**31, 2**31, 2**31), "impossible shape"),
        ("<f8", (-1,), "impossible shape"),
        ("<f8", (-2, -2), "impossible shape"),
        ("<f8", (1,) * 40, "damaged|not what is there"),
        ("<f8", (3,), "not what is there"),
        ("<U0", (10**15,), "not of numbers or strings"),
        ("(1000000,)f8", (1000000,), "not of numbers or strings"),
        ("<U400000000", (10**9,), "impossible shape"),
    ],
)
def test_shapes_that_are_not_there_are_refused(descr, shape, match):
    refuse(member(header(descr, shape) + bytes(64)), match)


def test_a_header_of_nested_brackets_is_refused():
    text = b"(" * 9000
    head = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text
    refuse(member(head), "damaged")


def test_a_long_header_is_refused():
    head = b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + bytes(10**7)
    refuse(member(head), "header that NumPy writes for no")


@pytest.mark.slow
def test_a_bomb_of_zeros_is_refused():
    """Deflate makes a thousandth of zeros: 1 GiB fits into a mebibyte."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("a.npy", "w") as content:
            content.write(header("|u1", (2**30,)))
            for _ in range(2**10):
                content.write(bytes(2**20))
    assert len(file.getvalue()) < 1.1 * 2**20
    refuse(file.getvalue(), "far larger than their file")


def patched(content, **sizes):
    """With other sizes in the zip's directory, for a zip of one member."""
    place = content.index(b"PK\x01\x02") + 20
    old = struct.unpack_from("<II", content, place)
    new = (sizes.get("compressed", old[0]), sizes.get("size", old[1]))
    return content[:place] + struct.pack("<II", *new) + content[place + 8 :]


def test_sizes_that_can_not_be_are_refused():
    content = member(header("|u1", (2**31,)) + bytes(100))
    refuse(patched(content, size=2**31 + 128), "larger than its bytes can be")
    stored = member(header("|u1", (2**31,)) + bytes(100), method=zipfile.ZIP_STORED)
    refuse(patched(stored, size=2**31 + 128), "larger than its bytes can be")
    refuse(patched(stored, size=2**31, compressed=2**31), "larger than their file")


def test_an_array_that_ends_early_is_refused():
    content = member(header("|u1", (200_000,)) + bytes(100))
    refuse(patched(content, size=200_128), "larger than its bytes can be|ends early")
    content = member(header("|u1", (20_000,)) + bytes(10_000))
    refuse(patched(content, size=20_128), "ends early")


def test_two_of_one_name_are_refused():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        for _ in range(2):
            archive.writestr("a.npy", header("|u1", (1,)) + b"x")
    refuse(file.getvalue(), "'a' is there twice")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_is_refused(method):
    refuse(member(header("|u1", (1,)) + b"x", method=method), "way that NumPy does not use")


def test_another_member_is_refused():
    refuse(member(b"text", name="notes.txt"), "'notes.txt' is no array")
    refuse(member(b"", name="../../a.npy"), "damaged")


def many(n):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for index in range(n):
            archive.writestr(f"{index}.npy", header("|u1", ()) + b"x")
    return file.getvalue()


@pytest.mark.slow
def test_too_many_members_are_refused():
    with pytest.raises(ValueError, match="10001 arrays"):
        read_arrays(io.BytesIO(many(10_001)))


def test_a_long_directory_is_refused_before_it_is_parsed():
    content = many(10)
    directory = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entries = content[directory:end] * 5000
    tail = bytearray(content[end:])
    struct.pack_into("<I", tail, 12, len(entries))
    refuse(content[:directory] + entries + bytes(tail), "directory of the arrays is too long")


@pytest.mark.parametrize(
    ("descr", "data", "match"),
    [("<U1", b"\xff\xff\xff\x7f", "no character"), ("|b1", b"\x02", "no boolean")],
)
def test_impossible_values_are_refused(descr, data, match):
    refuse(member(header(descr, (1,)) + data), match)


def test_no_array_at_all_is_refused():
    refuse(npz({}), "there are 0 arrays")


def test_a_file_on_disk_is_read(tmp_path: Path):
    (tmp_path / "a.npz").write_bytes(npz())
    with (tmp_path / "a.npz").open("rb") as file:
        assert set(read_arrays(file)) == set(ARRAYS)
