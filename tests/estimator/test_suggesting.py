from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.estimator.suggesting import embed_files
from keras_selflearn.labelling.suggestion import suggest

pytestmark = pytest.mark.slow

OPTIONS = {"backbone": "tiny", "weights": "random", "train": "head", "labelling": "softmax"}
OPTIONS.update(meta_iterations=1, selection_percent=50, precision="float32", random_state=3)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def fitted(data):
    return SelfLearningClassifier(**OPTIONS).fit(*data)


def test_it_is_the_rule_by_the_given_labels_alone(fitted, data):
    images, labels = data
    found = fitted.suggest(images, 12)
    assert found.shape == (12,) and (labels[found] == -1).all()
    by_rule = suggest(fitted.transform(images), 12, labels=labels, seed=3).index
    assert found.tolist() == by_rule.tolist()


def test_other_images_need_their_labels(fitted, data, digits):
    others, labels = digits.images[150:200], np.full(50, "-1")
    with pytest.raises(InputError, match="X has 50 images, and fit was given 150: give y"):
        fitted.suggest(others, 5)
    labels[:20] = digits.labels[150:170].astype(str)
    found = fitted.suggest(others, 5, y=labels)
    assert len({*found}) == 5 and (found >= 20).all()


def test_a_loaded_classifier_suggests_the_same(fitted, data, tmp_path):
    fitted.save(tmp_path / "saved")
    loaded = SelfLearningClassifier.load(tmp_path / "saved")
    assert loaded.suggest(data[0], 5).tolist() == fitted.suggest(data[0], 5).tolist()


def test_a_number_below_one_is_refused(fitted, data):
    with pytest.raises(InputError, match="number is 0"):
        fitted.suggest(data[0], 0)


def test_files_are_embedded_as_the_arrays_are_in_fit(data, tmp_path):
    """Standardised over these images, and of length 1; a damaged file is left out."""
    images = data[0][:40]
    size = images.shape[1]
    for i, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / f"{i:02}.png")
    (tmp_path / "05b.png").write_bytes(b"no image")
    parameters = SelfLearningClassifier(**OPTIONS, image_size=size).get_params(deep=False)
    damaged, numbers = [], []
    embeddings, names = embed_files(
        parameters,
        tmp_path,
        sorted(path.name for path in tmp_path.iterdir()),
        on_damaged=lambda path, reason: damaged.append(path),
        on_embedded=numbers.append,
    )
    assert damaged == ["05b.png"] and sum(numbers) == 40
    assert names == [f"{i:02}.png" for i in range(40)]
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, rtol=1e-5)
    same = SelfLearningClassifier(**OPTIONS, image_size=size)
    assert embeddings.shape[1] == same.fit(images, data[1][:40]).transform(images[:1]).shape[1]
