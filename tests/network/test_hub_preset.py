"""Presets of KerasHub, compared with KerasHub's own way from an image to its outputs."""

from __future__ import annotations

import builtins
import json
from pathlib import Path
from types import SimpleNamespace

import hub_presets
import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_selflearn.network import hub_encoder as hub_encoder_module
from keras_selflearn.network.architecture import ArchitectureError
from keras_selflearn.network.backbone import build_backbone, check_backbone
from keras_selflearn.network.hub_architecture import check_description
from keras_selflearn.network.hub_preset import hub_encoder
from keras_selflearn.network.own_model import (
    architecture_of,
    digest_of_model,
    from_architecture,
    own_model,
    own_shape,
)
from keras_selflearn.network.side_by_side import check_preprocessing

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 40, 36, 3), np.uint8).astype(np.float32)
IMAGES *= np.array([0.1, 0.5, 1], np.float32)[:, None, None, None]


@pytest.fixture
def preset(tmp_path):
    hub_presets.save(tmp_path / "preset", "DINOV2")
    return tmp_path / "preset"


def features_by_kerashub(kind, folder):
    """What KerasHub gives for the preset in `folder`, and which part is the feature."""
    import keras_hub

    pixels = keras_hub.layers.ImageConverter.from_preset(str(folder))(IMAGES)
    whole = keras_hub.models.Backbone.from_preset(str(folder))
    encoder = getattr(whole, "vision_encoder", whole)
    names = [*encoder.input] if isinstance(encoder.input, dict) else []
    made = np.asarray(encoder(dict.fromkeys(names, pixels) if names else pixels))
    if kind == "DenseNet":
        return made.mean(axis=(1, 2))
    if kind == "SigLIP":
        return made
    return made.mean(axis=1) if kind == "ViT without a class token" else made[:, 0]


@pytest.mark.slow
@pytest.mark.parametrize("kind", hub_presets.KINDS)
def test_features_are_those_of_kerashub(kind, tmp_path):
    hub_presets.save(tmp_path, kind)
    expected = features_by_kerashub(kind, tmp_path)
    model = own_model(f"hub:{tmp_path}")
    assert expected.std(axis=0).max() > 1e-4  # Images have different features.
    np.testing.assert_allclose(model.predict(IMAGES, verbose=0), expected, rtol=1e-4, atol=1e-5)
    assert own_shape(f"hub:{tmp_path}").features == expected.shape[1] == model.output_shape[-1]
    assert model.resizes_to == (28, 28)


def test_a_copy_and_a_description_make_the_same_encoder(preset):
    model = own_model(f"hub:{preset}")
    copied = own_model(model)
    assert copied is not model
    np.testing.assert_array_equal(copied(IMAGES), model(IMAGES))
    description = json.loads(json.dumps(architecture_of(model)))
    check_description(description)
    rebuilt = from_architecture(description, "It", keras.__version__)
    rebuilt.set_weights(model.get_weights())
    np.testing.assert_array_equal(rebuilt(IMAGES), model(IMAGES))


def test_an_encoder_for_any_size_sees_images_as_they_are(tmp_path):
    hub_presets.save(tmp_path, "DenseNet", image_size=None)
    model = build_backbone(f"hub:{tmp_path}", (40, 36, 3), "own")
    assert model.resizes_to is None
    expected = features_by_kerashub("DenseNet", tmp_path)
    np.testing.assert_allclose(model.predict(IMAGES, verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_the_files_tell_presets_apart(preset, tmp_path):
    first = digest_of_model(f"hub:{preset}")
    hub_presets.save(tmp_path / "same", "DINOV2")
    hub_presets.save(tmp_path / "scaled", "DINOV2", scale=0.5)
    hub_presets.save(tmp_path / "drawn", "DINOV2", seed=1)
    for name in ("config.json", "image_converter.json"):  # Names of layers are counted on.
        (tmp_path / "same" / name).write_bytes((preset / name).read_bytes())
    weights = (preset / "model.weights.h5").read_bytes()
    (tmp_path / "same" / "model.weights.h5").write_bytes(weights)
    digests = [digest_of_model(f"hub:{tmp_path / name}") for name in ("same", "scaled", "drawn")]
    assert digests[0] == first and len({*digests}) == 3
    assert digest_of_model("hub:dinov2_base") == "hub:dinov2_base"


def change(path, changes):
    settings = json.loads(path.read_text())
    changes(settings)
    path.write_text(json.dumps(settings))


def lambda_in(settings):
    settings["config"]["hidden_dim"] = {"class_name": "Lambda", "module": "keras.layers"}


def of_another_module(settings):
    settings.update(class_name="Popen", module="subprocess", registered_name="Popen")


def text_encoder_is_code(settings):
    settings["config"]["text_encoder"].update(class_name="Popen", module="subprocess")


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("config.json", lambda_in, "its encoder holds an object, 'Lambda'"),
        ("config.json", of_another_module, "'Popen' is none of the image encoders"),
        ("config.json", lambda x: x.update(class_name="GemmaBackbone"), "'GemmaBackbone' is none"),
        ("config.json", lambda x: x.pop("config"), "its configuration is missing"),
        ("config.json", lambda x: x["config"].update(num_layers="os.system"), "holds the text"),
        ("config.json", lambda x: x["config"].update(hidden_dim=2**40), "which is too much"),
        ("config.json", lambda x: x["config"].update(hidden_dim="wide"), "can't be built by Keras"),
        ("config.json", lambda x: x["config"].update(hidden_dim=16), "its weights do not fit"),
        (
            "config.json",
            lambda x: x["config"].update(dtype={"class_name": "DTypePolicyMap", "config": {}}),
            "its weights are quantised",
        ),
        ("image_converter.json", lambda x: x["config"].update(image_size=[1]), "has the size"),
        ("image_converter.json", lambda x: x["config"].update(scale={"module": "os"}), "an object"),
    ],
)
def test_what_a_preset_may_not_hold(preset, name, changes, message):
    change(preset / name, changes)
    with pytest.raises(ValueError, match=message) as error:
        own_model(f"hub:{preset}")
    assert str(preset) in str(error.value)


