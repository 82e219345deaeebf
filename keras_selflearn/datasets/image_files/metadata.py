"""Leave out of an image file what lies beside its pixels, where a decoder stumbles over that."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_EXIF = b"Exif\0\0"


def without_extras(content: bytes, kind: str) -> tuple[bytes, bytes]:
    """Give the file with nothing but what its pixels need, and its EXIF data.

    Parameters
    ----------
    content : bytes
    kind : str
        Pillow's name of the format. Of others than JPEG, PNG and WebP nothing is left out.

    Returns
    -------
    content, exif : bytes
        `exif` begins with "Exif", or is empty.
    """
    if kind == "JPEG":
        return _bare_jpeg(content)
    if kind == "PNG":
        return _bare_png(content)
    if kind == "WEBP":
        return _bare_webp(content)
    return content, b""


def significant_bits(content: bytes) -> int | None:
    """Give the bits of a sample that a PNG's sBIT chunk names, the most of all channels."""
    for name, data, _ in _png_chunks(content):
        if name == b"sBIT" and data:
            return max(data)
        if name == b"IDAT":
            break
    return None


def _bare_jpeg(content: bytes) -> tuple[bytes, bytes]:
    kept, exif = [content[:2]], b""
    place = 2
    while True:
        if content[place : place + 1] != b"\xff" or len(content) < place + 4:
            break
        marker = content[place + 1]
        if marker == 0xFF:  # Fill.
            place += 1
            continue
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        segment = content[place:end]
        if marker == 0xDA:
            break
        if marker == 0xE1 and segment[4:10] == _EXIF:
            exif = exif or segment[4:]
        # JFIF and Adobe say which colours the pixels have.
        colours = (marker == 0xE0 and len(segment) >= 18) or (marker == 0xEE and len(segment) >= 16)
        if not (0xE0 <= marker <= 0xEF or marker == 0xFE) or colours:
            kept.append(segment)
        place = end
    return b"".join(kept) + content[place:], exif


def all_scans_there(content: bytes) -> bool:
    """Say whether a JPEG has the last scan of each of its components.

    A progressive one that is cut between two scans is a whole image, but a coarse one.
    """
    wanted: set[int] = set()
    place = 2
    while 0 <= (place := content.find(b"\xff", place)) < len(content) - 4:
        marker = content[place + 1]
        end = place + 2 + int.from_bytes(content[place + 2 : place + 4], "big")
        data = content[place + 4 : end]
        if marker in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA) and not wanted:
            wanted = {*data[6::3]}
        elif marker == 0xDA and data:
            number = data[0]
            highest, approximation = data[2 + 2 * number], data[3 + 2 * number] & 15
            if highest == 63 and approximation == 0:
                wanted -= {*data[1 : 1 + 2 * number : 2]}
                if not wanted:
                    return True
        elif marker in (0x00, 0xFF) or 0xD0 <= marker <= 0xD8:
            place += 1 if marker == 0xFF else 2
            continue
        place += 4 + len(data)
    return False


def next_restart(content: bytes) -> int:
    """Give the number, 0 to 7, of the restart marker that comes next at the end of a JPEG."""
    begin = content.rfind(b"\xff\xda") + 1
    last = max(content.rfind(bytes([0xFF, 0xD0 + number]), begin) for number in range(8))
    return 0 if last < 0 else (content[last + 1] - 0xD0 + 1) % 8


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """The name and the data of each chunk, and the whole of it."""
    place = 8
    while place < len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        chunk = content[place : place + 12 + length]
        yield chunk[4:8], chunk[8 : 8 + length], chunk
        place += len(chunk)


def _bare_png(content: bytes) -> tuple[bytes, bytes]:
    kept, exif = [content[:8]], b""
    for name, data, chunk in _png_chunks(content):
        whole = chunk[8 + len(data) :] == struct.pack(">I", zlib.crc32(name + data))
        if name == b"eXIf" and whole:
            exif = data if data.startswith(_EXIF) else _EXIF + data
        # Upper case: no decoder may pass over it. tRNS says which pixels are transparent.
        if name[:1].isupper() or (name == b"tRNS" and whole):
            kept.append(chunk)
    return b"".join(kept), exif


def _bare_webp(content: bytes) -> tuple[bytes, bytes]:
    kept, exif = [], b""
    place = 12
    while place < len(content):
        length = int.from_bytes(content[place + 4 : place + 8], "little")
        chunk = content[place : place + 8 + length + length % 2]
        name, data = chunk[:4], chunk[8:]
        place += len(chunk)
        if name == b"VP8X" and len(data) >= 10:
            # Of its flags those of an animation and of transparency stay.
            chunk = chunk[:8] + bytes([data[0] & 0x12]) + data[1:]
        if name == b"EXIF" and len(data) >= length:
            exif = data if data.startswith(_EXIF) else _EXIF + data
        if name in (b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF"):
            kept.append(chunk)
    pixels = b"WEBP" + b"".join(kept)
    return b"RIFF" + struct.pack("<I", len(pixels)) + pixels, exif
