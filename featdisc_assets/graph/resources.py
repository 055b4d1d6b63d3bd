"""Resources of assets: the home, and the warehouse in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_duckdb import DuckDBResource
from pydantic import Field

from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse

# Warehouses in which this process has already created tables and views.
_prepared: set[Path] = set()


class HomeResource(dg.ConfigurableResource[Home]):
    """The folder of everything that runs on one data set make."""

    path: str = Field(
        default="", description="The home; empty for FEATDISC_HOME, else .featdisc in the working folder."
    )

    @property
    def home(self) -> Home:
        """The paths of the home."""
        return Home.find(self.path or None)


class WarehouseResource(DuckDBResource):
    """The DuckDB warehouse, with short connections that are always closed.

    dagster-duckdb's `get_connection` leaves the file locked if the block raises; this one does not. Your own assets can
    use it as a `DuckDBResource`.
    """

    home: dg.ResourceDependency[HomeResource]
    database: str = Field(default="", description="The DuckDB file; empty for warehouse.duckdb in the home.")
    memory_limit: str = Field(default="6GB", description="DuckDB's memory limit; above it, DuckDB spills to disk.")
    lock_timeout_s: float = Field(default=600.0, description="Seconds to wait while another process has the file open.")

    @contextmanager
    def get_connection(self) -> Iterator[Any]:
        """A connection for writing, closed even if the block raises."""
        with self.open().connect() as connection:
            yield connection

    def open(self) -> Warehouse:
        """The warehouse, with missing tables and views created."""
        path = Path(self.database) if self.database else self.home.home.warehouse
        warehouse = Warehouse(path, memory_limit=self.memory_limit, lock_timeout_s=self.lock_timeout_s)
        if path not in _prepared or not path.exists():
            warehouse.prepare()
            _prepared.add(path)
        return warehouse


def resources_of(home: Home) -> dict[str, dg.ConfigurableResource[Any]]:
    """The resources of one home, for code that materialises assets directly."""
    resource = HomeResource(path=str(home.path))
    return {"home": resource, "warehouse": WarehouseResource(home=resource)}
