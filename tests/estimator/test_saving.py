from __future__ import annotations

import gc
import hashlib
import json
import os
import resource
import sys
import tracemalloc
from dataclasses import dataclass, replace

import h5py
import numpy as np
import pytest

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.losses import loss_names
from keras_selflearn.losses.arcface import ArcFace
from keras_selflearn.losses.triplet import Triplet

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8)
LABELS = np.array(["cat", "dog", "-1", "-1"] * 5)


def fit(**changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 1, "meta_epochs": 1}
    options.update(meta_iterations=1, random_state=0, precision="float32", selection_percent=20)
    return SelfLearningClassifier(**{**options, **changes}).fit(IMAGES, LABELS)


@pytest.fixture(scope="module")
def fitted():
    return fit(loss="triplet")


@pytest.fixture
def saved(fitted, tmp_path):
    fitted.save(tmp_path / "clf")
    return tmp_path / "clf"


@pytest.fixture
def saved_with_head(tmp_path):
    fit(loss="cross-entropy").save(tmp_path / "clf")
    return tmp_path / "clf"


def change_settings(folder, **changes):
    """Overwrite entries of classifier.json; those of a dict are merged."""
    settings = json.loads((folder / "classifier.json").read_text())
    for name, value in changes.items():
        merged = isinstance(value, dict) and isinstance(settings[name], dict)
        settings[name] = {**settings[name], **value} if merged else value
    (folder / "classifier.json").write_text(json.dumps(settings))


def sign(folder):
    """Write the digests of the files that are there, as whoever crafted them would."""
    names = ("arrays.npz", "model.weights.h5")
    digests = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    change_settings(folder, sha256=digests)


def change_arrays(folder, **changes):
    with np.load(folder / "arrays.npz") as archive:
        arrays = {**archive, **changes}
    np.savez(folder / "arrays.npz", **arrays)
    sign(folder)


