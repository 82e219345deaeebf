"""Say what to do when the memory is full, in place of a traceback."""

from __future__ import annotations

from collections.abc import Iterable

# TensorFlow's, which this room does not import.
_OF_TENSORFLOW = "ResourceExhaustedError"
# TensorFlow calls a full disk an exhausted resource, too.
_OF_A_DISK = ("No space left", "Disk quota")
_TAKE_LESS = ("batch_size", "image_size")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the memory of the machine, or of its graphics card, was full."""
    names = {each.__name__ for each in type(error).__mro__}
    is_full = _OF_TENSORFLOW in names and not any(each in str(error) for each in _OF_A_DISK)
    return isinstance(error, MemoryError) or is_full


def raise_if_full(error: BaseException) -> None:
    """Raise the error again if the memory was full: then it says nothing about a file."""
    if is_out_of_memory(error):
        raise error


def what_takes_less(flags: Iterable[str]) -> str:
    """Say that the memory is full, and which of a command's `flags` save some."""
    known = {*flags}
    saving = [f"--{name}" for name in _TAKE_LESS if name in known]
    what = f"give a smaller {' or '.join(saving)}, or end" if saving else "end"
    return f"The memory is full: {what} other programs on this machine."
