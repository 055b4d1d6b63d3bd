"""Files as they lie on the disk: plain, gzip or zstd, decompressed as they are read."""

import gzip
import io
import sys
import zlib
from typing import Any

if sys.version_info >= (3, 14):
    import zipfile

    from compression import zstd
else:
    from backports import zstd
    from backports.zstd import zipfile

__all__ = ["DAMAGED", "DAMAGED_ZIP", "decompress", "detect_compression", "zipfile", "zstd"]

DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError)
DAMAGED_ZIP = (*DAMAGED, zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError)

_SIGNS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


def detect_compression(magic: bytes) -> str:
    """Name the compression a file begins with: `gzip`, `zstd` or nothing."""
    return next((name for sign, name in _SIGNS.items() if magic.startswith(sign)), "")


class _Unpacking(io.RawIOBase):
    """Unpacks a little at a time: a larger read that meets damage would throw away the good bytes before it."""

    def __init__(self, packed: gzip.GzipFile | zstd.ZstdFile) -> None:
        self._packed = packed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        data = self._packed.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def decompress(file: io.FileIO, packed: str) -> io.BufferedReader:
    """A file's bytes from where it stands; the file itself stays open."""
    if packed == "gzip":
        return io.BufferedReader(_Unpacking(gzip.GzipFile(fileobj=file)), 2**20)
    if packed == "zstd":
        # A frame may ask for 128 MB to unpack, the library's own limit, and no more.
        return io.BufferedReader(_Unpacking(zstd.ZstdFile(file)), 2**20)
    return io.BufferedReader(io.FileIO(file.fileno(), closefd=False), 2**20)
