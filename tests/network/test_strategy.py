from __future__ import annotations

import pytest
import tensorflow as tf

from keras_selflearn.network.strategy import make_strategy


@pytest.fixture
def devices(monkeypatch):
    """Those that TensorFlow has, as names."""
    names = {"CPU": ["/CPU:0"], "GPU": []}

    def listed(kind):
        return [tf.config.LogicalDevice(name, kind) for name in names[kind]]

    monkeypatch.setattr(tf.config, "list_logical_devices", listed)
    return names


@pytest.mark.parametrize("gpus", [[], ["/GPU:0"]])
def test_one_device_needs_no_mirror(devices, gpus):
    devices["GPU"] = gpus
    assert make_strategy("mirrored") is make_strategy("none") is tf.distribute.get_strategy()


@pytest.mark.parametrize("kind", ["GPU", "CPU"])
def test_mirrored_takes_all_devices_and_is_made_once(devices, kind, monkeypatch):
    devices[kind] = [f"/{kind}:{number}" for number in range(3)]
    made = []

    def mirrored(names):
        made.append(list(names))
        return object()

    monkeypatch.setattr(tf.distribute, "MirroredStrategy", mirrored)
    assert make_strategy("mirrored") is make_strategy("mirrored")
    assert made == [devices[kind]]
    assert make_strategy("none") is tf.distribute.get_strategy()
