"""Decompress gzip and zstd files as they are read."""

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
    """The compression that a file's first bytes show: `gzip`, `zstd` or empty."""
    return next((name for sign, name in _SIGNS.items() if magic.startswith(sign)), "")


class _SmallReads(io.RawIOBase):
    """Decompresses in small steps: a larger read that meets damage would lose the good bytes before it."""

    def __init__(self, source: gzip.GzipFile | zstd.ZstdFile) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401
        data = self._source.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def decompress(file: io.FileIO, compression: str) -> io.BufferedReader:
    """A file's decompressed bytes from its current position. The file itself stays open."""
    if compression == "gzip":
        return io.BufferedReader(_SmallReads(gzip.GzipFile(fileobj=file)), 2**20)
    if compression == "zstd":
        # The library limits the memory of a frame to 128 MB.
        return io.BufferedReader(_SmallReads(zstd.ZstdFile(file)), 2**20)
    return io.BufferedReader(io.FileIO(file.fileno(), closefd=False), 2**20)
