from __future__ import annotations

import os

import pytest

from keras_selflearn.console.errors import InputError
from keras_selflearn.storage.lock import LOCK, Held, is_locked, lock


def test_one_holder_at_a_time(tmp_path):
    assert not is_locked(tmp_path) and os.listdir(tmp_path) == []
    with lock(tmp_path):
        assert is_locked(tmp_path)
        with pytest.raises(Held), lock(tmp_path):
            pytest.fail("held twice")
        assert is_locked(tmp_path)
    assert not is_locked(tmp_path)
    with lock(tmp_path):
        pass


def test_an_error_in_the_block_releases_it(tmp_path):
    with pytest.raises(KeyboardInterrupt), lock(tmp_path):
        raise KeyboardInterrupt
    assert not is_locked(tmp_path)


def test_the_lock_of_a_process_ends_with_it_however_it_ends(tmp_path, hold):
    process = hold(tmp_path)
    assert is_locked(tmp_path)
    with pytest.raises(Held), lock(tmp_path):
        pytest.fail("held twice")
    process.kill()
    process.wait()
    assert (tmp_path / LOCK).exists() and not is_locked(tmp_path)
    with lock(tmp_path):
        assert is_locked(tmp_path)


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file can't be locked .*choose another"):
        with lock(tmp_path / "file"):
            pytest.fail("held")
    assert not is_locked(tmp_path / "file")
