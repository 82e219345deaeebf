"""Damaged files by the thousand: each is refused in a sentence or loads what was saved."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_backbone import write_notop

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator import saving
from keras_selflearn.estimator.fitted import network_from
from keras_selflearn.network.backbone import build_backbone, check_weights_file, load_weights
from keras_selflearn.reproduction.estimate import done
from keras_selflearn.reproduction.runs import by_identity, check_same_weights, finished_runs
from keras_selflearn.storage.arrays import read_arrays

FILES = ("classifier.json", "arrays.npz", "model.weights.h5")
LAYOUTS = ("a.weights.h5", "fixed.h5", "varying.h5")
LOSSES = ("cross-entropy", "triplet")


def cases(n):
    """So many, always the same ones; each test says by them how often it damages a file."""
    return settings(
        max_examples=n,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def damaged(draw, content, *others):
    """`content` cut, flipped, overwritten or rearranged, or one of the `others` in its place."""
    place = st.integers(0, len(content) - 1)
    kinds = ["cut", "flip", "flip", "flip", "overwrite", "copy", "swap"]
    kind = draw(st.sampled_from(kinds + ["replace"] * bool(others)))
    result = bytearray(content)
    if kind == "cut":
        del result[draw(place) :]
    elif kind == "flip":
        for position in draw(st.lists(place, min_size=1, max_size=20)):
            result[position] ^= 1 << draw(st.integers(0, 7))
    elif kind == "overwrite":
        start, new = draw(place), draw(st.binary(min_size=1, max_size=64))
        result[start : start + len(new)] = new
    elif kind == "replace":
        result = draw(st.sampled_from(others))
    else:
        length = draw(st.integers(1, 512))
        first, second = draw(place), draw(place)
        one, other = content[first : first + length], content[second : second + length]
        result[first : first + len(one)] = other
        if kind == "swap":
            result[second : second + len(other)] = one
    return bytes(result)


def assert_same(one, other):
    assert list(one) == list(other)
    for name in one:
        assert one[name].dtype == other[name].dtype
        np.testing.assert_array_equal(one[name], other[name])


@pytest.fixture(scope="module")
def classifiers(tmp_path_factory):
    """By loss, one that is fitted and the contents of its files; and a folder to spoil."""
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8)
    labels = np.array(["cat", "dog", "-1", "-1"] * 5)
    made = {}
    for loss in LOSSES:
        clf = SelfLearningClassifier(
            loss,
            weights="random",
            backbone="tiny",
            epochs=1,
            meta_epochs=1,
            meta_iterations=1,
            embedding_size=8,
            precision="float32",
            random_state=0,
        ).fit(images, labels)
        folder = tmp_path_factory.mktemp("clf") / loss
        clf.save(folder)
        files = {name: (folder / name).read_bytes() for name in FILES}
        made[loss] = SimpleNamespace(clf=clf, folder=folder, files=files)
    return made


@pytest.fixture(scope="module")
def networks_once():
    """Networks whose weights have the same shapes are one network: building takes most time."""
    built = {}

    def build_once(parameters, objective, image_shape, n_classes, **changes):
        size = parameters["embedding_size"]
        key = objective.name, parameters["backbone"], size, image_shape, n_classes
        if key not in built:
            built[key] = network_from(parameters, objective, image_shape, n_classes, **changes)
        return built[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(saving, "network_from", build_once)
        yield


def load_spoilt(saved, contents):
    """The classifier, None if it is refused, of files with these contents."""
    for name, content in contents.items():
        (saved.folder / name).write_bytes(content)
    try:
        return SelfLearningClassifier.load(saved.folder)
    except InputError as error:
        assert "\n" not in str(error) and len(str(error)) < 2000
        return None
    finally:
        for name in contents:
            (saved.folder / name).write_bytes(saved.files[name])


def check_learned(loaded, clf):
    for name in ("classes_", "transduction_", "labeled_iter_", "confidence_"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(clf, name))
    for one, other in zip(
        loaded.network_.trainer.get_weights(), clf.network_.trainer.get_weights()
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", FILES)
def test_a_file_of_a_classifier(loss, name, classifiers, networks_once):
    saved, other = (classifiers[each] for each in (loss, LOSSES[loss == LOSSES[0]]))
    others = [*saved.files.values(), other.files[name], b""]

    @cases(150)
    @given(damaged(saved.files[name], *others))
    def check(content):
        loaded = load_spoilt(saved, {name: content})
        if loaded is None:
            assert content != saved.files[name]
            return
        check_learned(loaded, saved.clf)
        if name == "classifier.json":
            assert isinstance(loaded.history_, list) and len(loaded.history_) >= 1
            loaded.check_parameters()
        else:
            assert content == saved.files[name]

    check()
    check_learned(load_spoilt(saved, {}), saved.clf)


@pytest.mark.slow
@pytest.mark.parametrize("loss", LOSSES)
def test_files_of_a_classifier_swapped(loss, classifiers, networks_once):
    saved, other = (classifiers[each] for each in (loss, LOSSES[loss == LOSSES[0]]))
    pool = [*saved.files.items(), *other.files.items()]

    @cases(60)
    @given(st.fixed_dictionaries({name: st.sampled_from(pool) for name in FILES}))
    def check(chosen):
        contents = {name: content for name, (_, content) in chosen.items()}
        loaded = load_spoilt(saved, contents)
        whole = [each for each in (saved, other) if each.files == contents]
        assert (loaded is not None) == bool(whole)
        if whole:
            check_learned(loaded, whole[0].clf)

    check()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays(save):
    arrays = {
        "numbers": np.arange(100.0).reshape(4, 25),
        "words": np.array(["cat", "dog"] * 20),
        "empty": np.empty((0, 3), np.float32),
    }
    file = io.BytesIO()
    save(file, **arrays)

    @cases(250)
    @given(damaged(file.getvalue(), b"", b"PK\x05\x06" + bytes(18)))
    def check(content):
        try:
            loaded = read_arrays(io.BytesIO(content))
        except ValueError as error:
            assert "\n" not in str(error)
        else:
            assert_same(loaded, arrays)

    check()


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_weights(layout, tmp_path):
    """No checksum is in these: what loads may differ in the numbers."""
    model = build_backbone("tiny", (32, 32, 3), "random")
    path = tmp_path / layout
    if layout == "a.weights.h5":
        model.save_weights(path)
    else:
        write_notop(model, path)
    if layout == "fixed.h5":  # As in the files that Keras publishes.
        with h5py.File(path, "r+") as file:
            for group in (file, *file.values()):
                for name, value in group.attrs.items():
                    group.attrs[name] = np.array([str(each).encode() for each in value], "S")
    shapes = [value.shape for value in model.get_weights()]

    @cases(150)
    @given(damaged(path.read_bytes(), b"", b"\x89HDF\r\n\x1a\n"))
    def check(content):
        path.write_bytes(content)
        try:
            check_weights_file(path)
            load_weights(model, path, "backbone 'tiny'")
        except InputError as error:
            assert layout in str(error) and "\n" not in str(error)
        assert [value.shape for value in model.get_weights()] == shapes

    check()


@pytest.mark.slow
def test_the_record_of_a_run(record_file):
    content = record_file.read_bytes()
    assert len(finished_runs(record_file.parent.parent)) == 1

    @cases(350)
    @given(st.one_of(damaged(content, b"", b"null", b"[]"), other_values(json.loads(content))))
    def check(changed):
        record_file.write_bytes(changed)
        try:
            runs = finished_runs(record_file.parent.parent)
            assert len(runs) <= 1
            check_same_weights(runs, record_file.parent)
            for run in by_identity(runs).values():
                assert all(0 <= each <= 100 for each in run.test_accuracy.values())
                assert run.accuracies is not None and done(run).gradient_steps >= 0
        except InputError as error:
            assert "\n" not in str(error)

    check()


@st.composite
def other_values(draw, record):
    """The record as JSON, with something else in the place of one of its values."""
    value = record = json.loads(json.dumps(record))
    path = []
    while isinstance(value, (dict, list)) and value and (not path or draw(st.booleans())):
        keys = sorted(value) if isinstance(value, dict) else range(len(value))
        path.append(draw(st.sampled_from(keys)))
        parent, value = value, value[path[-1]]
    anything = [None, True, -1, 0, 0.5, 10**18, 1e300, "", "x", "../../x", [], [[]], {}, {"x": 1}]
    parent[path[-1]] = draw(st.sampled_from(anything))
    return json.dumps(record).encode()


@pytest.fixture
def record_file(tmp_path):
    config = {"dataset": "digits", "loss": "triplet", "weights": "random", "batch_size": 50}
    sizes = {"labelled": 100, "selected": 10, "remaining": 90, "gradient_steps": 60}
    history = [
        {"meta_iteration": k, **sizes, "loss": 0.5, "validation_accuracy": 50.0} for k in range(2)
    ]
    record = {
        "status": "finished",
        "config": config,
        "environment": {
            "keras_selflearn": "0.1.0",
            "git_commit": None,
            "python": "3.11.7",
            "packages": {"tensorflow": "2.15.1", "keras": "2.15.0"},
            "cpu": "a CPU",
            "gpus": [],
            "precision": "float32",
        },
        "weights_sha256": None,
        "data": {"train": 200, "test": 50, "labelled": 100, "classes": ["a", "b"]},
        "history": history,
        "test_accuracy": {"n_labelled": 50.0, "self_learning": 50.0},
        "seconds": 9.5,
    }
    path = tmp_path / "runs" / "digits-triplet-random-self-learning-seed0" / "run.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record, indent=2))
    return path
