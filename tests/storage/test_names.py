from __future__ import annotations

import pytest

from keras_selflearn.storage.names import cut_to_bytes


@pytest.mark.parametrize(
    ("name", "cut"), [("abcdefgh", "abcdefg"), ("木木木", "木木"), ("äöüä", "äöü"), ("abc", "abc")]
)
def test_a_name_has_at_most_so_many_bytes_and_whole_letters(name, cut):
    assert cut_to_bytes(name, 7) == cut
