"""Write the classifier of a run for another runtime: a SavedModel, a Keras, ONNX or TFLite file.

`python -m keras_selflearn.export --run=FOLDER --output=DIR --format=onnx`
"""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import quote

from keras_selflearn.console import command_line
from keras_selflearn.estimator.exporting.formats import CARD, NotEqual
from keras_selflearn.runs.exporting import ExportConfig, export


def main(config: ExportConfig) -> None:
    """Export, and say what is there; exit status 1 if it says other things than the classifier."""
    try:
        comparison, about = export(config)
    except NotEqual as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    output = Path(config.output).expanduser()
    of = config.target.of
    print(f"{comparison.sentence()} ({of.runtime}, {about.compared})")
    where = output / of.file if of.file else output
    print(f"The {of.title} is in {where}, and its model card in {output / CARD}")
    if config.serving:
        print(f"Once it is served (see docs/export.md), ask it:\n{curl_line(output.name)}")


def curl_line(name: str, image: str = "photo.jpg") -> str:
    """What asks TensorFlow Serving on this machine for the label of an image file."""
    return (
        f"""echo '{{"instances": [{{"b64": "'$(base64 < {image} | tr -d '\\n')'"}}]}}' |"""
        f" curl -d @- http://localhost:8501/v1/models/{quote(name)}:predict"
    )


if __name__ == "__main__":
    command_line.run(ExportConfig, main, "A run's classifier for another runtime.")
