"""An option that a run does not use does not make it another run, and a used one does."""

from __future__ import annotations

from dataclasses import fields, replace
from hashlib import sha256

import pytest

from keras_selflearn.console.option import declared, kind
from keras_selflearn.options.config import PLACES, Config, differing
from keras_selflearn.options.network import digests_of

# The network is trained, or a head alone.
HEAD: tuple[dict, dict] = ({}, {"train": "head"})
# For each option that only some runs use: a run that uses it, and one that does not.
SOME_RUNS = {
    "labels": ({}, {"regime": "all-labelled"}),
    "labels_per_class": ({}, {"regime": "all-labelled"}),
    "unlabelled_split": ({"dataset": "tfds:stl10", "labels": 20}, {}),
    "epochs": ({}, {"steps": 9}),
    "steps": ({}, {"regime": "all-labelled"}),
    "all_labelled_epochs": ({"regime": "all-labelled"}, {}),
    "meta_epochs": ({}, {"meta_steps": 9}),
    "meta_steps": ({}, {"regime": "all-labelled"}),
    "self_learning_rate": ({}, {"meta_iterations": 0}),
    "meta_iterations": ({}, {"regime": "n-labelled"}),
    "selection_percent": ({}, {"regime": "n-labelled"}),
    "selection": ({}, {"meta_iterations": 0}),
    "min_confidence": ({}, {"regime": "n-labelled"}),
    "order": ({}, {"regime": "n-labelled"}),
    "reference": ({"loss": "triplet"}, {"loss": "cross-entropy"}),
    "n_neighbors": ({"loss": "arcface"}, {"loss": "cross-entropy"}),
    "compared_embedding": ({"loss": "triplet"}, {"loss": "cross-entropy", "labelling": "nearest"}),
    "validation_features": ({"loss": "contrastive"}, {"loss": "cross-entropy"}),
    "head": ({"train": "head"}, {}),
    "meta_head": ({"train": "head"}, {"train": "head", "regime": "n-labelled"}),
    "mirror": ({"train": "head"}, {}),
    "head_rounds": ({"train": "head-then-all"}, {"train": "head"}),
    "pseudo_augment": ({}, {"train": "head"}),
    "labelled_share": ({}, {"meta_iterations": 0}),
    "label_views": ({}, {"train": "head"}),
    "targets": ({}, {"loss": "triplet"}),
    "pseudo_weights": ({"loss": "arcface", "labelling": "graph"}, {"loss": "triplet"}),
    "restart": ({}, {"regime": "n-labelled"}),
    "head_image_size": ({"train": "head-then-all"}, {"train": "head"}),
    "keep": ({}, {"regime": "n-labelled"}),
    "pseudo_labels": ({}, {"regime": "n-labelled"}),
    **dict.fromkeys(
        (
            *("decay", "warmup", "settled_epochs", "ema_momentum", "batch_size", "optimizer"),
            "images_per_class",
        ),
        HEAD,
    ),
    **dict.fromkeys(
        ("learning_rate", "augment", "embedding_size", "dropout", "batch_statistics"), HEAD
    ),
    **dict.fromkeys(
        ("graph_neighbors", "graph_dimensions", "graph_exponent", "graph_alpha", "prior"),
        ({"labelling": "graph"}, {}),
    ),
    "voters": ({"labelling": "vote"}, {}),
    "label_smoothing": ({"loss": "cross-entropy"}, {"loss": "triplet"}),
    "loss_weights": ({"loss": "cross-entropy+triplet"}, {"loss": "triplet"}),
    "margin": ({"loss": "contrastive"}, {"loss": "cross-entropy"}),
    "triplet_distance": ({"loss": "triplet"}, {"loss": "contrastive"}),
    "contrastive_power": ({"loss": "contrastive"}, {"loss": "triplet"}),
    "arcface_scale": ({"loss": "arcface"}, {"loss": "triplet"}),
    "arcface_margin": ({"loss": "arcface"}, {"loss": "cross-entropy"}),
}
NEVER = (*PLACES, "evaluate_every", "accuracy")
ALWAYS = sorted({each.name for each in fields(Config)} - {*SOME_RUNS, *NEVER, "labelling"})
# Where a number or another text will not do.
VALUES = {
    "voters": "graph,nearest",
    "labels_per_class": "0=9",
    "dataset": "glyphs",
    "augment": "flip",
    "pseudo_augment": "flip",
    "backbone": "tiny",
    "loss": "arcface",
    "label_views": "flip",
    "loss_weights": "1,0.5",
    "time_limit": "20m",
}


def another(config, name):
    """The same run with another value of this option."""
    (each,) = (each for each in fields(Config) if each.name == name)
    now = getattr(config, name)
    if name in VALUES:
        value = VALUES[name]
    elif declared(each).known():
        value = next(value for value in declared(each).known() if value != now)
    elif kind(each) == "str":
        value = "elsewhere"
    elif kind(each) == "bool":
        value = not now
    elif kind(each) == "int":
        value = 33 if now is None else now + 1
    else:
        value = 0.5 if now is None else now / 2 + 0.125
    return replace(config, **{name: value})


