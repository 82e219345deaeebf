from __future__ import annotations

import numpy as np
import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.selflearning.selection import select
from keras_selflearn.selflearning.shares import as_option, is_list, share_in, shares_of


@pytest.mark.parametrize(
    ("percent", "shares"),
    [
        (5, (5,)),
        (0.5, (0.5,)),
        ("20,40,60", (20, 40, 60)),
        (" 20, 40.5 ", (20, 40.5)),
        ((20, 40), (20, 40)),
        ([60, 20, 100], (60, 20, 100)),
    ],
)
def test_shares_are_a_number_or_a_list(percent, shares):
    assert shares_of(percent) == shares
    assert is_list(percent) == (len(shares) > 1)


def test_a_list_has_one_form_and_a_number_stays():
    for form in ("20,40.5", " 20, 40.50", (20, 40.5), [20.0, 40.5]):
        assert as_option(shares_of(form)) == "20,40.5"
    assert type(as_option(shares_of(25.0))) is float
    assert shares_of(as_option((100 / 3, 0.1))) == pytest.approx((100 / 3, 0.1))


def test_each_meta_iteration_has_its_share_and_the_last_one_stays():
    assert [share_in((20, 40, 100), k) for k in range(1, 6)] == [20, 40, 100, 100, 100]
    assert [share_in((5,), k) for k in range(1, 4)] == [5, 5, 5]


@pytest.mark.parametrize(
    "wrong",
    ["5", "", "20;40", "20,x", "20,,40", (20,), [], (20, 0), "20,101", "20,nan", (20, "40"), True],
)
def test_other_shares_are_refused_with_what_to_give(wrong):
    with pytest.raises(InputError, match="(?i)selection percentage.*give a number above 0"):
        shares_of(wrong)


def test_the_share_of_the_meta_iteration_selects():
    confidence = np.array([0.1, 0.9, 0.3, 0.7, 0.5])
    for meta_iteration, expected in ((1, [1]), (2, [1, 3, 4]), (3, [1, 3, 4])):
        chosen = select(np.zeros(5, int), confidence, meta_iteration, percent=(20, 60))
        assert chosen.tolist() == expected
