"""NestedIOFunction: what is left in PyTorch of functions with a `forward` that is no static method.

Neither calling one nor `apply` works there any more, or here: what calls ended in is gone.
Source: torch/autograd/function.py.
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from minitorch_np.graph.function import Function
from minitorch_np.nn.parameter import typename
from minitorch_np.tensor import Tensor

__all__ = ["NestedIOFunction"]

Nested = Any
"""A tensor, None, or a list, tuple or dict of such."""


def _unknown(kind: object, accepted: str) -> ValueError:
    return ValueError(
        "Auto nesting doesn't know how to process an input object of type "
        f"{typename(kind)}. Accepted types: {accepted}, or lists/tuples of them"
    )


def _flat(nested: Nested, keep_none: bool = False) -> Iterator[Tensor | None]:
    """The tensors, and None where asked for, in the order in which they stand."""
    if isinstance(nested, Tensor) or (keep_none and nested is None):
        yield nested
    elif isinstance(nested, (list, tuple, dict)):
        kind = cast("dict[Any, Any] | Sequence[Any]", nested)
        for one in kind.values() if isinstance(kind, dict) else kind:
            yield from _flat(one, keep_none)
    elif nested is not None:
        raise _unknown(nested, "Tensors or None" if keep_none else "Tensors")


def _data(nested: Nested) -> Nested:
    """The same with the `.data` of each tensor."""
    if isinstance(nested, Tensor):
        return cast(Any, nested).data
    if nested is None:
        return None
    if isinstance(nested, dict):
        return {key: _data(one) for key, one in cast("dict[Any, Any]", nested).items()}
    if isinstance(nested, (list, tuple)):
        several = [_data(one) for one in cast("Sequence[Any]", nested)]
        kind = cast(Any, type(nested))  # pyright: ignore[reportUnknownArgumentType]  # a user's
        return kind(*several) if hasattr(kind, "_fields") else kind(several)
    raise _unknown(nested, "Tensors")


def _nested(flat: Sequence[Any], like: Nested) -> Nested:
    """The values of `flat`, nested as `like` is."""
    values = iter(flat)

    def take(like: Nested) -> Nested:
        if not isinstance(like, (list, tuple)):
            return next(values)
        several = [None if one is None else take(one) for one in cast("Sequence[Any]", like)]
        return cast(Any, type(like))(several)  # pyright: ignore[reportUnknownArgumentType]  # as above

    return take(like)


class NestedIOFunction(Function):
    """Kept for old code, which no longer runs: `Function` is what to derive from.

    Raises: AttributeError when it is called or applied, as in PyTorch.
    """

    _nested_input: Nested
    _nested_output: Nested
    _to_save_nested: Nested

    def _do_forward(self, *input: Nested) -> Nested:
        self._nested_input = input
        flat = cast(Any, super())._do_forward(*_flat(input))
        return _nested(flat, self._nested_output)

    def _do_backward(self, gradients: Sequence[Any], retain_variables: bool) -> Nested:
        self.retain_variables = retain_variables
        result = cast(Any, super())._do_backward(gradients, retain_variables)
        if not retain_variables:
            del self._nested_output
            del self._to_save_nested
        return result

    def backward(self, *gradients: Nested) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]  # no static method, as in torch
        """What `backward_extended` returns for the gradients, nested as the outputs were."""
        nested = _nested(gradients, self._nested_output)
        return tuple(_flat(self.backward_extended(*nested), keep_none=True))

    __call__ = _do_forward  # pyright: ignore[reportAssignmentType]  # as in torch

    def forward(self, *args: Nested) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ARG002  # as above
        """The tensors of what `forward_extended` returns for the nested arguments."""
        tensors = _data(self._nested_input)
        result = self.forward_extended(*tensors)
        del self._nested_input
        self._nested_output = result
        return tuple(_flat(result))

    def save_for_backward(self, *args: Nested) -> None:
        """Keep nested tensors for `saved_tensors`."""
        self.to_save = tuple(_flat(args))
        self._to_save_nested = args

    @property
    def saved_tensors(self) -> Nested:  # pyright: ignore[reportIncompatibleVariableOverride]  # nested here
        """What `save_for_backward` was given, nested as it was."""
        return _nested(super().saved_tensors, self._to_save_nested)

    def mark_dirty(self, *args: Nested, **kwargs: Nested) -> None:
        """Say which tensors were written to."""
        self.dirty_tensors = tuple(_flat((args, kwargs)))

    def mark_non_differentiable(self, *args: Nested, **kwargs: Nested) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = tuple(_flat((args, kwargs)))

    def forward_extended(self, *input: Nested) -> Nested:
        """The result for nested arguments; to be overridden."""
        raise NotImplementedError

    def backward_extended(self, *grad_output: Nested) -> Nested:
        """The gradients for nested ones; to be overridden."""
        raise NotImplementedError


NestedIOFunction.__module__ = "minitorch_np.autograd.function"
