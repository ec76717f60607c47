"""NestedIOFunction: as little of it works as in PyTorch."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import same, sample


def nested(torch: Any) -> Any:
    """A function of nested arguments."""

    class Nested(torch.autograd.function.NestedIOFunction):
        def forward_extended(self, *args: Any) -> Any:
            self.save_for_backward(args[0], [args[0]])
            return [args[0] * 2, (args[0] * 3, None)]

        def backward_extended(self, *grads: Any) -> Any:
            return grads[0], None, {"a": grads[0]}

    return Nested


def prepared(torch: Any, given: Any) -> Any:
    """An instance that is given its arguments by hand."""
    one = nested(torch)()
    one._nested_input = given
    return one


CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "apply": lambda torch, x: nested(torch).apply(x),
    "a call": lambda torch, x: nested(torch)()(x),
    "forward": lambda torch, x: prepared(torch, (x,)).forward(),
    "forward of a dict": lambda torch, x: prepared(torch, ({"a": x}["a"], None, [x])).forward(),
    "forward of a number": lambda torch, x: prepared(torch, (3,)).forward(),
    "both": lambda torch, x: (lambda one: (one.forward(), one.backward(x, x)))(
        prepared(torch, (x,))
    ),
    "saved": lambda torch, x: (lambda one: (one.forward(), len(one.to_save), one._to_save_nested))(
        prepared(torch, (x,))
    ),
    "marked": lambda torch, x: (
        lambda one: (one.mark_dirty([x]), one.mark_non_differentiable(a=(x, x)),
                     len(one.dirty_tensors), len(one.non_differentiable)))(nested(torch)()),
    "marked wrongly": lambda torch, x: nested(torch)().mark_dirty("x"),
    "backward of the base": lambda torch, x: torch.autograd.NestedIOFunction().backward_extended(),
    "forward of the base": lambda torch, x: torch.autograd.NestedIOFunction().forward_extended(),
    "_do_backward": lambda torch, x: nested(torch)()._do_backward((x,), True),
}  # fmt: skip


@pytest.mark.parametrize("case", CALLS)
def test_calls(case: str) -> None:
    same(lambda torch, x: CALLS[case](torch, x), sample(3), grad=False)
