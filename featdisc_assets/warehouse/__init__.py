"""The warehouse: one DuckDB file with every table and view, and the only package that talks to DuckDB."""

from featdisc_assets.warehouse.duckdb_file import Matrix, Warehouse, insert, vector_array
from featdisc_assets.warehouse.opening import WarehouseBusyError
from featdisc_assets.warehouse.user_queries import QueryError, ask, copy_out, peek

__all__ = [
    "Matrix",
    "QueryError",
    "Warehouse",
    "WarehouseBusyError",
    "ask",
    "copy_out",
    "insert",
    "peek",
    "vector_array",
]
