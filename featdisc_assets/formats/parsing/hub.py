"""Datasets of the Hugging Face Hub: fetched into the cache its own library keeps, and read from there as files."""

from pathlib import Path
from typing import TYPE_CHECKING

from featdisc_assets.formats.adapter import SourceError
from featdisc_assets.formats.parsing.paths import COMPRESSION_SUFFIXES, READABLE, SIDECARS, find_files, is_readable

if TYPE_CHECKING:
    from huggingface_hub import HfUri

SCHEME = "hf://"
_SHAPE = "hf://datasets/OWNER/NAME, with @REVISION and a path or glob after it if you like"


def download(given: str) -> list[tuple[Path, str]]:
    """Bring a dataset, or what of it a path or glob names, into the Hub's cache; what is there is not fetched again.

    `HF_ENDPOINT`, `HF_TOKEN`, `HF_HOME`, `HF_HUB_OFFLINE` and the rest of the environment count as for anything else
    that goes by `huggingface_hub`. Where the Hub cannot be reached, what the cache has of the dataset is read, if that
    is all of it.

    Args:
        given: `hf://datasets/OWNER/NAME[@REVISION][/PATH]`. A dataset or a folder stands for its files that can be
            read; a file named outright is taken whatever its ending.

    Returns:
        Where each file lies, and its name on the Hub, sorted.

    Raises:
        SourceError: if the name is none, there is no such dataset, revision or file, it may not be read, or the Hub
            cannot be reached and the cache does not hold it.
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
        raise SourceError(f"{given} is no name of a dataset: write {_SHAPE}") from error
    if uri.type != "dataset":
        raise SourceError(f"{given} names no dataset but a {uri.type}: write {_SHAPE}")
    if ".." in Path(uri.path_in_repo).parts:
        raise SourceError(f"{given} leads out of the dataset: write {_SHAPE}")
    return uri


def _snapshot(given: str, uri: "HfUri") -> Path:
    """The folder of the cache that holds the dataset at its revision, with at least the files that are wanted."""
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
            f"{name} is gated: ask for access on its page, and put a token of your account into HF_TOKEN"
        ) from error
    except errors.RepositoryNotFoundError as error:
        raise SourceError(
            f"{given} is not there, or is private: check owner and name, or put a token of its owner into HF_TOKEN"
        ) from error
    except errors.RevisionNotFoundError as error:
        raise SourceError(f"{name} has no revision {uri.revision!r}: give a branch, a tag or a commit of it") from error
    except (errors.LocalEntryNotFoundError, errors.IncompleteSnapshotError) as error:
        raise SourceError(_unreachable_message(name, error)) from error
    except (httpx.HTTPError, OSError) as error:
        first = str(error).strip().partition("\n")[0]
        raise SourceError(f"{name} could not be fetched ({first or type(error).__name__}): try again") from error


def _allow_patterns(path: str) -> list[str]:
    """The library's patterns for a path: its `*` crosses folders, so these take in all that ours then chooses from."""
    endings = [f"{name}{compression}" for name in READABLE for compression in ("", *COMPRESSION_SUFFIXES)]
    if not path:
        return [f"*{name}" for name in endings]
    if not any(sign in path for sign in "*?["):
        return [path, *(f"{path.rstrip('/')}/*{name}" for name in endings)]
    # To the library `**/` is at least one folder, to a glob any number of them.
    patterns = {path, path.replace("**/", "")}
    if is_readable(Path(path)):
        return sorted(patterns)
    return sorted(f"{start}*{name}" for start in patterns for name in endings)


def _unreachable_message(name: str, error: Exception) -> str:
    from huggingface_hub import constants  # noqa: PLC0415
    from huggingface_hub.errors import IncompleteSnapshotError  # noqa: PLC0415

    held = "only in part in the cache" if isinstance(error, IncompleteSnapshotError) else "not in the cache"
    if constants.HF_HUB_OFFLINE:
        return f"{name} is {held}, and HF_HUB_OFFLINE is set: unset it for once, and it is fetched"
    cause = type(error.__cause__ or error).__name__
    return f"{name} is {held}, and {constants.ENDPOINT} cannot be reached ({cause}): try again when it can"


def _nothing_readable_message(given: str, uri: "HfUri", folder: Path) -> str:
    """What is wrong with a name that stands for no file, with what there is."""
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
