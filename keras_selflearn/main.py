"""Run one experiment: `python -m keras_selflearn.main --loss=arcface`."""

from __future__ import annotations

from keras_selflearn import command_line
from keras_selflearn.config import Config
from keras_selflearn.quiet import import_tensorflow_quietly


def main(config: Config) -> None:
    """Run the experiment that `config` asks for and print its result."""
    config = config.resolve()  # A mistyped name must not wait for TensorFlow.
    import_tensorflow_quietly()
    from keras_selflearn.experiment import run_experiment

    folder = run_experiment(config)
    run = folder.read_run()
    print(f"\n{config.dataset}, {config.loss} loss, {config.weights} weights:")
    for regime, accuracy in run["test_accuracy"].items():
        print(f"  test accuracy, {regime.replace('_', ' ')}: {accuracy:.2f} %")
    if config.profile:
        print("\n" + (folder.path / "profile.txt").read_text(encoding="utf-8"))
    print(f"Everything else is in {folder.path}")


if __name__ == "__main__":
    command_line.run(Config, main, "Self-learning for image classification: one experiment.")
