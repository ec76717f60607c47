"""PyTorch's text of a tensor: values, widths, summaries, and the facts that follow them.

Source: torch/_tensor_str.py.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.dtypes import dtype

Array = NDArray[np.generic]
Value = bool | int | float


class PrintOptions(TypedDict):
    """What `get_printoptions` returns."""

    precision: int
    threshold: float
    edgeitems: int
    linewidth: int
    sci_mode: bool | None


class PrintArguments(TypedDict, total=False):
    """What `set_printoptions` takes."""

    precision: int | None
    threshold: float | None
    edgeitems: int | None
    linewidth: int | None
    profile: str | None
    sci_mode: bool | None


@dataclass(frozen=True, slots=True)
class _Options:
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES: Final = {
    "default": _Options(),
    "short": _Options(precision=2, edgeitems=2),
    "full": _Options(threshold=math.inf),
}
_options = _Options()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Nothing; changes how tensors print. None leaves an option as it is.

    `precision` digits after the point, summaries of `edgeitems` at each end from more than
    `threshold` elements on, `linewidth` characters, `profile` one of default, short, full (the
    other arguments refine it). `sci_mode` is always set: None lets the values decide.
    """
    global _options
    base = _PROFILES.get(profile or "", _options)
    _options = _Options(
        base.precision if precision is None else precision,
        base.threshold if threshold is None else threshold,
        base.edgeitems if edgeitems is None else edgeitems,
        base.linewidth if linewidth is None else linewidth,
        sci_mode,
    )


def get_printoptions() -> PrintOptions:
    """The print options, as keyword arguments of `set_printoptions`."""
    return PrintOptions(
        precision=_options.precision,
        threshold=_options.threshold,
        edgeitems=_options.edgeitems,
        linewidth=_options.linewidth,
        sci_mode=_options.sci_mode,
    )


@contextmanager
def printoptions(**options: Unpack[PrintArguments]) -> Generator[None, None, None]:
    """Context in which tensors print with other options, those of `set_printoptions`."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


def tensor_repr(
    array: Array,
    dtype: dtype,
    *,
    requires_grad: bool = False,
    grad_fn_name: str | None = None,
    tangent: object = None,
    name: str = "tensor",
) -> str:
    """repr of a tensor that holds `array`, in storage type, of `dtype`.

    `grad_fn_name` is the class name of the node that made it; a tensor that has one does not say
    that it requires a gradient. `tangent` is that of a dual tensor. `name` is 'tensor', or a
    subclass's name.
    """
    prefix = name + "("
    suffixes = _type_suffixes(array, dtype)
    if grad_fn_name is not None:
        suffixes.append(f"grad_fn=<{grad_fn_name}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")
    if tangent is not None:
        suffixes.append(f"tangent={tangent}")
    return with_suffixes(prefix + tensor_text(array, dtype, len(prefix)), suffixes, len(prefix))


def tensor_text(array: Array, dtype: dtype, indent: int = 0) -> str:
    """The values alone; lines after the first are indented by `indent` and their depth."""
    if array.size == 0:
        return "[]"
    summarize = array.size > _options.threshold
    style = _Style.of(_edges(array) if summarize else array, dtype)
    return _nested(array, indent, summarize, style)


def with_suffixes(text: str, suffixes: Sequence[str], indent: int) -> str:
    """`text`, suffixes and a closing bracket; a suffix that is too long starts a new line."""
    parts = [text]
    length = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if length + len(suffix) + 2 > _options.linewidth:
            parts.append(",\n" + " " * indent + suffix)
            length = indent + len(suffix)
        else:
            parts.append(", " + suffix)
            length += len(suffix) + 2
    return "".join([*parts, ")"])


def scalar_format(array: Array, dtype: dtype, spec: str) -> str:
    """`format(tensor, spec)` of a tensor of no dimension: its Python number's.

    Source: Tensor.__format__, torch/_tensor.py.
    """
    return format(array.astype(dtype.compute).item(), spec)


def _type_suffixes(array: Array, dtype: dtype) -> list[str]:
    suffixes: list[str] = []
    default = dtypes.get_default_dtype()
    if array.size == 0:
        if array.ndim != 1:
            suffixes.append(f"size={tuple(array.shape)}")
        # without elements nothing tells that the type is int64 or bool
        known = dtype is default
    else:
        if not _options.edgeitems:
            suffixes.append(f"size={tuple(array.shape)}")
        known = dtype in (default, dtypes.int64, dtypes.bool_)
    if not known:
        suffixes.append(f"dtype={dtype}")
    return suffixes


def _edges(array: Array) -> Array:
    """The elements that a summary shows, by which its numbers are aligned."""
    edge = _options.edgeitems
    if edge == 0 and array.ndim:
        return array[:0]
    for axis, size in enumerate(array.shape):
        if size > 2 * edge:
            array = array.take([*range(edge), *range(size - edge, size)], axis)
    return array


@dataclass(frozen=True, slots=True)
class _Style:
    """How the numbers of one tensor are written: with or without point, exponent; all as wide."""

    dtype: dtype
    width: int
    spec: str | None
    point: bool

    @classmethod
    def of(cls, shown: Array, dtype: dtype) -> _Style:
        if not dtype.is_floating_point:
            return cls(dtype, max([1, *(len(str(v)) for v in shown.ravel().tolist())]), None, False)
        numbers = shown.ravel().astype(np.float64)
        numbers = numbers[np.isfinite(numbers) & (numbers != 0)]
        if numbers.size == 0:
            return cls(dtype, 1, ".0f", True)
        whole = bool((numbers == np.ceil(numbers)).all())
        size = np.abs(numbers)
        least, largest = float(size.min()), float(size.max())
        scientific = _options.sci_mode
        if scientific is None:
            scientific = largest / least > 1000.0 or largest > 1.0e8 or least < 1.0e-4
        point = whole and not scientific
        spec = ".0f" if point else f".{_options.precision}{'e' if scientific else 'f'}"
        width = max(len(format(v, spec)) for v in numbers.tolist()) + point
        return cls(dtype, max(1, width), spec, point)

    def text(self, value: Value) -> str:
        if self.spec is None:
            return str(value).rjust(self.width)
        text = format(value, self.spec)
        if self.point and math.isfinite(value):
            text += "."
        return text.rjust(self.width)


def _row(array: Array, indent: int, summarize: bool, style: _Style) -> str:
    edge = _options.edgeitems

    def texts(part: Array) -> list[str]:
        return [style.text(v) for v in part.astype(style.dtype.compute, copy=False).tolist()]

    if summarize and not edge:
        data = ["..."]
    elif summarize and len(array) > 2 * edge:
        data = [*texts(array[:edge]), " ...", *texts(array[-edge:])]
    else:
        data = texts(array)
    per_line = max(1, math.floor((_options.linewidth - indent) / (style.width + 2)))
    lines = [", ".join(data[i : i + per_line]) for i in range(0, len(data), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


def _nested(array: Array, indent: int, summarize: bool, style: _Style) -> str:
    if array.ndim == 0:
        return style.text(array.astype(style.dtype.compute).item())
    if array.ndim == 1:
        return _row(array, indent, summarize, style)
    edge = _options.edgeitems

    def texts(part: Array) -> list[str]:
        return [_nested(inner, indent + 1, summarize, style) for inner in part]

    if summarize and len(array) > 2 * edge:
        parts = [*texts(array[:edge]), "...", *texts(array[len(array) - edge :])]
    else:
        parts = texts(array)
    return "[" + (",\n" + "\n" * (array.ndim - 2) + " " * (indent + 1)).join(parts) + "]"
