from __future__ import annotations

import numpy as np

from benchmarks import embedding, vgg16
from benchmarks.settings import Settings


def test_a_line_a_size_with_its_bound(monkeypatch):
    monkeypatch.setattr(vgg16, "BACKBONE", "tiny")
    monkeypatch.setattr(embedding, "_IMAGES", {32: 400, 64: 200})
    embedded = []
    original = embedding.embed

    def spy(network, images, indices):
        embedded.append((images.shape, np.unique(indices).size))
        return original(network, images, indices)

    monkeypatch.setattr(embedding, "embed", spy)
    lines = embedding.lines(Settings(rounds=1))
    assert [line.name.split()[2] for line in lines] == ["32x32", "64x64"]
    for line in lines:
        assert (line.unit, line.at_least, line.at_most) == ("x", 0.95, None)
        assert len(line.rounds) == 1 and line.value > 0
    assert "400 images in batches of 400," in lines[0].note
    assert "200 images in batches of 100," in lines[1].note
    assert embedded == [((400, 32, 32, 3), 400)] * 2 + [((200, 64, 64, 3), 200)] * 2
