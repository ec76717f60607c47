"""Which elements are among others. Source: isin_default_cpu, ATen/native/TensorCompare.cpp."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.loops import common_dtype, converted, exact_result_for, quietly
from minitorch_np.op import op
from minitorch_np.strides import contiguous
from minitorch_np.tensor import Number, Tensor, empty

__all__ = ["isin"]

Array = NDArray[Any]


@op("contiguous", method=False, differentiable=False)
def isin(
    elements: Tensor | Number,
    test_elements: Tensor | Number,
    *,
    assume_unique: bool = False,
    invert: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Whether each of `elements` is among `test_elements`, or with `invert` is not; nan never is.

    `assume_unique` only says that fewer comparisons would do.
    """
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise TypeError("expected a tensor among the operands, but got numbers only")
    for each in (elements, test_elements):
        if isinstance(each, Tensor) and each.dtype is dtypes.bool_:
            raise NotImplementedError("Unsupported input type encountered for isin(): Bool")
    dtype = common_dtype(elements, test_elements)
    a, b = (np.asarray(converted(x, dtype)) for x in (elements, test_elements))
    shape = elements.sizes if isinstance(elements, Tensor) else ()
    if out is None:
        out = empty(shape, contiguous(shape), dtypes.bool_)
    else:
        out = exact_result_for(out, shape, dtypes.bool_)
    few = 10 * max(a.size, 1) ** 0.145
    if isinstance(test_elements, Tensor) and a.size and 0 < b.size < int(few):
        test_elements.view(-1)  # few are compared one by one, and that ATen refuses to copy for
    quietly(_among, a, b, invert, out.array)
    return out


def _among(a: Array, b: Array, invert: bool, o: Array) -> None:
    np.copyto(o, np.isin(a, b, invert=invert))
