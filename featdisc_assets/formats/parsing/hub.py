"""Download datasets of the Hugging Face Hub into the cache of `huggingface_hub`."""

from pathlib import Path
from typing import TYPE_CHECKING

from featdisc_assets.formats.adapter import SourceError
from featdisc_assets.formats.parsing.paths import COMPRESSION_SUFFIXES, READABLE, SIDECARS, find_files, is_readable

if TYPE_CHECKING:
    from huggingface_hub import HfUri

SCHEME = "hf://"
_SHAPE = "hf://datasets/OWNER/NAME, optionally with @REVISION and a path or glob"


def download(given: str) -> list[tuple[Path, str]]:
    """Download a dataset, or the files of it that a path or glob matches, unless the cache holds them.

    `huggingface_hub` reads its usual environment variables (`HF_ENDPOINT`, `HF_TOKEN`, `HF_HOME`, `HF_HUB_OFFLINE`).
    If the Hub cannot be reached, a complete copy in the cache is used.

    Args:
        given: `hf://datasets/OWNER/NAME[@REVISION][/PATH]`. A dataset or folder stands for its readable files; a file
            that is named may have any suffix.

    Returns:
        The path of each file in the cache and its name on the Hub, sorted.

    Raises:
        SourceError: if the name is invalid, the dataset, revision or file does not exist or is not accessible, or the
            Hub cannot be reached and the cache does not hold the files.
    """
    uri = _parse_uri(given)
    folder = _snapshot(given, uri)
    root = f"{SCHEME}datasets/{uri.id}" + (f"@{uri.revision}" if uri.revision else "")
    try:
        found = find_files(folder / uri.path_in_repo)
    except SourceError:
        found = []
    outright = folder / uri.path_in_repo
    files = [path for path in found if path == outright or is_readable(path)]
    if not files:
        raise SourceError(_nothing_readable_message(given, uri, folder))
    return [(path, f"{root}/{path.relative_to(folder).as_posix()}") for path in files]


def _parse_uri(given: str) -> "HfUri":
    from huggingface_hub import parse_hf_uri  # noqa: PLC0415 - takes a second, and few sources need it
    from huggingface_hub.errors import HfUriError  # noqa: PLC0415

    try:
        uri = parse_hf_uri(given)
    except HfUriError as error:
        raise SourceError(f"{given} is not a dataset name: write {_SHAPE}") from error
    if uri.type != "dataset":
        raise SourceError(f"{given} names a {uri.type}, not a dataset: write {_SHAPE}")
    if ".." in Path(uri.path_in_repo).parts:
        raise SourceError(f"{given} leads out of the dataset: write {_SHAPE}")
    return uri


def _snapshot(given: str, uri: "HfUri") -> Path:
    """The folder in the cache with the files of the dataset at its revision."""
    import httpx  # noqa: PLC0415
    from huggingface_hub import errors, snapshot_download  # noqa: PLC0415

    name = f"the dataset {uri.id}"
    try:
        return Path(
            snapshot_download(
                uri.id,
                repo_type="dataset",
                revision=uri.revision,
                allow_patterns=_allow_patterns(uri.path_in_repo),
                ignore_patterns=[".*", "*/.*", *SIDECARS, *(f"*/{sidecar}" for sidecar in SIDECARS)],
            )
        )
    except errors.GatedRepoError as error:
        raise SourceError(
            f"{name} is gated: request access on its page, and set HF_TOKEN to a token of your account"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise SourceError(
            f"{given} does not exist or is private: check owner and name, or set HF_TOKEN to a token with access"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise SourceError(f"{name} has no revision {uri.revision!r}: give a branch, a tag or a commit") from error
    except (errors.LocalEntryNotFoundError, errors.IncompleteSnapshotError) as error:
        raise SourceError(_unreachable_message(name, error)) from error
    except (httpx.HTTPError, OSError) as error:
        first = str(error).strip().partition("\n")[0]
        raise SourceError(f"{name} could not be downloaded ({first or type(error).__name__}): try again") from error


def _allow_patterns(path: str) -> list[str]:
    """Patterns of the library that match every file of a path; its `*` also matches across folders."""
    endings = [f"{name}{compression}" for name in READABLE for compression in ("", *COMPRESSION_SUFFIXES)]
    if not path:
        return [f"*{name}" for name in endings]
    if not any(sign in path for sign in "*?["):
        return [path, *(f"{path.rstrip('/')}/*{name}" for name in endings)]
    # `**/` matches at least one folder in the library, any number of folders in a glob.
    patterns = {path, path.replace("**/", "")}
    if is_readable(Path(path)):
        return sorted(patterns)
    return sorted(f"{start}*{name}" for start in patterns for name in endings)


def _unreachable_message(name: str, error: Exception) -> str:
    from huggingface_hub import constants  # noqa: PLC0415
    from huggingface_hub.errors import IncompleteSnapshotError  # noqa: PLC0415

    held = "only in part in the cache" if isinstance(error, IncompleteSnapshotError) else "not in the cache"
    if constants.HF_HUB_OFFLINE:
        return f"{name} is {held}, and HF_HUB_OFFLINE is set: unset it to download the dataset"
    cause = type(error.__cause__ or error).__name__
    return f"{name} is {held}, and {constants.ENDPOINT} cannot be reached ({cause}): try again when it is reachable"


def _nothing_readable_message(given: str, uri: "HfUri", folder: Path) -> str:
    """The error message for a name that matches no readable file."""
    from huggingface_hub import get_cached_repo_tree  # noqa: PLC0415
    from huggingface_hub.errors import CachedRepoTreeNotFoundError  # noqa: PLC0415

    try:
        names = [Path(file.path) for file in get_cached_repo_tree(uri.id, repo_type="dataset", revision=folder.name)]
    except CachedRepoTreeNotFoundError:
        names = []
    if any(is_readable(name) for name in names) and uri.path_in_repo:
        some = ", ".join(sorted(name.as_posix() for name in names if is_readable(name))[:5])
        return f"{given} names nothing that can be read: the dataset has {some}"
    has = ", ".join(sorted({name.suffix or name.name for name in names})[:10]) or "no files"
    return (
        f"{given} holds nothing readable (it has {has}): a copy in Parquet, if the Hub made one, is at"
        f" {SCHEME}datasets/{uri.id}@refs/convert/parquet"
    )
