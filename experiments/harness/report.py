"""report.html: one self-contained page with every table and picture of a run."""

import base64
import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.harness.console import (
    CURVES,
    course_lines,
    engine_cells,
    headline,
    notes,
    number,
    place,
    severity,
    verdict_cells,
)
from experiments.harness.results import Results, write_whole
from experiments.harness.verdict import VERDICTS

STYLE = Path(__file__).with_name("report.css")
MEANINGS = {
    "bit-equal": "every value is the same to the last bit",
    "within rounding": "the difference is at most 8 sigma of what rounding explains",
    "event": "so only because a unit is closer to its kink than its own error",
    "suspect": "1 to 10 times what rounding explains",
    "wrong": "more than 10 times that, or another shape, stride or dtype",
}
# So many charts stand open, the rest are folded away.
CHARTS = 9
# Colours of curves, ours first; readable on light and dark.
COLOURS = ("#d9480f", "#1c7ed6", "#2f9e44")


def write_html(results: Results, folder: Path) -> Path:
    """report.html in `folder`."""
    path = folder / "report.html"
    write_whole(path, page(results, results.as_json()))
    return path


def page(results: Results, found: Mapping[str, Any]) -> str:
    """The report as text."""
    sections = header(found) + body(results) + section("Environment", environment_part(found))
    return document(results.experiment, sections)


def body(results: Results) -> str:
    """Every table and picture of a run."""
    found = results.as_json()
    sections = [
        section("Engines", engines_table(found)),
        section("Lock-step verdicts", verdicts_part(found)),
        section("Free-running", free_part(results, found)),
        section("Pictures", "".join(figure(p.path, p.caption) for p in results.pictures)),
    ]
    return "".join(sections)


def document(title: str, content: str) -> str:
    """A page that needs no other file."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{esc(title)}</title>\n<style>\n{STYLE.read_text(encoding='utf-8')}</style>\n"
        f"</head>\n<body>\n<main>\n{content}</main>\n</body>\n</html>\n"
    )


def esc(text: object) -> str:
    """Text safe inside HTML."""
    return html.escape(str(text))


def section(title: str, body: str) -> str:
    """A titled section, or nothing for an empty body."""
    return f"<section>\n<h2>{esc(title)}</h2>\n{body}</section>\n" if body else ""


def badge(verdict: str | None) -> str:
    """A verdict as a coloured word."""
    name = verdict or "none"
    return f'<span class="badge {name.replace(" ", "-")}">{esc(verdict or "no verdict")}</span>'


def table(header: Sequence[str], rows: Iterable[Sequence[str]], numeric: str = "") -> str:
    """A table of ready HTML cells; `numeric` has an 'n' for each column set to the right."""
    marks = numeric.ljust(len(header))
    kinds = [' class="n"' if mark == "n" else "" for mark in marks]
    head = "".join(f"<th{k}>{esc(h)}</th>" for h, k in zip(header, kinds, strict=False))
    body = "".join(
        "<tr>" + "".join(f"<td{k}>{c}</td>" for c, k in zip(row, kinds, strict=False)) + "</tr>\n"
        for row in rows
    )
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody>\n</table></div>\n"
    )


def header(found: Mapping[str, Any]) -> str:
    """Title, verdict, data and what else must be known first."""
    settings = found["settings"]
    against = " and ".join(settings["against"])
    counts = headline(found).partition(": ")[2]
    state = incomplete(found["complete"], found["error"])
    lines = "".join(f"<li>{esc(line)}</li>" for line in notes(found) if "free-running" not in line)
    return (
        f"<header>\n<h1>{esc(found['experiment'])} {badge(found['verdict'])}</h1>\n"
        f'<p class="lead">minitorch_np against {esc(against)}: {esc(counts)}.</p>\n'
        f"<p>{esc(found['data']['source'])}</p>\n{state}"
        f"{f'<ul>{lines}</ul>' if lines else ''}</header>\n"
    )


def incomplete(complete: bool, error: str | None) -> str:
    """A line that says why a run is not whole, or nothing."""
    return "" if complete else f'<p class="partial">Not complete: {esc(error)}.</p>'


def engines_table(found: Mapping[str, Any]) -> str:
    """Accuracy, loss and seconds of every engine that ran."""
    rows = [
        (f"<code>{esc(name)}</code>", *map(esc, engine_cells(values)))
        for name, values in found["engines"].items()
        if values["seconds"] is not None
    ]
    return table(("engine", "accuracy", "loss", "seconds"), rows, " nnn") if rows else ""


def verdicts_part(found: Mapping[str, Any]) -> str:
    """The ten worst quantities, then all of them in the order in which they arise."""
    rows = found["verdicts"]
    if not rows:
        return ""
    legend = "".join(f"<dt>{badge(v)}</dt><dd>{esc(m)}</dd>" for v, m in MEANINGS.items())
    worst = sorted(rows, key=severity)[:10]
    return (
        f"<details><summary>What the words mean</summary>"
        f'<dl class="legend">{legend}</dl></details>\n'
        f"<h3>The worst {len(worst)} of {len(rows)} quantities</h3>\n{verdict_table(worst)}"
        f"<details><summary>All {len(rows)} quantities, in the order in which a step makes them"
        f"</summary>\n{verdict_table(rows)}</details>\n"
    )


def verdict_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Quantities with verdict, ratio as a bar, step, counts and note."""
    heads = ("quantity", "engine", "verdict", "ratio", "worst at step", *VERDICTS, "estimate")
    cells: list[list[str]] = []
    for row in rows:
        quantity, engine, verdict, ratio, step, _ = verdict_cells(row)
        counts = [str(n) if (n := row["counts"][v]) else "" for v in VERDICTS]
        loose = (
            ' class="loose" title="the estimate passes 1e-3 of the norm"' if row["loose"] else ""
        )
        size = "exact" if row["estimate"] == 0 else number(row["estimate"], ".0e")
        estimate = f"<span{loose}>{size}</span>"
        words = f"{row['note']}; {place(row)}" if row["note"] else ""
        note = f"<small>{esc(words)}</small>" if words else ""
        cells.append(
            [f"<code>{esc(quantity)}</code>{note}", esc(engine), badge(verdict),
             bar(row["ratio"], ratio),
             step, *counts, estimate]
        )  # fmt: skip
    return table(heads, cells, "   nnnnnnnn")


