"""List the images that are worth a label next, or first.

`python -m keras_selflearn.suggest --run=FOLDER --number=30`
"""

from __future__ import annotations

from keras_selflearn.console import command_line
from keras_selflearn.datasets.left_out import damaged
from keras_selflearn.runs.suggesting import SuggestConfig, suggest_for


def main(config: SuggestConfig) -> None:
    """Suggest, and say what to do with the list."""
    found = suggest_for(config)
    number = sum(found.classes.values())
    print(f"{number:,} image{'' if number == 1 else 's'} to label: {config.output}")
    if found.classes.keys() != {""}:
        counts = ", ".join(f"{name} {count}" for name, count in found.classes.items())
        print(f"Predicted classes: {counts}")
    if found.skipped:
        print(damaged(found.skipped))
    flag = "corrections" if config.run else "labels_csv"
    print(f"Fill in its column label, and give it to the next run: --{flag}={config.output}")


if __name__ == "__main__":
    command_line.run(SuggestConfig, main, "What to label next, or first.")