@pytest.mark.parametrize("mark", [-1, "-1"])
def test_labels_of_dtype_object_are_objects_again(fitted, mark, tmp_path):
    labels = fitted.transduction_.astype(object)
    labels[fitted.labeled_iter_ < 0] = mark
    clf = SelfLearningClassifier()
    clf.fitted_ = replace(fitted.fitted_, classes=fitted.classes_.astype(object), labels=labels)
    clf.save(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf")
    assert loaded.classes_.dtype == loaded.transduction_.dtype == object
    assert loaded.classes_.tolist() == fitted.classes_.tolist()
    assert loaded.transduction_.tolist() == labels.tolist()
    assert loaded.score(IMAGES, labels) == clf.score(IMAGES, labels)
    change_settings(tmp_path / "clf", object_labels={"unlabelled": "none"})
    with pytest.raises(InputError, match="marked with neither -1 nor"):
        SelfLearningClassifier.load(tmp_path / "clf")


@pytest.mark.slow
@pytest.mark.parametrize("loss", loss_names())
def test_a_loaded_classifier_is_the_one_saved(loss, tmp_path):
    clf = fit(loss=loss)
    clf.save(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf")
    np.testing.assert_array_equal(loaded.transform(IMAGES), clf.transform(IMAGES))
    np.testing.assert_array_equal(loaded.predict_proba(IMAGES), clf.predict_proba(IMAGES))
    np.testing.assert_array_equal(loaded.predict(IMAGES), clf.predict(IMAGES))
    for name in (
        "classes_",
        "transduction_",
        "labeled_iter_",
        "confidence_",
        "matched_",
        "flips_",
        "reference_",
    ):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(clf, name))
    for name in ("history_", "n_iter_", "termination_condition_", "image_shape_"):
        assert getattr(loaded, name) == getattr(clf, name)
    assert loaded.get_params()["epochs"] == 1


@pytest.mark.slow
def test_parameters_of_the_loss_are_kept(tmp_path):
    fit(loss=ArcFace(scale=16, margin=0.25)).save(tmp_path / "clf")
    assert SelfLearningClassifier.load(tmp_path / "clf").loss == ArcFace(scale=16, margin=0.25)


@pytest.mark.slow
def test_squared_distance_is_kept_and_absent_ones_are_the_defaults(tmp_path):
    fit(loss=Triplet(distance="squared"), order="train-first").save(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf")
    assert loaded.loss == Triplet(distance="squared") and loaded.order == "train-first"
    settings = json.loads((tmp_path / "clf" / "classifier.json").read_text())
    del settings["loss_parameters"]["distance"]
    del settings["parameters"]["order"], settings["parameters"]["validation_features"]
    (tmp_path / "clf" / "classifier.json").write_text(json.dumps(settings))
    older = SelfLearningClassifier.load(tmp_path / "clf")
    assert older.loss == Triplet() and older.order == "label-first"
    assert older.validation_features == "as-is"
    np.testing.assert_array_equal(older.predict(IMAGES), loaded.predict(IMAGES))


@pytest.mark.slow
def test_files_hold_no_pickle_and_no_optimiser(saved):
    assert sorted(file.name for file in saved.iterdir()) == [
        "arrays.npz",
        "classifier.json",
        "model.weights.h5",
    ]
    with np.load(saved / "arrays.npz", allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays} <= set("Uif")
    n_weights = SelfLearningClassifier.load(saved).network_.trainer.count_params()
    assert (saved / "model.weights.h5").stat().st_size < 4 * n_weights + 100_000


@pytest.mark.slow
def test_loss_of_one_s_own_is_given_to_load(tmp_path):
    @dataclass(frozen=True)
    class Mine(Triplet):
        name = "mine"

    fit(loss=Mine()).save(tmp_path / "clf")
    with pytest.raises(ValueError, match="loss of its own, 'mine'"):
        SelfLearningClassifier.load(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf", loss=Mine())
    assert loaded.loss == Mine()


@pytest.mark.slow
def test_what_was_fitted_is_saved_whatever_was_set_since(tmp_path):
    clf = fit(loss="cross-entropy", n_neighbors=np.int64(1))
    clf.set_params(loss="arcface", embedding_size=7).save(tmp_path / "clf")
    loaded = SelfLearningClassifier.load(tmp_path / "clf")
    assert loaded.objective_.name == "cross-entropy" and loaded.embedding_size == 256
    np.testing.assert_array_equal(loaded.predict(IMAGES), clf.predict(IMAGES))


@pytest.mark.slow
def test_nothing_is_overwritten(saved):
    before = (saved / "arrays.npz").read_bytes()
    with pytest.raises(ValueError, match="not empty"):
        fit(loss="arcface").save(saved)
    assert (saved / "arrays.npz").read_bytes() == before


def test_missing_folder_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="no saved classifier in"):
        SelfLearningClassifier.load(tmp_path / "none")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["arrays.npz", "classifier.json", "model.weights.h5"])
def test_damaged_file_is_an_error(saved, name):
    content = (saved / name).read_bytes()
    (saved / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="damaged"):
        SelfLearningClassifier.load(saved)


def test_pickled_array_is_refused(saved):
    np.savez(saved / "arrays.npz", classes=np.array([{}], object))
    sign(saved)
    with pytest.raises(ValueError, match="damaged: the array 'classes' is of object"):
        SelfLearningClassifier.load(saved)


def test_missing_or_foreign_settings_are_errors(saved):
    settings = json.loads((saved / "classifier.json").read_text())
    for broken in ({**settings, "format": 99}, [], {**settings, "format": 1}, {"format": "3"}):
        (saved / "classifier.json").write_text(json.dumps(broken))
        with pytest.raises(ValueError, match="not of format 3.*fit it again"):
            SelfLearningClassifier.load(saved)


@pytest.mark.slow
def test_weights_of_another_network_are_an_error(saved, tmp_path):
    fit(loss="triplet", embedding_size=8).save(tmp_path / "other")
    (tmp_path / "other" / "model.weights.h5").replace(saved / "model.weights.h5")
    with pytest.raises(ValueError, match="damaged: model.weights.h5 was changed"):
        SelfLearningClassifier.load(saved)
    sign(saved)
    with pytest.raises(ValueError, match="not those of the classifier|too small"):
        SelfLearningClassifier.load(saved)


@pytest.fixture
def no_network(monkeypatch):
    """What is damaged is found before a network is built."""

    def fail(*args, **kwargs):
        raise AssertionError("a network was built for a damaged folder")

    monkeypatch.setattr("keras_selflearn.estimator.saving.network_from", fail)


def refuse(folder, match):
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=match) as error:
            SelfLearningClassifier.load(folder)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()
    assert str(folder) in str(error.value)


