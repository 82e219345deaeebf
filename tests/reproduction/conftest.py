from __future__ import annotations

import pytest

from keras_selflearn.paper import published_table
from keras_selflearn.reproduction.grid import make_grid


@pytest.fixture
def grid(tmp_path):
    """All cells of table 2 as the `smoke` preset runs them."""
    return make_grid(published_table(2), "smoke", results_dir=str(tmp_path))
