"""The paper's finding in minutes, on real images and without a download: `make quickstart`.

VGG16 is pretrained on digits drawn from fonts; then self-learning on scikit-learn's handwritten
digits starts once from random and once from those weights.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from keras_selflearn.console import command_line
from keras_selflearn.console.quiet import import_tensorflow_quietly
from keras_selflearn.losses import loss_names
from keras_selflearn.options.config import Config, option
from keras_selflearn.pretrain import SUFFIX, PretrainConfig, pretrain
from keras_selflearn.storage.cache import cache_root

if TYPE_CHECKING:
    from keras_selflearn.runs.record import RunRecord

PICTURE = "quickstart.png"


@dataclass(frozen=True)
class QuickstartConfig:
    """What may be changed without leaving the story."""

    loss: str = option("cross-entropy", f"Loss: {', '.join(loss_names())}.")
    seed: int = option(0, "Seed of the labelled choice, the weights, order and augmentation.")
    results_dir: str = option("results", f"Folder for the runs and the picture, {PICTURE}.")
    cache_dir: str | None = option(
        None, "Folder that keeps the pretrained weights (default: ~/.cache/keras_selflearn)."
    )


def pretrained_weights(cache_dir: Path) -> Path:
    """The weights pretrained on glyphs: those in the cache, or made now and put there.

    The name in the cache changes with the glyphs and with the way of pretraining.
    """
    from keras_selflearn.network.backbone import check_weights_file

    recipe = PretrainConfig()
    source = Path(__file__).with_name("datasets") / "glyphs.py"
    digest = hashlib.sha256(repr(recipe).encode() + source.read_bytes()).hexdigest()[:8]
    path = cache_dir / f"vgg16-glyphs-{digest}{SUFFIX}"
    if path.exists():
        check_weights_file(path)
        print(f"1/3 Pretrained weights are in the cache: {path} (delete it to pretrain again)")
        return path
    print(f"1/3 Pretraining VGG16 on glyphs, a few minutes; kept in {path}", flush=True)
    accuracy = pretrain(replace(recipe, output=str(path)))
    print(f"    Test accuracy on glyphs: {accuracy:.1f} %")
    return path


def main(config: QuickstartConfig) -> None:
    """Pretrain, run twice, print the table and draw the picture."""
    experiment = Config(loss=config.loss, seed=config.seed, results_dir=config.results_dir)
    experiment.resolve()  # A mistyped name must not wait for the pretraining.
    cache_dir = Path(config.cache_dir).expanduser() if config.cache_dir else cache_root()
    import_tensorflow_quietly()
    from keras_selflearn.storage.files import make_writable

    results_dir = make_writable(config.results_dir, "results_dir")
    weights = pretrained_weights(cache_dir)
    runs = {}
    for step, (name, path) in enumerate({"random": "random", "pretrained": weights}.items()):
        print(f"{step + 2}/3 Self-learning on digits from {name} weights", flush=True)
        runs[name] = _run(experiment, str(path))
    picture = results_dir / PICTURE
    _draw(runs, picture)
    print(f"\n{table(runs)}\n\nThe curves: {picture}")


def table(runs: dict[str, RunRecord]) -> str:
    """Test accuracies of the runs, by the name of their initial weights."""
    data = next(iter(runs.values())).data
    lines = [
        f"Test accuracy on {data.test} handwritten digits, one run of each",
        f"{'Initial weights':<18}{data.labelled:>8} labels   after self-learning",
    ]
    for name, run in runs.items():
        accuracy = run.test_accuracy
        lines.append(
            f"{name:<18}{accuracy['n_labelled']:>13.1f} %{accuracy['self_learning']:>20.1f} %"
        )
    return "\n".join(lines)


def _run(experiment: Config, weights: str) -> RunRecord:
    from keras_selflearn.runs.experiment import run_experiment

    return run_experiment(replace(experiment, weights=weights)).read_run()


def _draw(runs: dict[str, RunRecord], path: Path) -> None:
    from keras_selflearn.runs.curve import Curve, draw_curves

    curves = [Curve(f"{name} weights", run.accuracies) for name, run in runs.items()]
    run = next(iter(runs.values()))
    config = run.config
    title = f"Self-learning on {config.dataset}, {run.data.labelled} labels"
    draw_curves(curves, f"{title}, {config.loss} loss", path)


if __name__ == "__main__":
    command_line.run(QuickstartConfig, main, "The paper's finding in minutes, on real images.")
