"""A training that begins with the network of a fitted classifier, and Keras' progress."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from keras_selflearn import SelfLearningClassifier
from keras_selflearn.console.errors import InputError
from keras_selflearn.storage.checkpoint import Checkpoints

N = 24
BRIGHT = np.arange(N) % 2
IMAGES = np.random.default_rng(0).integers(0, 90, (N, 32, 32, 3), np.uint8)
IMAGES += (BRIGHT * 160).astype(np.uint8)[:, None, None, None]
SOME = np.where(np.arange(N) < 12, BRIGHT, -1)
STILL = {"learning_rate": 1e-12, "epochs": 1}


def classifier(**changes):
    options = {"weights": "random", "backbone": "tiny", "epochs": 15, "learning_rate": 1e-2}
    options.update(meta_iterations=0, random_state=0, precision="float32")
    return SelfLearningClassifier(**{**options, **changes})


@pytest.fixture(scope="module")
def fitted():
    return classifier().fit(IMAGES, SOME)


@pytest.mark.slow
def test_it_begins_where_the_other_ended(fitted, tmp_path):
    fitted.save(tmp_path / "clf")
    before = fitted.transform(IMAGES)
    for start in (fitted, tmp_path / "clf", str(tmp_path / "clf")):
        clf = classifier(**STILL, random_state=3).fit(IMAGES, SOME, continue_from=start)
        np.testing.assert_allclose(clf.transform(IMAGES), before, atol=1e-5)
        np.testing.assert_allclose(
            clf.predict_proba(IMAGES), fitted.predict_proba(IMAGES), atol=1e-5
        )
    anew = classifier(**STILL, random_state=3).fit(IMAGES, SOME)
    assert np.abs(anew.transform(IMAGES) - before).max() > 1e-2
    classifier(random_state=3).fit(IMAGES, SOME, continue_from=fitted)
    np.testing.assert_array_equal(fitted.transform(IMAGES), before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "options"),
    [(np.where(SOME == 1, 7, SOME), {}), (SOME, {"loss": "triplet"})],
    ids=["other classes", "another loss"],
)
def test_with_other_classes_or_another_loss_the_head_begins_anew(fitted, labels, options):
    clf = classifier(**STILL, **options).fit(IMAGES, labels, continue_from=fitted)
    before = fitted.transform(IMAGES)
    if options:
        before = before / np.linalg.norm(before, axis=1, keepdims=True)
    np.testing.assert_allclose(clf.transform(IMAGES), before, atol=1e-5)
    assert clf.classes_.tolist() == np.unique(labels[labels >= 0]).tolist()


@pytest.mark.parametrize(
    ("start", "options", "message"),
    [
        ("unfitted", {}, "give a fitted SelfLearningClassifier"),
        (3, {}, "continue_from is 3: give a fitted"),
        ("of a head", {}, "and its train is 'head': only the training of a whole"),
        ("fitted", {"train": "head"}, "and train is 'head': only the training of a whole"),
        ("fitted", {"embedding_size": 8}, "has another network: give the same backbone"),
        ("missing", {}, "There is no saved classifier"),
    ],
)
def test_what_can_t_be_continued_is_refused(fitted, tmp_path, start, options, message):
    of_a_head = classifier()
    of_a_head.fitted_ = replace(fitted.fitted_, parameters={"train": "head"})
    starts = {
        "of a head": of_a_head,
        "unfitted": classifier(),
        "fitted": fitted,
        "missing": tmp_path / "missing",
    }
    with pytest.raises(InputError, match=message):
        classifier(**options).fit(IMAGES, SOME, continue_from=starts.get(start, start))


@pytest.mark.slow
def test_a_checkpoint_of_another_start_is_refused(fitted, tmp_path):
    checkpoints = Checkpoints(tmp_path)
    classifier(**STILL).fit(IMAGES, SOME, continue_from=fitted, checkpoints=checkpoints)
    classifier(**STILL).fit(IMAGES, SOME, continue_from=fitted, checkpoints=checkpoints)
    with pytest.raises(ValueError, match="is of another run: continue_from was '"):
        classifier(**STILL).fit(IMAGES, SOME, checkpoints=checkpoints)


@pytest.mark.slow
def test_keras_tells_of_its_progress_if_it_is_asked_to(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    classifier(epochs=2).fit(IMAGES, SOME)
    classifier(train="head").fit(IMAGES, SOME)
    assert capsys.readouterr().out == ""
    classifier(epochs=2).fit(IMAGES, SOME, verbose=2)
    said = capsys.readouterr().out
    assert "Epoch 1/2" in said and "Epoch 2/2" in said and "loss" in said
    classifier(train="head", preprocessing="torch").fit(IMAGES, SOME, verbose=1)
    assert "24/24" in capsys.readouterr().out


@pytest.mark.parametrize("verbose", [3, "yes", None, True])
def test_another_verbose_is_refused(verbose):
    with pytest.raises(InputError, match="verbose is .*: give 0, 1, 2 or 'auto'"):
        classifier().fit(IMAGES, SOME, verbose=verbose)
