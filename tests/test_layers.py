"""The laws of the source tree, read off its syntax: layers, imports, cycles, twin experiments.

Each law is a function from a tree of files to its violations; each is tried on this repository
and on a small tree with that one fault planted.
"""

import ast
import functools
import graphlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "minitorch_np"
# Lowest first; a file imports only from lower rows. Modules of the first row, and those of one
# folder, may import one another without a cycle. A new top-level module needs its place here.
ROWS = (
    tuple(
        "absent notes flight dtypes devices shapes strides form quiet selection printing "
        "memory_format declarations weights_only boxmuller denormals precision unswept".split()
    ),
    ("storage", "kernels"),
    ("tensor", "backends", "mersenne", "casts"),
    ("graph", "plan", "return_types"),
    ("titles",),
    ("shortcuts", "overloads"),
    ("missing",),
    ("recorder", "refusals", "packing"),
    ("recording", "guard", "stamped"),
    ("op", "loops", "random"),
    ("dual",),
    ("ops",),
    ("nn",),
    ("optim", "utils", "cuda", "linalg", "special"),
    ("func",),
    ("testing",),
    ("autograd", "serialization", "inspect"),
    ("utils/checkpoint",),  # it takes a Function, and functions take trees of `utils`
    ("__init__",),
)
ROW = {name: row for row, names in enumerate(ROWS) for name in names}
THIRD_PARTY = {"numpy", "ml_dtypes"}
KERNELS_ONLY = {"numba", "llvmlite"}
# Where numba is loaded on first use, through importlib: it costs 0.3 s.
LAZY = "kernels/__init__.py"
# NumPy's products: the engine's own kernel multiplies, and here NumPy stands in when asked to.
PRODUCTS = {"dot", "vdot", "inner", "matmul", "einsum", "tensordot", "multi_dot"}
SWITCH = {"backends/__init__.py"}


class Source(NamedTuple):
    """One file: its path below the package, its dotted name, its syntax tree."""

    path: str
    module: str
    tree: ast.Module

    @property
    def top(self) -> str:
        """The name that ROWS knows it by: the file's own, or that of its folder."""
        whole = self.path.removesuffix(".py")
        return whole if whole in ROW else whole.split("/")[0]

    @property
    def folder(self) -> str:
        """The package folder it stands in; '' for a file directly below the package."""
        return self.path.split("/")[0] if "/" in self.path else ""


class Import(NamedTuple):
    """One imported module, by its full dotted name, and where."""

    module: str
    line: int


@functools.cache
def parsed(text: str) -> ast.Module:
    """The syntax tree of a file's text: every law reads the same files."""
    return ast.parse(text)


def sources(root: Path) -> list[Source]:
    """The engine's files below `root`, in the order of their paths."""
    found = []
    for path in sorted((root / PACKAGE).rglob("*.py")):
        below = path.relative_to(root / PACKAGE)
        parts = below.with_suffix("").parts
        module = ".".join((PACKAGE, *parts)).removesuffix(".__init__")
        found.append(Source(below.as_posix(), module, parsed(path.read_text())))
    return found


def is_type_checking(node: ast.AST) -> bool:
    """Whether `node` is `if TYPE_CHECKING:`, whose body never runs and so joins no cycle."""
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node of `tree` that can run."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if is_type_checking(tree) and child in tree.body:
            continue
        yield from nodes(child)


