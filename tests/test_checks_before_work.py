"""What a command alone shows to be wrong is said before anything is read or decoded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from run_contents import BARE_RECORD

from keras_selflearn import export, main, predict, pretrain, quickstart, reproduce, suggest
from keras_selflearn.console import command_line
from keras_selflearn.console.errors import InputError
from keras_selflearn.export import ExportConfig
from keras_selflearn.main import Command
from keras_selflearn.predict import PredictConfig
from keras_selflearn.pretrain import PretrainConfig
from keras_selflearn.quickstart import QuickstartConfig
from keras_selflearn.reproduce import ReproduceConfig
from keras_selflearn.runs.suggesting import SuggestConfig

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = {
    "main": (Command, main.main),
    "pretrain": (PretrainConfig, pretrain.main),
    "quickstart": (QuickstartConfig, quickstart.main),
    "reproduce": (ReproduceConfig, reproduce.main),
    "predict": (PredictConfig, predict.main),
    "export": (ExportConfig, export.main),
    "suggest": (SuggestConfig, suggest.main),
}
LOADERS = (
    "keras_selflearn.runs.loaded.load",
    "keras_selflearn.datasets.load_dataset",
    "keras_selflearn.datasets.glyphs.render_glyphs",
    "keras_selflearn.reproduction.quickstart.pretrain",
    "keras_selflearn.estimator.saving.load_fitted",
    "keras_selflearn.datasets.listing.find_images",
    "keras_selflearn.reproduction.estimate.seconds_per_pass",
    "keras_selflearn.reproduction.draw.draw_data_set",
)


class Loaded(Exception):
    """Something was read."""


@pytest.fixture
def call(tmp_path, monkeypatch):
    """`call("main --loss=arcface")` in a folder with a few files; a loader raises `Loaded`."""

    def load(*_, **__):
        raise Loaded

    for name in LOADERS:
        monkeypatch.setattr(name, load)
    monkeypatch.chdir(tmp_path)
    for folder in ("flags", "keras_selflearn"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    for folder in ("photos", "copies", "run", "full", "saved"):
        (tmp_path / folder).mkdir()
    for file in ("file", "photos/a.png", "full/x", "saved/classifier.json", "weights.txt", "no.h5"):
        (tmp_path / file).touch()
    (tmp_path / "there.weights.h5").touch()
    (tmp_path / "shares.csv").write_text("cat,1\ndog,-1\n")
    record = {**BARE_RECORD, "status": "failed"}
    (tmp_path / "run" / "run.json").write_text(json.dumps(record))

    def call_command(command):
        name, *arguments = command.split()
        config_class, run = COMMANDS[name]
        run(command_line.parse(config_class, arguments))

    return call_command


OWN = "main --dataset=folder --images=photos"
LABEL = "predict --run=saved --images=photos"
SMOKE = "reproduce --table=2 --preset=smoke"
WRONG = [
    # Heads, and a vote.
    (
        "main --train=head-then-all --head_rounds=6",
        "meta_iterations is 5, and the network is first",
    ),
    (
        "main --train=head-then-all --head_rounds=2 --selection_percent=100",
        "labels all images in the first of 2 head_rounds",
    ),
    ("main --selection_percent=20,40,100", "give pseudo_labels 'revised'"),
    (
        "main --selection_percent=20,40,100 --pseudo_labels=revised --meta_iterations=2",
        "lists 3 shares, and meta_iterations is 2: give at least 3",
    ),
    ("main --pseudo_weights=confidence --loss=triplet", "give loss 'cross-entropy' or 'arcface'"),
    (
        "main --pseudo_weights=confidence --loss=cross-entropy+triplet",
        r"the loss cross-entropy\+triplet has no value for each image",
    ),
    (
        "main --pseudo_weights=confidence --loss=arcface",
        "the confidence of labelling 'nearest' is not from 0 to 1: give another labelling",
    ),
    (
        "main --images_per_class=6 --batch_size=11",
        "images_per_class is 6, and batch_size is 11: give a batch_size of at least 12",
    ),
    ("main --images_per_class=4 --labelled_share=0.5", "leave one of them out"),
    ("main --train=head --head=linear", "linear"),
    ("main --labelling=vote --voters=graph", "voters is 'graph': give two or more"),
    ("main --labelling=vote --voters=graph,softmax --loss=triplet", "The voter 'softmax' needs a"),
    ("main --labelling=graph --prior=equl", "did you mean 'equal'"),
    ("main --labelling=graph --prior=none.csv", "There is no file none.csv"),
    ("main --labelling=graph --prior=shares.csv", "line 2 has a share that is negative"),
    # The network and its weights.
    ("main --flagfile=flags/smoke.cfg --dataset=cifar10", "'tiny' has no 'imagenet' weights"),
    ("main --backbone=tiny --weights=imagenet", "'tiny' has no 'imagenet' weights"),
    ("pretrain --output=x.weights.h5 --backbone=tiny --weights=imagenet", "'tiny' has no"),
    (f"{SMOKE} --imagenet_weights=imagenet", "'tiny' has no 'imagenet' weights"),
    (f"{SMOKE} --imagenet_weights=imagenet --dry_run", "'tiny' has no 'imagenet' weights"),
    (f"{SMOKE} --imagenet_weights=imagenet --losses=arcface", "'tiny' has no 'imagenet' weights"),
    ("reproduce --figure=3 --preset=smoke --imagenet_weights=imagenet", "'tiny' has no 'imagenet'"),
    ("main --backbone=vgg", "Unknown backbone 'vgg'"),
    ("main --weights=none.h5", "There is no weights file none.h5"),
    ("main --weights=weights.txt", "must end in .h5"),
    ("main --weights=no.h5", "damaged or no HDF5 file"),
    ("pretrain --output=x.weights.h5 --weights=none.h5", "There is no weights file none.h5"),
    ("pretrain --output=x.weights.h5 --weights=weights.txt", "must end in .h5"),
    (f"{SMOKE} --imagenet_weights=none.h5", "There is no weights file none.h5"),
    (f"{SMOKE} --imagenet_weights=weights.txt", "must end in .h5"),
    (f"{SMOKE} --imagenet_weights=no.h5", "damaged or no HDF5 file"),
    (f"{SMOKE} --imagenet_weights=random", "can't be random"),
    # Flags of another kind of data set.
    ("main --dataset=glyphs --images=photos", "--images is not for --dataset=glyphs"),
    ("main --dataset=cifar10 --labels_csv=labels.csv", "--labels_csv is not for"),
    ("main --dataset=cifar10 --image_size=64 --backbone=Xception", "Xception needs at least 71"),
    ("main --backbone=tiny --preprocessing=imagenet", "Preprocessing 'imagenet' is not for"),
    ("main --backbone=tiny,vgg16", "backbone names 2 networks, and only a head is fitted on"),
    ("main --backbone=tiny,vgg --train=head", "Unknown backbone 'vgg'"),
    ("main --backbone=tiny,none.keras --train=head", "There is no model file none.keras"),
    ("main --backbone=tiny,Xception --train=head --image_size=64", "Xception needs at least 71"),
    ("main --backbone=tiny,vgg16 --train=head --weights=no.h5", "for one network, and backbone"),
    ("pretrain --output=x.weights.h5 --backbone=tiny,vgg16", "Pretraining trains one network"),
    ("main --backbone=none.keras", "There is no model file none.keras"),
    ("main --backbone=no.h5", "The model file no.h5 is damaged or no model"),
    ("main --backbone=none.keras --weights=imagenet", "A model of your own has its own weights"),
    ("main --weights=own", "weights 'own' are those of a model of your own"),
    ("main --preprocessing=caffee", "did you mean 'caffe'"),
    ("main --dataset=tfds:mnist --labels=100 --images=photos", "--images is not for"),
    (f"{OWN} --labels=10", "--labels is not for --dataset=folder"),
    (f"{OWN} --labels_per_class=a=1", "--labels_per_class is not for --dataset=folder"),
    (f"{OWN} --train_images=10", "--train_images is not for --dataset=folder"),
    (f"{OWN} --test_images=10", "--test_images is not for --dataset=folder"),
    (f"{OWN} --image_size=31", "image_size is 31"),
    (f"{OWN} --results_dir=photos/results", "which is only read"),
    ("main --dataset=folder", "needs --images=DIR"),
    ("main --dataset=tfds:mnist", "needs --labels"),
    ("main --dataset=tfds:../x --labels=10", "no name of a TFDS data set"),
    ("pretrain --output=x.weights.h5 --dataset=folder", "needs a source by name"),
    ("pretrain --output=x.weights.h5 --dataset=tfds:a/b/c", "no name of a TFDS data set"),
    # Labels.
    ("main --dataset=cifar10 --labels=50 --labels_per_class=cat=5", "exclude each other"),
    ("main --dataset=cifar10 --labels_per_class=cat", "as in cat=9,dog=4"),
    ("main --dataset=cifar10 --labels_per_class=cat=0", "as in cat=9,dog=4"),
    ("main --dataset=cifar10 --labels=9", "9 labels are too few for 10 classes"),
    ("main --dataset=plant_village --labels=37", "37 labels are too few for 38 classes"),
    ("main --dataset=cifar10 --labels=20 --train_images=9", "9 training images are too few"),
    ("main --dataset=cifar10 --test_images=9", "9 test images are too few for 10 classes"),
    ("main --dataset=cifar10 --labels=20 --train_images=19", "--train_images is 19, but 20 of"),
    ("main --train_images=10 --labels_per_class=cat=9,dog=4", "--train_images is 10, but 13 of"),
    ("main --loss=triplet --labels=10 --n_neighbors=11", "n_neighbors is 11, but only 10"),
    ("main --loss=arcface --labels_per_class=cat=2,dog=1 --n_neighbors=4", "but only 3 images"),
    # Pseudo-labels.
    ("main --min_confidence=-0.5", "min_confidence is -0.5"),
    ("main --min_confidence=1.5", "min_confidence is 1.5"),
    ("main --loss=triplet --min_confidence=0.5", "min_confidence is 0.5"),
    ("main --loss=contrastive --min_confidence=-3", "min_confidence is -3"),
    ("main --selection=all", "Unknown selection 'all'"),
    ("main --selection_percent=0", "percentage is 0"),
    ("main --reference=some", "Unknown reference 'some'"),
    ("main --order=first", "Unknown order 'first'"),
    ("main --validation_features=none", "Unknown validation_features 'none'"),
    ("main --n_neighbors=0", "n_neighbors is 0"),
    # Cross-validation.
    ("main --folds=1", "--folds is 1"),
    ("main --early_stop --folds=0", "--folds is 0"),
    ("main --early_stop --labels=19", "a class has only one"),
    ("main --early_stop --labels_per_class=cat=1,dog=4", "a class has only one"),
    # Losses.
    ("main --loss=arcfce", "did you mean 'arcface'"),
    ("main --label_smoothing=1", "label smoothing is 1"),
    ("main --loss=triplet --triplet_distance=cosine", "cosine"),
    ("main --loss=triplet --margin=0", "margin is 0"),
    ("main --loss=contrastive --contrastive_power=3", "contrastive power is 3"),
    ("main --loss=arcface --arcface_scale=0", "scale is 0"),
    ("main --loss=arcface --arcface_margin=2", "margin is 2"),
    # Training.
    ("main --regime=none", "Unknown regime 'none'"),
    ("main --epochs=0", "epochs is 0"),
    ("main --meta_epochs=0", "meta_epochs is 0"),
    ("main --meta_iterations=-1", "meta_iterations is -1"),
    ("main --steps=0", "steps is 0"),
    ("main --meta_steps=0", "meta_steps is 0"),
    ("main --settled_epochs=0", "settled_epochs is 0"),
    ("main --all_labelled_epochs=0", "all_labelled_epochs is 0"),
    ("main --batch_size=0", "batch_size is 0"),
    ("main --embedding_size=0", "embedding_size is 0"),
    ("main --optimizer=adamm", "Unknown optimizer 'adamm'"),
    ("main --learning_rate=0", "learning_rate is 0"),
    ("main --self_learning_rate=0", "self_learning_rate is 0"),
    ("main --decay=linear", "Unknown decay 'linear'"),
    ("main --warmup=1", "warmup is 1"),
    ("main --ema_momentum=1", "ema_momentum is 1"),
    ("main --dropout=1", "dropout is 1"),
    ("main --augment=zooms", "Unknown augmentation 'zooms'"),
    ("main --evaluate_every=0", "evaluate_every is 0"),
    ("main --seed=-1", "seed is -1"),
    ("main --checkpoint_minutes=0", "checkpoint_minutes is 0"),
    ("main --precision=half", "Unknown precision 'half'"),
    ("main --strategy=mirror", "Unknown strategy 'mirror'"),
    ("pretrain --output=x.weights.h5 --precision=half", "Unknown precision 'half'"),
    ("pretrain --output=x.weights.h5 --augment=zooms", "Unknown augmentation 'zooms'"),
    ("pretrain --output=x.weights.h5 --seed=-1", "is -1"),
    ("quickstart --seed=-1", "seed is -1"),
    ("quickstart --loss=arcfce", "did you mean 'arcface'"),
    # Places.
    ("main --results_dir=file/results", "can't be made .* choose another --results_dir"),
    ("quickstart --results_dir=file/results", "can't be made .* choose another --results_dir"),
    ("quickstart --cache_dir=file/cache", "can't be made .* choose another --cache_dir"),
    (f"{SMOKE} --results_dir=file/results", "can't be made .* choose another --results_dir"),
    ("pretrain", "--output=PATH"),
    ("pretrain --output=x.h5", "must end in .weights.h5"),
    ("pretrain --output=there.weights.h5", "there already: --overwrite"),
    ("pretrain --output=file/x.weights.h5", "can't be made"),
    ("suggest", "Give --run for what to label next, or --images"),
    ("suggest --run=run --images=photos", "Give --run for what to label next, or --images"),
    ("suggest --run=run --backbone=tiny", "--backbone is not for --run"),
    ("suggest --run=run --number=0", "number is 0"),
    ("suggest --run=run --output=file", "file is there already"),
    ("suggest --run=run", "not finished but failed"),
    ("suggest --run=none", "There is no folder none"),
    ("suggest --images=none", "There is no folder of images none"),
    ("suggest --images=photos --output=photos/x.csv", "which is only read"),
    ("suggest --images=photos --output=file/x.csv", "can't be made"),
    ("suggest --images=photos --backbone=vgg61", "did you mean 'VGG19'"),
    ("suggest --images=photos --image_size=31", "image_size is 31"),
    ("export --run=saved", "--output is missing"),
    ("export --run=saved --output=full", "there already"),
    ("export --run=saved --output=file/model", "can't be made"),
    ("export --run=none --output=model", "There is no folder none"),
    ("export --run=run --output=model", "not finished but failed"),
    ("export --run=saved --output=model --precision=half", "Unknown precision 'half'"),
    ("export --run=saved --output=model --format=onx", "did you mean 'onnx'"),
    ("export --run=saved --output=model --format=tflite --serving", "Serving loads no TFLite file"),
    ("export --run=saved --output=model --format=keras --resize_inside", "Keras file can't resize"),
    (
        "export --run=saved --output=model --format=tflite --precision=mixed_bfloat16",
        "A TFLite file is for runtimes that may lack mixed_bfloat16",
    ),
    ("export --run=saved --output=mod[el]", r"whose path has \[ in it"),
    ("predict --run=saved --images=photos", "--output is missing"),
    (f"{LABEL} --output=labels.csv --sort=name", "Unknown sort 'name'"),
    (f"{LABEL} --output=file", "there already"),
    (f"{LABEL} --output=photos/labels.csv", "which is only read"),
    (f"{LABEL} --output=copies/labels.csv --copy_to=copies", "must stay empty"),
    (f"{LABEL} --output=labels.csv --copy_to=full", "there already"),
    (f"{LABEL} --output=labels.csv --copy_to=photos/copies", "which is only read"),
    ("predict --run=saved --images=none --output=labels.csv", "There are no images none"),
    ("predict --run=none --images=photos --output=labels.csv", "There is no folder none"),
    ("predict --run=full --images=photos --output=labels.csv", "neither a run's folder"),
    ("predict --run=run --images=photos --output=labels.csv", "not finished but failed"),
    # Runs to repeat, and parts of the paper.
    ("main --from_run=none", "can't be read"),
    ("main --from_run=none --loss=arcface", "--loss can't be given with it"),
    ("reproduce", "Say which part of the paper"),
    ("reproduce --table=1 --figure=3", "Say which part of the paper"),
    ("reproduce --table=1 --dataset=cifar10", "--dataset is for figures"),
    ("reproduce --table=1 --preset=none", "Unknown preset 'none'"),
    ("reproduce --table=1 --runs=0", "runs is 0"),
    ("reproduce --table=1 --losses=tripet", "did you mean 'triplet'"),
    ("reproduce --table=1 --weights=none", "Unknown weights 'none'"),
    ("reproduce --table=1 --regimes=none", "Unknown regime 'none'"),
    ("reproduce --table=1 --executor=slurm", "Unknown executor 'slurm'"),
    ("reproduce --figure=2 --dataset=digit", "did you mean 'digits'"),
    ("reproduce --figure=3 --losses=triplet,arcface", "Figure 3 shows one loss"),
]


@pytest.mark.parametrize(("command", "message"), WRONG, ids=[command for command, _ in WRONG])
def test_it_is_said_before_anything_is_read(command, message, call):
    with pytest.raises(InputError, match=message) as error:
        call(command)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    "command",
    [
        "main",
        "main --dataset=cifar10 --flagfile=flags/smoke.cfg --weights=random",
        "main --regime=all-labelled --labels=9 --train_images=20",
        "main --loss=cross-entropy --labels=10 --n_neighbors=11",
        OWN,
        "pretrain --output=x.weights.h5",
        "quickstart",
        "reproduce --table=2 --preset=smoke",
        "reproduce --figure=2",
        "export --run=saved --output=model",
        f"{LABEL} --output=labels.csv",
        "suggest --images=photos",
    ],
)
def test_what_is_right_goes_on_to_a_loader(command, call):
    with pytest.raises(Loaded):
        call(command)
