"""Where an op refuses: arguments of the wrong kind, and gradients that there cannot be."""

from collections.abc import Sequence
from typing import NoReturn, Protocol, cast

from minitorch_np.form import Form
from minitorch_np.graph.inplace import rebase, refuse_gradient, refuse_history, refuse_leaf
from minitorch_np.graph.modes import state
from minitorch_np.graph.node import Edge, Node, edge
from minitorch_np.overloads import OVERLOADS, fits, unfitting
from minitorch_np.plan import Plan
from minitorch_np.shapes import noted
from minitorch_np.tensor import Tensor, plain

__all__ = ["Underived", "blame", "no_rule", "refuse_out", "underived"]


class Planned(Protocol):
    """What is known here of an op."""

    name: str
    plan: Plan


def blame(one: Planned, error: Exception, arguments: dict[str, object]) -> None:
    """Raise torch's TypeError when an argument that must be a tensor, or a number, is none.

    An integer result of what wants a gradient is refused here, too: it has no `form.expects`.
    """
    if isinstance(error, AttributeError) and isinstance(error.obj, Form):
        refuse_history(error.obj.dtype)
    called = one.plan.aten if one.name == one.plan.name else one.name
    if called in OVERLOADS:
        given = [v for name, v in arguments.items() if one.plan.kinds.get(name) and name != "out"]
        if not fits(called, *given):
            raise unfitting(called, *given) from error
    for at, (name, value) in enumerate(arguments.items()):
        kind = one.plan.kinds.get(name)
        if kind is None:
            _blame_number(called, error, name, value)
            continue
        if name == "out":
            _blame_out(one, error, value)
            continue
        given = cast("Sequence[object]", value) if kind == "list" else [value]
        for nr, each in enumerate(given):
            if isinstance(each, Tensor) or (
                kind == "maybe" and isinstance(each, (int, float, type(None)))
            ):
                continue
            if kind == "list":
                raise TypeError(
                    f"expected Tensor as element {nr} in argument {at}, "
                    f"but got {type(each).__name__}"
                ) from error
            raise TypeError(
                f"{called}(): argument '{name}' (position {at + 1}) must be Tensor, "
                f"not {type(each).__name__}"
            ) from error


def _blame_number(called: str, error: Exception, name: str, value: object) -> None:
    """Raise torch's TypeError for what is no number, nor a 0-d tensor that stands for one."""
    try:
        plain(value)
    except TypeError as wrong:
        raise TypeError(f"{called}(): argument '{name}' {wrong}") from error


def _blame_out(one: Planned, error: Exception, out: object) -> None:
    """Raise torch's TypeError when `out` is given and no tensor, or no tuple of them."""
    several = one.plan.results is not None
    if out is not None and not isinstance(out, tuple if several else Tensor):
        kind = "tuple of Tensors" if several else "Tensor"
        raise TypeError(
            f"{one.plan.aten}(): argument 'out' must be {kind}, not {type(out).__name__}"
        ) from error


def refuse_out(one: Planned, out: "Tensor | Sequence[Tensor]", inputs: Sequence[object]) -> None:
    """Raise where a gradient is wanted that `out=` cannot have.

    Source: throw_error_out_requires_grad, torch/csrc/autograd/VariableTypeUtils.h; ops without a
    derivative come through autograd_not_implemented_fallback.cpp, which minds written leaves alone.
    """
    written = (out,) if isinstance(out, Tensor) else out
    name = one.plan.aten
    if one.plan.refuses == "leaf":
        for t in written:
            refuse_leaf(name, t)
        return
    given = [t for t in (*inputs, *written) if isinstance(t, Tensor)]
    if state.grad and any(t.requires_grad for t in given):
        refuse_gradient(name)


class Underived(Node):
    """The history of what was written without a derivative: going back through it raises."""

    __slots__ = ("called",)

    def __init__(self, called: str, edges: tuple[Edge | None, ...]) -> None:
        super().__init__(edges)
        self.called = called

    def name(self) -> str:
        """PyTorch's name of the node."""
        return "torch::autograd::NotImplemented"

    def apply(
        self,
        grads: list[Tensor | None],  # noqa: ARG002
        edges: tuple[Edge | None, ...],  # noqa: ARG002
    ) -> list[Tensor | None]:
        """Raises: RuntimeError."""
        raise RuntimeError(f"derivative for {self.called} is not implemented")

    def spend(self, grads: list[Tensor | None], keep_graph: bool) -> None:
        """As `apply`. Raises: RuntimeError."""
        del keep_graph
        self.apply(grads, self.edges)


def underived(one: Planned, result: Tensor, inputs: Sequence[object]) -> Tensor:
    """A result written to `out=`, with a history that only says that there is no derivative."""
    given = [t for t in (*inputs, result) if isinstance(t, Tensor) and t.requires_grad]
    if state.grad and given and result.dtype.is_floating_point:
        rebase(result, Underived(f"aten::{one.name}", tuple([edge(t) for t in given])))
    return result


def no_rule(one: Planned, argument: str) -> NoReturn:
    """Raise: the op has no derivative for one of its arguments."""
    called = one.plan.aten if one.name == one.plan.name else one.name
    text = f"derivative for aten::{called} is not implemented"
    raise noted(RuntimeError(text), f"The op has no rule for its argument '{argument}'.")
