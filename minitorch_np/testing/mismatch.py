"""What gradcheck says of two Jacobians that differ. Source: torch/autograd/gradcheck.py."""

import numpy as np

from minitorch_np.tensor import Tensor, stored
from minitorch_np.testing.jacobian import Matrix

__all__ = ["mismatch", "slowly"]


def mismatch(
    output: int, input: int, expected: Matrix, found: Matrix, like: Tensor, mode: str = "",
    by: Tensor | None = None,
) -> str:  # fmt: skip
    """The message of one pair, of this output by this input; `mode` says how it was computed.

    The first is shown in the dtype of the output, and the second in that of the input `by`.
    """
    both = [stored(expected, like.dtype), stored(found, (like if by is None else by).dtype)]
    return (
        f"Jacobian {mode}mismatch for output {output} with respect to input {input},\n"
        f"numerical:{both[0]}\nanalytical:{both[1]}\n"
    )


def slowly(expected: Matrix, found: Matrix, like: Tensor, rtol: float, atol: float) -> str:
    """What slow mode makes of the two that differed in fast mode."""
    both = [stored(m, like.dtype) for m in (expected, found)]
    text = (
        "\nThe above quantities relating the numerical and analytical jacobians are computed \n"
        "in fast mode. See: https://github.com/pytorch/pytorch/issues/53876 for more background \n"
        "about fast mode. Below, we recompute numerical and analytical jacobians in slow mode:\n\n"
        f"Numerical:\n {both[0]}\nAnalytical:\n{both[1]}\n\n"
        f"The max per-element difference (slow mode) is: {np.abs(expected - found).max()}.\n"
    )
    return text + (_ONLY_FAST if np.allclose(found, expected, rtol, atol) else "")


_ONLY_FAST = """\
Fast gradcheck failed but element-wise differences are small. This means that the
test might've passed in slow_mode!

If you are adding a new operator, please file an issue and then use one of the
workarounds. The workaround depends on how your test invokes gradcheck/gradgradcheck:

If the test
- manually invokes gradcheck/gradgradcheck, then call gradcheck/gradgradcheck
  with `fast_mode=False` as a keyword argument.
- is OpInfo-based (e.g., in test_ops_gradients.py), then modify the OpInfo for the test
  to have `gradcheck_fast_mode=False`
- is a Module test (e.g., in common_nn.py), then modify the corresponding
  module_test entry to have `gradcheck_fast_mode=False`"""
