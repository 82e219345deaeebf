from __future__ import annotations

import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.datasets.sources.patterns import expanded, fixed_part, is_shard, is_test


@pytest.mark.parametrize(
    "pattern, paths",
    [
        ("a.tar", ["a.tar"]),
        ("x-{000008..000010}.tar", ["x-000008.tar", "x-000009.tar", "x-000010.tar"]),
        ("x-{8..10}.tar", ["x-8.tar", "x-9.tar", "x-10.tar"]),
        ("{a,b}/{0..1}.tar", ["a/0.tar", "a/1.tar", "b/0.tar", "b/1.tar"]),
        ("{a}/x.tar", ["{a}/x.tar"]),
        ("x{1..0}.tar", []),
    ],
)
def test_braces_are_written_out_as_a_shell_does(pattern, paths):
    assert expanded(pattern) == paths


@pytest.mark.parametrize("pattern", ["{0..999999999999}.tar", "{0..999}{0..999}.tar"])
def test_a_pattern_of_too_many_paths_is_refused_before_they_are_written_out(pattern):
    with pytest.raises(InputError, match="more than 100,000 shards"):
        expanded(pattern)


def test_the_fixed_part_is_the_folder_before_the_first_wild_name():
    assert fixed_part("a/b/x-{0..1}.tar") == "a/b/"
    assert fixed_part("a/*/x.tar") == "a/" and fixed_part("a/x.tar") == "a/"
    assert fixed_part("x?.tar") == ""


def test_shards_are_told_by_their_names():
    assert is_shard("a.tar") and is_shard("A.TAR.GZ") and is_shard("b.tgz")
    assert (
        is_shard("train-00000-of-00001.parquet") and not is_shard("tar") and not is_shard("a.jpg")
    )


def test_test_shards_are_told_by_their_names_and_folders():
    assert is_test("test-00000-of-00001.parquet") and is_test("Test.tar")
    assert is_test("default/test/0000.parquet")
    assert not is_test("latest.tar") and not is_test("tests/train.tar")