@pytest.mark.parametrize("name", ["arrays.npz", "model.weights.h5"])
def test_one_changed_bit_is_noticed(saved, name, no_network):
    content = bytearray((saved / name).read_bytes())
    content[len(content) // 3] ^= 4
    (saved / name).write_bytes(content)
    refuse(saved, f"damaged: {name} was changed after it was saved; save it again")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"sha256": []}, "damaged"),
        ({"sha256": {"arrays.npz": 7}}, "arrays.npz was changed"),
        ({"parameters": []}, "damaged"),
        ({"parameters": {"unknown": 1}}, "damaged: .*unknown"),
        ({"parameters": {"embedding_size": 10**9}}, "does not fit its classes and embedding_size"),
        ({"parameters": {"embedding_size": 1e9}}, "embedding_size is 1000000000.0"),
        ({"parameters": {"embedding_size": True}}, "embedding_size is True"),
        ({"parameters": {"embedding_size": "__import__('os')"}}, "embedding_size is"),
        ({"parameters": {"n_neighbors": 5000}}, "n_neighbors is 5000, but only 10 images are"),
        ({"parameters": {"labelling": "softmax"}}, "needs a loss with logits"),
        ({"parameters": {"labelling": ["nearest"]}}, "Unknown labelling"),
        ({"parameters": {"labelling": "os"}}, "labeller of its own, 'os': give the class to"),
        ({"parameters": {"backbone": "../tiny"}}, "Unknown backbone"),
        ({"parameters": {"backbone": "vgg16"}}, "too small"),
        ({"parameters": {"backbone": ["tiny"]}}, "damaged"),
        ({"parameters": {"augment": 3}}, "damaged"),
        ({"parameters": {"weights": None}}, "weights is no text"),
        ({"parameters": {"prior": ["equal"]}}, "prior is no text"),
        ({"parameters": {"loss": ["triplet"]}}, "damaged"),
        ({"parameters": {"loss": "os"}}, "loss of its own, 'os'"),
        ({"loss_parameters": [1]}, "damaged"),
        ({"loss_parameters": {"margin": "wide"}}, "damaged: .*margin"),
        ({"loss_parameters": {"__class__": "x"}}, "damaged"),
        ({"image_shape": [32, 32]}, "damaged"),
        ({"image_shape": [32, -32, 3]}, "height|width"),
        ({"image_shape": [10**9, 10**9, 3]}, "The images' height is 1000000000"),
        ({"image_shape": [32, 32, 4]}, "channels"),
        ({"image_shape": [32.0, 32, 3]}, "height"),
        ({"history": {}}, "history"),
        ({"history": []}, "history"),
        ({"history": [1]}, "history"),
        ({"termination_condition": {"a": 1}}, "termination condition"),
    ],
)
def test_settings_of_other_types_or_sizes_are_refused(saved, changes, match, no_network):
    if "history" in changes:
        settings = json.loads((saved / "classifier.json").read_text())
        (saved / "classifier.json").write_text(json.dumps({**settings, **changes}))
    else:
        change_settings(saved, **changes)
    refuse(saved, match)


