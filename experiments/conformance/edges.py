"""What both libraries answer where arithmetic alone does not say: a table, computed and rendered.

In an expression `torch` is the library, `F` its nn.functional, `tensor`, `nan` and `inf` its own;
`grad(f, *values)` is the gradient of `f(...).sum()` at tensors of those values.
"""

import contextlib
import json
import math
import platform
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from rich.text import Text

import minitorch_np
from experiments.conformance.bridge import plain
from experiments.conformance.edge_rows import GROUPS, KNOWN, MACHINE
from experiments.harness.engines import Refused

__all__ = ["CUDA", "Row", "answer", "compared", "edges", "failed", "markdown"]

CUDA = Path(__file__).resolve().parents[2] / "docs" / "edges-cuda.json"
"""What PyTorch answered on a GPU, as `edges --device cuda --json` wrote it."""
PIPED = 160
"""Columns of a table that no terminal shows."""
LONGEST = 90
"""Characters of an answer that are shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """One expression and its answers; `cuda` is None where it was not run."""

    group: str
    expression: str
    ours: str
    cpu: str
    cuda: str | None = None
    known: str = ""
    """Why ours is known to differ from `cpu`."""

    @property
    def fails(self) -> bool:
        """Whether it differs unexpectedly, or agrees where a difference is listed."""
        return (self.ours == self.cpu) == bool(self.known)


def answer(library: ModuleType, expression: str, device: str = "cpu") -> str:
    """What an expression comes to under a library: values, or the class and text of its error."""
    names = {
        "torch": library, "F": library.nn.functional, "tensor": library.tensor,
        "nan": math.nan, "inf": math.inf, "grad": _gradient(library),
    }  # fmt: skip
    with warnings.catch_warnings(), _on(library, device):
        warnings.simplefilter("ignore")  # of few degrees of freedom, and the like
        try:
            return _written(eval(expression, names))
        except Exception as error:  # noqa: BLE001  compared with the other library's
            return f"{type(error).__name__}: {plain(str(error))}"


def _on(library: ModuleType, device: str) -> Any:
    """A context in which tensors are made on a device."""
    return contextlib.nullcontext() if device == "cpu" else library.device(device)


def _gradient(library: ModuleType) -> Callable[..., Any]:
    """`grad` of an expression."""

    def grad(function: Callable[..., Any], *values: Any) -> Any:
        leaves = [library.tensor(value, requires_grad=True) for value in values]
        found = library.autograd.grad(function(*leaves).sum(), leaves)
        return found if len(found) > 1 else found[0]

    return grad


def _written(value: Any) -> str:
    """An answer in the fewest characters: dtypes where they are not a tensor's usual one."""
    if isinstance(value, (torch.Tensor, minitorch_np.Tensor)):
        dtype = str(value.dtype).partition(".")[2]
        text = _numbers(value.tolist(), dtype)
        if not value.numel() and value.ndim != 1:
            text += f" of shape {tuple(value.shape)}"
        return text if dtype in ("float32", "int64", "bool") else f"{text} {dtype}"
    if isinstance(value, tuple):
        return "; ".join(map(_written, value))
    return repr(value)


def _numbers(value: Any, dtype: str) -> str:
    """Nested lists of numbers; floats by the fewest digits that tell them from their neighbours."""
    if isinstance(value, list):
        return f"[{', '.join(_numbers(one, dtype) for one in value)}]"
    if isinstance(value, float):
        return str(value if dtype == "float64" else float(str(np.float32(value))))
    return str(value)


def compared(
    groups: Mapping[str, Sequence[str]] = GROUPS, cuda: Callable[[str], str | None] | None = None
) -> list[Row]:
    """Every expression answered by both libraries on the CPU, and what `cuda` says of it."""
    return [
        Row(
            group, one, answer(minitorch_np, one), answer(torch, one),
            cuda(one) if cuda else None, KNOWN.get(one, ""),
        )
        for group, expressions in groups.items()
        for one in expressions
    ]  # fmt: skip


def failed(rows: Sequence[Row]) -> list[Row]:
    """The rows that differ unexpectedly, or agree where a difference is listed."""
    return [row for row in rows if row.fails]


