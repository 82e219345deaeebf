"""Read the images of a tar shard as a stream, by WebDataset's names. Nothing is unpacked."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from keras_selflearn.datasets.image_files.in_parallel import Encoded
from keras_selflearn.datasets.image_files.reading import SUFFIXES
from keras_selflearn.datasets.left_out import HIDDEN
from keras_selflearn.datasets.sources.piece import LARGEST, Report, check_size, label_in

_LABEL_END = ".cls"
_LONGEST_NAME = 4096
_LARGEST_LABEL = 4096
# Of a member that only says more of the next one, such as its long name.
_LARGEST_HEADER = 2**20
_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
# What is compressed may become so many times as large, once it is larger than the second number.
_MOST_TIMES, _NO_BOMB = 200, 2**30
_AT_ONCE = 2**16
_OTHERS = ((b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"\x28\xb5\x2f\xfd", "Zstandard"))


def read_tar(file: BinaryIO, shard: str, report: Report) -> Iterator[Encoded]:
    """Give the images of a tar file, plain or with gzip, in their order.

    The label of `a/7.jpg` is in `a/7.cls`, before or after it. Members that are no whole, plain
    image of a safe name are skipped with the reason.

    Parameters
    ----------
    file : binary file
        It is read once, from its beginning to its end.
    shard : str
        Its name, with which those of its images begin.
    report : Report

    Raises
    ------
    Exception
        When the file is damaged; the report is complete up to that place. `tarfile` and zlib raise
        their own.
    """
    classes: dict[str, str] = {}
    names: dict[str, str] = {}
    try:
        for member, content in _members(file, shard, report):
            if member.endswith(_LABEL_END):
                try:
                    label = label_in(content.decode("utf-8-sig"))
                except UnicodeDecodeError:
                    report.on_skip(f"{shard}/{member}", "its label is not UTF-8")
                except ValueError as error:
                    report.on_skip(f"{shard}/{member}", str(error))
                else:
                    if label is not None:
                        classes[_key(member)] = label
            elif member in names:
                report.on_skip(f"{shard}/{member}", "the shard has another image of this name")
            else:
                names[member] = f"{shard}/{member}"
                yield Encoded(names[member], len(content), lambda content=content: content)  # type: ignore[misc]
            del content
    finally:
        for member, name in names.items():
            if _key(member) in classes:
                report.labels[name] = classes[_key(member)]


def _members(file: BinaryIO, shard: str, report: Report) -> Iterator[tuple[str, bytes]]:
    """Give the name and the content of each image and each label."""
    head = file.read(6)
    file.seek(0)
    for start, name in _OTHERS:
        if head.startswith(start):
            raise ValueError(f"it is compressed by {name}: use .tar or .tar.gz")
    is_packed = head.startswith(b"\x1f\x8b")
    info = _make_info()
    mode = "r|gz" if is_packed else "r|"
    with tarfile.open(mode=mode, fileobj=file, bufsize=_AT_ONCE, tarinfo=info) as tar:  # type: ignore[call-overload]
        while member := tar.next():
            tar.members.clear()  # It would keep all of them.
            if is_packed and (
                member.size > LARGEST
                or (tar.offset > _NO_BOMB and tar.offset > _MOST_TIMES * file.tell())
            ):
                raise ValueError("it becomes too large when it is unpacked")
            name = member.name.removeprefix("./")
            own = name.rsplit("/", 1)[-1].lower()
            if member.isdir() or own.startswith("._"):
                continue
            if not own.endswith((*SUFFIXES, _LABEL_END)):
                report.left_out.other_name(own[max(own.rfind("."), 0) :])
            elif own.startswith("."):
                report.left_out.add(HIDDEN, f"{shard}/{name[:_LONGEST_NAME]}")
            else:
                try:
                    _check(member, name)
                except ValueError as error:
                    report.on_skip(f"{shard}/{name[:_LONGEST_NAME]}", str(error))
                    continue
                opened = tar.extractfile(member)
                assert opened is not None
                content = opened.read()
                if len(content) != member.size:
                    raise tarfile.ReadError("unexpected end of data")
                yield name, content
                del content, opened


def _check(member: tarfile.TarInfo, name: str) -> None:
    """Raise a `ValueError` with the reason, for a member that is no plain file of a safe name."""
    if not member.isreg() or member.issparse():
        raise ValueError("it is a link, a device or a sparse file in the archive")
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"its name has more than {_LONGEST_NAME:,} characters")
    if name.startswith("/") or ".." in name.split("/") or "\0" in name:
        raise ValueError("its name leads out of the archive")
    if name.endswith(_LABEL_END) and member.size > _LARGEST_LABEL:
        raise ValueError(f"its label has more than {_LARGEST_LABEL:,} bytes")
    check_size(member.size)


def _key(member: str) -> str:
    """What the files of one sample have in common: all before the first dot of the own name."""
    folder, slash, own = member.rpartition("/")
    return folder + slash + own.split(".", 1)[0]


def _make_info() -> type[tarfile.TarInfo]:
    """Make a class of headers that raises where `tarfile` ends without a word, or reads too much.

    A file that is cut off, or whose header is damaged, has no mark of its end there.
    """

    class Info(tarfile.TarInfo):
        @classmethod
        def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Any:
            try:
                info = super().frombuf(buf, encoding, errors)
            except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
                raise
            except tarfile.HeaderError as error:
                raise tarfile.ReadError(
                    "it ends without its end mark, or a header is damaged"
                ) from error
            if info.type in _HEADERS and info.size > _LARGEST_HEADER:
                raise tarfile.ReadError(f"a header has {info.size:,} bytes")
            if info.type == tarfile.GNUTYPE_SPARSE:
                raise tarfile.ReadError("it holds a sparse file")
            return info

        def _proc_gnusparse_10(self, *_: object) -> None:
            raise tarfile.ReadError("it holds a sparse file")

    return Info
