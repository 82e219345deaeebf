"""`export --serving`: the printed line of curl, run against a server of the same protocol."""

from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest
from calling import call_here
from PIL import Image
from predict_server import served

from keras_selflearn import SelfLearningClassifier

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def classifier(digits):
    labels = np.array(["null ü", *"bcdefghij"])[digits.labels[:80]]
    options = {"weights": "random", "backbone": "tiny", "epochs": 60, "learning_rate": 1e-2}
    options.update(meta_iterations=0, random_state=0, precision="float32", loss="triplet")
    return SelfLearningClassifier(**options).fit(digits.images[:80], labels)


@pytest.fixture(scope="module")
def exported(classifier, tmp_path_factory):
    """The folder that was exported, and what the command said."""
    folder = tmp_path_factory.mktemp("serving")
    classifier.save(folder / "clf")
    target = folder / "my model"
    process = call_here("export", f"--run={folder / 'clf'}", f"--output={target}", "--serving")
    assert process.returncode == 0, process.stderr
    return target, process.stdout


@pytest.fixture(scope="module")
def port(exported):
    with served(exported[0]) as port:
        yield port


def ask(line, port, folder):
    process = subprocess.run(
        ["sh", "-c", line.replace("localhost:8501", f"127.0.0.1:{port}")],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return json.loads(process.stdout)


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl on this machine")
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_printed_line_gets_the_label_of_a_photo(
    kind, exported, port, classifier, digits, tmp_path
):
    folder, said = exported
    line = said.splitlines()[-1]
    assert "/v1/models/my%20model:predict" in line
    # One that it has learned, whose label does not hang on how a JPEG is decoded.
    image = Image.fromarray(digits.images[7]).resize((90, 70))
    image.save(tmp_path / "photo.jpg", kind, quality=95)
    (answer,) = ask(line, port, tmp_path)["predictions"]
    # Pillow decodes and resizes what the graph decodes and resizes.
    with Image.open(tmp_path / "photo.jpg") as read:
        small = np.asarray(read.resize((32, 32), Image.Resampling.BICUBIC))[None]
    assert answer["label"] == classifier.predict(small)[0]
    np.testing.assert_allclose(answer["embedding"], classifier.transform(small)[0], atol=0.02)
    assert sum(answer["probabilities"]) == pytest.approx(1)
    assert {*answer} == {"label", "probabilities", "embedding", "confidence"}


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl on this machine")
def test_what_is_no_image_is_an_error_and_not_a_label(exported, port, tmp_path):
    (tmp_path / "photo.jpg").write_text("no image")
    answer = ask(exported[1].splitlines()[-1], port, tmp_path)
    assert {*answer} == {"error"}


def test_the_folder_has_the_layout_of_tensorflow_serving(exported):
    folder, said = exported
    assert {path.name for path in folder.iterdir()} == {"1", "README.md", "classes.json"}
    assert (folder / "1/saved_model.pb").is_file()
    assert "image_bytes" in (folder / "README.md").read_text(encoding="utf-8")
    assert "64 of 64 labels equal" in said and "random images" in said
