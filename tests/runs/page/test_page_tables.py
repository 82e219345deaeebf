from __future__ import annotations

import tracemalloc

import numpy as np

from keras_selflearn.runs.page.tables import confusion_table


def test_a_matrix_that_is_not_shown_costs_little():
    matrix = np.diag(np.arange(2000))
    matrix[0, 1] = 7
    names = [f"class {i}" for i in range(2000)]
    tracemalloc.start()
    html = confusion_table(matrix, names)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The copy of the matrix, its order and what sorting needs: as Python's numbers it has 150 MB.
    assert peak < 4 * matrix.nbytes
    assert "With 2000 classes the whole matrix would be too large" in html
    assert "<td>1,999</td><td>1,999</td><td>100.0\N{NO-BREAK SPACE}%</td>" in html
    assert "<td>7</td><td>0</td><td>0.0\N{NO-BREAK SPACE}%</td>" in html
