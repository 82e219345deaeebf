from __future__ import annotations

import gc
import threading
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.folder import load_folder
from keras_selflearn.datasets.image_files import in_parallel
from keras_selflearn.estimator import label_folder as module
from keras_selflearn.estimator.label_folder import Labelled, label_files, label_folder


def fit(images, labels, **changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 30, "random_state": 0}
    options.update(meta_iterations=0, precision="float32", learning_rate=1e-2)
    return SelfLearningClassifier(**{**options, **changes}).fit(images, labels)


@pytest.fixture(scope="module")
def classifiers(digits):
    images, labels = digits.images[:60], digits.labels[:60]
    return {loss: fit(images, labels, loss=loss) for loss in ("triplet", "cross-entropy")}


@pytest.fixture
def folder(digits, tmp_path):
    """Twenty images of the training data, as PNG at their size: decoded they are the same."""
    for i in range(20):
        path = tmp_path / "images" / "even ü" / f"{i}.png" if i % 2 == 0 else f"{i}.png"
        path = tmp_path / "images" / path
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(digits.images[i]).save(path)
    return tmp_path / "images"


def number(path):
    return int(path.split("/")[-1].split(".")[0])


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["triplet", "cross-entropy"])
def test_labels_are_those_of_predict(loss, classifiers, folder, digits):
    classifier = classifiers[loss]
    found = {number(each.path): each for each in label_folder(classifier, folder)}
    assert sorted(found) == list(range(20))
    assert found[4].path == "even ü/4.png" and found[5].path == "5.png"
    predicted = classifier.predict(digits.images[:20])
    assert [found[i].label for i in range(20)] == predicted.tolist()
    assert isinstance(found[0].label, int) and isinstance(found[0].confidence, float)
    if loss == "triplet":
        # Each is itself a labelled example.
        assert [found[i].nearest for i in range(20)] == list(range(20))
        assert [found[i].confidence for i in range(20)] == pytest.approx([0] * 20, abs=1e-3)
    else:
        assert {each.nearest for each in found.values()} == {None}
        probabilities = classifier.predict_proba(digits.images[:20]).max(axis=1)
        assert [found[i].confidence for i in range(20)] == pytest.approx(probabilities, rel=1e-4)


@pytest.mark.slow
def test_the_nearest_is_an_index_in_what_fit_was_given(digits, folder):
    labels = digits.labels[:60].astype(str)
    labels[:30] = "-1"  # The reference begins with image 30.
    classifier = fit(digits.images[:60], labels, loss="triplet", epochs=1)
    reference = classifier.transform(digits.images[30:60])
    embeddings = classifier.transform(digits.images[:20])
    distances = np.linalg.norm(embeddings[:, None] - reference[None], axis=2)
    for each in label_folder(classifier, folder):
        i = number(each.path)
        assert each.nearest == 30 + distances[i].argmin()
        assert each.confidence == pytest.approx(-distances[i].min(), abs=1e-5)
        assert each.label == labels[each.nearest]


@pytest.mark.slow
def test_damaged_images_are_told_and_left_out(classifiers, folder):
    (folder / "bad.png").write_bytes(b"no image")
    (folder / "1.png").write_bytes(b"")
    told = []
    damaged = label_folder(
        classifiers["triplet"], folder, on_damaged=lambda *each: told.append(each)
    )
    assert len(list(damaged)) == 19
    assert sorted(path for path, _ in told) == ["1.png", "bad.png"]
    assert all("cannot identify" in reason for _, reason in told)
    with pytest.warns(UserWarning, match="is left out: cannot identify") as warned:
        list(label_folder(classifiers["triplet"], folder))
    assert len(warned) == 2


