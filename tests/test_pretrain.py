from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.console.signals import Stopped
from keras_selflearn.datasets import Dataset
from keras_selflearn.datasets.glyphs import render_glyphs
from keras_selflearn.network.backbone import build_backbone
from keras_selflearn.pretrain import PretrainConfig, pretrain
from keras_selflearn.runs.pretraining import checkpoints_folder
from keras_selflearn.storage.checkpoint import Checkpoints
from keras_selflearn.storage.lock import lock


@pytest.fixture
def few_glyphs(monkeypatch):
    names = tuple(str(digit) for digit in range(10))
    data = Dataset(*render_glyphs(600), *render_glyphs(100, seed=1), names)
    monkeypatch.setattr("keras_selflearn.datasets.load_dataset", lambda *_: data)


def config(tmp_path, **changes):
    options = {"output": str(tmp_path / "glyphs.weights.h5"), "backbone": "tiny", "epochs": 1}
    return PretrainConfig(**{**options, **changes})


@pytest.mark.slow
def test_weights_that_were_learned_are_those_that_others_start_from(few_glyphs, tmp_path):
    accuracy = pretrain(config(tmp_path, epochs=60, batch_size=50, learning_rate=3e-3))
    assert accuracy > 20  # 10 classes: chance is 10 %
    assert [file.name for file in tmp_path.iterdir()] == ["glyphs.weights.h5"]
    loaded = build_backbone("tiny", (32, 32, 3), tmp_path / "glyphs.weights.h5")
    fresh = build_backbone("tiny", (32, 32, 3), "random")
    assert not np.allclose(loaded.get_weights()[0], fresh.get_weights()[0])
    # Biases start at zero: only training moves them.
    assert np.abs(loaded.get_weights()[1]).max() > 0


@pytest.mark.slow
def test_an_output_that_is_there_is_kept_unless_asked(few_glyphs, tmp_path):
    output = tmp_path / "glyphs.weights.h5"
    output.write_text("mine")
    with pytest.raises(ValueError, match="there already: --overwrite"):
        pretrain(config(tmp_path))
    assert output.read_text() == "mine"
    pretrain(config(tmp_path, overwrite=True))
    build_backbone("tiny", (32, 32, 3), output)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output": None}, "--output=PATH"),
        ({"output": "x.h5"}, "must end in .weights.h5"),
        ({"output": "/dev/null/x.weights.h5"}, "can't be made"),
        ({"dataset": "glyph"}, "did you mean 'glyphs'"),
        ({"augment": "zooms"}, "Unknown augmentation"),
        ({"output": ".weights.h5"}, "no name for a file"),
    ],
)
def test_bad_input_is_an_error(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        pretrain(config(tmp_path, **changes))


@pytest.mark.slow
def test_a_pretraining_that_was_stopped_or_found_no_room_goes_on(few_glyphs, tmp_path, monkeypatch):
    asked = config(tmp_path, epochs=3)
    whole = pretrain(PretrainConfig(**{**vars(asked), "output": str(tmp_path / "b.weights.h5")}))
    steps = []

    def stop():
        steps.append(1)
        if len(steps) == 20:  # of 36
            raise Stopped(15)

    with monkeypatch.context() as patch:
        patch.setattr("keras_selflearn.estimator.resuming.check_for_stop", stop)
        with pytest.raises(Stopped) as stopped:
            pretrain(asked)
    folder = checkpoints_folder(tmp_path / "glyphs.weights.h5")
    assert stopped.value.kept == str(folder)
    with pytest.raises(InputError, match="is of another run: .*epochs was 3 and is 4"):
        pretrain(config(tmp_path, epochs=4))

    def full(*_, **__):
        raise InputError("no room")

    with monkeypatch.context() as patch:
        patch.setattr("keras_selflearn.runs.pretraining.weights_content", full)
        with pytest.raises(InputError, match="no room"):
            pretrain(asked)
    assert Checkpoints(folder).latest() is not None
    with lock(folder), pytest.raises(InputError, match="Another process pretrains for"):
        pretrain(asked)
    assert pretrain(asked) == whole
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["b.weights.h5", "glyphs.weights.h5"]
    sources = [build_backbone("tiny", (32, 32, 3), tmp_path / name) for name in names]
    for once, again in zip(*(source.get_weights() for source in sources)):
        np.testing.assert_array_equal(once, again)