def bar(ratio: float | None, text: str) -> str:
    """A ratio with a bar that is full at 1."""
    share = 100 if ratio is None else min(100.0, 100 * ratio)
    return f'<span class="bar"><i style="width:{share:.0f}%"></i></span> {esc(text)}'


def free_part(results: Results, found: Mapping[str, Any]) -> str:
    """Loss curves of engines that train alone, where they part, and their numbers by epoch."""
    lines = "".join(f"<li>{esc(line)}</li>" for line in course_lines(found["free_running"]))
    listed = f"<ul>{lines}</ul>\n" if lines else ""
    return charts(results) + listed + courses_table(found) + epochs_table(results)


def charts(results: Results) -> str:
    """A chart of every curve, those beyond the first nine folded away; one scale for all."""
    drawn = drawable(results)
    values = [v for runs in drawn.values() for steps in runs.values() for v in steps]
    finite = [v for v in values if np.isfinite(v)]
    if not finite:
        return ""
    each = [chart(key, runs, min(finite), max(finite)) for key, runs in drawn.items()]
    first = legend(results) + f'<div class="charts">{"".join(each[:CHARTS])}</div>\n'
    if len(each) <= CHARTS:
        return first
    return first + (
        f"<details><summary>{len(each) - CHARTS} curves more</summary>\n"
        f'<div class="charts">{"".join(each[CHARTS:])}</div></details>\n'
    )


def legend(results: Results) -> str:
    """Which colour is which engine, and what the charts show."""
    marks = ", ".join(
        f'<span style="color:{colour}">&#9644;</span> {esc(name)}'
        for name, colour in zip(sorted(results.free), COLOURS, strict=False)
    )
    return f"<p>Loss by step, each engine alone: {marks}.</p>\n"


def drawable(results: Results) -> dict[str, dict[str, list[float]]]:
    """Curves of two steps or more by name, in the order in which they were drawn, by engine."""
    free = sorted(results.free.items())
    keys = dict.fromkeys(key for _, run in free for key, steps in run.steps.items() if steps[1:])
    return {key: {name: run.steps[key] for name, run in free if key in run.steps} for key in keys}


