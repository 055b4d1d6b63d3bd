"""Draw the tables and views of a fresh warehouse into docs/images/schema.svg: `make schema`.

Each key has one colour; a full dot marks the table whose key it is. Tables are in the order of `sql/schema.sql`; lines
lead from each key to the columns that refer to it.
"""

import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from featdisc_assets.warehouse import Warehouse
from featdisc_assets.warehouse.comments import relation_comments
from featdisc_assets.warehouse.marts import marts

PATH = Path(__file__).parents[1] / "docs" / "images" / "schema.svg"

# Each key: the table whose rows it identifies, and its colour. A column `left_cluster_id` holds a `cluster_id`.
KEYS = {
    "transcript_id": ("transcripts", "#0b62c4"),
    "piece_id": ("pieces", "#0a7d4f"),
    "text_hash": ("rated_texts", "#8a6100"),
    "request_key": ("ratings", "#6b6f76"),
    "feature_id": ("vocabulary", "#c2410c"),
    "encoder": ("encoders", "#0e7490"),
    "cluster_id": ("clusters", "#8b2fc9"),
    "parent_id": ("parents", "#b0125b"),
}
COLUMNS, WIDTH, GUTTER, MARGIN = 5, 248, 52, 28
HEAD, LINE, FOOT, GAP = 26, 16, 8, 22
MONO = 6.65  # the width of a character of the 11 px monospace

_RELATIONS = """
select table_name as name, comment from duckdb_tables() where database_name = current_database() and not internal
"""
_COLUMNS = """
select table_name, column_name as name, data_type as type, is_nullable, comment from duckdb_columns()
where database_name = current_database() and not internal order by table_name, column_index
"""


@dataclass
class Box:
    """A relation to draw, with its position."""

    name: str
    comment: str
    columns: list[dict[str, Any]]
    x: float = 0
    y: float = 0


def key_of(column: str) -> str | None:
    """The key that a column holds, from the column's name."""
    return next((key for key in KEYS if column == key or column.endswith(f"_{key}")), None)


def draw(db: Warehouse) -> str:
    """The diagram as SVG, the same for the same schema."""
    columns: dict[str, list[dict[str, Any]]] = {}
    for row in db.rows(_COLUMNS):
        columns.setdefault(row["table_name"], []).append(row)
    tables = [Box(row["name"], row["comment"] or "", columns[row["name"]]) for row in db.rows(_RELATIONS)]
    # DuckDB lists tables alphabetically after the file is reopened.
    order = list(relation_comments())
    tables.sort(key=lambda box: order.index(box.name))
    bottom = _place(tables, MARGIN + 62)
    parts = [*_lines({box.name: box for box in tables}), *(part for box in tables for part in _table(box))]
    y = bottom + 30
    parts.append(_text(MARGIN, y, "Views", "h"))
    heights, below = [y + 18.0] * COLUMNS, y
    for mart in sorted(marts(), key=lambda mart: mart.name):
        column = heights.index(min(heights))
        box = Box(mart.name, mart.grain, columns[mart.name], MARGIN + column * (WIDTH + GUTTER), heights[column])
        drawn, height = _view(box, sorted(mart.reads))
        parts += drawn
        heights[column] += height + 16
        below = max(below, heights[column])
    width = 2 * MARGIN + COLUMNS * WIDTH + (COLUMNS - 1) * GUTTER
    return "\n".join([*_head(width, round(below + 10)), *parts, "</svg>", ""])


def _place(boxes: list[Box], top: float) -> float:
    """Place boxes in columns of about equal height, from left to right; returns the bottom of the highest."""
    heights = [HEAD + LINE * len(box.columns) + FOOT + GAP for box in boxes]
    most = sum(heights) / COLUMNS
    column, y, bottom, filled = 0, top, top, 0.0
    for box, height in zip(boxes, heights, strict=True):
        # A box goes into the column that contains most of it.
        if filled + height / 2 > most * (column + 1) and column < COLUMNS - 1:
            column, y = column + 1, top
        box.x, box.y = MARGIN + column * (WIDTH + GUTTER), y
        y += height
        filled += height
        bottom = max(bottom, y)
    return bottom


def _lines(boxes: dict[str, Box]) -> list[str]:
    """A curve from the table of each key to every other table that has it."""
    found = []
    for box in boxes.values():
        seen = set()
        for i, column in enumerate(box.columns):
            key = key_of(column["name"])
            home = boxes.get(KEYS[key][0]) if key else None
            if key is None or home is None or home is box or key in seen:
                continue
            seen.add(key)
            at = next(i for i, each in enumerate(home.columns) if each["name"] == key)
            found.append(_curve(home, _middle(home, at), box, _middle(box, i), KEYS[key][1]))
    return found


def _middle(box: Box, i: int) -> float:
    return box.y + HEAD + LINE * i + LINE / 2 + 2


