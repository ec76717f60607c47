"""Writes minitorch_np/declarations.py: the methods that ops and higher layers bind to Tensor.

`python -m tools.stubs` writes the file; with `--check` it only says whether it is current.
"""

import inspect
import subprocess
import sys
import textwrap
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import (
    Any,
    Literal,
    NoReturn,
    Self,
    TypeVar,
    Union,
    Unpack,
    get_args,
    get_origin,
    get_overloads,
)

import numpy as np
from numpy.typing import DTypeLike

import minitorch_np
from minitorch_np.op import ALIASES, COMPOSITES, REGISTRY
from minitorch_np.tensor import METHODS, PROPERTIES, Tensor

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
    __rtruediv__ __itruediv__ __floordiv__ __rfloordiv__ __ifloordiv__ __mod__ __rmod__ __imod__
    __pow__ __rpow__ __ipow__ __matmul__ __rmatmul__ __and__ __rand__ __iand__ __or__ __ror__
    __ior__ __xor__ __rxor__ __ixor__ __lshift__ __rlshift__ __ilshift__ __rshift__ __rrshift__
    __irshift__ __lt__ __le__ __gt__ __ge__
""".split()
UNARY = ("__neg__", "__pos__", "__abs__", "__invert__")
EQUALITY = ("__eq__", "__ne__")
# Declaring it would make every misspelt attribute an object.
UNDECLARED = {"__getattr__"}
RENAMED = {"dtype": "Dtype", "device": "Device", "memory_format": "MemoryFormat"}
# by name: a second copy of the package, loaded beside it to be timed, has declared its overloads
NUMBER = {bool, int, float}
INDENT = " " * 12
WIDTH = 100
# A union up to NumPy 2.4, an alias that does not show its members from 2.5 on.
DTYPES = set(get_args(DTypeLike)) - {types.NoneType} or {DTypeLike}


class Renderer:
    """Turns live signatures into source, and collects what that source must import."""

    def __init__(self) -> None:
        self.imports: set[tuple[str, str, str]] = set()

    def name(self, module: str, name: str, rename: str = "") -> str:
        """A name, imported; under another name where a method of Tensor would hide it."""
        if hasattr(Tensor, name):
            rename = rename or f"{name}_"
        elif module == "builtins":
            return name
        self.imports.add((module, name, rename))
        return rename or name

    def union(self, parts: Sequence[object]) -> str:
        """The source of a union, None last, Python's numbers as `Number`."""
        left = list(dict.fromkeys(parts))
        found: list[str] = []
        if set(left) >= DTYPES:
            left = [part for part in left if part not in DTYPES | {types.NoneType}]
            found = [self.name("numpy.typing", "DTypeLike"), "None"]
        if set(left) >= NUMBER:
            found.append(self.name("minitorch_np.tensor", "Number"))
            left = [part for part in left if part not in NUMBER]
        found = list(dict.fromkeys([*[self.annotation(part) for part in left], *found]))
        return " | ".join(sorted(found, key=lambda text: text == "None"))

    def annotation(self, kind: object) -> str:
        """The source of an annotation that is a live object."""
        if kind is None or kind is types.NoneType:
            return "None"
        if kind is Ellipsis:
            return "..."
        if kind is Self:
            return self.name("typing", "Self")
        if kind is Any or kind is inspect.Parameter.empty or isinstance(kind, TypeVar | str):
            return "object"
        if kind in DTYPES and len(DTYPES) == 1:
            return self.union((kind,))
        origin = get_origin(kind)
        if origin in (Union, types.UnionType):
            return self.union(get_args(kind))
        if origin is np.ndarray:
            return self.name("minitorch_np.tensor", "Array")
        if origin is not None:
            return self.generic(origin, get_args(kind))
        if not isinstance(kind, type):
            return "object"
        return self.name(kind.__module__, kind.__name__, RENAMED.get(kind.__name__, ""))

    def generic(self, origin: object, inner: tuple[Any, ...]) -> str:
        """The source of a class with its arguments, such as `Sequence[Tensor]`."""
        if origin is Literal:
            return f"{self.name('typing', 'Literal')}[{', '.join(map(repr, inner))}]"
        if origin is Unpack:
            return f"{self.name('typing', 'Unpack')}[{self.annotation(inner[0])}]"
        if origin is Callable:
            takes, gives = inner
            several = isinstance(takes, list)
            head = f"[{', '.join(map(self.annotation, takes))}]" if several else "..."
            return f"{self.name('collections.abc', 'Callable')}[{head}, {self.annotation(gives)}]"
        return f"{self.annotation(origin)}[{', '.join(map(self.annotation, inner))}]"

    def argument(self, kind: object) -> str:
        """The source of a parameter's annotation: where a tuple of sizes goes, a list does too."""
        parts = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
        return self.union([Sequence[int] if p == tuple[int, ...] else p for p in parts])

    def parameters(self, signature: inspect.Signature, variadic: bool) -> str:
        """The source of a method's parameters; `variadic` ones come as separate arguments too."""
        given = list(signature.parameters.values())[1:]
        starred = variadic or any(p.kind is p.VAR_POSITIONAL for p in given)
        parts = ["self"]
        for at, p in enumerate(given):
            if variadic and at == 0:
                kind = p.annotation
                parts.append(f"*{p.name}: {self.argument(kind | int)}")
            elif p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                stars = "*" if p.kind is p.VAR_POSITIONAL else "**"
                parts.append(f"{stars}{p.name}: {self.argument(p.annotation)}")
            else:
                if p.kind is p.KEYWORD_ONLY and not starred:
                    parts.append("*")
                    starred = True
                default = "" if p.default is p.empty else f" = {self.default(p.default)}"
                parts.append(f"{p.name}: {self.argument(p.annotation)}{default}")
        return ", ".join(parts)

    def default(self, value: object) -> str:
        """The source of a default; what has no literal is left open."""
        if value is None or isinstance(value, bool | int | float | str | tuple):
            return repr(value)
        return "..."

    def method(self, name: str, function: Callable[..., object], variadic: bool = False) -> str:
        """The declaration of one method with its documentation, after its overloads."""
        text = ""
        for each in get_overloads(inspect.unwrap(function)):
            self.name("typing", "overload")
            text += f"        @overload\n{self.head(name, each, variadic)} ...\n"
        return f"{text}{self.head(name, function, variadic)}\n{self.body(function)}"

    def head(self, name: str, function: Callable[..., object], variadic: bool) -> str:
        """The `def` line of a method."""
        signature = inspect.signature(function, eval_str=True)
        result = self.annotation(signature.return_annotation)
        return f"        def {name}({self.parameters(signature, variadic)}) -> {result}:"

    def operator(self, name: str, other: str) -> str:
        """The declaration of an operator; `other` is its operand's annotation, if it has one."""
        operand = f", other: {other}" if other else ""
        tensor = self.name("minitorch_np.tensor", "Tensor")
        remark = ""
        if name in EQUALITY:  # object's says bool
            remark = "  # pyright: ignore[reportIncompatibleMethodOverride]  # elementwise"
        body = self.body(getattr(Tensor, name))
        return f"        def {name}(self{operand}) -> {tensor}:{remark}\n{body}"

    def attribute(self, name: str, getter: Callable[..., object]) -> str:
        """The declaration of a property, and of its setter if it has one."""
        result = self.annotation(inspect.signature(getter, eval_str=True).return_annotation)
        text = f"        @property\n        def {name}(self) -> {result}:\n{self.body(getter)}"
        setter = inspect.signature(getattr(Tensor, name).fset, eval_str=True)
        if setter.return_annotation is not NoReturn:  # else it refuses every value
            kind = self.argument(list(setter.parameters.values())[1].annotation)
            text += (
                f"\n        @{name}.setter\n        def {name}(self, value: {kind}) -> None: ...\n"
            )
        return text

    def body(self, function: Callable[..., object]) -> str:
        """The first paragraph of the documentation, and no code."""
        documentation = (inspect.getdoc(function) or "").split("\n\n")[0]
        text = documentation.replace("\\", "\\\\").replace('"""', "'''")
        lines = textwrap.wrap(f'"""{text}', WIDTH - len(INDENT) - 3, break_on_hyphens=False)
        if not text:
            return f"{INDENT}...\n"
        lines = [f'{lines[0]}"""'] if len(lines) == 1 else [*lines, '"""']
        return "".join(f"{INDENT}{line}\n" for line in [*lines, "..."])


