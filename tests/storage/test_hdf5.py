from __future__ import annotations

import resource

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.network.backbone import build_backbone, load_weights
from keras_selflearn.storage.hdf5 import check_hdf5


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


def refuse(path, match, **options):
    """The check fails with that message and takes no large memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=match):
        check_hdf5(path, **options)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


@pytest.mark.parametrize("name", ["a.weights.h5", "a.h5"])
def test_what_keras_writes_passes(tmp_path, name):
    model = tf.keras.Sequential([tf.keras.Input((4,)), tf.keras.layers.Dense(3)])
    model.compile("adam", "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 3)), verbose=0)
    if name == "a.h5" and keras.__version__ >= "3":
        model.save(tmp_path / name)  # Keras 3 writes no legacy weights alone.
    else:
        model.save_weights(tmp_path / name)
    check_hdf5(tmp_path / name)
    check_hdf5(tmp_path / name, most_bytes=4 * 12)
    refuse(tmp_path / name, "has 48 bytes, which is too many", most_bytes=47)


def test_what_is_no_hdf5_is_the_usual_error(path):
    path.write_bytes(b"no HDF5")
    with pytest.raises(OSError):
        check_hdf5(path)


def test_links_to_other_files_are_refused(path, tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["numbers"] = np.arange(3)
    with h5py.File(path, "w") as file:
        file["a/b"] = h5py.ExternalLink("secret.h5", "/numbers")
    refuse(path, "'b' is a link to somewhere else")


@pytest.mark.parametrize("target", ["/a", "/nowhere", "/soft"])
def test_soft_links_are_refused(path, target):
    with h5py.File(path, "w") as file:
        file["a"] = np.arange(3)
        file["soft"] = h5py.SoftLink(target)
    refuse(path, "'soft' is a link to somewhere else")


def test_one_thing_under_two_names_is_refused(path):
    with h5py.File(path, "w") as file:
        file["a"] = np.arange(3)
        file["b"] = file["a"]
    refuse(path, "'b' is another name")


def test_a_group_in_itself_is_refused(path):
    with h5py.File(path, "w") as file:
        file.create_group("a")["b"] = file["/"]
    refuse(path, "'b' is another name")


def test_virtual_datasets_are_refused(path, tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["numbers"] = np.arange(3)
    layout = h5py.VirtualLayout((3,), np.int64)
    layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "numbers", shape=(3,))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("a", layout)
        assert file["a"][1] == 1
    refuse(path, "'a' is compressed, in chunks or in other files")


def test_external_storage_is_refused(path, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(24))
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (3,), np.int64, external=[(str(tmp_path / "secret"), 0, 24)])
    refuse(path, "'a' is in another file")


@pytest.mark.parametrize(
    "options", [{"chunks": (1000,)}, {"compression": "gzip"}, {"fletcher32": True}]
)
def test_chunks_and_filters_are_refused(path, options):
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=np.zeros(10**6), **options)
    refuse(path, "as Keras writes none")


def test_a_fill_value_without_storage_is_refused(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (10**10,), np.float32, fillvalue=1)
    assert path.stat().st_size < 10_000
    refuse(path, "40000000000 bytes, of which not all are there")


def test_storage_beyond_the_end_is_refused(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("a", data=np.zeros(10**6, np.uint8))
    content = path.read_bytes()
    # The size stands in the dataspace and in the layout.
    old, new = (10**6).to_bytes(8, "little"), (10**11).to_bytes(8, "little")
    assert content.count(old) >= 2
    path.write_bytes(content.replace(old, new))
    refuse(path, "more than the file has|damaged")


@pytest.mark.parametrize(
    "dtype", [h5py.string_dtype(), h5py.vlen_dtype(np.float32), h5py.ref_dtype, [("x", "f4")]]
)
def test_other_types_are_refused(path, dtype):
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (1,), dtype)
        if dtype is h5py.ref_dtype:
            file["a"][0] = file.ref
    refuse(path, "'a' is of .*, not of numbers")


def test_a_named_type_is_refused(path):
    with h5py.File(path, "w") as file:
        file["a"] = np.dtype(np.float32)
    refuse(path, "'a' is neither a group nor an array")


def test_deep_nesting_is_refused(path):
    with h5py.File(path, "w") as file:
        file["/".join(["a"] * 40)] = 1.0
    refuse(path, "nested more than 32 deep")


@pytest.mark.slow
def test_many_objects_are_refused(path):
    with h5py.File(path, "w", libver="latest") as file:
        for index in range(20):
            for inner in range(600):
                file.create_group(f"{index}/{inner}")
    refuse(path, "more than 10000 groups and arrays")


def test_many_attributes_are_refused(path):
    with h5py.File(path, "w", libver="latest") as file:
        for index in range(1001):
            file.attrs[f"a{index}"] = 0
    refuse(path, "more than 1000 attributes")


def test_one_long_string_many_times_is_refused(path):
    """What is read of the attribute may be as many strings as long as the longest in the file."""
    with h5py.File(path, "w") as file:
        file.attrs["other"] = "x" * 1_000_000
        file.attrs["layer_names"] = ["x"] * 20
    refuse(path, "attribute 'layer_names' claims .* bytes, which is too many")


@pytest.mark.parametrize("dtype", [h5py.vlen_dtype(np.float32), h5py.ref_dtype])
def test_other_attributes_are_refused(path, dtype):
    with h5py.File(path, "w") as file:
        value = np.empty(1, dtype)
        value[0] = file.ref if dtype is h5py.ref_dtype else np.ones(2, np.float32)
        file.attrs.create("layer_names", value, dtype=dtype)
    refuse(path, "'layer_names' is neither of numbers nor a text")


# In the first line a length of 4 GiB, in the others what libhdf5 reads for ever or crashes on.
@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (b"\4\0\0\0%b\2\0\0\0", b"\xff\xff\xff\xff%b\2\0\0\0", "not there"),
        (b"\4\0\0\0%b\2\0\0\0", b"\4\0\0\0%b\7\0\0\0", "not there"),
        (b"\4\0\0\0\0\0\0\0four", b"\4\xff\0\0\0\0\0\0four", "heap of strings"),
        (
            b"\2\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0four",
            b"\1\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0four",
            "heap of",
        ),
        (b"GCOL\x01\0\0\0\0\x10", b"GCOL\x01\0\0\0\0\x08", "heap of strings"),
        (b"GCOL\x01\0\0\0\0\x10", b"GCOL\x01\0\0\0\0\xff", "heap of strings"),
        (b"\x19\x01\0\0\x10", b"\x19\x09\0\0\x10", "neither of numbers nor a text"),
    ],
)
def test_damaged_strings_are_refused_before_they_are_read(path, old, new, match):
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [b"four", b"two"]
    check_hdf5(path)
    content = path.read_bytes()
    if b"%b" in old:
        heap = content.index(b"GCOL").to_bytes(8, "little")
        old, new = old % heap, new % heap
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))
    refuse(path, match)


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (["a/kernel:0"] * 100, "two weights of a layer have one name"),
        (["a/kernel:0", "a/./kernel:0"], "a name that Keras does not give"),
        (["a/kernel:0", "a//kernel:0"], "a name that Keras does not give"),
        (["/a/a/kernel:0"], "a name that Keras does not give"),
    ],
)
@pytest.mark.parametrize("kind", [str, np.bytes_])
def test_weights_named_twice_are_refused(path, names, match, kind):
    """Keras reads them all, each as large as the file, before it counts them."""
    with h5py.File(path, "w") as file:
        file["a/a/kernel:0"] = np.zeros(3)
        file["a"].attrs["weight_names"] = names if kind is str else np.array(names, kind)
    refuse(path, match)


def test_an_array_larger_than_the_model_is_not_read(path):
    """The first of them would pass for a kernel by its name."""
    model = build_backbone("tiny", (32, 32, 3), "random")
    with h5py.File(path, "w") as file:
        file["a"] = np.zeros(10**6)
    with pytest.raises(ValueError, match="not those of tiny.*8000000 bytes, which is too many"):
        load_weights(model, path, "tiny")