def test_a_pair_holds_its_two_encoders_alone(tmp_path):
    hub_presets.save(tmp_path, "SigLIP")
    change(tmp_path / "config.json", text_encoder_is_code)
    with pytest.raises(ValueError, match="it has no SigLIPTextEncoder"):
        own_model(f"hub:{tmp_path}")


@pytest.mark.parametrize("name", ["config.json", "image_converter.json", "model.weights.h5"])
def test_missing_and_damaged_files_are_errors(preset, name):
    content = (preset / name).read_bytes()
    (preset / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="is damaged"):
        own_model(f"hub:{preset}")
    (preset / name).unlink()
    with pytest.raises(ValueError, match=f"has no {name}: save the backbone"):
        check_backbone(f"hub:{preset}", "own")


def test_a_description_of_unknown_origin_is_checked(preset):
    description = architecture_of(own_model(f"hub:{preset}"))
    for place, value in (
        ("encoder", "Popen"),
        ("encoder", ["DINOV2Backbone"]),
        ("settings", {"dtype": "float32"}),
        ("settings", {"registered_name": "keras_hub>X"}),
        ("pixels", {}),
        ("more", 1),
    ):
        changed = {**description, "config": {**description["config"], place: value}}
        with pytest.raises(ArchitectureError):
            check_description(changed)


def test_unknown_names_are_errors(monkeypatch):
    pytest.importorskip("keras_hub")
    for backbone, message in (
        ("hub:dinov2_bse", "Unknown preset 'dinov2_bse': did you mean 'dinov2_base'"),
        ("hub:gemma_2b_en", "Unknown preset 'gemma_2b_en'"),
        ("hub:no/such", "There is no folder no/such"),
    ):
        with pytest.raises(ValueError, match=message):
            check_backbone(backbone, "own")
    from keras_hub.src.utils import preset_utils

    def fail(preset, name):
        raise OSError("no connection")

    monkeypatch.setattr(preset_utils, "get_file", fail)
    for backbone in ("hub:dinov2_base", "hub:hf://somebody/something"):
        with pytest.raises(ValueError, match="can't be downloaded: config.json .*no connection"):
            check_backbone(backbone, "own")


def test_a_download_is_read_as_a_folder_is(preset, monkeypatch):
    from keras_hub.src.utils import preset_utils

    asked = []

    def get_file(name, file):
        asked.append((name, file))
        return str(preset / file)

    monkeypatch.setattr(preset_utils, "get_file", get_file)
    found = hub_encoder("hub:dinov2_base")(IMAGES)
    np.testing.assert_array_equal(found, own_model(f"hub:{preset}")(IMAGES))
    assert asked == [
        ("dinov2_base", name)
        for name in ("config.json", "image_converter.json", "model.weights.h5")
    ]


def test_a_preset_has_weights_and_preprocessing_of_its_own(preset):
    check_backbone(f"hub:{preset}", "imagenet")
    with pytest.raises(ValueError, match="A preset of KerasHub has its own weights"):
        check_backbone(f"hub:{preset}", "random")
    check_preprocessing(f"hub:{preset}", None)
    check_preprocessing(f"hub:{preset},tiny", "unit")
    with pytest.raises(ValueError, match="A preset of KerasHub has its own preprocessing"):
        check_preprocessing(f"hub:{preset}", "unit")


def test_without_kerashub_it_is_said_what_to_do(tmp_path, monkeypatch):
    real = builtins.__import__

    def refuse(name, *arguments, **named):
        if name.startswith("keras_hub"):
            raise ImportError("No module named 'keras_hub'")
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", refuse)
    two = keras.__version__.startswith("2.")
    message = "need Keras 3, which comes with Python 3.12" if two else "pip install"
    with pytest.raises(ValueError, match=message):
        check_backbone(f"hub:{tmp_path}", "own")
    # Of that module alone: other modules ask Keras itself how it must be set.
    monkeypatch.setattr(hub_encoder_module, "keras", SimpleNamespace(__version__="2.15.0"))
    with pytest.raises(ValueError, match="need Keras 3"):
        check_backbone("hub:dinov2_base", "own")


def test_it_computes_in_the_precision_of_the_policy(preset):
    policy = tf.keras.mixed_precision.global_policy()
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        model = own_model(f"hub:{Path(preset)}")
    finally:
        tf.keras.mixed_precision.set_global_policy(policy)
    assert model.encoder.compute_dtype == "bfloat16"
    exact = own_model(f"hub:{preset}")(IMAGES)
    np.testing.assert_allclose(np.asarray(model(IMAGES), np.float32), exact, rtol=0.1, atol=0.1)