@pytest.mark.parametrize("text", ["[" * 10**5, '{"format": NaN}', '{"format": 1e400}', "\udcff"])
def test_json_that_is_none_is_refused(saved, text, no_network):
    (saved / "classifier.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    refuse(saved, "is damaged: it ")


@pytest.mark.slow
def test_a_network_larger_than_its_weights_file_is_not_built(saved_with_head, no_network):
    """Arrays and digests agree with the settings, as whoever crafted them would see to."""
    size = 10**8
    change_settings(saved_with_head, parameters={"embedding_size": size})
    change_arrays(saved_with_head, reference=np.empty((0, size), np.float32))
    refuse(saved_with_head, "model.weights.h5 is too small")


@pytest.mark.slow
def test_a_head_larger_than_its_weights_file_is_not_built(saved_with_head, no_network):
    change_arrays(saved_with_head, classes=np.array([f"{n:05}" for n in range(99_999)] + ["cat"]))
    change_arrays(saved_with_head, labeled_iter=np.full(20, -1))
    refuse(saved_with_head, "model.weights.h5 is too small")


@pytest.mark.slow
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_classifier_whose_weights_are_nan_labels_nothing(saved_with_head, value):
    with h5py.File(saved_with_head / "model.weights.h5", "r+") as file:
        names = []
        file.visit(names.append)
        array = next(file[each] for each in reversed(names) if isinstance(file[each], h5py.Dataset))
        array[...] = value
    sign(saved_with_head)
    with pytest.raises(ValueError, match="model.weights.h5 has weights that are NaN or infinite"):
        SelfLearningClassifier.load(saved_with_head)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"classes": np.array(["dog", "cat"])}, "classes are not two or more in order"),
        ({"classes": np.array(["cat"])}, "classes are not two or more in order"),
        ({"classes": np.array([["cat"], ["dog"]])}, "classes are not two or more in order"),
        ({"classes": np.array([1, 2])}, "labels do not fit"),
        ({"classes": np.array(["cat", "owl"])}, "labels do not fit"),
        ({"transduction": np.array(["cat"])}, "labels do not fit"),
        ({"labeled_iter": np.zeros(20)}, "labels do not fit"),
        ({"confidence": np.zeros(20, np.float32)}, "labels do not fit"),
        ({"confidence": np.zeros(19)}, "labels do not fit"),
        ({"matched": np.zeros(19, np.int64)}, "labels do not fit"),
        ({"matched": np.full(20, 20)}, "labels do not fit"),
        ({"flips": np.zeros(19, np.int64)}, "labels do not fit"),
        ({"flips": np.zeros(20)}, "labels do not fit"),
        ({"flips": np.full(20, -1)}, "labels do not fit"),
        ({"reference": np.zeros((10, 255), np.float32)}, "reference does not fit"),
        ({"reference": np.zeros((9, 256), np.float32)}, "reference does not fit"),
        ({"reference": np.zeros((10, 256))}, "reference does not fit"),
        ({"reference": np.full((10, 256), np.nan, np.float32)}, "that are NaN or infinite"),
        ({"reference": np.full((10, 256), np.inf, np.float32)}, "that are NaN or infinite"),
        ({"confidence": np.full(20, -np.inf)}, "labels do not fit"),
        ({"reference_labels": np.full(10, 2)}, "reference does not fit"),
        ({"reference_labels": np.full(10, -1)}, "reference does not fit"),
        ({"reference_labels": np.zeros(10)}, "reference does not fit"),
        ({"reference_indices": np.zeros(9, np.int64)}, "reference does not fit"),
        ({"reference_indices": np.full(10, 20)}, "reference does not fit"),
        ({"reference_labels": np.int64(1)}, "damaged"),
        ({"another": np.zeros(10)}, "its arrays are"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(saved, changes, match, no_network):
    change_arrays(saved, **changes)
    refuse(saved, match)


@pytest.mark.parametrize("name", ["arrays.npz", "classifier.json", "model.weights.h5"])
def test_links_that_lead_out_of_the_folder_are_refused(saved, tmp_path, name, no_network):
    (saved / name).replace(tmp_path / name)
    (saved / name).symlink_to(tmp_path / name)
    refuse(saved, f"{name} is not a file in this folder")


def test_the_folder_itself_may_be_a_link(saved, tmp_path):
    (tmp_path / "link").symlink_to(saved)
    assert SelfLearningClassifier.load(tmp_path / "link").classes_.tolist() == ["cat", "dog"]


def test_the_initial_weights_need_not_be_there_any_more(saved):
    change_settings(saved, parameters={"weights": "/no/such/file.h5"})
    assert SelfLearningClassifier.load(saved).weights == "/no/such/file.h5"


def test_the_file_of_the_prior_need_not_be_there_any_more(saved):
    change_settings(saved, parameters={"prior": "/no/such/shares.csv"})
    assert SelfLearningClassifier.load(saved).prior == "/no/such/shares.csv"


def test_a_folder_has_its_name_only_when_it_is_whole(fitted, tmp_path, monkeypatch):
    left_over = tmp_path / ".clf.unfinished"
    left_over.mkdir()
    (left_over / "classifier.json").write_text("{")
    (left_over / "another file").touch()
    synced = []
    fsync = os.fsync

    def check(descriptor):
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        if len(synced) <= 4:
            assert not (tmp_path / "clf").exists()
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", check)
    fitted.save(tmp_path / "clf")
    names = ["arrays.npz", "classifier.json", "model.weights.h5"]
    beside = synced[3]
    assert beside.startswith(f"{left_over}-")
    assert sorted(synced[:3]) == [os.path.join(beside, name) for name in names]
    assert synced[4:] == [str(tmp_path)]
    assert sorted(path.name for path in (tmp_path / "clf").iterdir()) == names
    assert [path.name for path in tmp_path.iterdir()] == ["clf"]


def test_a_save_that_fails_leaves_nothing(fitted, tmp_path, monkeypatch):
    def fail(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ValueError, match=r"clf can't be written \(No space left"):
        fitted.save(tmp_path / "clf")
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_is_saved_to(fitted, tmp_path):
    (tmp_path / "clf").mkdir()
    fitted.save(tmp_path / "clf")
    assert SelfLearningClassifier.load(tmp_path / "clf").n_iter_ == fitted.n_iter_


@pytest.mark.parametrize("limit", [0, 100, 1000, 9000, 20_000])
def test_a_full_disk_is_one_sentence_and_nothing_else(fitted, tmp_path, limit):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    left_open = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "unraisablehook", left_open.append)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            with pytest.raises(InputError, match="can't be written"):
                fitted.save(tmp_path / "out")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        gc.collect()
    assert left_open == [] and list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_classifier_that_was_saved_without_flips_has_none(saved):
    with np.load(saved / "arrays.npz") as archive:
        arrays = {name: archive[name] for name in archive if name != "flips"}
    np.savez(saved / "arrays.npz", **arrays)
    sign(saved)
    loaded = SelfLearningClassifier.load(saved)
    np.testing.assert_array_equal(loaded.flips_, np.zeros(20, np.int64))
