"""Writes minitorch_np/declarations.py: the methods that ops and higher layers bind to Tensor.

`python -m tools.stubs` writes the file; with `--check` it only says whether it is current.
"""

import inspect
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, get_args, get_origin

import minitorch_np
from minitorch_np.memory_format import memory_format
from minitorch_np.dtypes import dtype
from minitorch_np.op import ALIASES, COMPOSITES, REGISTRY
from minitorch_np.tensor import METHODS, PROPERTIES, Tensor, device

TARGET = Path(minitorch_np.__file__).parent / "declarations.py"

HEAD = '''"""The methods that Tensor inherits, declared for editors and type checkers.

Written by `make stubs` from the registry of ops: do not edit. At run time the class is empty, for
the methods are bound where they are defined.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
{imports}


class TensorMethods:
    """What Tensor inherits: at run time nothing."""

    __slots__ = ()

    if TYPE_CHECKING:
'''

OPERATORS = """
    __add__ __radd__ __iadd__ __sub__ __rsub__ __isub__ __mul__ __rmul__ __imul__ __truediv__
    __rtruediv__ __itruediv__ __floordiv__ __rfloordiv__ __mod__ __rmod__ __pow__ __rpow__ __ipow__
    __matmul__ __rmatmul__ __and__ __rand__ __or__ __ror__ __xor__ __rxor__ __lshift__ __rshift__
    __lt__ __le__ __gt__ __ge__
""".split()


class Renderer:
    """Turns live signatures into source, and collects what that source must import."""

    def __init__(self) -> None:
        self.imports: set[tuple[str, str, str]] = set()

    def name(self, module: str, name: str, rename: str = "") -> str:
        """A name, imported."""
        self.imports.add((module, name, rename))
        return rename or name

    def annotation(self, kind: object) -> str:
        """The source of an annotation that is a live object."""
        if kind is None or kind is type(None):
            return "None"
        if kind is inspect.Parameter.empty or isinstance(kind, TypeVar):
            return "object"
        if kind is Ellipsis:
            return "..."
        if isinstance(kind, str):
            return "object"
        if isinstance(kind, types.UnionType):
            parts = dict.fromkeys(self.annotation(part) for part in get_args(kind))
            return " | ".join(parts)
        origin = get_origin(kind)
        if origin is not None:
            inner = get_args(kind)
            if origin is Callable or getattr(origin, "__name__", "") == "Callable":
                parameters = ", ".join(self.annotation(p) for p in inner[0]) if isinstance(inner[0], list) else "..."
                head = f"[{parameters}]" if isinstance(inner[0], list) else "..."
                return f"{self.name('collections.abc', 'Callable')}[{head}, {self.annotation(inner[1])}]"
            base = self.annotation(origin)
            return f"{base}[{', '.join(self.annotation(p) for p in inner)}]"
        if kind is dtype:
            return self.name("minitorch_np.dtypes", "dtype", "Dtype")
        if kind is device:
            return self.name("minitorch_np.tensor", "device", "Device")
        if kind is memory_format:
            return self.name("minitorch_np.memory_format", "memory_format", "MemoryFormat")
        if isinstance(kind, type):
            if kind.__module__ == "builtins":
                return self.name("builtins", kind.__name__, f"{kind.__name__}_") if kind.__name__ in (
                    "bool", "int", "float", "sum", "max") else kind.__name__
            return self.name(kind.__module__, kind.__name__)
        return "object"

    def default(self, value: object) -> str:
        """The source of a default; what has no literal is left open."""
        if value is None or isinstance(value, (bool, int, float, str, tuple)):
            return repr(value)
        return "..."

    def method(self, name: str, function: Callable[..., object], variadic: str | None = None) -> str:
        """The declaration of one method with its documentation."""
        try:
            signature = inspect.signature(function)
        except ValueError:
            signature = inspect.Signature()
        parts = ["self"]
        starred = False
        for p in list(signature.parameters.values())[1:]:
            if p.name == variadic:
                parts.append(f"*{p.name}: object")
                starred = True
                continue
            if p.kind is p.VAR_POSITIONAL:
                parts.append(f"*{p.name}: {self.annotation(p.annotation)}")
                starred = True
                continue
            if p.kind is p.VAR_KEYWORD:
                parts.append(f"**{p.name}: {self.annotation(p.annotation)}")
                continue
            if p.kind is p.KEYWORD_ONLY and not starred:
                parts.append("*")
                starred = True
            text = f"{p.name}: {self.annotation(p.annotation)}"
            if p.default is not p.empty:
                text += f" = {self.default(p.default)}"
            parts.append(text)
        result = self.annotation(signature.return_annotation)
        return f"        def {name}({', '.join(parts)}) -> {result}:\n{self.body(function)}"

    def body(self, function: Callable[..., object]) -> str:
        """The first line of the documentation, and no code."""
        documentation = (inspect.getdoc(function) or "").split("\n\n")[0].replace("\n", " ")
        text = documentation.replace("\\", "\\\\").replace('"""', "'''")
        quotes = f'            """{text}"""\n' if text else ""
        return f"{quotes}            ...\n"


