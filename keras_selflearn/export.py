"""Write the classifier of a run as a SavedModel, which needs TensorFlow alone.

`python -m keras_selflearn.export --run=FOLDER --output=DIR`
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import Options, check_required, option
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.network.names import PRECISIONS


@dataclass(frozen=True)
class ExportConfig(Options):
    """Which classifier goes where."""

    run: str = option("", "Folder of a finished run, or of a saved classifier.", required=True)
    output: str = option("", "New folder for the SavedModel.", required=True)
    precision: str | None = option(
        None,
        "Number format to compute in; float32 runs well everywhere.",
        choices=PRECISIONS,
        without="the run's",
    )


def main(config: ExportConfig) -> None:
    """Export and say how to load what came out."""
    check_required(config)
    output = Path(config.output).expanduser()
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise InputError(f"{output} is there already: choose another name with --output.")
    import_tensorflow_quietly()
    from keras_selflearn.estimator.classifier import SelfLearningClassifier
    from keras_selflearn.estimator.saved_model import export_saved_model
    from keras_selflearn.network.precision import resolve_precision
    from keras_selflearn.runs.finished_run import classifier_folder
    from keras_selflearn.storage.files import make_writable

    folder = classifier_folder(Path(config.run).expanduser())
    if config.precision is not None:
        resolve_precision(config.precision)
    make_writable(output.parent, "output")
    classifier = SelfLearningClassifier.load(folder)
    export_saved_model(classifier, output, precision=config.precision)
    print(
        f"The SavedModel is in {output}: tf.saved_model.load(FOLDER).signatures has its functions"
    )


if __name__ == "__main__":
    command_line.run(ExportConfig, main, "A run's classifier as a SavedModel.")
