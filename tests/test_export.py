from __future__ import annotations

import sys

import numpy as np
import pytest
import tensorflow as tf
from waiting import run_process

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.export import ExportConfig, main


@pytest.fixture(scope="module")
def saved(digits, tmp_path_factory):
    classifier = SelfLearningClassifier(
        weights="random", backbone="tiny", epochs=1, meta_iterations=0, random_state=0
    )
    folder = tmp_path_factory.mktemp("saved") / "clf"
    classifier.fit(digits.images[:60], digits.labels[:60]).save(folder)
    return folder


@pytest.mark.slow
def test_a_saved_classifier_becomes_a_saved_model(saved, digits, tmp_path, capsys):
    main(ExportConfig(str(saved), str(tmp_path / "out"), precision="float32"))
    assert str(tmp_path / "out") in capsys.readouterr().out
    signatures = tf.saved_model.load(str(tmp_path / "out")).signatures
    found = signatures["serving_default"](images=tf.constant(digits.test_images[:5]))
    assert found["probabilities"].shape == (5, 10)
    np.testing.assert_allclose(found["probabilities"].numpy().sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"run": None}, "--run is missing"),
        ({"output": ""}, "--output is missing"),
        ({"output": "full"}, "full is there already"),
        ({"output": "full/x"}, "full/x is there already"),
        ({"run": "none"}, "There is no folder none"),
        ({"run": "full"}, "full is neither a run's folder"),
        ({"precision": "half"}, "Unknown precision 'half'"),
        ({"output": "/dev/null/out"}, "can't be made"),
    ],
)
def test_what_can_t_be_used_is_one_sentence(changes, message, saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("mine")
    with pytest.raises(InputError, match=message):
        main(ExportConfig(**{"run": str(saved), "output": "out", **changes}))
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["full", "x"]


@pytest.mark.parametrize("command", ["export", "predict"])
def test_help_does_not_import_tensorflow(command):
    code = (
        "import sys, runpy; sys.argv = ['x', '--help']\n"
        f"try: runpy.run_module('keras_selflearn.{command}', run_name='__main__')\n"
        "except SystemExit as e: print('tensorflow' in sys.modules, e.code)"
    )
    result = run_process([sys.executable, "-c", code])
    assert result.stdout.splitlines()[-1] == "False 0"
