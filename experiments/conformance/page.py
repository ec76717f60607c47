"""The scoreboard as one HTML file: sortable, filterable, and without a network."""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.conformance.board import AMBER, GREEN, RED
from experiments.conformance.examine import COLUMNS

__all__ = ["page"]

FOLDER = Path(__file__).parent


def page(data: Mapping[str, Any]) -> str:
    """The page of a run's results, as `--json` writes them."""
    rows = "".join(row_text(row) for row in data["rows"])
    heads = "".join(f'<th class="c" data-at="{i + 3}">{c}</th>' for i, c in enumerate(COLUMNS))
    families = "".join(f"<option>{html.escape(f)}</option>" for f in data["totals"] if f != "all")
    whole = data["totals"]["all"]
    count = sum(whole.values())
    kind = "A quick run: few samples, four dtypes." if data["quick"] else "All samples and dtypes."
    return (
        (FOLDER / "page.html")
        .read_text()
        .format_map(
            {
                "css": (FOLDER / "page.css").read_text(),
                "js": (FOLDER / "page.js").read_text(),
                "rows": rows,
                "heads": heads,
                "families": families,
                "totals": "".join(total_text(k, v) for k, v in data["totals"].items()),
                "green": whole.get(GREEN, 0),
                "count": count,
                "share": f"{whole.get(GREEN, 0) / max(1, count):.1%}",
                "kind": kind,
                "made": html.escape(
                    f"{data['date']}, PyTorch {data['torch']} on {data['device']}, minitorch_np "
                    f"{data['minitorch_np']}"
                ),
            }
        )
    )


def total_text(name: str, count: Mapping[str, int]) -> str:
    """One family's line and bar."""
    whole = max(1, sum(count.values()))
    bars = "".join(
        f'<i class="{c}" style="width:{100 * count.get(c, 0) / whole:.2f}%"></i>'
        for c in (GREEN, AMBER, RED)
    )
    cells = "".join(f'<td class="n">{count.get(c, 0) or ""}</td>' for c in (GREEN, AMBER, RED))
    return f'<tr><th>{html.escape(name)}</th>{cells}<td><span class="bar">{bars}</span></td></tr>'


def row_text(row: Mapping[str, Any]) -> str:
    """One op: a cell for each property, and below it what differs."""
    cells = "".join(cell_text(row["cells"][c], c) for c in COLUMNS)
    colour = row["colour"] or GREEN
    return (
        f'<tr data-colour="{colour}" data-family="{html.escape(row["family"])}">'
        f"<th>{op_text(row)}</th><td>{html.escape(row['family'])}</td>"
        f'<td class="n">{row["cases"]}</td>{cells}</tr>'
    )


def op_text(row: Mapping[str, Any]) -> str:
    """The name; where something differs it opens to say what, and the code that shows it."""
    name = html.escape(row["op"])
    told = [
        f"<li><b>{html.escape(c)}</b> {html.escape(_told(cell))}</li>"
        for c, cell in row["cells"].items()
        if cell["colour"] in (AMBER, RED)
    ]
    if not told:
        return name
    code = f"<pre>{html.escape(row['code'])}</pre>" if row["code"] else ""
    return f"<details><summary>{name}</summary><ul>{''.join(told)}</ul>{code}</details>"


def _told(cell: Mapping[str, Any]) -> str:
    """What differs; where all of it is known, why."""
    return str(cell["first"] if cell["colour"] == RED else cell["reason"])


def cell_text(cell: Mapping[str, Any], column: str) -> str:
    """One property: a mark, and its counts where the pointer rests."""
    colour = cell["colour"]
    mark = {GREEN: "●", AMBER: "▲", RED: "✗"}.get(colour, "")
    rank = {RED: 0, AMBER: 1, GREEN: 2}.get(colour, 3)
    told = f"{column}: held {cell['held']}, known {cell['known']}, failed {cell['failed']}"
    return f'<td class="c {colour}" data-v="{rank}" title="{html.escape(told)}">{mark}</td>'
