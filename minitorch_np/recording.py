"""What the source text that `@op` writes may name: the uncommon parts of recording, as functions.

The common ones stand in the text itself, see recorder.py.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

from minitorch_np.dtypes import INTEGER, bool_, float32, in_64_bits
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.form import NUMPYS_OWN, Form, Plans
from minitorch_np.graph.inplace import (
    bump,
    check_inplace,
    made,
    rebase,
    recheck,
    refuse_history,
    regard,
)
from minitorch_np.graph.modes import (
    WATCHED,
    WATCHERS,
    WRITERS,
    Creation,
    RegisteredOp,
    over,
    state,
)
from minitorch_np.graph.node import Node, edge, recorded
from minitorch_np.graph.saved import (
    FREED,
    as_output,
    freed,
    kept_output,
    kept_result,
    stale,
    version_of,
)
from minitorch_np.missing import SEVERAL
from minitorch_np.packing import Runnable, run_packing
from minitorch_np.quiet import quiet, run_quietly
from minitorch_np.refusals import blame, no_rule, refuse_out, surplus, underived, unfit
from minitorch_np.storage import UNWRITTEN
from minitorch_np.strides import contiguous
from minitorch_np.tensor import INFERENCE, Number, Tensor, blank, empty, history, owning, seen
from minitorch_np.titles import titled

__all__ = ["SPACE"]

A = Any


class Watched(Runnable, RegisteredOp, Protocol):
    """An op as a mode sees it, or as hooks on what is saved do."""

    function: Callable[..., Any]
    called: str


def attach(
    node: Node, results: Sequence[Tensor | None], graded: int | None = None, views: bool = False
) -> None:
    """Make `node` the history of several results, or the first ones; integers have none.

    A gradient that was not asked for is None among them. Raises: RuntimeError for integers that are
    views, which have a history in no way.
    """
    results = results[:graded]
    node.expects = [((), float32) if t is None else (t.sizes, t.dtype) for t in results]
    for nr, tensor in enumerate(results):
        if tensor is not None and tensor.dtype.is_floating_point:
            tensor.meta = history(node, nr)
        elif views:
            assert tensor is not None
            refuse_history(tensor.dtype)


def unrecorded(result: "Tensor | Sequence[Tensor]") -> "Tensor | Sequence[Tensor]":
    """A view made while nothing was recorded, marked so."""
    for view in (result,) if isinstance(result, Tensor) else result:
        made(view, Creation.INFERENCE_MODE if state.inference else Creation.NO_GRAD_MODE)
    return result


def learnt(plans: Plans[tuple[Form, int]], key: object, input: Tensor, view: Tensor) -> Tensor:
    """A view, with its form kept for the next time that this key is asked for."""
    if key is not None:
        plans.keep(key, (view.form, view.offset - input.offset))
    return view


def met(
    pairs: Plans[Form | None], quick: A, whole: bool, a: A, b: A, out: Tensor | None, result: Tensor
) -> Tensor:
    """A result; and whether NumPy alone makes the same of operands of these two forms is kept, or
    of integers and a number that all their dtypes hold."""
    form = result.form
    if out is not None or form.nbytes > NUMPYS_OWN or not isinstance(a, Tensor):
        return result
    key: tuple[object, object]
    if isinstance(b, Tensor):
        key, right = (a.form, b.form), b.array
        same = a.dtype is b.dtype is form.dtype and _as_numpy(a.dtype, whole)
    else:
        key, right = (a.form, int), b
        same = whole and type(b) is int and 0 <= b < 128
        same = same and a.dtype is form.dtype and a.dtype.category == INTEGER
    if same and key not in pairs and form.shape and form.nbytes and form.packed is not None:
        made = run_quietly(quick, a.array, right)
        steps = zip(form.shape, made.strides, form.steps, strict=True)
        same = made.shape == form.shape and all(n == 1 or x == y for n, x, y in steps)
        pairs.keep(key, form if same else None)
    return result


def _as_numpy(dtype: Dtype, whole: bool) -> bool:
    """Whether NumPy computes in a dtype as ATen does: in floats, and in integers if `whole`."""
    return not dtype.is_half if dtype.is_floating_point else whole


def paired(
    pairs: Plans[Form],
    whole: bool,
    inputs: tuple[Tensor | Number, ...],
    out: Tensor | None,
    result: Tensor,
) -> Tensor:
    """A result; and its form is kept for operands of these forms, where they have one dtype and
    nobody has to be asked for anything: neither half types nor empty operands. Numbers go with
    floats."""
    form, tensors = result.form, [x for x in inputs if isinstance(x, Tensor)]
    dtype = tensors[0].dtype
    if out is not None or not _as_numpy(dtype, whole) or not form.nbytes or form.packed is None:
        return result
    if all(t.dtype is dtype and t.form.nbytes for t in tensors):
        asked = [x.form if isinstance(x, Tensor) else type(x) for x in inputs]
        if len(tensors) == len(inputs) or (dtype.is_floating_point and bool not in asked):
            pairs.keep(asked[0] if len(asked) == 1 else tuple(asked), form)
    return result


def counted(result: "Tensor | Sequence[Tensor]", out: object) -> "Tensor | Sequence[Tensor]":
    """The result, with the write to each given `out` buffer counted."""
    if out is not None:
        for tensor in (result,) if isinstance(result, Tensor) else result:
            bump(tensor)
    return result


def watched(one: Watched, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """The result of an op under a mode, under hooks on what is saved, or in inference mode."""
    modes = state.modes  # looked up once: each look is one through the thread
    if modes:
        mode = modes.pop()
        state.route_again()
        try:
            return mode.__op__(one, args, kwargs)
        finally:
            modes.append(mode)
            state.route_again()
    if state.derivatives and one.name.endswith("_"):
        over.written(one.called or one.name, args, kwargs)
        if state.route < WATCHED:
            state.write_route = state.route  # seen
            try:
                return one.function(*args, **kwargs)
            finally:
                state.route_again()
    if not state.inference:
        return run_packing(one, args, kwargs)
    state.route = state.write_route = 0
    try:
        result = one.function(*args, **kwargs)
    finally:
        state.route_again()
    for tensor in (result,) if isinstance(result, Tensor) else cast("Sequence[Tensor]", result):
        if (
            tensor.base is None
            and not any(shares(tensor, a) for a in args)
            and tensor is not kwargs.get("out")
        ):
            tensor.clock = INFERENCE
    return result


def shares(tensor: Tensor, argument: object) -> bool:
    """Whether a result is an argument, or counts the same writes, as `detach` does."""
    return isinstance(argument, Tensor) and argument.clock is tensor.clock


def zeros(node: Node, nr: int) -> Tensor:
    """A gradient of zeros for an output that none arrived for."""
    shape, dtype = node.expects[nr]
    assert dtype is not None
    zeros = empty(shape, contiguous(shape), dtype)
    zeros.array.fill(0)
    return zeros


def nothing(grads: Sequence[Tensor | None]) -> bool:
    """Whether none of a node's gradients arrived, as when a hook took them away."""
    return all(grad is None for grad in grads)


