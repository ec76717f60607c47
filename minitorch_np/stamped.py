"""What is made by stamps once compiled code is loaded: tensors, views, histories and nodes.

The functions of Python that make them say what they hold, and go on to do so where no stamps are
possible, or where a stamp finds arguments that it was not cut for. See `kernels/stamps.py`.
"""

from collections.abc import Callable
from types import FunctionType
from typing import Any

from minitorch_np import kernels, storage
from minitorch_np.form import Form
from minitorch_np.graph.anomaly import traced
from minitorch_np.graph.node import AccumulateGrad, Node, edge
from minitorch_np.graph.node import accumulator as accumulator_of
from minitorch_np.graph.saved import kept_result
from minitorch_np.storage import VersionCounter
from minitorch_np.tensor import (
    AutogradMeta,
    Tensor,
    blank,
    dating,
    history,
    owning,
    seen,
    twin,
    unwatched_seen,
    views_noted,
)

__all__ = ["hasten", "maker"]

Make = Callable[..., Any]


def hasten() -> dict[str, Make]:
    """Cut the stamps, let every function that makes tensors go by them, and return those that
    recorders name.

    Somebody may be watching just now; stamps are cut from what is done while nobody is.
    """
    cut, example = kernels.stamps.cut, kernels.stamps.example
    if not kernels.stamps.POSSIBLE:
        return {}
    form, mark, other = example(Form), object(), object()
    asked = [FunctionType(each.__code__, each.__globals__) for each in (owning, blank)]
    undated = FunctionType(owning.__code__, owning.__globals__ | {"dated": None})
    undated_twin = FunctionType(twin.__code__, twin.__globals__ | {"owning": undated})
    new = {
        "unwritten": cut(storage.unwritten),
        "storage_over": cut(storage.storage_over, mark, other),
        "twin": cut(undated_twin, form, mark, other, object()),
        "history": cut(history, mark, other),
        "owning": cut(undated, form, mark, otherwise=asked[0], switch=dating),
    }
    new["blank"] = kernels.stamps.blank(asked[1], Form, new["owning"])
    names = owning.__globals__  # where what makes tensors calls one another by name
    names.update(new)
    owning.__code__, blank.__code__ = _owning.__code__, _blank.__code__
    kept_result.__globals__.update({name: new[name] for name in ("history", "twin", "unwritten")})
    new["seen"] = _views(form, mark)  # of new tensors with what is there by now
    names["seen"] = new["seen"]
    leaf = example(Tensor, form=form)
    accumulator = cut(_end_of_paths, leaf, otherwise=accumulator_of, switch=traced)
    edge.__globals__["accumulator"] = accumulator
    made = {name: new[name] for name in ("blank", "history", "owning", "seen")}
    if kernels.edges.POSSIBLE:
        made["edge"] = kernels.edges.finder(edge, Tensor, AutogradMeta, accumulator)
    return made


def _views(form: Form, offset: object) -> Make:
    """What takes views: of a tensor that has a counter of writes, of new ones, and of views."""
    cut, example = kernels.stamps.cut, kernels.stamps.example
    counter, memory = example(VersionCounter), object()
    whole = example(Form, order=None, nbytes=object())
    last: Make = seen
    tensors: tuple[dict[str, object], ...] = (
        {"store": memory, "ticks": counter, "base": object(), "creation": object()},
        {"store": None, "ticks": None, "base": None, "nd": object(), "form": whole},
        {"store": memory, "ticks": None, "base": None},
        {"store": memory, "ticks": counter, "base": None},
    )
    for fields in tensors:  # the last is asked first
        of = example(Tensor, **fields)
        last = cut(unwatched_seen, of, form, offset, otherwise=last, switch=views_noted)
    return last


_init_leaf = AccumulateGrad.__init__  # which anomaly mode replaces


def _end_of_paths(leaf: Tensor) -> AccumulateGrad:
    """`node.accumulator` as it is while anomaly mode is off."""
    made = object.__new__(AccumulateGrad)
    _init_leaf(made, leaf)
    return made


def _owning(form: Form, array: Any) -> Tensor:  # noqa: ANN401  # as `owning`
    """The body of `tensor.owning` for who holds that function: the stamp has its name by then."""
    return owning(form, array)


def _blank(form: Form) -> Tensor:
    """The same of `tensor.blank`."""
    return blank(form)


def maker(make: Make, kind: type[Node]) -> Make:
    """What makes nodes of a class, by a stamp if there are any by now.

    A result that its own node keeps is new and owns its memory: an ndarray's, or a storage's.
    """
    if kernels.waiting or not kernels.stamps.POSSIBLE:
        return make
    cut, example = kernels.stamps.cut, kernels.stamps.example
    names = make.__code__.co_varnames[1 : make.__code__.co_argcount]
    results = [example(Tensor, form=example(Form), meta=None)]
    if "kept_result" in make.__code__.co_names:
        new: dict[str, object] = {"form": example(Form), "nd": object(), "offset": 0}
        new |= dict.fromkeys(("base", "meta", "ticks"))
        results = [example(Tensor, **new, store=store) for store in (object(), None)]
    for result in results if "result" in names else results[:1]:
        given = [result if name == "result" else object() for name in names]
        make = cut(make, kind, *given)
    return make
