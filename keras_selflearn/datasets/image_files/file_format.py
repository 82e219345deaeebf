"""What a file is, by its first bytes. Its name may say something else."""

from __future__ import annotations

# So many bytes tell what a file is.
HEAD = 1024

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Of `ftyp`, with which HEIC, AVIF and MP4 begin: the brands of still images.
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs")
_AVIF_BRANDS = (b"avif", b"avis")
_EXTRA = "the extra heif (pip install"
# What downloads and cameras leave in folders of images, by how it begins.
_OTHERS = (
    (b"%PDF", "PDF"),
    (b"%!PS", "PostScript"),
    (b"8BPS", "a Photoshop file"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\1\0", "an icon (ICO)"),
    (b"FUJIFILMCCD-RAW", "a raw file of a camera"),
    (b"IIU\0", "a raw file of a camera"),
    (b"PK\3\4", "a ZIP archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"\x89HDF", "HDF5"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"SIMPLE  =", "FITS"),
    (b"\0\5\x16\7", "a Mac's notes on another file (AppleDouble)"),
    (b"version https://git-lfs", "a Git LFS pointer: fetch the file itself with `git lfs pull`"),
)


def image_format(head: bytes) -> str:
    """Give Pillow's name of the format of a file that begins with `head`.

    Raises
    ------
    ValueError
        With what the file is instead, when no image can be read from it.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(_TIFF):
        return "TIFF"
    if head.startswith(b"BM"):
        return "BMP"
    if head[4:8] == b"ftyp":
        return _still_image(head)
    raise ValueError(f"cannot identify an image in it: it is {_something_else(head)}")


def _still_image(head: bytes) -> str:
    length = int.from_bytes(head[:4], "big")
    brands = [head[8:12], *(head[i : i + 4] for i in range(16, min(length, len(head)), 4))]
    if any(brand in _AVIF_BRANDS for brand in brands):
        try:
            from PIL import AvifImagePlugin

            supported = AvifImagePlugin.SUPPORTED
        except ImportError:
            supported = False
        if not supported:
            raise ValueError(f"it is AVIF, which needs {_EXTRA} 'pillow>=11.3')")
        return "AVIF"
    if any(brand in _HEIC_BRANDS for brand in brands) or brands[0] in (b"mif1", b"msf1"):
        try:
            import pillow_heif
        except ImportError as error:
            raise ValueError(f"it is HEIC, which needs {_EXTRA} pillow-heif)") from error
        pillow_heif.register_heif_opener()
        return "HEIF"
    if brands[0] == b"crx ":
        raise ValueError("cannot identify an image in it: it is a raw file of a camera")
    raise ValueError("cannot identify an image in it: it is a video")


def _something_else(head: bytes) -> str:
    if not head:
        return "empty"
    if not head.strip(b"\0"):
        return "filled with zeros"
    for start, name in _OTHERS:
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF":
        return "a video or a sound"
    if head[128:132] == b"DICM":
        return "DICOM"
    if b"<!doctype html" in head.lower() or b"<html" in head.lower():
        return "a web page (HTML)"
    return _text(head) or "of an unknown format"


def _text(head: bytes) -> str | None:
    try:
        # A letter may be cut at the end.
        text = head[:-4].decode("utf-8-sig") if len(head) >= HEAD else head.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if not all(letter.isprintable() or letter.isspace() for letter in text):
        return None
    return "SVG" if "<svg" in text.lower() else "text"