def imported(source: Source, known: set[str]) -> Iterator[Import]:
    """What `source` imports at run time; `known` tells a submodule from a name in a module."""
    package = source.module.split(".")
    if not source.path.endswith("__init__.py"):
        package = package[:-1]
    for node in nodes(source.tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield Import(inner if inner in known else base, node.lineno)


def inside(files: list[Source]) -> Iterator[tuple[Source, Source, int]]:
    """(importing file, imported file, line) of every import of the engine by itself."""
    by_name = {source.module: source for source in files}
    for source in files:
        for module, line in imported(source, set(by_name)):
            if module in by_name:
                yield source, by_name[module], line


# --- the laws


def unplaced(root: Path) -> list[str]:
    """Files that no row holds."""
    return [f"{s.path}: has no row in ROWS" for s in sources(root) if s.top not in ROW]


def upward(root: Path) -> list[str]:
    """Imports of a file that does not lie lower."""
    wrong = []
    for source, target, line in inside(sources(root)):
        if source.top not in ROW or target.top not in ROW:
            continue
        here, there = ROW[source.top], ROW[target.top]
        peers = here == there == 0 or (source.folder and source.folder == target.folder)
        if there >= here and not peers:
            wrong.append(f"{source.path}:{line}: imports {target.path}, which is not lower")
    return wrong


def cycles(root: Path) -> list[str]:
    """One cycle of imports, as a path from a file to itself."""
    graph: dict[str, set[str]] = {}
    for source, target, _ in inside(sources(root)):
        graph.setdefault(source.path, set()).add(target.path)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return [" <- ".join(error.args[1])]
    return []


def foreign(root: Path) -> list[str]:
    """Imports of libraries the engine does without."""
    wrong = []
    for source in sources(root):
        allowed = THIRD_PARTY | (KERNELS_ONLY if source.folder == "kernels" else set())
        for module, line in imported(source, set()):
            top = module.split(".")[0]
            if top not in allowed | {PACKAGE} and top not in sys.stdlib_module_names:
                wrong.append(f"{source.path}:{line}: imports {module}")
    return wrong


def hidden(root: Path) -> list[str]:
    """Imports inside functions, and loads by name, but for the one that delays numba."""
    wrong = []
    for source in sources(root):
        loads = 0
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = {
                    inner.lineno
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Import | ast.ImportFrom)
                }
                wrong += [f"{source.path}:{n}: imports inside {node.name}" for n in sorted(lines)]
            elif isinstance(node, ast.Call):
                called = ast.unparse(node.func).split(".")[-1]
                loads += called in ("import_module", "__import__")
        if loads > (source.path == LAZY):
            wrong.append(f"{source.path}: loads {loads} modules by name")
    return wrong


def borrowed(root: Path) -> list[str]:
    """Products taken from NumPy, or written as `@`, outside the switch."""
    wrong = []
    for source in sources(root):
        if source.path in SWITCH:
            continue
        for node in ast.walk(source.tree):
            name = ""
            if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
                name = "@"
            elif isinstance(node, ast.Attribute) and node.attr in PRODUCTS:
                owner = ast.unparse(node.value).split(".")[0]
                name = ast.unparse(node) if owner in ("np", "numpy") else ""
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("numpy"):
                name = ", ".join(a.name for a in node.names if a.name in PRODUCTS)
            if name:
                wrong.append(f"{source.path}:{node.lineno}: multiplies with {name}")
    return wrong


def body(path: Path) -> list[str]:
    """Lines of a file without its import statements and blank lines."""
    text = path.read_text()
    skipped: set[int] = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            skipped |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), 1)
    return [line for number, line in lines if number not in skipped and line.strip()]


def unlike(root: Path) -> list[str]:
    """Programs that differ between experiments/ and reference/ in more than their imports."""
    wrong = []
    for ours in sorted((root / "experiments").glob("*.py")):
        theirs = root / "reference" / ours.name
        if ours.name.startswith("__") or not theirs.exists():
            continue
        left, right = body(ours), body(theirs)
        if left != right:
            pairs = zip([*left, "(end)"], [*right, "(end)"], strict=False)
            first = next(f"{a!r} against {b!r}" for a, b in pairs if a != b)
            wrong.append(f"{ours.name}: {first}")
    return wrong


def torch_in_data(root: Path) -> list[str]:
    """Imports of torch in experiments/data.py outside the function that downloads."""
    path = root / "experiments" / "data.py"
    wrong = []

    def visit(node: ast.AST, downloading: bool) -> None:
        if isinstance(node, ast.FunctionDef):
            downloading = downloading or "download" in node.name
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        tops = {name.split(".")[0] for name in names}
        if tops & {"torch", "torchvision"} and not downloading:
            wrong.append(f"data.py:{node.lineno}: {ast.unparse(node)}")
        for child in ast.iter_child_nodes(node):
            visit(child, downloading)

    if path.exists():
        visit(ast.parse(path.read_text()), False)
    return wrong


