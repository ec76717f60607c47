"""Where an op refuses: arguments of the wrong kind, and gradients that there cannot be."""

import inspect
import re
from collections.abc import Mapping, Sequence
from typing import NoReturn, Protocol, cast

import numpy as np

from minitorch_np.devices import type_name
from minitorch_np.form import Form
from minitorch_np.graph.inplace import rebase, refuse_gradient, refuse_history, refuse_leaf
from minitorch_np.graph.modes import state
from minitorch_np.graph.node import Edge, Node, edge
from minitorch_np.missing import Given, refuse_as_torch, unpacked
from minitorch_np.overloads import no_tensor
from minitorch_np.plan import Plan
from minitorch_np.shapes import noted
from minitorch_np.tensor import Number, Tensor, plain

__all__ = ["Underived", "blame", "no_rule", "refuse_out", "underive", "underived", "unfit"]


class Planned(Protocol):
    """What is known here of an op."""

    name: str
    called: str
    plan: Plan


def blame(
    one: Planned, error: Exception, arguments: dict[str, object], method: bool
) -> dict[str, object] | None:
    """Raise torch's TypeError for the first argument that is missing or of the wrong kind; or the
    arguments that may be tried again, with ints for tensors.

    Positions count the tensor itself unless a method was called. An integer result of what wants a
    gradient is refused here, too: it has no `form.expects`.
    Source: FunctionSignature::parse, torch/csrc/utils/python_arg_parser.cpp.
    """
    if isinstance(error, AttributeError) and isinstance(error.obj, Form):
        refuse_history(error.obj.dtype)
    called = _name(one)
    parameters = one.plan.signature.parameters
    taken = refuse_as_torch(error, called, parameters, Given(arguments), method)
    again = unpacked(parameters, arguments)
    if again is not None or not isinstance(error, (AttributeError, TypeError, ValueError)):
        return again  # None: the error is of values; what is wrong with kinds are these
    told = re.match(r"\w+\(\)", str(error)) is not None  # by the op itself, in torch's words
    for at, (name, value) in enumerate(arguments.items(), 0 if method else 1):
        kind = one.plan.kinds.get(name)
        at = 0 if name in taken.named else at  # PyTorch tells no position of what is named
        if name == "out":
            _blame_out(one, error, value)
        elif kind is not None:
            _blame_tensor(called, error, name, at, kind, value)
        elif not told:
            _blame_plain(called, error, parameters[name], at, value)
    return None


def unfit(one: Planned, arguments: dict[str, object], method: bool) -> dict[str, object] | None:
    """The arguments with Python's numbers for others; None where they may stay as they are.

    Raises: as `blame` does, for what PyTorch refuses.
    """
    again = unpacked(one.plan.signature.parameters, arguments)
    if again is None:
        again = blame(one, TypeError(), arguments, method)
    return again


def surplus(
    one: Planned,
    arguments: dict[str, object],
    method: bool,
    more: Sequence[object],
    named: Mapping[str, object],
) -> dict[str, object]:
    """The arguments, with those that have NumPy's names under torch's.

    Raises: TypeError for what no parameter stands for, and as `blame` does.
    """
    given = Given(arguments, more, named)
    parameters = one.plan.signature.parameters
    return refuse_as_torch(TypeError(), _name(one), parameters, given, method).arguments


def _name(one: Planned) -> str:
    """The name that errors say."""
    return one.called or (one.plan.aten if one.name == one.plan.name else one.name)


def _blame_tensor(
    called: str, error: Exception, name: str, at: int, kind: str, value: object
) -> None:
    """Raise torch's TypeError for what must be a tensor, or a list of tensors, and is none."""
    if kind == "list":
        if not isinstance(value, (tuple, list)):
            raise wrong_kind(called, name, at, "tuple of Tensors", value) from error
        for nr, each in enumerate(cast("Sequence[object]", value)):
            if not isinstance(each, Tensor):
                raise no_tensor(each, nr, at - 1) from error
    elif not isinstance(value, Tensor) and not (
        kind == "maybe" and isinstance(value, (int, float, type(None)))
    ):
        raise wrong_kind(called, name, at, "Tensor", value) from error


def wrong_kind(called: str, name: str, at: int, kind: str, value: object) -> TypeError:
    """torch's error for an argument of the wrong type; `at` is 0 for one given by keyword."""
    position = f" (position {at})" if at else ""
    return TypeError(
        f"{called}(): argument '{name}'{position} must be {kind}, not {type_name(value)}"
    )


_PLAIN: dict[str, tuple[str, tuple[type, ...]]] = {
    "int": ("int", (int, np.integer, Tensor)),
    "bool": ("bool", (bool,)),
    "float": ("float", (int, float, np.number, Tensor)),
    "tuple[int, ...]": ("tuple of ints", (int, tuple, list)),
    "Sequence[int]": ("tuple of ints", (int, tuple, list)),
}
"""Of annotations, what torch calls the type and what it takes for it."""


def _blame_plain(
    called: str, error: Exception, parameter: inspect.Parameter, at: int, value: object
) -> None:
    """Raise torch's TypeError for a number, or several, that are none."""
    by_keyword = parameter.kind is parameter.KEYWORD_ONLY
    name, at = parameter.name, 0 if by_keyword else at
    if parameter.annotation == Number:
        try:
            plain(value)
        except TypeError:
            raise wrong_kind(called, name, at, "Number", value) from error
        return
    text = str(parameter.annotation).replace("collections.abc.", "")
    kinds = [k for k in re.sub(r"<class '(\w+)'>", r"\1", text).split(" | ") if k != "None"]
    if all(k in _PLAIN for k in kinds) and value is not None:
        kind = _PLAIN[kinds[-1]][0]
        if not isinstance(value, tuple(t for k in kinds for t in _PLAIN[k][1])):
            raise wrong_kind(called, name, at, kind, value) from error


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


Underived.__name__ = "NotImplemented"  # as errors call it, but in Python that is something else


def underived(one: Planned, result: Tensor, inputs: Sequence[object]) -> Tensor:
    """A result written to `out=`, with a history that only says that there is no derivative."""
    underive(f"aten::{one.name}", result, (*inputs, result))
    return result


def underive(called: str, result: Tensor, inputs: Sequence[object]) -> None:
    """Make `Underived` the history of what is written, where any of the inputs wants a gradient."""
    given = [t for t in inputs if isinstance(t, Tensor) and t.requires_grad]
    if state.grad and given and result.dtype.is_floating_point:
        rebase(result, Underived(called, tuple([edge(t) for t in given])))
        result.born = -1  # the edge of a view may have given it the history of before just now


def no_rule(one: Planned, argument: str) -> NoReturn:
    """Raise: the op has no derivative for one of its arguments.

    Of an op that is known to have none at all, derivatives.yaml says so.
    """
    if one.plan.constants and not one.plan.rules:
        name = one.plan.aten.rstrip("_")
        raise NotImplementedError(f"the derivative for '{name}' is not implemented.")
    called = one.plan.aten if one.name == one.plan.name else one.name
    text = f"derivative for aten::{called} is not implemented"
    raise noted(RuntimeError(text), f"The op has no rule for its argument '{argument}'.")