@pytest.mark.slow
def test_images_are_resized_to_the_classifier_s_size_also_where_that_is_no_square(digits, folder):
    images = digits.images[:20].repeat(2, axis=1)[:, :, :, :1]  # 64 rows, 32 columns, grey
    classifier = fit(images, digits.labels[:20], loss="triplet")
    shapes = []
    embed_batch = classifier.network_.embed_batch
    classifier.network_.__dict__["embed_batch"] = lambda batch: (
        shapes.append(batch.shape),
        embed_batch(batch),
    )[1]
    found = {number(each.path): each.label for each in label_folder(classifier, folder)}
    assert shapes == [(20, 64, 32, 1)]
    resized = []
    for path in sorted(folder.rglob("*.png"), key=lambda path: number(str(path))):
        image = Image.open(path).convert("L").resize((32, 64), Image.Resampling.BICUBIC)
        resized.append(np.asarray(image)[:, :, None])
    assert [found[i] for i in range(20)] == classifier.predict(np.stack(resized)).tolist()
    assert len({*found.values()}) > 3


def test_grey_pixels_are_those_that_were_saved(classifiers, tmp_path):
    grey = np.random.default_rng(0).integers(0, 256, (32, 32), np.uint8)
    Image.fromarray(grey).save(tmp_path / "a.png")
    ((_, pixels),) = module._decoded(tmp_path, ["a.png"], (32, 32, 1))
    np.testing.assert_array_equal(pixels, grey[:, :, None])


def test_some_batches_more_than_one(classifiers, folder, digits, monkeypatch):
    monkeypatch.setattr(module, "inference_batch_size", lambda shape: 3)
    paths = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png"))
    found = list(label_files(classifiers["triplet"], folder, paths))
    assert [each.path for each in found] == paths
    predicted = classifiers["triplet"].predict(digits.images[:20])
    assert [each.label for each in found] == [predicted[number(each.path)] for each in found]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_images(classifiers, folder, monkeypatch):
    monkeypatch.setattr(module, "inference_batch_size", lambda shape: 10)
    alive, most = set(), [0]

    class Counted(np.ndarray):
        def __array_finalize__(self, _):
            alive.add(id(self))
            most[0] = max(most[0], len(alive))

        def __del__(self):
            alive.discard(id(self))

    read = in_parallel.read_picture
    monkeypatch.setattr(in_parallel, "read_picture", lambda *given: read(*given).view(Counted))

    def peak(n):
        most[0] = 0
        paths = (f"{i % 10 * 2 + 1}.png" for i in range(n))
        tracemalloc.start()
        count = sum(1 for _ in label_files(classifiers["triplet"], folder, paths))
        memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count == n
        return memory, most[0]

    peak(50)  # What is made once.
    few, few_alive = peak(300)
    many, many_alive = peak(3000)
    assert many < 1.2 * few + 100_000
    assert few_alive > 10 and many_alive < 60 and not alive


def test_a_loop_that_is_left_leaves_no_threads(classifiers, folder):
    before = threading.active_count()
    labels = label_folder(classifiers["triplet"], folder)
    assert isinstance(next(labels), Labelled)
    labels.close()
    gc.collect()
    assert threading.active_count() <= before


def test_a_folder_that_is_not_there_is_an_error_at_once(classifiers, tmp_path):
    with pytest.raises(InputError, match="no folder of images"):
        label_folder(classifiers["triplet"], tmp_path / "none")
    assert list(label_folder(classifiers["triplet"], tmp_path)) == []


def test_a_folder_that_can_t_be_listed_is_an_error(classifiers, folder, monkeypatch):
    def paths():
        yield "1.png"
        raise PermissionError(13, "Permission denied", "images/secret")

    with pytest.raises(InputError, match=r"can't be read: Permission denied \(images/secret\)"):
        list(label_files(classifiers["triplet"], folder, paths()))


def test_images_are_read_as_a_folder_in_training(tmp_path):
    chance = np.random.default_rng(0)
    for i, (suffix, shape) in enumerate(
        [("png", (50, 40, 4)), ("jpg", (400, 300, 3)), ("bmp", (33, 90)), ("png", (7, 9, 3))]
    ):
        path = tmp_path / f"images/labelled/{'ab'[i % 2]}/{i}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(chance.integers(0, 256, shape, np.uint8)).save(path)
    trained = load_folder(tmp_path / "images", image_size=48, cache_dir=tmp_path / "cache")
    read = dict(module._decoded(tmp_path / "images", trained.paths, (48, 48, 3)))
    assert len(read) == 4
    for path, pixels in zip(trained.paths, trained.images):
        np.testing.assert_array_equal(read[path], pixels)
