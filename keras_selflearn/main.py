"""Run one experiment: `python -m keras_selflearn.main --loss=arcface`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.console.option import option
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.datasets import FOLDER
from keras_selflearn.options.config import Config
from keras_selflearn.options.presets import preset_files, preset_names, says_how


@dataclass(frozen=True)
class Command(Config):
    """An experiment, or the folder of a finished run to repeat."""

    GROUP = "preset and repetition"

    preset: str | None = option(
        None,
        f"Preset: {', '.join(preset_names())}. Other flags win over it.",
        choices=preset_names,
        without="quick for a folder where no flag says how to train or label, else none",
        place=True,
    )

    dry_run: bool = option(
        False, "Only say what the run would do, and how long it would take.", place=True
    )

    from_run: str | None = option(
        None,
        "Folder of a finished run to repeat; other flags may only say where things are.",
        place=True,
    )


def flagfiles_of(command: Command, given: frozenset[str]) -> list[Path]:
    """The flagfiles whose flags come before those of the command line.

    A folder is labelled by the preset `quick`, unless a flag says how to train, select or label
    in another way.
    """
    if command.from_run is not None:
        if command.preset is not None:
            raise InputError("--preset is not for --from_run: the run has its own settings.")
        return []
    if command.preset is not None:
        return preset_files(command.preset)
    is_folder = command.dataset == FOLDER
    if command.images is not None:
        if "dataset" in given and not is_folder:
            raise InputError(f"--images is not for --dataset={command.dataset}: leave one out.")
        is_folder = True
    is_quick = is_folder and not given & set(says_how())
    return preset_files("quick") if is_quick else []


def main(command: Command) -> None:
    """Run the experiment that `command` asks for and print its result."""
    options = asdict(command)
    from_run = options.pop("from_run")
    is_dry = options.pop("dry_run")
    del options["preset"]  # Its flags are read.
    config = Config(**options)
    if from_run is None:
        config = config.resolve()  # A mistyped name must not wait for TensorFlow.
    import_tensorflow_quietly()
    from keras_selflearn.datasets.left_out import damaged
    from keras_selflearn.runs.data import data_title
    from keras_selflearn.runs.experiment import run_experiment
    from keras_selflearn.runs.folder import SKIPPED_CSV
    from keras_selflearn.runs.page.copies import of_duplicates
    from keras_selflearn.runs.page.summary import not_reached, verdicts, why_it_ended

    if from_run is not None:
        from keras_selflearn.runs.repeating import repeated

        config = repeated(Path(from_run).expanduser(), config).resolve()

    if is_dry:
        from keras_selflearn.runs.planning import dry_run

        print("\n".join(dry_run(config)))
        return
    folder = run_experiment(config)
    run = folder.read_run()
    print(f"\n{data_title(config)}, {config.loss} loss, {config.weights} weights:")
    for regime, accuracy in run.test_accuracy.items():
        print(f"  test accuracy, {regime.replace('_', ' ')}: {accuracy:.2f} %")
    estimate = run.cross_validation
    if estimate is not None:
        pairs = zip(estimate.accuracy, estimate.spread)
        measured = [pair for pair in [*pairs][: len(run.history)] if pair[0] is not None]
        print(
            f"  accuracy estimated by cross-validation on the labelled images,"
            f" {estimate.folds} folds: {measured[-1][0]:.2f} %"
            f" (standard deviation {measured[-1][1]:.2f})"
        )
    elif not run.test_accuracy:
        why = "--folds=0" if run.config.folds == 0 else "a class has a single labelled one"
        print(f"  no accuracy: there are no test images, and {why}")
    sentences = [*verdicts(run), *of_duplicates(run), not_reached(run), *why_it_ended(run)]
    for sentence in filter(None, sentences):
        print(f"  {sentence}")
    if skipped := folder.n_skipped():
        print(f"  {damaged(skipped)}: {folder.path / SKIPPED_CSV}")
    if config.profile:
        print("\n" + (folder.path / "profile.txt").read_text(encoding="utf-8"))
    print(f"Everything else is in {folder.path}")


if __name__ == "__main__":
    command_line.run(
        Command,
        main,
        "Self-learning for image classification: one experiment.",
        flagfiles_of=flagfiles_of,
    )
