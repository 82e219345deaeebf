"""A classifier as an ONNX file, and what onnxruntime makes of it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np

from keras_selflearn.estimator.exporting.conversion import conversion_to
from keras_selflearn.estimator.exporting.formats import FORMATS, ONNX
from keras_selflearn.estimator.exporting.portable import portable_function
from keras_selflearn.estimator.exporting.runtime import Answer, Runtime
from keras_selflearn.estimator.fitted import Fitted

# Of the year 2022: what came later is not used.
_OPSET = 17


def write_onnx(fitted: Fitted, folder: Path, class_names: list[str]) -> None:
    """Write the file; an `InputError` where an operation can't be converted."""
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.CRITICAL)
    serve, _ = portable_function(fitted)
    with conversion_to("ONNX"):
        model, _ = tf2onnx.convert.from_function(
            serve, input_signature=serve.input_signature, opset=_OPSET
        )
        # In JSON, because a class may have any letters.
        entry = model.metadata_props.add()
        entry.key, entry.value = "classes", json.dumps(class_names)
        content = model.SerializeToString()
        if len(model.graph.input) != 1:
            raise ValueError(f"it would need {model.graph.input[1].name} as an input")
    (folder / FORMATS[ONNX].file).write_bytes(content)


def opened_onnx(folder: Path) -> Runtime:
    """Load the file in onnxruntime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors
    session = onnxruntime.InferenceSession(
        str(folder / FORMATS[ONNX].file), options, providers=["CPUExecutionProvider"]
    )

    def answer(images: np.ndarray) -> Answer:
        return Answer(*session.run(["label", "probabilities"], {"images": images}))

    return answer
