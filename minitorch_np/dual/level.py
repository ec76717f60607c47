"""Levels of forward mode: the mode that sees every op, and dual tensors at the innermost level.

Levels nest, one mode each. A level is switched off while an op runs for it, those around it are
not: they see the op and what computes the tangents, so derivatives of derivatives come out right
and are never confused. Source: torch/autograd/forward_ad.py, torch/_functorch/eager_transforms.py.
"""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from minitorch_np.dual.call import Call, contents
from minitorch_np.dual.recipe import RECIPES, Dual, Planned, Recipe, recipe_of
from minitorch_np.dual.rules import refuse, tangent_of_result, tangents_of_results
from minitorch_np.graph.inplace import CopySlices
from minitorch_np.graph.modes import RegisteredOp, state, write_around
from minitorch_np.graph.tangents import Level, forward, inherit, share, stands_apart
from minitorch_np.plan import slot
from minitorch_np.tensor import Tensor

__all__ = ["DualLevel", "innermost"]

A = Any
R = TypeVar("R")


def innermost() -> "DualLevel | None":
    """The level that was opened last in this thread."""
    return next((mode for mode in reversed(state.modes) if isinstance(mode, DualLevel)), None)


class DualLevel(Level):
    """The mode of one level: runs each op, and gives its results their tangents.

    A function transform's level may have others inside, and inference mode does not switch it off.
    """

    def __init__(self, transform: bool = False) -> None:
        super().__init__()
        self.transform = transform
        self.around = state.derivatives
        """How many function transforms that differentiate run around it."""

    def open(self) -> bool:
        """Whether ops carry tangents at this level just now."""
        return forward.on and (self.transform or not state.inference)

    def close(self) -> None:
        """Take the level off, and with it every tangent that a tensor has at it."""
        state.modes.remove(self)
        state.route_again()
        self.drop()

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __op__(self, op: RegisteredOp, args: tuple[A, ...], kwargs: dict[str, object]) -> A:
        """The result of the op, with a tangent if an argument has one."""
        recipe = RECIPES.get(op) or recipe_of(cast(Planned, op))
        on = forward.on and (self.transform or not state.inference)  # as `open` says
        duals = self._duals(recipe, args, kwargs) if on else None
        if recipe.inplace:
            return self._written(recipe, duals, args, kwargs) if duals else op(*args, **kwargs)
        result: A = recipe.function(*args, **kwargs)
        if on and kwargs.get("out") is not None:
            self._refuse_out(recipe, duals, contents(result))
        if duals and recipe.direct:
            tangent = tangent_of_result(recipe, args, kwargs, result, duals)
            if tangent is not None and result is not args[0]:
                self.begin(result, tangent)
            if _is_recorded(result):
                _tell_node((result,))
        elif duals:
            self._pass_on(Call(recipe, args, kwargs, contents(result)), duals)
        if recipe.view and stands_apart(args[0]):
            for view in contents(result):
                inherit(view, args[0])
        return result

    def _pass_on(self, call: Call, duals: dict[str, Dual]) -> None:
        """Give the results their tangents; one that is an argument itself has it already."""
        tangents = tangents_of_results(call, duals)
        for tensor, tangent in zip(call.results, tangents, strict=True):
            if tangent is not None and not any(tensor is a for a in call.args):
                self.begin(tensor, tangent)
        _tell_node(call.results)

    def _refuse_out(
        self, recipe: Recipe, duals: dict[str, Dual] | None, results: Sequence[Tensor]
    ) -> None:
        """Raise where an argument or a given result has a tangent, which would be lost."""
        if duals or any(self.tangent_of(t) is not None for t in results):
            refuse(f"{recipe.plan.aten}_out", "it is an out= function")

    def _duals(
        self, recipe: Recipe, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> dict[str, Dual]:
        """The tangents of the arguments that have any and that the results depend on smoothly."""
        found: dict[str, Dual] = {}
        for arg, at, several in recipe.slots:
            value = kwargs[arg] if at is None else args[at]
            if isinstance(value, Tensor):
                meta = value.meta
                if meta is None and value.base is None:
                    continue
                part = getattr(meta, "forward", None)
                tangent = None if part is None else part.get(self)
                if tangent is None and value.base is not None:
                    tangent = self.tangent_of(value)
                if tangent is not None and value.dtype.is_floating_point:
                    found[arg] = tangent
            elif several and value is not None:
                tangents = [
                    None if t is None else self.tangent_of(t)
                    for t in cast("Sequence[Tensor | None]", value)
                ]
                if any(t is not None for t in tangents):
                    found[arg] = tangents
        return found

    def _written(
        self, recipe: Recipe, duals: dict[str, Dual],
        args: tuple[A, ...], kwargs: dict[str, object],
    ) -> object:  # fmt: skip
        """The result of an op that writes to its first argument, and to that one's tangent."""
        first = next(iter(recipe.at))
        written = args[0]
        tangent = cast("Tensor | None", duals.get(first))
        if recipe.view:
            result = recipe.function(*args, **kwargs)
            write_around(self.around, recipe.function, tangent, *args[1:], **kwargs)
            return result
        before = written.clone() if recipe.looks_back else written
        result = recipe.function(*args, **kwargs)
        if tangent is not None and _is_kept([tangent, *duals.values(), *args]):
            duals[first] = tangent.clone()  # it is written to, and what the rules saw of it is not
        if before is not written:
            args = tuple([before if a is written else a for a in args])
            kwargs = {n: before if a is written else a for n, a in kwargs.items()}
        recorded = _is_recorded(written)
        if recorded and tangent is not None:
            self._tell_before(recipe, written, tangent)
        if recipe.direct:
            new = tangent_of_result(recipe, args, kwargs, written, duals)
        else:
            [new] = tangents_of_results(Call(recipe, args, kwargs, (written,)), duals)
        if new is not None and tangent is not None:
            write_around(self.around, Tensor.copy_, tangent, new)
        elif new is not None:
            self.begin(written, new, written=True)
        if recorded or _is_recorded(written):
            _tell_node([written])
        return result

    def _tell_before(self, recipe: Recipe, written: Tensor, tangent: Tensor) -> None:
        """Give what a node keeps of the value before the write its tangent, too."""
        node, first = _writer(written), next(iter(recipe.at))
        if node is None or first not in recipe.plan.names():
            return
        kept = getattr(node, slot(recipe.plan, first), None)
        if isinstance(kept, Tensor):
            self.begin(kept, tangent.clone())


def _is_kept(values: Sequence[object]) -> bool:
    """Whether a rule that sees the values may keep them: its ops record, or a mode watches them."""
    if state.modes or not state.grad:
        return bool(state.modes)
    for value in values:
        if isinstance(value, (list, tuple)) or (isinstance(value, Tensor) and value.requires_grad):
            return True
    return False


def _is_recorded(result: Tensor) -> bool:
    """Whether a result, or its base, has a node."""
    meta, base = result.meta, result.base
    if meta is not None and meta.grad_fn is not None:
        return True
    return base is not None and base.meta is not None and base.meta.grad_fn is not None


def _writer(tensor: Tensor) -> A:
    """The node of the last op that made the tensor, or wrote to it."""
    meta = tensor.meta if tensor.base is None else tensor.base.meta
    node = None if meta is None else meta.grad_fn
    if tensor.base is not None and not isinstance(node, CopySlices):
        node = None if tensor.meta is None else tensor.meta.grad_fn
    return node.write if isinstance(node, CopySlices) else node


def _tell_node(results: Sequence[Tensor]) -> None:
    """Give the results that their node keeps, without history, the tangents that they have."""
    for tensor in results:
        node = None if tensor is None else _writer(tensor)  # pyright: ignore[reportUnnecessaryComparison]  # a gradient that was not asked for is None
        if node is None:
            continue
        outputs: dict[str, int] = node.outputs
        for place, nr in outputs.items():
            kept = getattr(node, place, None)
            if isinstance(kept, Tensor) and nr < len(results):
                share(results[nr], kept)
