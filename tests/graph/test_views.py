"""Views and what happens to their histories: how they were made, and what became of their bases."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import Outcome, same, sample

Case = Callable[[Any, Any], Any]


def said(f: Callable[[], Any]) -> str:
    """The error that a call raises, as text; none where it raises none."""
    found = Outcome(lambda _: f(), None, [])
    return "none" if found.error is None else f"{type(found.error).__name__}: {found.error}"


def below(node: Any) -> Any:
    """The names of a node's next functions, and the index of the output of each."""
    return [(child and child.name(), nr) for child, nr in node.next_functions]


def quiet(torch: Any, f: Callable[[], Any], mode: str = "no_grad") -> Any:
    """What `f` makes while nothing is recorded."""
    with getattr(torch, mode)():
        return f()


MADE: dict[str, Case] = {
    "plainly": lambda torch, a: a.view(-1),
    "without grad": lambda torch, a: quiet(torch, lambda: a.view(-1)),
    "in inference mode": lambda torch, a: quiet(torch, lambda: a.view(-1), "inference_mode"),
    "among several": lambda torch, a: a.unbind(0)[1],
    "among several without grad": lambda torch, a: quiet(torch, lambda: a.unbind(0)[1]),
    "of one of several": lambda torch, a: a.unbind(0)[1].view(-1),
    "of one of several, without grad": lambda torch, a: quiet(torch, a.split(1)[1].t),
    "several of one without grad": lambda torch, a: quiet(torch, lambda: a.view(2, -1)).chunk(2)[1],
    "several of one in inference mode": lambda torch, a: quiet(
        torch, lambda: a.view(2, -1), "inference_mode"
    ).chunk(2)[1],
}

