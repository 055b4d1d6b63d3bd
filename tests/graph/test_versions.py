"""Code versions and data versions."""

import ast
import importlib
import types
from pathlib import Path
from typing import ClassVar

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featdisc_assets.graph import versions
from featdisc_assets.graph.versions import code_version, data_version
from featdisc_assets.warehouse import Warehouse


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    db = Warehouse(tmp_path_factory.mktemp("versions") / "w.duckdb")
    db.run("create table t (k integer, v varchar, e float[2])")
    return db


def filled(db: Warehouse, rows: list[tuple[int, str]]) -> str | None:
    db.run("delete from t")
    for key, value in rows:
        db.run(f"insert into t values ({key}, '{value}', [{key}, 0.5])")
    return data_version(db, "t").value


def test_the_order_of_rows_does_not_count_and_a_second_copy_does(db: Warehouse) -> None:
    one = filled(db, [(1, "a"), (2, "b")])
    assert filled(db, [(2, "b"), (1, "a")]) == one
    # With exclusive or, two equal rows would cancel out.
    assert filled(db, [(1, "a"), (2, "b"), (3, "c"), (3, "c")]) != one
    assert filled(db, [(1, "a"), (2, "c")]) != one
    assert filled(db, []) != one


def test_columns_can_be_left_out(db: Warehouse) -> None:
    filled(db, [(1, "a")])
    one, whole = data_version(db, "t", ("k",)), data_version(db, "t")
    filled(db, [(1, "b")])
    assert data_version(db, "t", ("k",)) == one
    assert data_version(db, "t") != whole


class Config(dg.Config):
    without_effect: ClassVar[frozenset[str]] = frozenset({"speed"})
    seed: int = 0
    speed: int = 1


class Faster(Config):
    speed: int = 9


class Reseeded(Config):
    seed: int = 7


def test_only_settings_that_decide_rows_count() -> None:
    assert code_version(Config) == code_version(Faster) != code_version(Reseeded)


def module(folder: Path, source: str) -> types.ModuleType:
    path = folder / f"m{abs(hash(source))}.py"
    path.write_text(source, encoding="utf-8")
    made = types.ModuleType(path.stem)
    made.__file__ = str(path)
    return made


def test_code_counts_and_its_comments_and_docstrings_do_not(tmp_path: Path) -> None:
    one = module(tmp_path, 'def f(x):\n    """Add."""\n    return x + 1\n')
    said = module(tmp_path, 'def f(x):\n    """Add one to x."""\n    # as ever\n    return x + 1\n')
    other = module(tmp_path, 'def f(x):\n    """Add."""\n    return x + 2\n')
    assert code_version(one) == code_version(said) != code_version(other)


@given(st.text(), st.text())
def test_white_space_of_sql_does_not_count(left: str, right: str) -> None:
    assert code_version(f"{left} {right}") == code_version(f"{left}\n\t {right} ")
    # The boundary between parts counts.
    if left and right and not left.isspace() and not right.isspace():
        assert code_version(left, right) != code_version(f"{left}{right}")


def test_code_of_imported_pure_packages_counts(tmp_path: Path) -> None:
    alone = module(tmp_path, "def f(x):\n    return x + 1\n")
    resting = module(tmp_path, "from featdisc_assets.statistics.logistic import fit\n\n\ndef f(x):\n    return x + 1\n")
    solver = Path(versions.__file__).parents[1] / "statistics" / "logistic" / "solver.py"
    assert versions._without_docstrings(ast.parse(solver.read_text(encoding="utf-8"))) in versions._code(resting)
    assert code_version(alone) != code_version(resting)


ASSETS = sorted((Path(versions.__file__).parents[1] / "assets").glob("*.py"))


@pytest.mark.parametrize("path", ASSETS, ids=lambda path: path.stem)
def test_the_code_version_of_an_asset_includes_the_pure_packages_it_uses(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    made = importlib.import_module(f"featdisc_assets.assets.{path.stem}")
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and "code_version" in ast.unparse(node.func)]
    names = {node.id for call in calls for node in ast.walk(call) if isinstance(node, ast.Name)}
    parts = [part for name in names if isinstance(part := getattr(made, name, None), types.ModuleType)]
    counted = "".join(map(versions._code, parts))
    used = versions._computing_imports(tree) if calls else []
    code = {file.stem: versions._without_docstrings(ast.parse(file.read_text(encoding="utf-8"))) for file in used}
    assert [name for name, text in code.items() if text not in counted] == []
