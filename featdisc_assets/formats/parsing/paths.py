"""Find the files that a path, folder or glob matches."""

import glob
from pathlib import Path

from featdisc_assets.formats.adapter import SourceError

READABLE = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".arrow", ".eval")
COMPRESSION_SUFFIXES = (".gz", ".zst", ".zstd")
# Files that the `datasets` library and the Hub store beside a dataset's rows.
SIDECARS = ("dataset_info.json", "dataset_dict.json", "dataset_infos.json", "state.json", "croissant.json")


def find_files(given: str | Path) -> list[Path]:
    """List the files that a path, folder or glob matches, sorted.

    Folders are searched recursively for files with a known suffix, without hidden files and folders. A file that is
    named or matched by a glob may have any suffix.

    Args:
        given: the path as the user wrote it; `~` is expanded.

    Raises:
        SourceError: if nothing matches, or a folder holds nothing readable.
    """
    path = Path(given).expanduser()
    if path.is_file():
        return [path]
    if path.is_dir():
        return _in_folder(path)
    if any(sign in str(given) for sign in "*?["):
        matched = [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207 (takes absolute patterns)
        files = [file for name in matched for file in (_in_folder(name, or_none=True) if name.is_dir() else [name])]
        if files:
            return sorted(set(files))
        raise SourceError(f"no file matches {given}: quote the pattern and check it from {Path.cwd()}")
    raise SourceError(f"{given} does not exist: give a file, a folder or a glob, from {Path.cwd()}")


def is_readable(path: Path) -> bool:
    """Whether a file in a folder holds rows, by its name."""
    return file_suffix(path) in READABLE and path.name not in SIDECARS


def _in_folder(folder: Path, *, or_none: bool = False) -> list[Path]:
    shown = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    files = [path for path in shown if is_readable(path)]
    if not files and not or_none:
        endings = ", ".join(sorted({path.suffix or path.name for path in shown})[:10]) or "no files"
        known = ", ".join(READABLE)
        raise SourceError(
            f"the folder {folder} holds nothing readable (it has {endings}): give {known}, also as .gz or .zst"
        )
    return files


def file_suffix(path: Path) -> str:
    """A file's suffix in lower case; the one before `.gz` or `.zst` if the file is compressed."""
    name = Path(path.name.lower())
    return name.with_suffix("").suffix if name.suffix in COMPRESSION_SUFFIXES else name.suffix
