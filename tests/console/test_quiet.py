from __future__ import annotations

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
