"""The model card of an exported classifier, in Markdown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_selflearn import __version__
from keras_selflearn.datasets.class_texts import class_texts
from keras_selflearn.estimator.exporting.comparing import Comparison
from keras_selflearn.estimator.exporting.formats import KERAS, ONNX, SAVEDMODEL, TFLITE, Target
from keras_selflearn.estimator.fitted import Fitted

# Two-sided 95 % of a normal distribution.
_QUANTILE = 1.96
_MOST_CLASSES = 100
# What a runtime does with a wrong input; tests/estimator/exporting/test_wrong_inputs.py looks.
_WRONG = {
    SAVEDMODEL: "The graph refuses another type, another size, a batch without an image, and one"
    " that is black all over, as floats from 0 to 1 become where TensorFlow casts them.",
    KERAS: "Keras refuses another size. It casts floats without a word: pixels from 0 to 1 become"
    " black images.",
    ONNX: "onnxruntime refuses another type and another size. A batch without an image gives"
    " nothing.",
    TFLITE: "The interpreter refuses another type. **It takes another size without a word, and"
    " labels it wrongly.** A batch without an image gives nothing.",
}


@dataclass(frozen=True)
class About:
    """What a run knows of a classifier, and the classifier does not.

    Attributes
    ----------
    name : str
    data : str
        Where the images are from, in a sentence.
    accuracy : str
        A sentence.
    compared : str
        Which images were compared.
    """

    name: str
    data: str
    accuracy: str
    compared: str


def accuracy_on(percent: float, images: int) -> str:
    """Say an accuracy in percent, with its 95 % interval (Wilson 1927)."""
    low, high = wilson_interval(percent / 100, images)
    return (
        f"{percent:.1f} % of {images:,} test images, which training did not see, are labelled"
        f" right (95 % interval: {100 * low:.1f} to {100 * high:.1f} %)."
    )


def wilson_interval(share: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of n, from 0 to 1."""
    square = _QUANTILE**2 / n
    middle = (share + square / 2) / (1 + square)
    half = np.sqrt(square * share * (1 - share) + square**2 / 4) / (1 + square)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def model_card(fitted: Fitted, target: Target, about: About, comparison: Comparison) -> str:
    """Write the card."""
    return "\n".join(
        [
            f"# {_plain(about.name)}",
            "",
            f"An image classifier of {len(fitted.classes):,} classes. keras-selflearn {__version__}"
            f" wrote it as: {target.of.title}.",
            "",
            *_section("Data", about.data, _classes(fitted)),
            *_section("Accuracy", about.accuracy),
            *_section("How it was labelled", *_labelling(fitted)),
            *_section("Limits", *_limits()),
            *_section("Input", *_input(fitted, target)),
            *_section("Output", *_output(fitted, target)),
            *_section(
                "Compared with the classifier",
                f"{target.of.runtime}, on {about.compared}: {comparison.sentence()}.",
            ),
        ]
    )


def _section(title: str, *lines: str) -> list[str]:
    return [f"## {title}", "", *(line for each in lines for line in (each, ""))]


def _plain(text: str) -> str:
    """A text of the user's without line breaks and Markdown's marks."""
    marks = str.maketrans({each: f"\\{each}" for each in "\\`*_[]<>#|"})
    return " ".join(text.split()).translate(marks)


def _classes(fitted: Fitted) -> str:
    names = [_plain(name) for name in class_texts(fitted.classes)]
    more = len(names) - _MOST_CLASSES
    listed = ", ".join(names[:_MOST_CLASSES]) + (f" and {more:,} more" if more > 0 else "")
    return f"Classes: {listed}."


def _labelling(fitted: Fitted) -> list[str]:
    given = int(np.sum(fitted.labelled_in == 0))
    found = int(np.sum(fitted.labelled_in > 0))
    rest = int(np.sum(fitted.labelled_in < 0))
    sentences = f"{given:,} images had labels that were given."
    if found:
        sentences += (
            f" {found:,} others were labelled by self-learning, and nobody looked at these labels."
        )
    if rest:
        sentences += f" {rest:,} were used without a label, or not at all."
    how = fitted.labeller.explanation.partition(".")[0]
    return [sentences, f"{how}. The labeller is `{fitted.labeller.name}`."]


def _limits() -> list[str]:
    return [
        "- It gives one of its classes to any image, also to one that shows none of them.\n"
        "- Its accuracy is that on images like those it was measured on. Measure it on your own.\n"
        "- It doesn't see EXIF data: turn photographs first."
    ]


def _input(fitted: Fitted, target: Target) -> list[str]:
    height, width, channels = fitted.image_shape
    if target.serving:
        return [
            "`image_bytes` (n,): the contents of JPEG, PNG, GIF or BMP files, of any size.",
            "The graph refuses what is no image, and a batch without one.",
        ]
    colours = "RGB" if channels == 3 or target.resize_inside else "grey"
    if target.resize_inside:
        return [
            "`images` (n, any, any, 3) uint8 from 0 to 255, RGB. The model resizes them.",
            "The graph refuses another type, a batch without an image, and one that is black all"
            " over, as floats from 0 to 1 become where TensorFlow casts them.",
        ]
    return [
        f"`images` (n, {height}, {width}, {channels}) uint8 from 0 to 255, {colours}. Resize"
        " larger ones with Pillow's bicubic filter.",
        _WRONG[target.format],
    ]


def _output(fitted: Fitted, target: Target) -> list[str]:
    names = "(n,) strings" if target.format == SAVEDMODEL else "(n,) int64, a position in `classes`"
    return [
        f"- `label`: {names}\n"
        f"- `probabilities`: (n, {len(fitted.classes)}) float32\n"
        "- `embedding`: (n, d) float32\n"
        "- `confidence`: (n,) float32",
        "`classes.json` lists the classes in the order of the probabilities."
        f" The model computes in {target.precision}.",
    ]
