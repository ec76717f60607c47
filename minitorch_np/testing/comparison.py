"""assert_close: whether two tensors, or containers of them, agree within rounding.

Source: torch/testing/_comparison.py.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, TypeGuard, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dtypes import promote_types
from minitorch_np.ops.from_data import as_tensor
from minitorch_np.tensor import Tensor

__all__ = ["assert_close"]

TOLERANCES = {
    dtypes.float16: (1e-3, 1e-5),
    dtypes.bfloat16: (1.6e-2, 1e-5),
    dtypes.float32: (1.3e-6, 1e-5),
    dtypes.float64: (1e-7, 1e-7),
}
"""(rtol, atol) by dtype; integers and bools must be equal. Of two dtypes the looser counts."""

Array = NDArray[Any]
Message = str | Callable[[str], str] | None


def assert_close(
    actual: object,
    expected: object,
    *,
    allow_subclasses: bool = True,  # noqa: ARG001  # no subclass compares differently
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,  # noqa: ARG001  # there is one
    check_dtype: bool = True,
    check_layout: bool = True,  # noqa: ARG001  # there is one
    check_stride: bool = False,
    msg: Message = None,
) -> None:
    """Nothing, when `|actual - expected| <= atol + rtol * |expected|` in every element.

    Takes tensors, arrays, numbers, and sequences and mappings of them. Without tolerances those of
    the dtypes hold. Raises: AssertionError with the count and the greatest differences.
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(
            f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}."
        )
    given = None if rtol is None or atol is None else (rtol, atol)
    check = _Check(given, equal_nan, check_dtype, check_stride, msg)
    check.compare(actual, expected, ())


class _Check:
    """One call's settings, applied leaf by leaf; `path` says where in the containers a leaf is."""

    def __init__(
        self,
        tolerances: tuple[float, float] | None,
        equal_nan: bool,
        check_dtype: bool,
        check_stride: bool,
        msg: Message,
    ) -> None:
        self.tolerances = tolerances
        self.equal_nan = equal_nan
        self.check_dtype = check_dtype
        self.check_stride = check_stride
        self.msg = msg

    def compare(self, actual: object, expected: object, path: tuple[object, ...]) -> None:
        """Compare containers part by part, and leaves as tensors or numbers."""
        if _is_mapping(actual) and _is_mapping(expected):
            self._mappings(actual, expected, path)
        elif _is_sequence(actual) and _is_sequence(expected):
            n, m = len(actual), len(expected)
            if n != m:
                self._fail(f"The length of the sequences mismatch: {n} != {m}", path)
            for i, (x, y) in enumerate(zip(actual, expected, strict=True)):
                self.compare(x, y, (*path, i))
        elif actual is None or expected is None:
            if actual is not expected:
                self._fail(f"None mismatch: {actual} is not {expected}", path)
        elif _is_bool(actual) and _is_bool(expected):
            if actual != expected:  # PyTorch does not say where
                self._fail(f"Booleans mismatch: {actual} is not {expected}", ())
        elif _is_number(actual) and _is_number(expected):
            self._numbers(actual, expected, path)
        elif _is_array(actual) and _is_array(expected) and _are_related(actual, expected):
            self._tensors(as_tensor(actual), as_tensor(expected), path)
        else:
            raise TypeError(
                f"No comparison pair was able to handle inputs of type {type(actual)} and "
                f"{type(expected)}."
            )

    def _mappings(
        self,
        actual: Mapping[object, object],
        expected: Mapping[object, object],
        path: tuple[object, ...],
    ) -> None:
        if actual.keys() != expected.keys():
            missing = sorted(expected.keys() - actual.keys(), key=str)
            additional = sorted(actual.keys() - expected.keys(), key=str)
            self._fail(
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {missing}\n"
                f"Additional keys in the actual mapping: {additional}",
                path,
            )
        for key in actual:
            self.compare(actual[key], expected[key], (*path, key))

    def _tensors(self, actual: Tensor, expected: Tensor, path: tuple[object, ...]) -> None:
        self._same("shape", actual.shape, expected.shape, path)
        if self.check_dtype:
            self._same("dtype", actual.dtype, expected.dtype, path)
        if self.check_stride:
            self._same("stride()", actual.strides, expected.strides, path)
        rtol, atol = self.tolerances or _default(actual.dtype, expected.dtype)
        a, b = _comparable(actual), _comparable(expected)
        fine = _close(a, b, rtol, atol, self.equal_nan)
        if fine.all():
            return
        if not actual.sizes:
            self._scalar_failure(a[()].item(), b[()].item(), rtol, atol, path)
        kind = promote_types(actual.dtype, expected.dtype)
        self._fail(_mismatch(a, b, fine, rtol, atol, kind), path)

    def _same(self, name: str, a: object, b: object, path: tuple[object, ...]) -> None:
        if a != b:
            self._fail(f"The values for attribute '{name}' do not match: {a} != {b}.", path)

    def _numbers(self, actual: float, expected: float, path: tuple[object, ...]) -> None:
        one, other = _plain(actual), _plain(expected)
        if self.check_dtype and type(one) is not type(other):
            self._fail(f"The (d)types do not match: {type(one)} != {type(other)}.", path)
        kinds = [dtypes.float64 if type(n) is float else dtypes.int64 for n in (one, other)]
        rtol, atol = self.tolerances or _default(kinds[0], kinds[1])
        a, b = np.asarray(actual), np.asarray(expected)
        if not _close(a, b, rtol, atol, self.equal_nan).all():
            self._scalar_failure(one, other, rtol, atol, path)

    def _scalar_failure(
        self, a: float, b: float, rtol: float, atol: float, path: tuple[object, ...]
    ) -> NoReturn:
        exact = rtol == 0 and atol == 0
        absolute = abs(a - b)
        relative = absolute / abs(b) if b else float("inf")
        up_to = ("", "") if exact else (f" (up to {atol} allowed)", f" (up to {rtol} allowed)")
        self._fail(
            f"Scalars are not {'equal' if exact else 'close'}!\n\nExpected {b} but got {a}.\n"
            f"Absolute difference: {absolute}{up_to[0]}\nRelative difference: {relative}{up_to[1]}",
            path,
        )

    def _fail(self, text: str, path: tuple[object, ...]) -> NoReturn:
        if path:
            text += f"\n\nThe failure occurred for item {''.join(f'[{key!r}]' for key in path)}"
        message = self.msg(text) if callable(self.msg) else self.msg or text
        raise AssertionError(message)


