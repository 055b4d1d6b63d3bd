"""Code versions and data versions of assets: short hashes that Dagster compares.

A *code version* hashes everything besides the inputs that decides an asset's rows: settings, prompts, SQL, stages. It
is computed when definitions load, so an edit shows as "new code version" after a reload. A *data version* hashes the
rows: if a rerun gives equal rows, nothing downstream is out of date.
"""

import ast
import inspect
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import ModuleType

import dagster as dg
import orjson

from featdisc_assets.warehouse import Warehouse

Part = type[dg.Config] | ModuleType | str

# Pure packages: their code decides the rows of the assets that import them.
COMPUTING = ("clusterers", "stages", "statistics")
_ROOT = Path(__file__).parents[1]


def code_version(*parts: Part) -> str:
    """12 hex digits that hash what decides an asset's rows.

    Args:
        parts: Of config classes, the defaults of the settings that decide rows (`without_effect` of the class names the
            others); of modules and packages, the code without comments and docstrings, including what they import from
            pure packages; of strings (SQL, prompts), the text without differences in white space.
    """
    digest = blake2b(digest_size=6)
    for part in parts:
        if isinstance(part, str):
            text = " ".join(part.split())
        elif isinstance(part, ModuleType):
            text = _code(part)
        else:
            text = _defaults(part)
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


def data_version(warehouse: Warehouse, relation: str, columns: Sequence[str] = ()) -> dg.DataVersion:
    """The hash of a table's rows as a multiset: order does not count, duplicates do.

    It combines the sum of the rows' hashes with their count: with exclusive or, two equal rows would cancel out. DuckDB
    computes it (200,000 rows of 384 floats in 0.2 s); another version of DuckDB may hash differently, and then all
    assets show as changed once.

    Args:
        warehouse: The warehouse of the table.
        relation: A table or view.
        columns: The columns to hash; none for all.
    """
    chosen = ", ".join(f'"{column}"' for column in columns) or "*"
    [row] = warehouse.rows(
        f"select count(*) as n, cast(sum(hash(row_)) as varchar) as total"
        f" from (select {chosen} from {relation}) as row_"
    )
    return dg.DataVersion(blake2b(f"{row['n']}:{row['total']}".encode(), digest_size=8).hexdigest())


def without_effect(config: type[dg.Config]) -> frozenset[str]:
    """The settings of a config that do not decide rows, such as concurrency, prices and retries."""
    names: frozenset[str] = getattr(config, "without_effect", frozenset())
    return names


def _defaults(config: type[dg.Config]) -> str:
    skipped = without_effect(config)
    decisive = {name: field.default for name, field in config.model_fields.items() if name not in skipped}
    return orjson.dumps(decisive, option=orjson.OPT_SORT_KEYS, default=str).decode()


@cache
def _code(module: ModuleType) -> str:
    path = Path(inspect.getfile(module))
    todo, found = _files_of(path.parent if hasattr(module, "__path__") else path), dict[Path, str]()
    while todo:
        file = todo.pop()
        if file not in found:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            todo += _computing_imports(tree)
            found[file] = _without_docstrings(tree)
    return "".join(found[file] for file in sorted(found))


def _computing_imports(tree: ast.Module) -> list[Path]:
    """The files of `COMPUTING` packages that a module imports from."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    names = [f"{node.module}.{name.name}".split(".") for node in imports for name in node.names]
    paths = [_ROOT.joinpath(*parts) for root, *parts in names if root == _ROOT.name and parts[0] in COMPUTING]
    return [file for path in paths for file in _files_of(path)]


def _files_of(path: Path) -> list[Path]:
    """The files of a package or module; of a name in a module, the file of the module."""
    if path.is_dir():
        return list(path.rglob("*.py"))
    file = path.with_suffix(".py")
    return [file] if file.exists() else _files_of(path.parent)


def _without_docstrings(tree: ast.Module) -> str:
    """The syntax tree as text, without docstrings and comments."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and body:
            first = body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = body[1:]
    return ast.dump(tree)
