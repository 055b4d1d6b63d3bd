"""What assets are handed: the home they work in, and the warehouse inside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_duckdb import DuckDBResource
from pydantic import Field

from featdisc_assets.home.places import Home
from featdisc_assets.warehouse import Warehouse

# Warehouses whose tables and views this process has already seen to.
_prepared: set[Path] = set()


class HomeResource(dg.ConfigurableResource[Home]):
    """The folder that holds everything runs on one data set make."""

    path: str = Field(
        default="", description="The home; empty takes FEATDISC_HOME, else .featdisc in the working folder."
    )

    @property
    def home(self) -> Home:
        """The home as a set of paths."""
        return Home.find(self.path or None)


class WarehouseResource(DuckDBResource):
    """The DuckDB warehouse, by connections that are short and always closed.

    dagster-duckdb's own `get_connection` leaves the file locked when the block raises; this one does not. Assets of
    your own can take it as a plain `DuckDBResource`.
    """

    home: dg.ResourceDependency[HomeResource]
    database: str = Field(default="", description="The DuckDB file; empty takes warehouse.duckdb in the home.")
    memory_limit: str = Field(default="6GB", description="DuckDB's ceiling on memory; beyond it, it spills to disk.")
    patience_s: float = Field(default=600.0, description="Seconds to wait for another process that holds the file.")

    @contextmanager
    def get_connection(self) -> Iterator[Any]:
        """A writing connection, closed whatever happens."""
        with self.open().connect() as connection:
            yield connection

    def open(self) -> Warehouse:
        """The warehouse, its tables and views made where they are not there yet."""
        path = Path(self.database) if self.database else self.home.home.warehouse
        warehouse = Warehouse(path, memory_limit=self.memory_limit, patience_s=self.patience_s)
        if path not in _prepared or not path.exists():
            warehouse.prepare()
            _prepared.add(path)
        return warehouse


def resources_of(home: Home) -> dict[str, dg.ConfigurableResource[Any]]:
    """The resources of one home, for code that materialises assets by itself."""
    resource = HomeResource(path=str(home.path))
    return {"home": resource, "warehouse": WarehouseResource(home=resource)}
