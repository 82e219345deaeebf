"""What a format can't have is said before any work, in one sentence."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.exporting.formats import FORMATS, Target

OTHERS = sorted({*FORMATS} - {"savedmodel"})


@pytest.fixture(autouse=True)
def all_packages_are_there(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"resize_inside": True}, "can't resize images as the classifier does"),
        ({"serving": True}, "TensorFlow Serving loads no"),
        ({"precision": "mixed_bfloat16"}, "may lack mixed_bfloat16"),
    ],
)
def test_what_only_a_saved_model_can_have(name, options, message, tmp_path):
    Target(name).check(tmp_path)
    Target("savedmodel", **options).check(tmp_path)
    with pytest.raises(InputError, match=message) as error:
        Target(name, **options).check(tmp_path)
    assert "--format=savedmodel" in str(error.value)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize("path", ["a[b]", "a[/model", "a\\b", "a*", "why?"])
def test_a_path_that_tensorflow_takes_for_a_pattern(path):
    with pytest.raises(InputError, match="TensorFlow can't open a SavedModel again") as error:
        Target().check(Path("/results", path))
    assert str(error.value).count("choose another place") == 1
    for name in OTHERS:
        Target(name).check(Path("/results", path))


def test_the_folder_above_counts_too(tmp_path, monkeypatch):
    (tmp_path / "b[x]").mkdir()
    monkeypatch.chdir(tmp_path / "b[x]")
    with pytest.raises(InputError, match=r"\[ in it"):
        Target().check(Path("model"))


def test_a_package_that_is_not_installed(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(
        InputError, match=r"An ONNX file needs tf2onnx, .* .keras-selflearn\[onnx\]"
    ):
        Target("onnx").check(tmp_path)
    Target("tflite").check(tmp_path)