WRITTEN: dict[str, Callable[[Any, Any, Any], Any]] = {
    "itself": lambda torch, a, v: v.mul_(2),
    "its base": lambda torch, a, v: a.mul_(2),
    "its base without grad": lambda torch, a, v: quiet(torch, lambda: a.mul_(2)),
    "its base in inference mode": lambda torch, a, v: quiet(
        torch, lambda: a.mul_(2), "inference_mode"
    ),
    "its base, then itself": lambda torch, a, v: (a.mul_(2), v.mul_(2)),
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("made", MADE)
def test_a_view_after_a_write(made: str, written: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        v = MADE[made](torch, a)
        errors = [said(lambda: WRITTEN[written](torch, a, v)), said(lambda: v.grad_fn)]
        errors += [said(lambda: v.is_leaf), said(v.requires_grad_), said(v.retain_grad)]
        errors += [said(lambda: v * 2), said(lambda: v > 0), said(lambda: setattr(v, "grad", None))]
        return errors, a, v.detach(), v._version

    same(f, sample(2, 3))


@pytest.mark.parametrize("made", MADE)
def test_a_view_of_a_leaf_is_not_written_to(made: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        v = MADE[made](torch, x)
        return said(lambda: v.mul_(2)), said(lambda: v.set_(v.detach())), said(v.zero_)

    same(f, sample(2, 3))


REGENERATED: dict[str, Case] = {
    "mul_": lambda torch, a: a.mul_(3),
    "copy_": lambda torch, a: a.copy_(a.detach()),
    "another view": lambda torch, a: a[0].mul_(3),
    "a number where a mask holds": lambda torch, a: a[:, 1].masked_fill_(a[:, 1] > 0, 2),
    "index_put_": lambda torch, a: a.index_put_((torch.tensor([1]),), a[0].detach()),
    "detach().mul_": lambda torch, a: a.detach().mul_(2),
    "data.mul_": lambda torch, a: a.data.mul_(2),
}


@pytest.mark.parametrize("write", REGENERATED)
def test_a_history_is_made_anew(write: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        v, w = a.t(), a.view(-1)
        REGENERATED[write](torch, a)
        nodes = [(below(t.grad_fn), t.output_nr, t._base is a) for t in (v, w)]
        return nodes, v, w, a, v.grad_fn is v.grad_fn

    same(f, sample(2, 3), second=True)


def test_the_base_of_a_view_of_a_view_is_the_first() -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        v = a.t().view(3, 2)[1:]
        return v._base is a, v._is_view(), a._base is None, v.detach()._base is None

    same(f, sample(2, 3))


def test_a_view_of_an_inference_tensor_has_no_base() -> None:
    def f(torch: Any, x: Any) -> Any:
        with torch.inference_mode():
            a = x * 2
        return a.view(-1)._base is None, a.view(-1)._is_view()

    same(f, sample(2, 3, grad=False))


@pytest.mark.parametrize("of", [lambda t: t, lambda t: t[0], lambda t: t.t()])
@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.t_(), lambda t: t.transpose_(0, -1), lambda t: t.unsqueeze_(0),
        lambda t: t.unsqueeze_(0).squeeze_(0), lambda t: t.squeeze_(),
        lambda t: t.as_strided_((2,), (1,), 1), lambda t: t.swapaxes_(0, -1),
    ],
)  # fmt: skip
def test_geometry_in_place(change: Callable[[Any], Any], of: Callable[[Any], Any]) -> None:
    def f(torch: Any, x: Any) -> Any:
        a = x * 2
        v = of(a)
        change(v)
        return v, a, v * v, v._version, below(v.grad_fn)

    same(f, sample(3, 3), second=True)


def test_integers_with_a_history_have_no_views() -> None:
    def f(torch: Any, x: Any) -> Any:
        a = torch.tensor([[1, 2], [3, 4]])
        a.fill_(x.sum())
        return a.grad_fn.name(), said(a.t), said(lambda: a[0]), said(a.t_), said(lambda: a.view(4))

    same(f, sample(3))


SET: dict[str, Case] = {
    "a tensor": lambda torch, a: a.set_(torch.ones(3)),
    "one that wants a gradient": lambda torch, a: a.set_(torch.ones(3, requires_grad=True)),
    "of another dtype": lambda torch, a: a.set_(torch.ones(3).double()),
    "of another dtype, with a size": lambda torch, a: a.set_(torch.ones(3).double(), 1, (2,)),
    "behind an offset": lambda torch, a: a.set_(torch.ones(6)[2:], 1, (2,), (1,)),
    "too small": lambda torch, a: a.set_(torch.ones(3), 0, (9,), (1,)).fill_(2),
    "too small, and of one size": lambda torch, a: a.set_(
        torch.ones(3)[:1], 0, (2, 3), (3, 1)
    ).fill_(2),
    "not contiguous": lambda torch, a: a.set_(torch.ones(2, 2).t(), 0, (2,), (1,)),
    "nothing": lambda torch, a: a.set_(),
    "a storage": lambda torch, a: a.set_(torch.ones(4).untyped_storage()),
    "its own": lambda torch, a: a.set_(a.untyped_storage(), 1, (2, 2), (1, 2)),
}


@pytest.mark.parametrize("case", SET)
@pytest.mark.parametrize("kind", ["plain", "leaf", "result", "view", "leaf in inference mode"])
def test_set(case: str, kind: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        a = {"plain": x.detach().clone(), "result": x * 2, "view": (x * 2)[:1]}.get(kind, x)
        with torch.inference_mode("inference" in kind):
            error = said(lambda: SET[case](torch, a))
        node = a.grad_fn
        return error, a.shape, a.stride(), a.storage_offset(), a.detach(), node and node.name()

    same(f, sample(2, 3))


DATA: dict[str, Case] = {
    "shape": lambda torch, x: setattr(x, "data", x.data[:1]),
    "larger": lambda torch, x: setattr(x, "data", torch.ones(4, 3)),
    "stride": lambda torch, x: setattr(x, "data", x.data.t()),
    "dtype": lambda torch, x: setattr(x, "data", x.data.double()),
    "integers": lambda torch, x: setattr(x, "data", x.data.long()),
    "itself": lambda torch, x: setattr(x, "data", x),
    "no tensor": lambda torch, x: setattr(x, "data", 3),
}


@pytest.mark.parametrize("case", DATA)
@pytest.mark.parametrize("twice", [False, True])
def test_data_is_replaced_under_a_graph(case: str, twice: bool) -> None:
    def f(torch: Any, x: Any) -> Any:
        log: list[Any] = []
        old = x.tanh()
        error = said(lambda: DATA[case](torch, x))
        x.register_hook(lambda g: log.append(g.clone()))
        errors = [error, said(old.sum().backward)]
        if twice:
            errors += [said((x * 2).sum().backward), said(lambda: x.backward(torch.ones_like(x)))]
        return errors, x.grad, log, x._version, x.detach()

    same(f, sample(2, 3), grad=False)


COPIES: dict[str, Callable[[Any, Any], Any]] = {
    "deepcopy": lambda torch, x: copy.deepcopy(x),
    "copy": lambda torch, x: copy.copy(x),
    "pickle": lambda torch, x: pickle.loads(pickle.dumps(x)),
    "deepcopy of a result": lambda torch, x: copy.deepcopy(x * 2),
    "copy of a result": lambda torch, x: copy.copy(x * 2),
    "deepcopy of a view": lambda torch, x: copy.deepcopy(x.view(-1)),
    "deepcopy of a parameter": lambda torch, x: copy.deepcopy(torch.nn.Parameter(x)),
    "copy of a parameter": lambda torch, x: copy.copy(torch.nn.Parameter(x)),
    "copy in inference mode": lambda torch, x: quiet(torch, lambda: copy.copy(x), "inference_mode"),
}


@pytest.mark.parametrize("case", COPIES)
def test_copies(case: str) -> None:
    def f(torch: Any, x: Any) -> Any:
        made = COPIES[case](torch, x)
        version = said(lambda: made._version)
        with torch.no_grad():
            x.mul_(2)
        return made, made.is_leaf, version, said(lambda: made._version), made.is_inference()

    same(f, sample(2, 3), grad=False)


def test_hooks_do_not_come_along_with_a_copy() -> None:
    def f(torch: Any, x: Any, hook: Any) -> Any:
        x.register_hook(hook)
        y = x * 2
        y.register_hook(hook)
        return copy.copy(x), copy.copy(y), pickle.loads(pickle.dumps(y))

    same(f, sample(3), max)
    max_ = copy.copy(_marked)
    same(f, sample(3), max_)


def _marked(g: Any) -> None:
    """A hook that says itself that it is not to be kept."""


_marked.__torch_unserializable__ = True  # pyright: ignore[reportFunctionMemberAccess]
