from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading

import pytest

from keras_selflearn.console.signals import Stopped, check_for_stop, deferred, stop_signals

SIGNALS = [signal.SIGINT, signal.SIGTERM]


def send(number):
    """As another process would; Python runs the handler before the next line."""
    os.kill(os.getpid(), number)


@pytest.fixture(autouse=True)
def handlers_are_as_before():
    before = [signal.getsignal(number) for number in SIGNALS]
    yield
    assert [signal.getsignal(number) for number in SIGNALS] == before


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_raises_at_once_where_nothing_defers_it(number):
    with pytest.raises(Stopped) as caught, stop_signals():
        send(number)
    assert caught.value.number == number and caught.value.kept == ""
    assert str(caught.value) == signal.Signals(number).name


def test_a_signal_whose_exception_was_swallowed_is_not_forgotten():
    begun = []
    with pytest.raises(Stopped) as caught, stop_signals():
        with contextlib.suppress(BaseException):
            send(signal.SIGTERM)
        with deferred():
            begun.append(True)
    assert caught.value.number == signal.SIGTERM and not begun


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_waits_for_the_check(number, capsys):
    done = []
    with pytest.raises(Stopped) as caught, stop_signals(), deferred():
        check_for_stop()
        send(number)
        done.append("step")
        check_for_stop()
        done.append("next step")
    assert caught.value.number == number and done == ["step"]
    assert capsys.readouterr().err == "\nStopping after this step; once more stops at once.\n"


def test_a_signal_that_nothing_checked_for_raises_at_the_end():
    done = []
    with pytest.raises(Stopped), stop_signals(), deferred():
        send(signal.SIGTERM)
        done.append("all")
    assert done == ["all"]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_same_signal_again_interrupts_at_once(number):
    with pytest.raises(KeyboardInterrupt) as caught, stop_signals(), deferred():
        send(number)
        send(number)
        pytest.fail("went on")
    assert not isinstance(caught.value, Stopped)


def test_another_signal_does_not():
    with pytest.raises(Stopped) as caught, stop_signals(), deferred():
        send(signal.SIGINT)
        send(signal.SIGTERM)
        check_for_stop()
    assert caught.value.number == signal.SIGTERM


def test_an_error_of_the_block_is_not_hidden_by_a_signal():
    with pytest.raises(ValueError, match="mine"), stop_signals(), deferred():
        send(signal.SIGTERM)
        raise ValueError("mine")


def test_nothing_is_left_of_a_signal_after_its_block():
    with stop_signals():
        with pytest.raises(Stopped), deferred():
            send(signal.SIGTERM)
        with deferred():
            check_for_stop()
        check_for_stop()
        with pytest.raises(Stopped):  # no longer deferred
            send(signal.SIGTERM)
    with stop_signals(), deferred():
        check_for_stop()


@pytest.mark.parametrize("error", [BrokenPipeError(), RuntimeError("reentrant call")])
def test_a_terminal_that_can_t_be_written_is_no_hindrance(monkeypatch, error):
    class Broken:
        def write(self, _):
            raise error

        flush = write

    with pytest.raises(Stopped), stop_signals(), deferred():
        monkeypatch.setattr(sys, "stderr", Broken())
        send(signal.SIGTERM)
        monkeypatch.undo()
        check_for_stop()


def test_a_thread_handles_no_signals():
    seen = []

    def work():
        with stop_signals():
            seen.append([signal.getsignal(number) for number in SIGNALS])

    before = [signal.getsignal(number) for number in SIGNALS]
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_handlers_come_back_after_an_error():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError), stop_signals():
        assert signal.getsignal(signal.SIGTERM) != before
        raise ValueError
    assert signal.getsignal(signal.SIGTERM) == before
