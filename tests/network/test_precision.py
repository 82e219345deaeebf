from __future__ import annotations

import pytest
import tensorflow as tf

from keras_selflearn.network import cpu
from keras_selflearn.network.precision import precision_policy, resolve_precision


@pytest.fixture(autouse=True)
def no_limit(monkeypatch):
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ("fpu avx2 avx512f amx_bf16", "mixed_bfloat16"),
        ("fpu avx512_bf16", "mixed_bfloat16"),
        ("fpu avx2 avx512f", "float32"),
        ("", "float32"),  # unknown
    ],
)
def test_auto_takes_bfloat16_only_where_it_is_native(monkeypatch, features, expected):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(cpu, "features", lambda: frozenset(features.split()))
    assert resolve_precision("auto") == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ONEDNN_MAX_CPU_ISA", "AVX2", "float32"),
        ("ONEDNN_MAX_CPU_ISA", "avx512_core", "float32"),
        ("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16", "mixed_bfloat16"),
        ("ONEDNN_MAX_CPU_ISA", "DEFAULT", "mixed_bfloat16"),
        ("TF_ENABLE_ONEDNN_OPTS", "0", "float32"),
        ("TF_ENABLE_ONEDNN_OPTS", "1", "mixed_bfloat16"),
    ],
)
def test_auto_minds_what_holds_tensorflow_back(monkeypatch, name, value, expected):
    monkeypatch.setenv(name, value)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(cpu, "features", lambda: frozenset(["amx_bf16"]))
    assert resolve_precision("auto") == expected


@pytest.mark.parametrize(
    ("capability", "expected"), [((8, 0), "mixed_bfloat16"), ((7, 5), "float32")]
)
def test_auto_asks_the_gpu_where_there_is_one(monkeypatch, capability, expected):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["gpu"])
    monkeypatch.setattr(
        tf.config.experimental,
        "get_device_details",
        lambda gpu: {"compute_capability": capability},
    )
    assert resolve_precision("auto") == expected


def test_a_precision_asked_for_is_kept():
    assert resolve_precision("mixed_float16") == "mixed_float16"


def test_bfloat16_is_refused_where_tensorflow_would_crash(monkeypatch):
    monkeypatch.setattr(cpu, "features", lambda: frozenset(["amx_bf16"]))
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    with pytest.raises(ValueError, match="ONEDNN_MAX_CPU_ISA=AVX2 keeps TensorFlow from bfloat16"):
        resolve_precision("mixed_bfloat16")
    monkeypatch.setattr(cpu, "features", lambda: frozenset(["avx2"]))  # emulated there
    assert resolve_precision("mixed_bfloat16") == "mixed_bfloat16"


def test_unknown_precision_is_an_error():
    with pytest.raises(ValueError, match="did you mean 'mixed_bfloat16'"):
        resolve_precision("bfloat16")


def test_policy_is_put_back():
    before = tf.keras.mixed_precision.global_policy().name
    with pytest.raises(RuntimeError), precision_policy("mixed_bfloat16"):
        assert tf.keras.mixed_precision.global_policy().name == "mixed_bfloat16"
        raise RuntimeError
    assert tf.keras.mixed_precision.global_policy().name == before
