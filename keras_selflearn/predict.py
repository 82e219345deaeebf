"""Label new images with a run's classifier, and write the labels to a CSV file.

`python -m keras_selflearn.predict --run=FOLDER --images=DIR --output=labels.csv`
"""

from __future__ import annotations

from pathlib import Path

from keras_selflearn.console import command_line
from keras_selflearn.datasets.left_out import damaged
from keras_selflearn.runs.new_images import PredictConfig, predict, skipped_file


def main(config: PredictConfig) -> None:
    """Label the images and say where the labels are."""
    labelled, skipped = predict(config)
    places = f"{labelled:,} images are labelled in {config.output}"
    print(f"{places}, copied to {config.copy_to}" if config.copy_to else places)
    if skipped:
        print(f"{damaged(skipped)}: {skipped_file(Path(config.output))}")


if __name__ == "__main__":
    command_line.run(PredictConfig, main, "Labels for new images.")
