from __future__ import annotations

import threading

import pytest
from waiting import wait_for

from keras_selflearn.datasets.image_files.memory_budget import Budget, Stopping

NEVER = threading.Event()


def test_threads_never_take_more_than_there_is():
    budget, lock = Budget(10), threading.Lock()
    taken, most = [0], [0]

    def work(amount):
        for _ in range(50):
            with budget.taken(amount, NEVER):
                with lock:
                    taken[0] += min(amount, 10)
                    most[0] = max(most[0], taken[0])
                with lock:
                    taken[0] -= min(amount, 10)

    threads = [threading.Thread(target=work, args=(amount,)) for amount in (1, 3, 4, 6, 10, 25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] <= 10
    with budget.taken(10, NEVER):
        pass  # All of it is free again.


def test_who_needs_much_is_not_passed_over_by_those_who_need_little():
    budget, order, free = Budget(10), [], threading.Event()

    def wait(amount):
        with budget.taken(amount, NEVER):
            order.append(amount)

    with budget.taken(5, NEVER):
        threads = []
        for number, amount in enumerate((9, 1), 1):
            threads.append(threading.Thread(target=wait, args=(amount,)))
            threads[-1].start()
            wait_for("a thread that asks", lambda number=number: len(budget._waiting) == number)
        assert not free.wait(0.3) and order == []
    for thread in threads:
        thread.join()
    assert order == [9, 1]


def test_who_waits_in_vain_is_let_go():
    budget, stopping = Budget(10), threading.Event()
    with budget.taken(10, NEVER):
        stopping.set()
        with pytest.raises(Stopping), budget.taken(1, stopping):
            pass
    with pytest.raises(RuntimeError), budget.taken(10, NEVER):
        raise RuntimeError
    with budget.taken(10, NEVER):
        pass