def is_bound(name: str, function: Callable[..., object]) -> bool:
    """Whether Tensor's method `name` is this function, or takes its second argument spread."""
    bound = getattr(Tensor, name, None)
    return bound is function or (bound is not None and bound.__doc__ is function.__doc__)


def takes_any(bound: object) -> bool:
    """Whether a method takes any number of arguments."""
    given = inspect.signature(bound).parameters.values() if callable(bound) else ()
    return any(p.kind is p.VAR_POSITIONAL for p in given)


def methods(render: Renderer) -> dict[str, str]:
    """The declaration of every method that is no operator, by name."""
    bound = {name: render.method(name, f) for name, f in METHODS.items() if name not in UNDECLARED}
    functions = {**COMPOSITES, **{name: one.bound for name, one in REGISTRY.items()}}
    for name, function in functions.items():
        if name not in METHODS and is_bound(name, function):
            spread = getattr(Tensor, name) is not function and takes_any(getattr(Tensor, name))
            bound[name] = render.method(name, function, spread)
    for other, name in ALIASES.items():
        if name in bound and hasattr(Tensor, other):
            bound[other] = bound[name].replace(f"def {name}(", f"def {other}(")
    return bound


def declarations() -> str:
    """The whole file, unformatted."""
    render = Renderer()
    bound = methods(render)
    operand = render.union([Tensor, *sorted(NUMBER, key=str)])
    for name in OPERATORS:
        if name in vars(Tensor):
            bound[name] = render.operator(name, "Tensor" if "matmul" in name else operand)
    for name in EQUALITY:
        bound[name] = render.operator(name, "object")
    bound["__hash__"] = f"        def __hash__(self) -> {render.annotation(int)}: ...\n"
    for name in UNARY:
        bound[name] = render.operator(name, "")
    for name, getter in PROPERTIES.items():
        bound[name] = render.attribute(name, getter)
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
