"""Which entries of the databases are compared, and what is known to differ: tables, read."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from reference.moduledb import layers
from reference.opdb import VERSION, Entry, entries
from reference.optimdb import optimizers

__all__ = [
    "Difference", "differences", "every", "every_difference", "excluded", "family", "in_scope",
    "names", "reason", "slow", "tolerance", "undefined", "unsafe", "unused",
]  # fmt: skip

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "conformance"


@cache
def tables() -> Mapping[str, Any]:
    """`scope.toml`, and what `modules.toml` adds to it."""
    ops, modules = _read("scope.toml"), _read("modules.toml")
    return {**ops, **{kind: [*ops[kind], *modules[kind]] for kind in ("excluded", "family")}}


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text())


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name has one of the patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def excluded(name: str) -> str | None:
    """Why an entry is not compared, None where it is."""
    for table in (*tables()["excluded"], *_read("older.toml")["excluded"]):
        if matches(name, table["names"]):
            return f"{table['family']}: {table['reason']}"
    return None


def family(name: str) -> str | None:
    """The family of an entry that is compared, None where no table has it."""
    for table in tables()["family"]:
        if matches(name, table["names"]):
            return str(table["name"])
    return None


def undefined(name: str) -> bool:
    """Whether the values of an entry's results are arbitrary."""
    return matches(name, tables()["undefined"]["names"])


def unsafe(name: str) -> bool:
    """Whether PyTorch must not be given an `out=` of other strides."""
    return matches(name, tables()["unsafe"]["names"])


def slow(name: str) -> bool:
    """Whether an entry takes minutes, all samples of it."""
    return matches(name, tables()["slow"]["names"])


def in_scope() -> list[Entry]:
    """The ops that are compared."""
    return [e for e in entries() if excluded(e.full_name) is None]


@cache
def every() -> tuple[str, ...]:
    """The names of all entries: ops, layers and optimizers."""
    return tuple(e.full_name for e in (*entries(), *layers(), *optimizers()))


def names() -> list[str]:
    """The names of all that is compared."""
    return [name for name in every() if excluded(name) is None]


def unused() -> list[str]:
    """Patterns of the tables that match no entry."""
    lists = [
        *tables()["excluded"],
        *tables()["family"],
        tables()["undefined"],
        tables()["slow"],
        tables()["unsafe"],
    ]
    return [
        pattern
        for table in lists
        for pattern in table["names"]
        if not any(fnmatchcase(name, pattern) for name in every())
    ]


def _listed(kind: str) -> list[dict[str, Any]]:
    files = ("differences.toml", "modules.toml", "older.toml")
    return [table for file in files for table in _read(file).get(kind, [])]


@dataclass(frozen=True, slots=True)
class Difference:
    """One known difference: of which op, dtypes and property, and why it is there."""

    op: str
    """Patterns, a blank between two."""
    property: str
    reason: str
    dtypes: str = "*"
    """Patterns, a blank between two; "any" is what its errors are compared for."""
    full: bool = False
    """Whether only the full run reaches it."""
    some_cpus: bool = False
    """Whether PyTorch differs so on some CPUs only, by kernels made for them."""
    since: str = ""
    """The version of PyTorch from which on it differs; '' for all that were tried."""
    before: str = ""
    """The version of PyTorch from which on it agrees; '' where none does."""

    @property
    def here(self) -> bool:
        """Whether it is about the installed PyTorch."""
        younger = not self.since or _version(self.since) <= VERSION
        return younger and (not self.before or _version(self.before) > VERSION)

    def is_of(self, op: str) -> bool:
        """Whether it is about this op."""
        return matches(op, self.op.split())

    def covers(self, op: str, name: str, dtype: str) -> bool:
        """Whether it is about this property of this op for this dtype."""
        return (
            self.is_of(op)
            and fnmatchcase(name, self.property)
            and (dtype == "*" or matches(dtype, self.dtypes.split()))
        )


@cache
def every_difference() -> tuple[Difference, ...]:
    """The tables' known differences, of whichever PyTorch."""
    return tuple([Difference(**one) for one in _listed("difference")])


@cache
def differences() -> tuple[Difference, ...]:
    """The known differences from the installed PyTorch."""
    return tuple([d for d in every_difference() if d.here])


def reason(op: str, name: str, dtype: str) -> str:
    """Why a property of an op is known to differ for a dtype; '' where it is not."""
    return next((d.reason for d in differences() if d.covers(op, name, dtype)), "")


@cache
def tolerance(op: str, dtype: str) -> tuple[float, float] | None:
    """(relative, absolute) of an op whose arithmetic amplifies rounding; None for the usual."""
    for table in _listed("tolerance"):
        if matches(op, table["op"].split()) and matches(dtype, table.get("dtypes", "*").split()):
            return float(table["relative"]), float(table["absolute"])
    return None


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in text.split("."))
