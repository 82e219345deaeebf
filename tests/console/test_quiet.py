from __future__ import annotations

import json
import os
import sys

import pytest
from waiting import run_process


@pytest.mark.slow
def test_nothing_is_printed_and_standard_error_works_afterwards():
    code = (
        "import sys\n"
        "from keras_selflearn.console.quiet import import_tensorflow_quietly\n"
        "import_tensorflow_quietly()\n"
        "import tensorflow as tf\n"
        "tf.linalg.matmul(tf.ones((2, 2)), tf.ones((2, 2)))\n"
        "print('still here', file=sys.stderr)\n"
    )
    result = run_process([sys.executable, "-c", code])
    assert (result.stdout, result.stderr) == ("", "still here\n")


@pytest.mark.slow
def test_nothing_is_printed_where_python_is_interactive():
    code = (
        "import sys\n"
        "sys.ps1 = '>>> '\n"
        "from keras_selflearn.console.quiet import import_tensorflow_quietly\n"
        "import_tensorflow_quietly()\n"
        "import tensorflow as tf\n"
        "tf.get_logger().info('written')\n"
    )
    result = run_process([sys.executable, "-c", code])
    assert (result.stdout, result.stderr) == ("", "")


@pytest.mark.slow
def test_commands_do_not_mind_how_keras_is_set_for_other_programs(tmp_path):
    other = {"floatx": "float16", "epsilon": 0.01, "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps({**other, "backend": "jax"}))
    code = (
        "from keras_selflearn.console.quiet import import_tensorflow_quietly\n"
        "import_tensorflow_quietly()\n"
        "import keras, tensorflow as tf\n"
        "backend = tf.keras.backend\n"
        "print(backend.floatx(), backend.epsilon(), backend.image_data_format())\n"
        "limits = getattr(keras, 'config', None)\n"
        "print(limits and (limits.max_epochs() or limits.max_steps_per_epoch()))\n"
        "from keras_selflearn import SelfLearningClassifier\n"
        "print(tf.keras.layers.Dense is keras.layers.Dense)\n"
    )
    environment = {"KERAS_HOME": str(tmp_path), "TF_USE_LEGACY_KERAS": "1", "KERAS_MAX_EPOCHS": "1"}
    environment.update(KERAS_BACKEND="jax", KERAS_MAX_STEPS_PER_EPOCH="2")
    result = run_process([sys.executable, "-c", code], env={**os.environ, **environment})
    assert result.stdout == "float32 1e-07 channels_last\nNone\nTrue\n"
