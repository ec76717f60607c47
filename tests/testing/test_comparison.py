"""assert_close: PyTorch's verdicts and PyTorch's texts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_np
from tests.oracle import same

Case = Callable[[Any, Any], Any]

CASES: dict[str, Case] = {
    "equal": lambda t, close: close(t.ones(3), t.ones(3)),
    "within": lambda t, close: close(t.ones(3), t.ones(3) + 1e-7),
    "one differs": lambda t, close: close(t.ones(3), t.tensor([1.0, 2.0, 1.0])),
    "dtype": lambda t, close: close(t.ones(3), t.ones(3, dtype=t.float64)),
    "dtype ignored": lambda t, close: close(
        t.ones(3), t.ones(3, dtype=t.float64), check_dtype=False
    ),
    "shape": lambda t, close: close(t.ones(3), t.ones(4)),
    "stride": lambda t, close: close(t.ones(3, 2), t.ones(2, 3).t(), check_stride=True),
    "stride ignored": lambda t, close: close(t.ones(3, 2), t.ones(2, 3).t()),
    "0-d": lambda t, close: close(t.tensor(1), t.tensor(2)),
    "numbers": lambda t, close: close(1.0, 2.0),
    "list": lambda t, close: close([t.ones(2)], [t.zeros(2)]),
    "nested": lambda t, close: close({"a": [1, t.ones(2)]}, {"a": [1, t.zeros(2)]}),
    "nan": lambda t, close: close(
        t.tensor([float("nan")]), t.tensor([float("nan")]), equal_nan=True
    ),
    "tolerances": lambda t, close: close(t.ones(2), t.zeros(2), rtol=0, atol=0.5),
    "half a tolerance": lambda t, close: close(t.ones(2), t.zeros(2), rtol=0),
    "integers": lambda t, close: close(t.ones(2, 2, dtype=t.int64), t.zeros(2, 2, dtype=t.int64)),
    "message": lambda t, close: close(t.ones(2), t.zeros(2), msg=lambda m: "X" + m),
    "other message": lambda t, close: close(t.ones(2), t.zeros(2), msg="no"),
    "lengths": lambda t, close: close([1.0], [1.0, 2.0]),
    "keys": lambda t, close: close({"a": 1}, {"b": 1}),
    "strings": lambda t, close: close("a", "b"),
    "arrays": lambda t, close: close(np.ones(2), np.zeros(2)),
    "half": lambda t, close: close(t.ones(2).half(), t.ones(2).half() * 1.01),
    "bfloat16 within": lambda t, close: close(t.ones(2).bfloat16(), t.ones(2).bfloat16() * 1.01),
}


@pytest.mark.parametrize("name", CASES)
def test_says_what_torch_says(name: str) -> None:
    same(lambda torch: CASES[name](torch, torch.testing.assert_close))


LEAVES = {
    "nothing": lambda torch: (None, None),
    "nothing and one": lambda torch: (1, None),
    "bools": lambda torch: (True, False),
    "bools of NumPy": lambda torch: (np.bool_(True), True),
    "an int and a float": lambda torch: (1, 1.0),
    "numbers of NumPy": lambda torch: (np.float64(1), 1.5),
    "nothing in a list": lambda torch: ([None], [1]),
    "an array and a number": lambda torch: (np.array(1.0), 1.0),
    "in a dict": lambda torch: ({"a": [True]}, {"a": [False]}),
    "words": lambda torch: ("a", "a"),
}


@pytest.mark.parametrize("case", LEAVES)
def test_leaves(case):
    same(lambda torch: torch.testing.assert_close(*LEAVES[case](torch)))
    same(lambda torch: torch.testing.assert_close(*LEAVES[case](torch), check_dtype=False))


@pytest.mark.parametrize("other", [1, np.ones(())])
def test_a_tensor_is_compared_with_tensors_only(other):
    # the text names the class, which each library calls its own way
    with pytest.raises(TypeError, match="No comparison pair was able to handle inputs of type"):
        minitorch_np.testing.assert_close(minitorch_np.tensor(1), other)