def _is_mapping(x: object) -> TypeGuard[Mapping[object, object]]:
    return isinstance(x, Mapping)


def _is_sequence(x: object) -> TypeGuard[Sequence[object]]:
    return isinstance(x, Sequence) and not isinstance(x, (str, bytes))


def _is_bool(x: object) -> TypeGuard[bool]:
    return isinstance(x, (bool, np.bool_))


def _is_number(x: object) -> TypeGuard[float]:
    return isinstance(x, (int, float, np.number))


def _plain(number: object) -> float:
    """A number of Python's or NumPy's as one of Python's."""
    if isinstance(number, np.generic):
        number = cast("np.generic[Any]", number).item()
    return cast(float, number)


def _is_array(x: object) -> bool:
    return isinstance(x, (Tensor, np.ndarray))


def _are_related(x: object, y: object) -> bool:
    return isinstance(x, type(y)) or isinstance(y, type(x))


def _default(a: Dtype, b: Dtype) -> tuple[float, float]:
    pairs = [TOLERANCES.get(d, (0.0, 0.0)) for d in (a, b)]
    return max(p[0] for p in pairs), max(p[1] for p in pairs)


def _comparable(tensor: Tensor) -> Array:
    """The values in a type that holds differences: float64, or int64 for integers and bools."""
    return tensor.array.astype(np.float64 if tensor.dtype.is_floating_point else np.int64)


def _close(a: Array, b: Array, rtol: float, atol: float, equal_nan: bool) -> NDArray[np.bool_]:
    with np.errstate(all="ignore"):
        close = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)
    return np.asarray(close)


def _mismatch(
    a: Array, b: Array, fine: NDArray[np.bool_], rtol: float, atol: float, dtype: Dtype
) -> str:
    """How many elements differ, and where they differ most, in the arithmetic of `dtype`."""
    exact = rtol == 0 and atol == 0
    count, total = int((~fine).sum()), fine.size
    with np.errstate(all="ignore"):
        absolute = np.where(fine, 0, np.abs(a - b))
        if dtype.is_floating_point:
            absolute = absolute.astype(dtype.np).astype(np.float64)
        relative = np.where(fine, 0, absolute / np.abs(b))
        kind = dtype.np if dtype.is_floating_point else np.float32
        relative = relative.astype(kind).astype(np.float64)
    lines = [
        f"Tensor-likes are not {'equal' if exact else 'close'}!",
        "",
        f"Mismatched elements: {count} / {total} ({count / total:.1%})",
    ]
    for name, difference, bound in (("absolute", absolute, atol), ("relative", relative, rtol)):
        at = np.unravel_index(int(np.nanargmax(difference)), difference.shape)
        where = tuple(int(i) for i in at)
        allowed = "" if exact else f" (up to {bound} allowed)"
        lines.append(
            f"Greatest {name} difference: {difference[at].item()} at index {where}{allowed}"
        )
    return "\n".join(lines)
