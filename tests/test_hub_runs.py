"""A run with a preset of KerasHub, from its flags to its record and page."""

from __future__ import annotations

import json
import shutil

import hub_presets
import pytest

from keras_selflearn.options.config import Config
from keras_selflearn.runs.experiment import run_experiment
from keras_selflearn.runs.repeating import repeated
from keras_selflearn.storage.preset_folder import digest_of_preset

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The configuration and the folder of a finished run, and the preset's folder."""
    preset = tmp_path_factory.mktemp("presets") / "small_vit"
    hub_presets.save(preset, "ViT")
    config = Config(
        dataset="digits",
        backbone=f"hub:{preset},tiny",
        weights="random",
        train="head",
        train_images=60,
        test_images=20,
        labels=20,
        meta_iterations=1,
        precision="float32",
        results_dir=str(tmp_path_factory.mktemp("results")),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        return config, run_experiment(config).path, preset


def test_record_and_page_name_the_preset(finished):
    config, folder, preset = finished
    record = json.loads((folder / "run.json").read_text())
    assert record["status"] == "finished" and record["config"]["backbone"] == config.backbone
    assert record["backbone_sha256"] == f"{digest_of_preset(preset)},"
    page = (folder / "report.html").read_text()
    assert "the preset small_vit of KerasHub and a tiny network" in page
    assert folder.name == "digits-cross-entropy-small_vit+random-self-learning-seed0"


def test_it_is_repeated_with_the_same_preset_alone(finished, tmp_path):
    config, folder, preset = finished
    given = Config(results_dir=str(tmp_path))
    assert repeated(folder, given).backbone == config.backbone
    kept = tmp_path / "kept"
    shutil.copytree(preset, kept)
    try:
        (preset / "image_converter.json").write_text("{}")
        with pytest.raises(ValueError, match="The preset hub:.* was changed since the run"):
            repeated(folder, given)
        shutil.rmtree(preset)
        with pytest.raises(ValueError, match="There is no folder .*small_vit, which the run had"):
            repeated(folder, given)
    finally:
        shutil.copytree(kept, preset, dirs_exist_ok=True)
