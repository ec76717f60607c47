"""dtype objects, their categories, and PyTorch's type promotion."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import ml_dtypes
import numpy as np

Number: TypeAlias = bool | int | float

BOOL, INTEGER, FLOATING = 0, 1, 2
"""Categories, in the order in which a higher one wins over a lower one."""


class dtype:
    """Type of a tensor's elements: one instance each, compared by identity.

    `np` is the NumPy dtype that memory holds, `compute` the one that arithmetic is done in:
    float32 for the half types, which round once at the end. `itemsize` in bytes. Messages have
    three more names of it: ATen's ('Long'), the compiler's ('long int') and C's ('int64_t').
    """

    __slots__ = (
        "aten_name",
        "c_name",
        "category",
        "code",
        "compute",
        "cpp_name",
        "is_complex",
        "is_floating_point",
        "is_half",
        "is_signed",
        "itemsize",
        "name",
        "np",
    )
    name: str
    aten_name: str
    cpp_name: str
    c_name: str
    code: int
    np: np.dtype[np.generic]
    compute: np.dtype[Any]
    itemsize: int
    category: int
    is_floating_point: bool
    is_complex: bool
    is_signed: bool
    is_half: bool

    def __init__(
        self, code: int, name: str, kind: type[np.generic], category: int, names: tuple[str, ...]
    ) -> None:
        self.code = code
        self.name = name
        self.aten_name, self.cpp_name, self.c_name = names
        self.np = np.dtype(kind)
        self.is_half = category == FLOATING and self.np.itemsize == 2
        self.compute = np.dtype(np.float32) if self.is_half else self.np
        self.itemsize = self.np.itemsize
        self.category = category
        self.is_floating_point = category == FLOATING
        self.is_complex = False
        self.is_signed = name not in ("bool", "uint8")

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return "bool_" if self.name == "bool" else self.name


bool_ = dtype(0, "bool", np.bool_, BOOL, ("Bool", "bool", "bool"))
uint8 = dtype(1, "uint8", np.uint8, INTEGER, ("Byte", "unsigned char", "uint8_t"))
int8 = dtype(2, "int8", np.int8, INTEGER, ("Char", "signed char", "int8_t"))
int16 = dtype(3, "int16", np.int16, INTEGER, ("Short", "short int", "int16_t"))
int32 = dtype(4, "int32", np.int32, INTEGER, ("Int", "int", "int"))
int64 = dtype(5, "int64", np.int64, INTEGER, ("Long", "long int", "int64_t"))
float16 = dtype(6, "float16", np.float16, FLOATING, ("Half", "c10::Half", "c10::Half"))
bfloat16 = dtype(
    7, "bfloat16", ml_dtypes.bfloat16, FLOATING, ("BFloat16", "c10::BFloat16", "c10::BFloat16")
)
float32 = dtype(8, "float32", np.float32, FLOATING, ("Float", "float", "float"))
float64 = dtype(9, "float64", np.float64, FLOATING, ("Double", "double", "double"))

short, int_, long = int16, int32, int64
half, float_, double = float16, float32, float64

ALL: tuple[dtype, ...] = (
    bool_,
    uint8,
    int8,
    int16,
    int32,
    int64,
    float16,
    bfloat16,
    float32,
    float64,
)
OF_NP: dict[np.dtype[np.generic], dtype] = {t.np: t for t in ALL}
"""The dtype of memory of a NumPy dtype, bfloat16 included (from_numpy is the user's side)."""


def _promoted(a: dtype, b: dtype) -> dtype:
    low, high = (a, b) if a.code <= b.code else (b, a)
    if low is uint8 and high is int8:
        return int16  # the smallest that holds both
    if low is float16 and high is bfloat16:
        return float32
    return high


_PROMOTED = tuple([tuple([_promoted(a, b) for b in ALL]) for a in ALL])


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """Smallest dtype that both promote to. Source: c10::promoteTypes, c10/core/ScalarType.cpp."""
    try:
        return _PROMOTED[type1.code][type2.code]
    except AttributeError:
        _need_dtype("promote_types", "type1", type1, 1)
        _need_dtype("promote_types", "type2", type2, 2)
        raise


def _need_dtype(asker: str, argument: str, given: object, position: int) -> None:
    if not isinstance(given, dtype):
        raise TypeError(
            f"{asker}(): argument '{argument}' (position {position}) must be torch.dtype, not "
            f"{type(given).__name__}"
        )


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a result of `from_` may be written to `to`: never to a lower category.

    Source: c10::canCast, c10/core/ScalarType.h.
    """
    _need_dtype("can_cast", "from_", from_, 1)
    _need_dtype("can_cast", "to", to, 2)
    return from_.category <= to.category


def combine(dims: dtype | None, zero: dtype | None, wrapped: dtype | None) -> dtype:
    """PyTorch's result_type: what tensors with dims, 0-d tensors and Python numbers promote to.

    Each argument is the promoted dtype of its group, None where the group is empty (not all three
    may be). A group only counts over the one before it when its category is higher.
    Source: result_type and combine_categories, aten/src/ATen/native/TypeProperties.cpp.
    """
    out = zero
    if out is None or (wrapped is not None and wrapped.category > out.category):
        out = wrapped
    if dims is not None and (out is None or out.category <= dims.category):
        return dims
    assert out is not None, "no operands"
    return out


_default = float32


def get_default_dtype() -> dtype:
    """dtype of a new tensor of Python floats."""
    return _default


def set_default_dtype(d: dtype, /) -> None:
    """Nothing; makes `d` the dtype of new tensors of Python floats.

    Raises: TypeError unless `d` is a floating dtype.
    """
    global _default
    if not isinstance(d, dtype):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        # A name such as "float32" is the usual mistake.
        raise TypeError(
            "invalid dtype object: only floating-point types are supported as the default type"
        )
    if not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default = d


def of_number(value: Number) -> dtype:
    """dtype that a Python number brings to promotion: bool, int64 or the default dtype."""
    if isinstance(value, bool):
        return bool_
    return int64 if isinstance(value, int) else _default


def in_64_bits(value: Number) -> Number:
    """A Python number as PyTorch takes it from a caller: an int must fit 64 bits, signed or not.

    Raises: OverflowError. Source: THPUtils_unpackScalar, torch/csrc/utils/python_scalars.h.
    """
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        raise OverflowError(
            "int too big to convert" if value > 0 else "can't convert negative int to unsigned"
        )
    return value


def from_numpy(kind: np.dtype[np.generic]) -> dtype:
    """dtype of a tensor that wraps a NumPy array of `kind`.

    Raises: TypeError for kinds PyTorch cannot wrap (bfloat16 too, as in PyTorch), ValueError for
    a foreign byte order.
    """
    found = OF_NP.get(kind)
    if found is None or found is bfloat16:
        if found is None and kind.newbyteorder("=") in OF_NP:
            raise ValueError(
                "given numpy array has byte order different from the native byte order. "
                "Conversion between byte orders is currently not supported."
            )
        raise TypeError(
            f"can't convert np.ndarray of type {kind.type.__module__}.{kind.type.__name__}. "
            "The only supported types are: float64, float32, float16, complex64, complex128, "
            "int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
        )
    return found


class finfo:
    """Limits of a floating dtype, of the default one if none is given.

    Raises: TypeError for other dtypes.
    """

    __slots__ = (
        "bits",
        "dtype",
        "eps",
        "max",
        "min",
        "resolution",
        "smallest_normal",
        "tiny",
    )
    bits: int
    dtype: str
    eps: float
    max: float
    min: float
    resolution: float
    smallest_normal: float
    tiny: float

    def __init__(self, type: dtype | None = None) -> None:
        d = _default if type is None else _checked(type, "finfo(): argument 'type' (position 1)")
        if not d.is_floating_point:
            raise TypeError(
                "torch.finfo() requires a floating point input type. "
                "Use torch.iinfo to handle 'torch.finfo'"
            )
        mantissa, bias = _BITS[d.name]
        self.bits = 8 * d.itemsize
        self.dtype = d.name
        self.eps = 2.0**-mantissa
        self.max = (2.0 - self.eps) * 2.0**bias
        self.min = -self.max
        self.resolution = float(f"1e{-int(-math.log10(self.eps))}")
        self.smallest_normal = self.tiny = 2.0 ** (1 - bias)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
            f"eps={self.eps:g}, smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


_BITS = {"float16": (10, 15), "bfloat16": (7, 127), "float32": (23, 127), "float64": (52, 1023)}
"""Bits of the mantissa, and the exponent's bias."""


class iinfo:
    """Limits of an integer dtype. Raises: TypeError for other dtypes."""

    __slots__ = ("bits", "dtype", "max", "min")
    bits: int
    dtype: str
    max: int
    min: int

    def __init__(self, type: dtype) -> None:
        d = _checked(type, "iinfo(): argument 'type' (position 1)")
        if d.is_floating_point:
            raise TypeError(
                "torch.iinfo() requires an integer input type. "
                "Use torch.finfo to handle 'torch.iinfo'"
            )
        if d is bool_:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        self.bits = 8 * d.itemsize
        self.dtype = d.name
        self.max = 2 ** (self.bits - d.is_signed) - 1
        self.min = -self.max - 1 if d.is_signed else 0

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)


def _checked(d: object, what: str) -> dtype:
    if isinstance(d, dtype):
        return d
    raise TypeError(f"{what} must be torch.dtype, not {type(d).__name__}")
