"""A copy of the warehouse for programs that keep a connection open."""

import dagster as dg

from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.warehouse.marts import marts


@dg.asset(group_name="report", kinds={"duckdb", "file"}, deps=[mart.name for mart in marts()], code_version="1")
def published(
    context: dg.AssetExecutionContext, home: HomeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """A copy of the warehouse without vectors, published.duckdb, for notebooks and BI tools that keep it open."""
    path = home.home.published
    warehouse.open().publish(path)
    size = path.stat().st_size
    context.log.info(f"{size / 2**20:,.1f} MiB at {path}")
    return dg.MaterializeResult(metadata={"path": dg.MetadataValue.path(str(path)), "bytes": size})
