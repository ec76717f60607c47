"""The declarations that Tensor inherits are those that the registry of ops gives today."""

import ast
import difflib
import importlib.util

import pytest

from minitorch_np.op import REGISTRY
from minitorch_np.tensor import METHODS, PROPERTIES, Tensor
from tools import stubs


def declared(source: str) -> set[str]:
    """The names of the methods and properties in a file of declarations."""
    return {node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}


@pytest.mark.skipif(importlib.util.find_spec("ruff") is None, reason="ruff formats the file")
def test_the_file_is_current():
    there, now = stubs.TARGET.read_text(), stubs.formatted(stubs.declarations())
    lines = there.splitlines(), now.splitlines()
    changes = "\n".join(difflib.unified_diff(*lines, "there", "now", lineterm="", n=0))
    assert not changes, f"run `make stubs`\n{changes}"


def test_every_bound_name_is_declared():
    names = declared(stubs.declarations())
    ops = {name for name in REGISTRY if hasattr(Tensor, name)}
    assert (ops | set(METHODS) | set(PROPERTIES)) - names == stubs.UNDECLARED


@pytest.mark.parametrize(
    "name, line",
    [
        ("view", "def view(self, *size: int_ | Sequence[int_] | Dtype, dtype: Dtype | None = None"),
        ("permute", "def permute(self, *dims: Sequence[int_] | int_) -> Tensor:"),
        ("where", "def where(self, condition: Tensor, other: Tensor | Number) -> Tensor:"),
        ("__eq__", "def __eq__(self, other: object) -> Tensor:"),
        ("__matmul__", "def __matmul__(self, other: Tensor) -> Tensor:"),
        ("grad", "def grad(self, value: Tensor | None) -> None: ..."),
        ("nonzero", "as_tuple: Literal[True]) -> tuple[Tensor, ...]: ..."),
        ("topk", "sorted: bool_ = True, *, out: tuple[Tensor, Tensor] | None = None) -> topk_:"),
        ("add_", "def add_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:"),
    ],
)
def test_how_a_signature_reads(name, line):
    text = stubs.declarations()
    assert line in text, [part for part in text.splitlines() if f"def {name}(" in part]