def fresh_all(
    node: Node, tensors: "Sequence[Tensor | None] | Tensor", versions: list[int | None]
) -> list[Tensor | None]:
    """A list of kept tensors, each checked or unpacked as one tensor is."""
    if tensors is FREED:
        freed(node)
    kept = cast("Sequence[Tensor | None]", tensors)
    return [
        t if t is None or t.clock.value == version else stale(t, cast(int, version), node)
        for t, version in zip(kept, versions, strict=True)
    ]


def based(tensors: "Sequence[Tensor | None]") -> bool:
    """Whether any tensor is a view of a base that needs a gradient."""
    return any(t.requires_grad for t in tensors if t is not None and t.base is not None)


SPACE: dict[str, object] = {
    "FREED": FREED,
    "MADE_IN_INFERENCE": Creation.INFERENCE_MODE,
    "MADE_UNRECORDED": Creation.NO_GRAD_MODE,
    "NO_FORM": Form((), (), bool_),
    "FEW_BITS": 1 << 30,
    "Node": Node,
    "OPERANDS": (Tensor, float, int),
    "SEVERAL": SEVERAL,
    "Tensor": Tensor,
    "UNWRITTEN": UNWRITTEN,
    "WATCHERS": WATCHERS,
    "WRITERS": WRITERS,
    "as_output": as_output,
    "attach": attach,
    "based": based,
    "blame": blame,
    "bump": bump,
    "counted": counted,
    "check_inplace": check_inplace,
    "class_of": type,
    "edge": edge,
    "freed": freed,
    "kept_output": kept_output,
    "kept_result": kept_result,
    "learnt": learnt,
    "met": met,
    "new": object.__new__,
    "blank": blank,
    "owning": owning,
    "paired": paired,
    "quiet": quiet,
    "recorded": recorded,
    "seen": seen,
    "fresh_all": fresh_all,
    "history": history,
    "in_64_bits": in_64_bits,
    "no_rule": no_rule,
    "nothing": nothing,
    "rebase": rebase,
    "recheck": recheck,
    "regard": regard,
    "refuse_out": refuse_out,
    "stale": stale,
    "state": state,
    "version_of": version_of,
    "unrecorded": unrecorded,
    "surplus": surplus,
    "titled": titled,
    "underived": underived,
    "unfit": unfit,
    "watched": watched,
    "zeros": zeros,
}
"""The names that generated source may use."""