def declarations() -> str:
    """The whole file, unformatted."""
    render = Renderer()
    bound: dict[str, str] = {}
    for name, function in METHODS.items():
        bound[name] = render.method(name, function)
    for name, function in COMPOSITES.items():
        if getattr(Tensor, name, None) is not None:
            bound[name] = render.method(name, function, getattr(function, "variadic", None))
    for name, one in REGISTRY.items():
        if getattr(Tensor, name, None) is not None:
            bound[name] = render.method(name, one.function, one.variadic)
    for other, name in ALIASES.items():
        if name in bound and hasattr(Tensor, other):
            bound[other] = bound[name].replace(f"def {name}(", f"def {other}(", 1)
    for name in OPERATORS:
        if hasattr(Tensor, name):
            tensor = render.name("minitorch_np.tensor", "Tensor")
            number = render.name("minitorch_np.tensor", "Number")
            bound[name] = (
                f"        def {name}(self, other: {tensor} | {number}) -> {tensor}:\n"
                f"{render.body(getattr(Tensor, name))}"
            )
    for name in ("__neg__", "__pos__", "__abs__", "__invert__"):
        if hasattr(Tensor, name):
            tensor = render.name("minitorch_np.tensor", "Tensor")
            bound[name] = f"        def {name}(self) -> {tensor}:\n{render.body(getattr(Tensor, name))}"
    for name, getter in PROPERTIES.items():
        result = render.annotation(inspect.signature(getter).return_annotation)
        bound[name] = (
            f"        @property\n        def {name}(self) -> {result}:\n{render.body(getter)}"
        )
        if getattr(Tensor, name).fset is not None:
            bound[name] += (
                f"\n        @{name}.setter\n        def {name}(self, value: {result} | None) -> None: ...\n"
            )
    imports = [
        f"    from {module} import {name}{f' as {rename}' if rename else ''}"
        for module, name, rename in sorted(render.imports)
    ]
    return HEAD.format(imports="\n".join(imports)) + "\n".join(bound[n] for n in sorted(bound))


def formatted(source: str) -> str:
    """The source as ruff formats it."""
    for arguments in (["check", "--select", "I", "--fix", "-q"], ["format", "-q"]):
        source = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", str(TARGET), "-"],
            input=source, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
    return source


def main() -> None:
    """Write the file, or with --check exit with status 1 when it is not current."""
    text = formatted(declarations())
    if "--check" in sys.argv:
        if text != TARGET.read_text():
            sys.exit("minitorch_np/declarations.py is not current: run `make stubs`")
        return
    TARGET.write_text(text)


if __name__ == "__main__":
    main()
