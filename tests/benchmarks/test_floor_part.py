from __future__ import annotations

import pytest
from number_formats import needs_bfloat16

from benchmarks import floor, vgg16
from benchmarks.settings import Settings
from benchmarks.vgg16 import make_learner, random_images

# Channels of VGG16's convolutions of 3x3; all but the first block begin with a halved image.
BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


@pytest.mark.parametrize("size", [32, 96])
def test_multiply_adds_are_those_of_a_count_by_hand(size):
    expected, channels, side = 0, 3, size
    for block in BLOCKS:
        for filters in block:
            expected += side * side * 3 * 3 * channels * filters
            channels = filters
        side //= 2
    expected += 512 * 256 + 256 * 10  # embedding and logits
    learner = make_learner(random_images(1, size))
    assert floor.multiply_adds(learner.network) == expected


@needs_bfloat16
@pytest.mark.slow
def test_lines_without_bounds_that_agree(monkeypatch):
    monkeypatch.setattr(vgg16, "BACKBONE", "tiny")
    monkeypatch.setattr(floor, "_SIDE", 64)
    monkeypatch.setattr(floor, "_PRODUCTS", 2)
    monkeypatch.setattr(floor, "_IMAGES", {32: (200, 100), 64: (100, 100)})
    monkeypatch.setattr(floor, "resolve_precision", lambda precision: "float32")
    lines = floor.lines(Settings(rounds=1))
    assert all(line.bound == "" and line.value > 0 for line in lines)
    in_float32, in_bfloat16, *of_sizes = lines
    assert in_float32.unit == in_bfloat16.unit == "GFLOP/s"
    assert len(of_sizes) == 2 * 5
    for operations, embedding, _, training, _ in (of_sizes[:5], of_sizes[5:]):
        flops = 2e6 * operations.value
        assert embedding.value == pytest.approx(in_float32.value * 1e9 / flops)
        assert training.value == pytest.approx(embedding.value / 3)


def test_the_share_is_the_time_of_the_floor_over_the_time_taken(monkeypatch):
    monkeypatch.setattr(vgg16, "BACKBONE", "tiny")
    monkeypatch.setattr(floor, "_SIDE", 10)
    monkeypatch.setattr(floor, "_PRODUCTS", 3)
    monkeypatch.setattr(floor, "multiply_adds", lambda network: 50)
    # As fast as 3 products of 10x10 matrices, 6000 floating-point operations.
    monkeypatch.setattr(floor, "speedups", lambda ours, reference, rounds: (1.0, 0.5))
    lines = floor._at_size(32, (20, 10), "float32", 1.0, 2)
    shares = [line for line in lines if line.unit == "%"]
    assert shares[0].rounds == pytest.approx((100 * 20 * 100 / 6000, 50 * 20 * 100 / 6000))
    assert shares[1].rounds == pytest.approx((100 * 10 * 300 / 6000, 50 * 10 * 300 / 6000))
