"""One call of an op as forward rules see it."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from minitorch_np.dual.recipe import Recipe
from minitorch_np.op import REGISTRY
from minitorch_np.tensor import Tensor

__all__ = ["Call", "contents"]

A = Any


class Call:
    """A call of an op: its arguments, by position and by name, and its results.

    Of an in-place form the first argument is what it was before the write.
    """

    __slots__ = ("args", "kwargs", "recipe", "results")

    def __init__(
        self,
        recipe: Recipe,
        args: tuple[A, ...],
        kwargs: Mapping[str, A],
        results: Sequence[Tensor],
    ) -> None:
        self.recipe = recipe
        self.args = args
        self.kwargs = kwargs
        self.results = results

    def argument(self, name: str) -> A:
        """The argument of a name."""
        at = self.recipe.at.get(name)
        return self.kwargs[name] if at is None else self.args[at]

    def again(self, changes: Mapping[str, object]) -> Sequence[Tensor | None]:
        """The results of the op with other values of some arguments, in new memory."""
        plan, at = self.recipe.plan, self.recipe.at
        args = list(self.args)
        kwargs = {name: value for name, value in self.kwargs.items() if name != "out"}
        for name, value in changes.items():
            if name in at:
                args[at[name]] = value
            else:
                kwargs[name] = value
        if self.recipe.name == plan.name and plan.name.endswith("_"):  # no other form
            args[0] = cast(Tensor, args[0]).clone()
        return contents(REGISTRY[plan.name](*args, **kwargs))


def contents(result: object) -> Sequence[Tensor]:
    """The tensors of an op's result."""
    return (result,) if isinstance(result, Tensor) else cast("Sequence[Tensor]", result)