def courses_table(found: Mapping[str, Any]) -> str:
    """Where each of many curves leaves ours, folded away."""
    if len(found["free_running"]) <= CURVES:
        return ""
    rows = [
        (f"<code>{esc(c['curve'])}</code>", esc(c["engine"]), str(c["steps"]),
         number(c["first_difference"], "d"), number(c["parted"], "d"), number(c["largest"], ".0e"))
        for c in found["free_running"]
    ]  # fmt: skip
    heads = ("curve", "engine", "steps", "bits differ from", "parted at", "largest difference")
    return (
        f"<details><summary>Where each of the {len(rows)} curves leaves ours</summary>\n"
        f"{table(heads, rows, '  nnnn')}</details>\n"
    )


def epochs_table(results: Results) -> str:
    """Numbers that the programs observed at the end of every epoch."""
    keys = sorted({key for run in results.free.values() for key in run.epochs})
    names = sorted(results.free)
    rows = [
        (f"<code>{esc(key)}</code>", f"<code>{esc(name)}</code>",
         *(number(v, ".4f") for v in results.free[name].epochs.get(key, [])))
        for key in keys[:12]
        for name in names
    ]  # fmt: skip
    if not rows:
        return ""
    width = max(map(len, rows)) - 2
    heads = ("by epoch", "engine", *(str(i + 1) for i in range(width)))
    padded = [(*row, *[""] * (width + 2 - len(row))) for row in rows]
    return table(heads, padded, "  " + "n" * width)


def chart(key: str, runs: Mapping[str, Sequence[float]], low: float, high: float) -> str:
    """One loss curve per engine as inline SVG, over steps, losses from `low` to `high`."""
    width, height, left, bottom = 560, 240, 46, 26
    longest, span = max(map(len, runs.values())), (high - low) or 1.0

    def x(step: float) -> float:
        return left + (width - left - 8) * step / (longest - 1)

    def y(value: float) -> float:
        return 8 + (height - bottom - 8) * (1 - (value - low) / span)

    lines: list[str] = []
    for (name, steps), colour in zip(runs.items(), COLOURS, strict=False):
        every = max(1, len(steps) // 500)
        points = " ".join(
            f"{x(i):.1f},{y(v):.1f}" for i, v in list(enumerate(steps))[::every] if np.isfinite(v)
        )
        dash = "" if not lines else ' stroke-dasharray="5 4"'
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}>'
            f"<title>{esc(name)}</title></polyline>"
        )
    marks = "".join(
        f'<line x1="{left}" x2="{width - 8}" y1="{y(v):.1f}" y2="{y(v):.1f}" class="grid"/>'
        f'<text x="{left - 6}" y="{y(v) + 4:.1f}" text-anchor="end">{v:.3g}</text>'
        for v in (low, low + span / 2, high)
    )
    foot = (
        f'<text x="{left}" y="{height - 8}">0</text>'
        f'<text x="{width - 8}" y="{height - 8}" text-anchor="end">step {longest - 1}</text>'
    )
    return (
        f'<figure class="chart"><figcaption><code>{esc(key)}</code></figcaption>'
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{esc(key)}">'
        f"{marks}{foot}{''.join(lines)}</svg></figure>\n"
    )


def figure(path: Path, caption: str) -> str:
    """A PNG inside the page."""
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    return (
        f'<figure><img alt="{esc(caption)}" src="data:image/png;base64,{data}">'
        f"<figcaption>{esc(caption)}</figcaption></figure>\n"
    )


def environment_part(found: Mapping[str, Any]) -> str:
    """Date, machine, versions, seed, threads and settings."""
    env = found["environment"]
    versions = ", ".join(f"{k} {v}" for k, v in env["versions"].items() if v)
    threads = ", ".join(f"{k} {v}" for k, v in env["threads"].items())
    flags = ", ".join(f"{k} {'on' if v else 'off'}" for k, v in (env["tf32"] or {}).items())
    epochs = found["settings"]["epochs"]
    rows = [
        ("date", env["date"]),
        ("CPU", f"{env['cpu']}, {env['cores']} cores"),
        ("GPU", env["gpu"] or "none"),
        ("TF32", flags or "-"),
        ("system", env["os"]),
        ("BLAS of NumPy", env["blas"]),
        ("versions", versions),
        ("threads", threads),
        ("seed", str(env["seed"])),
        ("dtype", env["dtype"]),
        ("epochs", "as published" if epochs is None else str(epochs)),
    ]  # fmt: skip
    if found["data"]:
        of = f"{found['data']['train']:,} to train on, {found['data']['test']:,} to test"
        rows.append(("samples", of))
    return table(("", ""), [(esc(a), esc(b)) for a, b in rows])