def edges(device: str, as_json: Path | None) -> bool:
    """Prints the table; whether we answer everything as PyTorch does, or differ as known."""
    if device not in ("cpu", "cuda"):
        raise Refused(f"--device takes cpu or cuda, not '{device}'")
    if device == "cuda" and not torch.cuda.is_available():
        raise Refused(f"--device cuda: PyTorch {torch.__version__} sees no CUDA GPU here")
    on_gpu = (lambda one: answer(torch, one, "cuda")) if device == "cuda" else None
    rows = compared(cuda=on_gpu)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPED)
    for title, part in _grouped(rows):
        console.print(_table(title, part, device == "cuda"))
    wrong = failed(rows)
    console.print(f"{len(rows)} expressions, {len(wrong)} answered otherwise than expected")
    for row in wrong:
        said = row.known and f"listed as different, and agrees: {row.known}"
        console.print(Text(f"{row.expression}: {said or f'{row.ours}, not {row.cpu}'}", "bold red"))
    if as_json is not None:
        as_json.write_text(json.dumps(_record(rows, device), indent=1) + "\n")
    return not wrong


def _grouped(rows: Sequence[Row]) -> Iterator[tuple[str, list[Row]]]:
    """The rows by their titles, in order."""
    for title in dict.fromkeys(row.group for row in rows):
        yield title, [row for row in rows if row.group == title]


def _table(title: str, rows: Sequence[Row], cuda: bool) -> Table:
    heads = ["ours", "PyTorch CPU", *(["PyTorch CUDA"] if cuda else [])]
    table = Table(title, *heads, box=None, pad_edge=False)
    for row in rows:
        cells = [row.ours, row.cpu, *([row.cuda or "not run"] if cuda else [])]
        style = "bold red" if row.fails else "yellow" if row.known else ""
        table.add_row(*(Text(_short(cell)) for cell in (row.expression, *cells)), style=style)
    return table


def _record(rows: Sequence[Row], device: str) -> dict[str, Any]:
    """What `--json` writes: the answers, and of what machine they are."""
    card = torch.cuda.get_device_name() if device == "cuda" else platform.machine()
    return {
        "torch": torch.__version__, "device": device, "card": card,
        "date": datetime.now(UTC).date().isoformat(),
        "rows": {
            row.expression: {"ours": row.ours, "cpu": row.cpu, "cuda": row.cuda} for row in rows
        },
    }  # fmt: skip


def markdown(cuda: Path = CUDA) -> str:
    """The table for docs/edges.md, with what a GPU answered where that file has it."""
    found = json.loads(cuda.read_text()) if cuda.is_file() else None
    there = found["rows"] if found else {}
    rows = compared(cuda=lambda one: there.get(one, {}).get("cuda"))
    agree = sum(row.ours == row.cpu for row in rows)
    version = torch.__version__.partition("+")[0]
    same = {one: told.get("cpu") for one, told in there.items()}
    apart = [row for row in rows if row.cuda not in (None, same.get(row.expression))]
    lines = [
        f"{agree} of {len(rows)} expressions answered as PyTorch {version} does on the CPU.",
        f"PyTorch on a GPU: {found['card']}, PyTorch {found['torch']}, {found['date']}; it answers "
        f"{len(apart)} otherwise than the same version on the CPU."
        if found else "PyTorch on a GPU: not run.",
    ]  # fmt: skip
    for title, part in _grouped(rows):
        heads = [title, "ours", "PyTorch CPU", *(["PyTorch CUDA"] if found else [])]
        lines += ["", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
        lines += [_line(row, bool(found), same) for row in part]
    lines += [f"\n`{row.expression}` differs: {row.known}." for row in rows if row.known]
    return "\n".join(lines)


def _line(row: Row, gpu: bool, same: Mapping[str, str | None]) -> str:
    """A row of Markdown; bold is what differs from PyTorch on the CPU, † what C leaves open, ‡ what
    the GPU's version of PyTorch answers on the CPU as well: `same`."""
    mark = " †" if row.expression in MACHINE else ""
    cells = [_code(row.expression) + mark, _cell(row.ours, row.cpu), _code(row.cpu)]
    if gpu:
        older = " ‡" if row.cuda == same.get(row.expression) != row.cpu else ""
        cells.append("not run" if row.cuda is None else _cell(row.cuda, row.cpu) + older)
    return f"| {' | '.join(cells)} |"


def _cell(text: str, reference: str) -> str:
    return _code(text) if text == reference else f"**{_code(text)}**"


def _code(text: str) -> str:
    """Text as code in a cell of a table."""
    shown = _short(text).replace("|", "\\|")
    return f"`` {shown} ``" if "`" in shown else f"`{shown}`"


def _short(text: str) -> str:
    """The first line of an answer, as far as it is shown."""
    line = text.partition("\n")[0]
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
