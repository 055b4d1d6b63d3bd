"""The report: one HTML page with the findings."""

from hashlib import blake2b

import dagster as dg
from pydantic import Field

from featdisc_assets.graph.resources import HomeResource, WarehouseResource
from featdisc_assets.graph.versions import code_version
from featdisc_assets.report import read_query
from featdisc_assets.report import rendering as reporting
from featdisc_assets.warehouse import Warehouse
from featdisc_assets.warehouse.comments import relation_comments
from featdisc_assets.warehouse.marts import relations


class ReportConfig(dg.Config):
    """Title and date of the report."""

    title: str = Field(default="What the model does", description="Heading of the page.")
    dated: str = Field(
        default="",
        description="Date to print under the heading. Empty prints none, so that runs on the same data give equal"
        " files.",
    )


READS = sorted(
    {name for query in reporting.QUERIES for name in relations(read_query(query))} & relation_comments().keys()
)
TEMPLATES = sorted(path for path in reporting.TEMPLATES.rglob("*.*") if path.is_file())
REPORT_VERSION = code_version(
    ReportConfig,
    reporting,
    *(read_query(name) for name in reporting.QUERIES),
    *(path.read_text(encoding="utf-8") for path in TEMPLATES),
)


@dg.asset(group_name="report", kinds={"html"}, deps=READS, code_version=REPORT_VERSION)
def report(
    context: dg.AssetExecutionContext, config: ReportConfig, home: HomeResource, warehouse: WarehouseResource
) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """One HTML file with the findings, their denominators and queries."""
    page = reporting.render(collect(warehouse.open()), title=config.title, dated=config.dated)
    path, beside = home.home.report, home.home.report.with_suffix(".html.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    beside.write_text(page, encoding="utf-8")
    beside.replace(path)
    context.log.info(f"report written to {path}")
    return dg.MaterializeResult(
        metadata={
            "open": dg.MetadataValue.url(path.as_uri()),
            "path": dg.MetadataValue.path(str(path)),
            "bytes": path.stat().st_size,
        },
        data_version=dg.DataVersion(blake2b(page.encode(), digest_size=8).hexdigest()),
    )


def collect(warehouse: Warehouse) -> reporting.Findings:
    """The rows of every query in `report/queries`, from one snapshot of the warehouse."""
    with warehouse.connect(read_only=True) as connection:
        answers = {
            name: reporting.Answer(sql=sql, rows=connection.execute(sql).to_arrow_table().to_pylist())
            for name, sql in ((name, read_query(name)) for name in reporting.QUERIES)
        }
    return reporting.Findings(**answers)