LAWS = (
    unplaced,
    upward,
    cycles,
    foreign,
    hidden,
    borrowed,
    unlike,
    torch_in_data,
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_repository_keeps_the_law(law):
    assert law(ROOT) == []


FAULTS = [
    (unplaced, {"helpers.py": ""}, "helpers.py: has no row in ROWS"),
    (
        upward,
        {"tensor.py": "from .ops import view", "ops/view.py": ""},
        "tensor.py:1: imports ops/view.py",
    ),
    (upward, {"shapes.py": "import minitorch_np.tensor", "tensor.py": ""}, "shapes.py:1"),
    (upward, {"op.py": "from minitorch_np import loops", "loops.py": ""}, "op.py:1"),
    (
        upward,
        {"nn/a/b.py": "from ...optim import sgd", "optim/sgd.py": ""},
        "nn/a/b.py:1: imports optim/sgd.py",
    ),
    (
        upward,
        {"ops/view.py": "from .. import float32", "__init__.py": ""},
        "ops/view.py:1: imports __init__.py",
    ),
    (cycles, {"ops/a.py": "from . import b", "ops/b.py": "from .a import f"}, "ops/a.py"),
    (
        cycles,
        {"shapes.py": "from . import strides", "strides.py": "from .shapes import x"},
        "shapes.py",
    ),
    (foreign, {"ops/a.py": "import torch.nn"}, "ops/a.py:1: imports torch.nn"),
    (foreign, {"ops/a.py": "def f():\n    from scipy import special"}, "ops/a.py:2: imports scipy"),
    (foreign, {"ops/a.py": "import numba"}, "ops/a.py:1: imports numba"),
    (
        hidden,
        {"ops/a.py": "def f():\n    if f:\n        import math"},
        "ops/a.py:3: imports inside f",
    ),
    (hidden, {"ops/a.py": "importlib.import_module('math')"}, "ops/a.py: loads 1"),
    (hidden, {LAZY: "import_module('a')\nimport_module('b')"}, "loads 2"),
    (borrowed, {"ops/a.py": "x = a @ b"}, "ops/a.py:1: multiplies with @"),
    (borrowed, {"ops/a.py": "a @= b"}, "multiplies with @"),
    (borrowed, {"ops/a.py": "f = np.linalg.multi_dot"}, "multiplies with np.linalg.multi_dot"),
    (borrowed, {"ops/a.py": "from numpy import einsum as e"}, "multiplies with einsum"),
    (
        unlike,
        {"experiments/x.py": "import a\ny = 1", "reference/x.py": "import b\ny = 2"},
        "x.py: 'y = 1' against 'y = 2'",
    ),
    (
        unlike,
        {"experiments/x.py": "y = 1", "reference/x.py": "y = 1\nz = 1"},
        "x.py: '(end)' against 'z = 1'",
    ),
    (
        torch_in_data,
        {"experiments/data.py": "from torch.utils import data"},
        "data.py:1: from torch.utils",
    ),
    (
        torch_in_data,
        {"experiments/data.py": "def read():\n    import torchvision"},
        "data.py:2: import torchvision",
    ),
]


def plant(root: Path, files: dict[str, str]) -> Path:
    """`root`, with `files` written into its engine or, if they say so, its experiments."""
    for name, text in files.items():
        outside = name.startswith(("experiments/", "reference/"))
        path = root / name if outside else root / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize("law, files, words", FAULTS)
def test_a_planted_fault_is_found(tmp_path, law, files, words):
    [found] = law(plant(tmp_path, files))
    assert words in found


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_what_is_allowed_stays_allowed(tmp_path, law):
    files = {
        "__init__.py": "from .ops import view\nfrom . import ops",
        "shapes.py": "import math",
        "strides.py": "from .shapes import Shape",
        "tensor.py": "if TYPE_CHECKING:\n    from .graph import node",
        "graph/node.py": "from minitorch_np.tensor import Tensor",
        "kernels/__init__.py": "f = importlib.import_module('.matmul', __name__)",
        "backends/__init__.py": "from .. import kernels\nproduct = np.matmul",
        "kernels/matmul.py": "import numba\nfrom llvmlite import ir\nfrom . import threads",
        "kernels/threads.py": "import os",
        "ops/__init__.py": "from . import view, binary",
        "ops/view.py": "from . import binary\ny = t.dot(u)",
        "ops/binary.py": "import numpy as np",
        "ops/deep/a.py": "from ..view import f\nfrom ... import shapes",
        "experiments/x.py": '"""A program."""\n\nimport minitorch_np as torch\n\ny = 1\n',
        "reference/x.py": '"""A program."""\n\nimport torch\nimport math\n\ny = 1\n',
        "experiments/data.py": "def _download():\n    from torchvision.datasets import MNIST\n",
    }
    assert law(plant(tmp_path, files)) == []
