from __future__ import annotations

import pytest

from keras_selflearn.datasets import DATASETS
from keras_selflearn.paper import published_tables
from keras_selflearn.reproduction import presets
from keras_selflearn.reproduction.estimate import planned
from keras_selflearn.reproduction.presets import flagfiles, preset_names, read_preset


def test_the_presets_of_this_checkout():
    assert preset_names() == ["authors-code", "cpu", "fast", "paper", "smoke", "two-cores"]


def test_a_preset_changes_what_the_data_set_says():
    preset = read_preset("cpu", "cifar10")
    assert (preset.dataset, preset.labels, preset.train_images) == ("cifar10", 1000, 6000)
    assert (preset.runs, preset.meta_iterations) == (1, 5)


def test_changes_for_one_data_set():
    assert [path.name for path in flagfiles("cpu", "plant_village")] == [
        "plant_village.cfg",
        "cpu.cfg",
        "cpu-plant_village.cfg",
    ]
    preset = read_preset("cpu", "plant_village")
    assert (preset.labels, preset.train_images, preset.selection_percent) == (380, 1900, 20)


def test_the_paper_s_preset():
    for table in published_tables():
        preset = read_preset("paper", table.dataset)
        assert (preset.epochs, preset.meta_epochs, preset.meta_iterations) == (200, 200, 25)
        assert (preset.labels, preset.runs) == (table.labels, 3)
        assert preset.train_images is None


def test_cpu_still_is_vgg16_with_the_paper_s_losses():
    preset = read_preset("cpu", "svhn_cropped")
    assert (preset.backbone, preset.embedding_size, preset.batch_size) == ("vgg16", 256, 100)


def test_every_data_set_of_the_paper_has_a_flagfile():
    for table in published_tables():
        assert read_preset("paper", table.dataset).dataset == table.dataset in DATASETS


def test_fast_has_a_flagfile_for_every_data_set():
    for name in DATASETS:
        preset = read_preset("fast", name)
        assert preset.dataset == name
        assert (preset.decay, preset.label_smoothing) == ("cosine", 0.1)
        # The mirror image of a digit is none.
        digits = name in ("digits", "glyphs", "svhn_cropped")
        assert preset.augment == f"whole-pixel-shift{'' if digits else ',flip'}"


def test_fast_takes_far_fewer_steps_than_the_paper():
    for table in published_tables():
        fast, paper = (
            planned(read_preset(name, table.dataset).resolve(), table) for name in ("fast", "paper")
        )
        assert 100 * fast.gradient_steps < paper.gradient_steps


def test_unknown_preset():
    with pytest.raises(ValueError, match="Unknown preset 'papr': did you mean 'paper'"):
        flagfiles("papr", "cifar10")


def test_a_mistyped_flag_in_a_preset_is_named(tmp_path, monkeypatch):
    (tmp_path / "mine.cfg").write_text("--epoch=3\n")
    monkeypatch.setattr(presets, "_FOLDERS", (tmp_path,))
    with pytest.raises(ValueError, match="'epoch'"):
        read_preset("mine", "cifar10")