def _curve(home: Box, y1: float, box: Box, y2: float, colour: str) -> str:
    if home.x == box.x:
        x, bend = box.x, box.x - GUTTER * 0.62
        path = f"M{x:.0f} {y1:.0f} C{bend:.0f} {y1:.0f} {bend:.0f} {y2:.0f} {x:.0f} {y2:.0f}"
    else:
        right = home.x < box.x
        x1, x2 = (home.x + WIDTH, box.x) if right else (home.x, box.x + WIDTH)
        bend = GUTTER * 0.7 if right else -GUTTER * 0.7
        path = f"M{x1:.0f} {y1:.0f} C{x1 + bend:.0f} {y1:.0f} {x2 - bend:.0f} {y2:.0f} {x2:.0f} {y2:.0f}"
    return f'<path d="{path}" stroke="{colour}" class="l"/>'


def _table(box: Box) -> list[str]:
    height = HEAD + LINE * len(box.columns) + FOOT
    parts = _frame(box, height, "t")
    for i, column in enumerate(box.columns):
        y = _middle(box, i)
        key = key_of(column["name"])
        if key:
            home = KEYS[key][0] == box.name and column["name"] == key
            fill = KEYS[key][1] if home else "#fff"
            parts.append(f'<circle cx="{box.x + 12:.0f}" cy="{y:.0f}" r="3.6" fill="{fill}" stroke="{KEYS[key][1]}"/>')
        parts.append(_column(box.x + 22, y + 4, column))
        kind = column["type"].lower()
        short = kind if len(kind) + len(column["name"]) < 31 else kind.partition("(")[0]
        parts.append(_text(box.x + WIDTH - 10, y + 4, short + ("?" if column["is_nullable"] else ""), "y"))
    return parts


def _view(box: Box, reads: list[str]) -> tuple[list[str], float]:
    """The elements of a view, with its columns and what it reads, and its height."""
    rows: list[list[dict[str, Any]]] = [[]]
    used = 0
    for column in box.columns:
        if used + len(column["name"]) > (WIDTH - 20) / MONO - 1:
            rows.append([])
            used = 0
        rows[-1].append(column)
        used += len(column["name"]) + 2
    reading = textwrap.wrap(f"reads {', '.join(reads)}", 40)
    height = HEAD + LINE * len(rows) + 14 * len(reading) + FOOT + 4
    parts = _frame(box, height, "v")
    y = box.y + HEAD + 14
    for row in rows:
        x = box.x + 10
        for column in row:
            parts.append(_column(x, y, column))
            x += (len(column["name"]) + 2) * MONO
        y += LINE
    for i, line in enumerate(reading):
        parts.append(_text(box.x + 10, y + 2 + 14 * i, line, "r"))
    return parts, height


def _frame(box: Box, height: float, class_: str) -> list[str]:
    return [
        f"<g><title>{escape(box.comment)}</title>"
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{WIDTH}" height="{height:.0f}" rx="5" class="b"/>'
        f'<path d="M{box.x:.0f} {box.y + HEAD - 2:.0f} v-{HEAD - 7} q0 -5 5 -5 h{WIDTH - 10} q5 0 5 5 v{HEAD - 7} z"'
        f' class="{class_}"/>' + _text(box.x + 10, box.y + 17, box.name, "n") + "</g>"
    ]


def _column(x: float, y: float, column: dict[str, Any]) -> str:
    key = key_of(column["name"])
    # An inline style, because the style sheet would override an attribute.
    colour = f' style="fill:{KEYS[key][1]}"' if key else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="c"{colour}>{escape(column["name"])}'
        f"<title>{escape(column['comment'] or '')}</title></text>"
    )


def _text(x: float, y: float, words: str, class_: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{class_}">{escape(words)}</text>'


def _head(width: int, height: int) -> list[str]:
    legend, x = [], float(MARGIN)
    for key, (_, colour) in KEYS.items():
        legend.append(f'<circle cx="{x + 5:.0f}" cy="70" r="4" fill="{colour}"/>')
        legend.append(f'<text x="{x + 14:.0f}" y="74" class="c" style="fill:{colour}">{key}</text>')
        x += 14 + len(key) * MONO + 22
    caption = (
        "full dot: the key of its table; ring: refers to it; ?: may be null; hover over a name for its description"
    )
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        "<style>text{font-family:system-ui,'Segoe UI',Helvetica,Arial,sans-serif;fill:#1b2430}"
        ".c,.y{font:11px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}"
        ".y{fill:#7a828d;text-anchor:end}.n{font-size:13px;font-weight:600}"
        ".h{font-size:17px;font-weight:600}.r,.s{font-size:11px;fill:#66707c}"
        ".b{fill:#fff;stroke:#c3cad3}.t{fill:#e3ecf7}.v{fill:#eef0e4}.l{fill:none;stroke-width:1.3;opacity:.55}</style>",
        f'<rect width="{width}" height="{height}" fill="#fbfcfd"/>',
        _text(MARGIN, 42, "Tables", "h"),
        *legend,
        _text(x + 6, 74, caption, "s"),
    ]


def main() -> None:
    """Draw the schema of a fresh warehouse."""
    with tempfile.TemporaryDirectory() as folder:
        db = Warehouse(Path(folder) / "warehouse.duckdb")
        db.prepare()
        PATH.write_text(draw(db), encoding="utf-8")


if __name__ == "__main__":
    main()
