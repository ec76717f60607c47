"""torch.ops.aten: ops by the names that they are registered by."""

from typing import Any

import pytest

import minitorch_np
from tests.oracle import same, sample


def test_an_op_by_its_name() -> None:
    def f(torch: Any, x: Any) -> Any:
        _, index = torch.nn.functional.max_pool2d(x, 2, return_indices=True)
        back = torch.ops.aten.max_pool2d_with_indices_backward.default
        return back(torch.ones_like(index, dtype=x.dtype), x, [2, 2], [2, 2], [0, 0], [1, 1],
                    False, index)  # fmt: skip

    same(f, sample(2, 3, 4, 6))


def test_a_name_that_no_op_has() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing_of_this_name'"):
        _ = minitorch_np.ops.aten.nothing_of_this_name
    same(lambda torch: torch.ops.aten.nothing_of_this_name)
