from __future__ import annotations

import numpy as np
import pytest

from benchmarks import meta_iteration


@pytest.mark.slow
def test_a_line_with_as_many_ratios_as_rounds(monkeypatch, cpu):
    cpu("amx_bf16")
    monkeypatch.setattr(meta_iteration, "BATCH_SIZE", 20)
    line = meta_iteration.speedup("tiny", n_labelled=40, n_unlabelled=60, n_test=10, rounds=2)
    assert len(line.rounds) == 2
    assert min(line.rounds) > 0
    assert (line.unit, line.at_least, line.at_most) == ("x", 2.5, None)


def test_the_project_and_the_plain_script_have_the_same_to_do(monkeypatch):
    calls = []

    class Script:
        def __init__(self, images, labels, unlabelled, test_images, test_labels, **options):
            calls.append((len(images), len(unlabelled), len(test_images), options))

        def meta_iteration(self):
            calls.append("script")

    def meta_iterations(backbone, precision, images, labels, test_data, number):
        calls.append((int(np.sum(labels >= 0)), int(np.sum(labels < 0)), len(test_data[0])))
        yield
        for _ in range(number):
            calls.append("project")
            yield

    monkeypatch.setattr(meta_iteration, "PlainReference", Script)
    monkeypatch.setattr(meta_iteration, "meta_iterations", meta_iterations)
    meta_iteration.speedup("tiny", n_labelled=4, n_unlabelled=6, n_test=2, rounds=1)
    (*sizes, options), *others = calls
    assert sizes == [4, 6, 2]
    assert options["epochs"] == meta_iteration.EPOCHS
    assert others == [(4, 6, 2), "project", "script", "project", "script"]


@pytest.mark.slow
def test_the_project_s_records():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (50, 32, 32, 3), np.uint8)
    labels = np.where(np.arange(50) < 10, np.arange(50) % 10, -1)
    test_data = images[:10], np.arange(10)
    first, second, third = meta_iteration.meta_iterations(
        "tiny", "float32", images, labels, test_data, 2
    )
    assert [each.labelled for each in (first, second, third)] == [10, 10, 12]
    assert [each.selected for each in (first, second, third)] == [0, 2, 1]
    assert second.gradient_steps == meta_iteration.EPOCHS
    assert second.test_accuracy is not None
