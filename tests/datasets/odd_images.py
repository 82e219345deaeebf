"""Image files as cameras, programs and downloads leave them, and some made to take long."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image


def picture(height=120, width=160, seed=0):
    """A smooth colour picture, (height, width, 3) uint8, with a bright top left corner."""
    y, x = np.mgrid[0:height, 0:width]
    rng = np.random.default_rng(seed)
    waves = [np.sin(x / rng.uniform(9, 30) + y / rng.uniform(9, 30)) for _ in range(3)]
    pixels = np.stack(waves, axis=-1) * 100 + 128
    pixels[: height // 4, : width // 4] = 250
    return np.clip(pixels, 0, 255).astype(np.uint8)


def saved(pixels, kind, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def exif(orientation, *entries, data=b""):
    """EXIF data with an orientation; other entries are (tag, type, count, value)."""
    entries = sorted([(0x0112, 3, 1, orientation), *entries])
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4) + data


def bad_rational(orientation):
    """With a resolution of (-1, 0), which lies behind the two entries."""
    entry = (0x011A, 10, 1, 8 + 2 + 2 * 12 + 4)
    return exif(orientation, entry, data=struct.pack("<ii", -1, 0))


def float_for_short(orientation):
    (bits,) = struct.unpack("<I", struct.pack("<f", 1.5))
    return exif(orientation, (0x0128, 11, 1, bits))


def chunk(name, content, crc=None):
    crc = zlib.crc32(name + content) if crc is None else crc
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


def png(samples, *chunks, depth=16):
    """A PNG of grey, grey and alpha, RGB or RGBA samples, with other chunks before its pixels."""
    samples = np.atleast_3d(samples)
    height, width, channels = samples.shape
    header = struct.pack(
        ">IIBBBBB", width, height, depth, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0
    )
    rows = samples.astype(f">u{depth // 8}").tobytes()
    step = len(rows) // height
    pixels = b"".join(b"\0" + rows[i * step : (i + 1) * step] for i in range(height))
    return _png(header, b"".join(chunks) + chunk(b"IDAT", zlib.compress(pixels, 1)))


def _png(header, chunks):
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunks + chunk(b"IEND", b"")


def flat_png(side, depth, colour):
    """A PNG of zeros of `side` squared pixels in a few hundred kilobytes; `colour` as in PNG."""
    packer = zlib.compressobj(1)
    row = bytes(1 + side * depth // 8 * {0: 1, 2: 3, 6: 4}[colour])
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return _png(struct.pack(">IIBBBBB", side, side, depth, colour, 0, 0, 0), chunk(b"IDAT", pixels))


def tiff(samples, bits, data):
    """A TIFF of grey or RGB samples whose `data` is given."""
    height, width, *rest = samples.shape
    channels = rest[0] if rest else 1
    depths = struct.pack("<3H", bits, bits, bits)
    entries = [(256, width), (257, height), (258, 8 if rest else bits), (259, 1)]
    entries += [(262, 2 if rest else 1), (273, 14), (277, channels), (278, height)]
    entries += [(279, len(data))]
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, 3 if tag == 258 else 4, channels if tag == 258 else 1, value)
        for tag, value in entries
    )
    return b"II*\0" + struct.pack("<I", 14 + len(data)) + depths + data + directory + bytes(4)


def tiled_tiff(tile):
    """A TIFF of 100x100 pixels in one tile of `tile` squared ones."""
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(bytes(3 * tile)) for _ in range(tile)) + packer.flush()
    entries = [(256, 4, 1, 100), (257, 4, 1, 100), (258, 3, 3, 8), (259, 3, 1, 8), (262, 3, 1, 2)]
    entries += [(277, 3, 1, 3), (322, 4, 1, tile), (323, 4, 1, tile), (324, 4, 1, 14)]
    entries += [(325, 4, 1, len(data))]
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    depths = struct.pack("<3H", 8, 8, 8)
    return b"II*\0" + struct.pack("<I", 14 + len(data)) + depths + data + directory


def bmp_with_alpha(pixels, alpha):
    """A 32-bit BMP whose fourth channel is `alpha` everywhere."""
    height, width, _ = pixels.shape
    rows = np.full((height, width, 4), alpha, np.uint8)
    rows[..., :3] = pixels[::-1, :, ::-1]
    header = struct.pack(
        "<IiiHHIIiiII", 108, width, height, 1, 32, 3, rows.nbytes, 2835, 2835, 0, 0
    )
    header += struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + bytes(48)
    offset = 14 + len(header)
    start = struct.pack("<2sIHHI", b"BM", offset + rows.nbytes, 0, 0, offset)
    return start + header + rows.tobytes()


def run_length_bmp(side, *, lines):
    """A BMP of `side` squared pixels in few bytes: its lines end at once, or rows are skipped."""
    pixels = b"\1\0\0\0" * side if lines else b"\0\2\0\xff" * (side // 255 + 1)
    header = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(pixels), 2835, 2835, 256, 256)
    offset = 14 + len(header) + 1024
    start = struct.pack("<2sIHHI", b"BM", offset + len(pixels), 0, 0, offset)
    return start + header + bytes(1024) + pixels


def huge_webp(side=13_000):
    """A WebP of 34 bytes that claims `side` squared pixels of one colour."""
    content = saved(np.zeros((1, 1, 3), np.uint8), "WEBP", lossless=True)
    start = content.index(b"VP8L") + 9  # 14 bits of width - 1, 14 of height - 1, alpha, version
    sizes = side - 1 | side - 1 << 14 | (content[start + 3] & 0xF0) << 24
    return content[:start] + struct.pack("<I", sizes) + content[start + 4 :]


def many_scans(side=3_000, scans=4_000):
    """A progressive JPEG whose last scan is repeated: seconds of work for each kilobyte."""
    content = saved(np.full((side, side, 3), 128, np.uint8), "JPEG", quality=50, progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last * scans + content[-2:]
