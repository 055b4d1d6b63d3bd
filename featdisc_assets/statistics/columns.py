"""Arrow tables with columns of numpy figures."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from featdisc_assets.statistics.association import Counts


def with_columns(table: pa.Table, columns: dict[str, object]) -> pa.Table:
    """The table with columns added; NaN becomes null."""
    for name, values in columns.items():
        table = table.append_column(name, pa.array(values, from_pandas=True))
    return table


def positions_of(ids: pa.Array | pa.ChunkedArray, wanted: pa.ChunkedArray) -> Counts:
    """The position of each wanted id in `ids`."""
    if isinstance(wanted, pa.ChunkedArray):
        wanted = wanted.combine_chunks()
    rows: Counts = pc.index_in(wanted, value_set=pa.array(ids)).to_numpy(zero_copy_only=False)
    return rows.astype(np.int64)