def is_another_run(changes, name):
    config = Config(**changes).resolve()
    other = another(config, name)
    assert getattr(other, name) != getattr(config, name)
    return other.identity() != config.identity()


def unfinished_differ(changes, name):
    config = Config(**changes).resolve()
    return differing(vars(config), vars(another(config, name))) == [name]


@pytest.mark.parametrize("name", SOME_RUNS)
def test_an_option_makes_another_run_only_of_runs_that_use_it(name):
    used, unused = SOME_RUNS[name]
    assert is_another_run(used, name) and unfinished_differ(used, name)
    assert not is_another_run(unused, name) and not unfinished_differ(unused, name)


@pytest.mark.parametrize("changes", [{"loss": "triplet"}, {"head": "embedding"}])
def test_a_linear_embedding_uses_what_a_training_by_steps_uses(changes):
    changes = {"train": "head", **changes}
    for name in ("learning_rate", "batch_size", "optimizer", "embedding_size", "meta_epochs"):
        assert is_another_run(changes, name)
    for name in ("augment", "dropout", "meta_head"):
        assert not is_another_run(changes, name)
    assert is_another_run(changes, "head") == ("head" in changes)


@pytest.mark.parametrize("labelling", ["graph", "vote"])
def test_what_looks_at_all_images_together_does_not_choose_a_reference(labelling):
    assert not is_another_run({"loss": "triplet", "labelling": labelling}, "reference")
    assert is_another_run({"loss": "triplet", "labelling": "nearest"}, "reference")


@pytest.mark.parametrize("name", ALWAYS)
def test_an_option_that_every_run_uses_makes_another_run(name):
    for changes in ({}, {"loss": "triplet", "regime": "all-labelled"}, {"meta_iterations": 0}):
        assert is_another_run(changes, name) and unfinished_differ(changes, name)


@pytest.mark.parametrize("name", NEVER)
def test_places_and_measurements_make_no_other_run(name):
    pretrained = {"weights": "imagenet"}
    assert not is_another_run(pretrained, name)
    assert unfinished_differ(pretrained, name) == (name in ("evaluate_every", "accuracy"))


def test_pretrained_weights_make_another_run_than_random_ones():
    random, imagenet = (Config(weights=name).resolve() for name in ("random", "imagenet"))
    assert random.identity() != imagenet.identity()
    assert imagenet.identity() == Config(weights="vgg16.h5").resolve().identity()


def test_the_loss_s_own_labeller_is_the_same_asked_for_or_not():
    own = Config(loss="triplet").resolve()
    assert Config(loss="triplet", labelling="nearest").resolve().identity() == own.identity()
    cross_entropy = Config().resolve()
    other = Config(labelling="nearest").resolve()
    assert other.identity() != cross_entropy.identity()
    assert {*other.identity()} - {*cross_entropy.identity()} == {
        "n_neighbors",
        "reference",
        "validation_features",
    }


def test_an_option_of_another_version_makes_another_run():
    assert differing({"old": 1}, {"new": 2}) == ["new", "old"]


def test_an_option_counts_that_one_of_two_runs_uses():
    before = {"loss": "triplet", "margin": 0.5}
    assert differing(before, {"loss": "arcface", "margin": 1.0}) == ["loss", "margin"]


def test_of_the_file_of_a_model_the_content_counts(tmp_path):
    paths = [tmp_path / name for name in ("a.keras", "b.keras", "c.keras")]
    for path, content in zip(paths, (b"one", b"one", b"two")):
        path.write_bytes(content)
    first, same, other = (Config(backbone=str(path)).resolve().identity() for path in paths)
    assert first == same != other
    digest = first["backbone"]
    paths[0].unlink()
    gone = Config(backbone=str(paths[0])).resolve()
    assert gone.identity(digest) == first != gone.identity()


def test_of_several_networks_names_contents_and_their_order_count(tmp_path):
    for name, content in (("a.keras", b"one"), ("b.keras", b"one"), ("c.keras", b"two")):
        (tmp_path / name).write_bytes(content)

    def identity(text):
        config = Config(backbone=text.format(tmp_path), train="head").resolve()
        return config.identity()["backbone"], digests_of(config.backbone)

    texts = "tiny,{}/a.keras", "{}/a.keras,tiny", "vgg16,{}/a.keras", "tiny,{}/c.keras", "tiny"
    found = [identity(text) for text in texts]
    assert len({name for name, _ in found}) == 5
    assert identity("Tiny, {}/b.keras") == found[0]
    one = sha256(b"one").hexdigest()
    assert found[0] == (f"tiny,{one}", f",{one}") and found[4] == ("tiny", None)
    gone = Config(backbone="tiny,gone.keras", train="head").resolve()
    assert gone.identity(f",{one}")["backbone"] == f"tiny,{one}"
