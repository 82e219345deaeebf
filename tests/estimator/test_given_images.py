"""What users hand over in place of one uint8 array: paths, floats, data sets of TensorFlow."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from sklearn.model_selection import cross_val_score

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError, InputWarning
from keras_selflearn.datasets.image_files.reading import read_picture
from keras_selflearn.estimator.gathering import training_images, validation_images
from keras_selflearn.estimator.image_blocks import blocks_of, paths_of
from keras_selflearn.estimator.pixels import resized, to_uint8

N = 24
BRIGHT = np.arange(N) % 2 == 1
IMAGES = np.random.default_rng(0).integers(0, 90, (N, 32, 32, 3), np.uint8)
IMAGES[BRIGHT] += 160
NAMES = np.where(BRIGHT, "day", "night")
SOME = np.where(np.arange(N) < 12, NAMES, "-1")


def classifier(**changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 20, "learning_rate": 1e-2}
    options.update(meta_iterations=0, random_state=0, precision="float32")
    return SelfLearningClassifier(**{**options, **changes})


def read(images, y=None, *, image_size=None, float_max=None):
    return training_images(images, y, None, image_size=image_size, float_max=float_max)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """The images as PNG files, of two sizes."""
    folder = tmp_path_factory.mktemp("photos")
    found = []
    for i, image in enumerate(IMAGES):
        found.append(str(folder / f"{i}.png"))
        picture = Image.fromarray(image)
        (picture.resize((48, 40)) if i % 3 == 0 else picture).save(found[-1])
    return found


@pytest.fixture(scope="module")
def fitted():
    return classifier(image_size=32).fit(IMAGES, SOME)


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda x: [*map(Path, x)]])
def test_paths_of_any_kind_are_decoded_as_files_of_a_folder_are(paths, kind):
    images, y, _ = read(kind(paths), SOME, image_size=32)
    expected = [read_picture(Path(path), 32) for path in paths]
    np.testing.assert_array_equal(images, expected)
    assert images.dtype == np.uint8 and isinstance(images, np.memmap) and y is SOME


def test_what_is_no_list_of_paths():
    for images in (IMAGES, IMAGES.tolist(), [], ["a", 1], "a", np.array([["a"]]), None):
        assert paths_of(images) is None
    assert paths_of(["~/a"]) == [os.path.expanduser("~/a")]


def test_an_array_of_uint8_is_not_copied():
    assert read(IMAGES, SOME)[0] is IMAGES
    shape = IMAGES.shape[1:]
    same = validation_images((IMAGES, NAMES), shape, resizes=True, float_max=1)
    assert same[0] is IMAGES


def test_files_that_are_none_or_damaged_are_named(paths, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for bad in (tmp_path / "missing.png", tmp_path, tmp_path / "pipe.png"):
        with pytest.raises(InputError, match=f"1 of 25 images that are no files: {bad}"):
            read([*paths, bad], [*SOME, "-1"], image_size=32)
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(Path(paths[0]).read_bytes()[:200])
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(InputError, match=rf"2 of 26 images of X can't be read \({damaged}: .*;"):
        read([damaged, *paths, tmp_path / "text.png"], [*SOME, "-1", "-1"], image_size=32)
    with pytest.raises(InputError, match="image_size is None: give image_size"):
        read(paths, SOME)
    with pytest.raises(InputError, match=r"y has shape \(3,\) for 24 images"):
        read(paths, SOME[:3], image_size=32)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("float_max", [1, 255])
def test_floats_become_the_pixels_they_mean(dtype, float_max):
    every = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    floats = (every / 255 * float_max).astype(dtype)
    np.testing.assert_array_equal(read(floats, float_max=float_max)[0], every)
    assert to_uint8(np.float32([float_max * 1.001]), "X", float_max).tolist() == [255]


@pytest.mark.parametrize(
    ("pixels", "float_max", "message"),
    [
        (0.5, None, "X has dtype float64: give uint8 .* or say with float_max=1 or float_max=255"),
        (2.0, 1, "X has pixels from 0 to 2, and float_max=1 says from 0 to 1"),
        (-0.5, 1, "X has pixels from -0.5 to 0, and"),
        (300.0, 255, "X has pixels from 0 to 300"),
        (np.nan, 1, "X has pixels from nan to nan"),
        (np.int64(7), 255, "X has dtype int64: give uint8 pixels from 0 to 255[.]"),
    ],
)
def test_floats_of_another_range_are_refused(pixels, float_max, message):
    images = np.full((1, 4, 4, 3), pixels)
    images[0, 0, 0, 0] *= 0
    with pytest.raises(InputError, match=message):
        read(images, float_max=float_max)


def test_floats_up_to_1_that_are_said_to_go_to_255_are_warned_of():
    with pytest.warns(InputWarning, match="no float pixel above 1, .* give float_max=1"):
        read(IMAGES / 255, float_max=255)


@pytest.mark.parametrize("value", [0, 2, "1", True, 0.5])
def test_a_float_max_that_is_no_white_is_refused(value):
    with pytest.raises(InputError, match="float_max is .*: give 1 for float images from 0 to 1"):
        classifier(float_max=value).check_parameters()


def dataset(batch, *parts):
    made = tf.data.Dataset.from_tensor_slices(parts if len(parts) > 1 else parts[0])
    return made.batch(batch) if batch else made


@pytest.mark.parametrize("batch", [None, 1, 7, 100])
def test_a_data_set_of_images_labels_and_weights(batch):
    images, y, weights = read(dataset(batch, IMAGES, SOME, np.arange(N)))
    np.testing.assert_array_equal(images, IMAGES)
    assert y.tolist() == SOME.tolist() and weights.tolist() == [*range(N)]
    images, y, weights = read(dataset(batch, IMAGES.astype("f4"), BRIGHT * 1), float_max=255)
    np.testing.assert_array_equal(images, IMAGES)
    assert y.tolist() == (BRIGHT * 1).tolist() and weights is None
    images, y, _ = read(dataset(batch, IMAGES), SOME)
    np.testing.assert_array_equal(images, IMAGES)
    assert y is SOME


def test_images_of_different_sizes_in_a_data_set_are_resized():
    def some():
        yield from (IMAGES[0], IMAGES[1, :20, :24])

    spec = tf.TensorSpec((None, None, 3), tf.uint8)
    mixed = tf.data.Dataset.from_generator(some, output_signature=spec)
    images, _, _ = read(mixed, [0, 1], image_size=32)
    np.testing.assert_array_equal(images[0], IMAGES[0])
    picture = Image.fromarray(IMAGES[1, :20, :24]).resize((32, 32), Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(images[1], np.asarray(picture))
    with pytest.raises(InputError, match=r"of \(32, 32, 3\) and of \(20, 24, 3\): give image_size"):
        read(mixed, [0, 1])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (dataset(4, IMAGES).repeat(), "never ends: leave out its repeat"),
        (dataset(4, IMAGES, np.eye(N)), r"labels of shape \(4, 24\) for 4 images"),
        (dataset(4, IMAGES.reshape(N, -1)), "a data set with elements .*: give images"),
        (tf.data.Dataset.from_tensor_slices({"x": IMAGES}), "a data set with elements"),
        (dataset(4, IMAGES).take(0), "X holds no images"),
    ],
)
def test_data_sets_that_can_t_be_used(bad, message):
    with pytest.raises(InputError, match=message):
        read(bad)


def test_labels_from_two_places_are_refused(fitted):
    with pytest.raises(InputError, match="labels of its own, and y is given"):
        classifier().fit(dataset(4, IMAGES, SOME), SOME)
    with pytest.raises(InputError, match="labels of its own, and y is given"):
        fitted.score(dataset(4, IMAGES, SOME), SOME)


def test_few_images_are_in_memory_at_a_time(paths):
    blocks = blocks_of(paths * 40, "X", shape=(32, 32, 3), resizes=True, float_max=None)
    sizes = [len(block.images) for block in blocks]
    assert sum(sizes) == 40 * N and max(sizes) <= 400 and len(sizes) > 2


def test_images_are_resized_as_files_are(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(IMAGES[0]).save(path)
    np.testing.assert_array_equal(resized(IMAGES[:1], 24, 20)[0], read_picture(path, (24, 20)))
    grey = resized(IMAGES[:2, ..., :1], 24, 20)
    assert grey.shape == (2, 24, 20, 1)


@pytest.mark.slow
def test_all_kinds_are_labelled_alike(fitted, paths):
    decoded = np.array([read_picture(Path(path), 32) for path in paths])
    expected = fitted.transform(decoded)
    for given in (
        paths,
        np.array(paths, object),
        dataset(5, decoded),
        dataset(None, decoded, NAMES),
        tf.constant(decoded),
    ):
        np.testing.assert_allclose(fitted.transform(given), expected, atol=1e-5)
        np.testing.assert_array_equal(fitted.predict(given), fitted.predict(decoded))
        assert fitted.predict_proba(given).shape == (N, 2)
    assert fitted.score(paths, SOME) == fitted.score(decoded, SOME) == 1
    assert fitted.score(dataset(5, decoded, SOME)) == fitted.score(dataset(5, decoded), SOME) == 1
    wrong = np.where(np.arange(N) < 3, "day", SOME)
    weights = np.where(np.arange(N) == 0, 11, 1)
    assert fitted.score(paths, wrong, weights) == pytest.approx(10 / 22)
    with pytest.raises(ValueError, match="y holds no label but -1"):
        fitted.score(paths, np.full(N, "-1"))
    with pytest.raises(ValueError, match="X has dtype float64: give uint8"):
        fitted.predict(decoded / 255)
    floats = classifier(float_max=1)
    floats.fitted_ = fitted.fitted_
    np.testing.assert_allclose(floats.transform(decoded / 255), expected, atol=1e-5)


@pytest.mark.slow
def test_images_of_another_size_are_resized_where_fit_had_an_image_size(fitted):
    large = IMAGES.repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(
        fitted.transform(large), fitted.transform(resized(large, 32, 32)), atol=1e-5
    )
    assert fitted.score(large, NAMES) == 1
    with pytest.raises(ValueError, match=r"the classifier is for \(32, 32, 3\)"):
        fitted.predict(IMAGES[..., :1])


@pytest.mark.slow
def test_fit_takes_paths_floats_and_data_sets(paths):
    decoded = np.array([read_picture(Path(path), 32) for path in paths])
    expected = classifier(image_size=32).fit(decoded, SOME, validation_data=(decoded, NAMES))
    for options, X, y, test in (
        ({}, paths, SOME, (paths, NAMES)),
        ({"float_max": 255}, decoded.astype(np.float32), SOME, (decoded * 1.0, NAMES)),
        ({}, dataset(5, decoded, SOME), None, dataset(9, decoded, NAMES)),
    ):
        clf = classifier(image_size=32, **options).fit(X, y, validation_data=test)
        assert clf.history_[0]["test_accuracy"] == 100 == expected.history_[0]["test_accuracy"]
        assert clf.image_shape_ == (32, 32, 3) and clf.score(paths, NAMES) == 1
        np.testing.assert_allclose(clf.transform(decoded), expected.transform(decoded), atol=1e-2)


@pytest.mark.slow
def test_cross_validation_takes_paths(paths):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        scores = cross_val_score(classifier(image_size=32), paths, SOME, cv=2)
    np.testing.assert_allclose(scores, 1)
