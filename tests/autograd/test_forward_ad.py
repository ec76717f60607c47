"""Dual tensors: what they show, which ops carry tangents, views and writes, and what is refused."""

import copy
import pickle
import sys
import weakref

import pytest
import torch as real

import minitorch_np
from experiments.conformance import pushing  # noqa: F401  # loads what would warn in a test
from tests.oracle import same, sample

kind = {"dtype": real.float64}
x, v = sample(2, 3, grad=False, **kind), sample(2, 3, seed=1, grad=False, **kind)
y = sample(2, 3, seed=2, **kind)


def pushed(f):
    """A program of dual inputs, as one of inputs and tangents: its results and their tangents."""

    def run(torch, *given):
        forward = torch.autograd.forward_ad
        half = len(given) // 2
        with forward.dual_level():
            duals = [forward.make_dual(p, t) for p, t in zip(given[:half], given[half:])]
            result = f(torch, *duals)
            results = result if isinstance(result, (tuple, list)) else (result,)
            pairs = [forward.unpack_dual(r) for r in results]
        return [part for primal, tangent in pairs for part in (primal, *_facts(tangent))]

    return run


def _facts(tangent):
    """All of a tangent but the name of its node, which the rule decides."""
    return () if tangent is None else (tangent.clone(), tangent.stride(), tangent.requires_grad)


def refused(f):
    """The text of what a program raises, first line only."""

    def run(torch, *given):
        try:
            f(torch, *given)
        except Exception as error:  # noqa: BLE001  # compared with the other library's
            return f"{type(error).__name__}: {error}".splitlines()[0]
        return "nothing raised"

    return run


PROGRAMS = {
    "product": lambda torch, a, b: a * b + a.sin() / b.exp(),
    "one tangent of two": lambda torch, a, b: a.detach() * b,
    "no tangent": lambda torch, a, b: a.detach() + 1,
    "views": lambda torch, a, b: (a.t(), a[0], a.view(3, 2), b.expand(2, 2, 3), a.unbind(1)[1]),
    "in place": lambda torch, a, b: a.clone().mul_(b).add_(1).sin_(),
    "in place by itself": lambda torch, a, b: a.clone().mul_(b[0]),
    "write to a view": lambda torch, a, b: _write_to_view(a.clone(), b),
    "write of a plain tensor": lambda torch, a, b: _write_to_view(a.clone(), b.detach()),
    "case 4": lambda torch, a, b: _into(torch.zeros(4, 3), b),
    "case 5": lambda torch, a, b: _seen(torch.zeros(2, 3, dtype=a.dtype), b),
    "a view of a view": lambda torch, a, b: _deep(torch.zeros(3, 4, 3), b),
    "zeroed": lambda torch, a, b: (
        a.clone().zero_(),
        b.clone().fill_(2.0),
        a.clone().fill_(b[0, 0]),
    ),
    "geometry in place": lambda torch, a, b: _geometry(a.clone(), b),
    "matrix products": lambda torch, a, b: (a @ b.t(), a.mm(b.t()), torch.addmm(a, b, b.t() @ a)),
    "joins": lambda torch, a, b: (torch.cat([a, a.detach(), b]), torch.stack([b, a])),
    "several results": lambda torch, a, b: (*a.max(0), *b.sort(1), *torch.var_mean(a)),
    "integers": lambda torch, a, b: (a.argmax(), a > b, a.long(), a.sign()),
    "another dtype": lambda torch, a, b: (a.float() * b, a.half(), b.to(a.dtype)),
    "promotion": lambda torch, a, b: (a.float() * b.detach(), a + torch.ones(3)),
    "numbers": lambda torch, a, b: (a + 2, 3 - a, a / 4, 2**a, a**2, -a),
    "nothing smooth": lambda torch, a, b: (a.floor(), a.round(), a.trunc()),
    "subscripts": lambda torch, a, b: (a[:, [2, 0]], a[1], _assign(a.clone(), b)),
    "norms": lambda torch, a, b: (a.norm(), a.norm(3, 1), torch.nn.functional.group_norm(a, 3)),
    "softmax": lambda torch, a, b: (
        a.softmax(1),
        torch.nn.functional.cross_entropy(a, b.detach()),
    ),
    "out of a module": lambda torch, a, b: torch.nn.functional.linear(a, b, b[:, 0]),
    "versions": lambda torch, a, b: torch.tensor([_version(torch, a.clone())]),
}


def _write_to_view(a, b):
    a[0].mul_(b[1])
    a[:, 1] = b[:, 2]
    return a, a.t()


def _into(base, b):
    base[1:3].copy_(b)
    return base, base[2]


def _seen(base, b):
    view = base.view(3, 2)
    base.copy_(b)
    return base, view, view.t()[1]


def _deep(base, b):
    base.transpose(0, 1)[1:3].unbind(1)[2].copy_(b)
    return base, base[2, 1:3]


def _geometry(a, b):
    c = (a * b).t_()
    return c, c.unsqueeze_(0), c.squeeze_(0), a.clone().transpose_(0, 1)


def _assign(a, b):
    a[0, 1:] = b[1, :2]
    a[a > 0.5] = 0.25
    return a


def _version(torch, a):
    a.add_(1)
    return a._version


# PyTorch's rule of log_softmax writes to what its own backward needs
@pytest.mark.parametrize(
    "name, grad", [(n, g) for n in PROGRAMS for g in (False, True) if (n, g) != ("softmax", True)]
)
def test_programs(name, grad):
    given = [t.detach().clone().requires_grad_(grad) for t in (x, y, v, v * 2)]
    same(pushed(PROGRAMS[name]), *given)


def test_a_gradient_of_a_tangent():
    def f(torch, a, b, t, u):
        tangent = pushed(lambda torch, a, b: (a * b).sin().sum())(torch, a, b, t, u)[1]
        return torch.autograd.grad(tangent, [a, b, t, u])

    same(f, *[t.detach().clone().requires_grad_() for t in (x, y, v, v + 1)], grad=False)


def test_a_gradient_of_layer_norms_tangent():
    """Against finite differences: in PyTorch mean and rstd count as constants there."""
    torch = minitorch_np
    generator = torch.Generator().manual_seed(0)
    a, t, w = (torch.randn(2, 3, generator=generator, dtype=torch.float64) for _ in range(3))

    def tangent(p, q):
        f = lambda p, q: torch.nn.functional.layer_norm(p, (3,), q[0])  # noqa: E731
        return pushed(lambda _, p, q: f(p, q).sin())(torch, p, q, t, w)[1].sum()

    assert torch.autograd.gradcheck(tangent, (a.requires_grad_(), w.requires_grad_()))


def _grad_forward(torch, f, p, t):
    forward = torch.autograd.forward_ad
    with forward.dual_level():
        leaf = p.clone().requires_grad_()
        dual = forward.make_dual(leaf, t)
        [g] = torch.autograd.grad(f(torch, dual), dual, create_graph=True)
        return [p for p in forward.unpack_dual(g) if p is not None]


SCALARS = {
    "exp": lambda torch, a: (a.exp() * a).sum(),
    "tanh and matrix": lambda torch, a: (a.tanh() @ a.t().sigmoid()).pow(2).sum(),
    "softmax": lambda torch, a: (a.softmax(1) * a.log_softmax(0)).sum(),
    "in place": lambda torch, a: a.clone().mul_(a).exp_().mul_(a).sum(),
    "in place on a view": lambda torch, a: _written(a.clone(), a).sum(),
    "norm": lambda torch, a: a.norm() * torch.nn.functional.layer_norm(a, (3,)).square().sum(),
    "sorted": lambda torch, a: (a.sort(1)[0].cumprod(1) * a.max(0)[0]).sum(),
    "convolution": lambda torch, a: (
        torch.nn.functional.conv1d(a[None], a[:, None, :2], groups=2).tanh().sum()
    ),
}


def _written(a, b):
    a[0].mul_(b[1]).sigmoid_()
    return a * b


@pytest.mark.parametrize("name", SCALARS)
def test_forward_over_reverse(name):
    def f(torch, p, t):
        return [part.detach() for part in _grad_forward(torch, SCALARS[name], p, t)]

    same(f, x, v, grad=False)


def test_what_backward_accumulates_has_no_tangent():
    def f(torch, p, t):
        forward = torch.autograd.forward_ad
        with forward.dual_level():
            leaf = p.clone().requires_grad_()
            forward.make_dual(leaf, t).exp().sum().backward()
            return forward.unpack_dual(leaf.grad).tangent is None

    same(f, x, v)


REFUSALS = {
    "no level": lambda torch, a, b: torch.autograd.forward_ad.make_dual(a, b),
    "unpacked outside": lambda torch, a, b: torch.autograd.forward_ad.unpack_dual(a),
    "no level to leave": lambda torch, a, b: torch.autograd.forward_ad.exit_dual_level(),
    "another level to leave": lambda torch, a, b: torch.autograd.forward_ad.exit_dual_level(
        level=2
    ),
}

INSIDE = {
    "nested": lambda F, torch, a, b: F.enter_dual_level(),
    "twice": lambda F, torch, a, b: F.make_dual(F.make_dual(a, b), b),
    "a dual tangent": lambda F, torch, a, b: F.make_dual(a, F.make_dual(b, a)),
    "shape": lambda F, torch, a, b: F.make_dual(a, b.t()),
    "broadcast": lambda F, torch, a, b: F.make_dual(a, b[0]),
    "integers": lambda F, torch, a, b: F.make_dual(a.long(), b),
    "an integer tangent": lambda F, torch, a, b: F.make_dual(a, b.long()),
    "level 1": lambda F, torch, a, b: F.make_dual(a, b, level=1),
    "level -1": lambda F, torch, a, b: F.make_dual(a, b, level=-1),
    "unpack level 1": lambda F, torch, a, b: F.unpack_dual(F.make_dual(a, b), level=1),
    "no tensor": lambda F, torch, a, b: F.unpack_dual(3.0),
    "out": lambda F, torch, a, b: torch.add(F.make_dual(a, b), 1, out=torch.zeros(2, 3)),
    "into a dual": lambda F, torch, a, b: torch.add(a, 1, out=F.make_dual(a, b)),
    "max out": lambda F, torch, a, b: torch.mul(a, F.make_dual(a, b), out=a.clone()),
    "no rule": lambda F, torch, a, b: torch.nn.functional.pdist(F.make_dual(a, b)),
    "no derivative": lambda F, torch, a, b: F.make_dual(a, b) // 2.0,
    "no rule in place": lambda F, torch, a, b: F.make_dual(a, b).acosh_(),
    "overlap": lambda F, torch, a, b: F.make_dual(a[0].expand(2, 3), b),
    "resize_": lambda F, torch, a, b: F.make_dual(a, b).resize_(1, 3),
    "set_": lambda F, torch, a, b: F.make_dual(a, b).set_(torch.zeros(2, dtype=a.dtype)),
    "set_ to a dual": lambda F, torch, a, b: torch.zeros(2, dtype=a.dtype).set_(F.make_dual(a, b)),
    "detach_": lambda F, torch, a, b: F.make_dual(a, b).detach_(),
    "a leaf": lambda F, torch, a, b: a.clone().requires_grad_().mul_(F.make_dual(a, b)),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refused_outside(name):
    same(refused(REFUSALS[name]), x, v)


@pytest.mark.parametrize("name", INSIDE)
def test_refused_inside(name):
    def f(torch, a, b):
        with torch.autograd.forward_ad.dual_level():
            INSIDE[name](torch.autograd.forward_ad, torch, a, b)

    same(refused(f), x, v)


def test_what_a_dual_shows():
    def f(torch, a, b):
        F = torch.autograd.forward_ad
        shown = []
        with F.dual_level() as level:
            d = F.make_dual(a, b)
            p, t = F.unpack_dual(d)
            q, none = F.unpack_dual(a)
            turned = F.unpack_dual(F.make_dual(a, b.t().contiguous().t())).tangent
            offset = F.unpack_dual(F.make_dual(a, torch.cat([b[:1], b])[1:])).tangent
            odd = F.unpack_dual(F.make_dual(a, b.float()))
            shown += [level, t is b, none, p is d, d._base is a, p._base is a, q._base is a]
            shown += [turned is b, turned.stride(), offset.storage_offset(), odd.tangent]
            shown += [repr(d), repr(p), str(d[0]), repr(d.detach()), type(p) is type(a)]
            shown += [d.add_(1) is d, d._version, a._version, F.unpack_dual(d).tangent is b]
            shown += [type(F.unpack_dual(d)).__name__, F.unpack_dual(d)._fields]
            kept = d * 2
        shown += [repr(kept), F.unpack_dual(kept).tangent, repr(d)]
        return shown

    same(f, x, v)


def test_views_of_what_stands_apart():
    """A primal is a view of a dual's base, but the tangents of its views are its own's."""

    def f(torch, a, b):
        F = torch.autograd.forward_ad
        with F.dual_level():
            primal = F.unpack_dual(F.make_dual(a, b)).primal
            early = primal[0]
            primal.copy_(F.make_dual(b, a))
            early.mul_(F.make_dual(b[0], a[1]))
            late = primal.t()[1]
            shown = [F.unpack_dual(t).tangent for t in (primal, early, late, a)]
            return [t if t is None else t.clone() for t in shown]

    same(f, x, v)


def test_a_closed_level_keeps_no_tangent():
    torch = minitorch_np
    with torch.autograd.forward_ad.dual_level():
        dual = torch.autograd.forward_ad.make_dual(torch.ones(2), torch.ones(2))
        result = dual * 2
        kept = weakref.ref(torch.autograd.forward_ad.unpack_dual(result).tangent)
        assert kept() is not None
    assert kept() is None and result.tolist() == [2, 2]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_copies_have_no_tangent(copied):
    def f(torch, a, b):
        with torch.autograd.forward_ad.dual_level():
            d = torch.autograd.forward_ad.make_dual(a, b)
            return copied(d), torch.autograd.forward_ad.unpack_dual(copied(d)).tangent

    same(f, x, v)


def test_names_of_nodes():
    def f(torch, a, b):
        F = torch.autograd.forward_ad
        with F.dual_level():
            d = F.make_dual(a, b)
            p, t = F.unpack_dual(d)
            return [d.grad_fn.name(), p.grad_fn.name(), t is b, (d * d).grad_fn.name()]

    same(f, x.clone().requires_grad_(), v.clone().requires_grad_(), grad=False)


def test_switches():
    def f(torch, a, b):
        F = torch.autograd.forward_ad
        found = []
        with F.dual_level():
            d = F.make_dual(a, b)
            with F._set_fwd_grad_enabled(False):
                off = d * 2
                found += [F._is_fwd_grad_enabled(), F.unpack_dual(d).tangent]
            found += [F._is_fwd_grad_enabled(), F.unpack_dual(off).tangent]
            with torch.no_grad():
                found.append(F.unpack_dual(d * 2).tangent)
            with torch.inference_mode():
                found.append(F.unpack_dual(d * 2).tangent)
            found.append(F.unpack_dual(d * 2).tangent)
        return found

    same(f, x, v)


def test_the_level_as_a_decorator():
    def f(torch, a, b):
        F = torch.autograd.forward_ad

        @F.dual_level()
        def push(p, t):
            return F.unpack_dual(F.make_dual(p, t).exp()).tangent

        return push(a, b), push(b, a), F._current_level if hasattr(F, "_current_level") else -1

    same(f, x, v)


def test_an_error_inside_closes_the_level():
    def f(torch, a, b):
        F = torch.autograd.forward_ad
        try:
            with F.dual_level():
                raise KeyError("mine")
        except KeyError:
            pass
        return F.unpack_dual(a).tangent

    same(f, x, v)


def test_max_pool1d_and_embedding_bag_see_tangents():
    def f(torch, a, b):
        return torch.nn.functional.max_pool1d(a[None], 2), b.sum()

    same(pushed(f), x, v, v, x)


def _lines(f):
    """How many lines of Python a program runs: its cost, whatever else the machine does."""
    count = 0

    def note(frame, event, arg):
        nonlocal count
        count += event == "line"
        return note

    before = sys.gettrace()
    sys.settrace(note)
    try:
        f()
    finally:
        sys.settrace(before)
    return count


def _pushed_at(depth, op):
    """What it costs to push a tangent through one op behind so many others that were recorded."""
    F = minitorch_np.autograd.forward_ad
    x = minitorch_np.rand(3, 3).requires_grad_()
    for _ in range(depth):
        x = x * 1.01
    with F.dual_level():
        d = F.make_dual(x, minitorch_np.ones(3, 3))
        op(d)  # the first call of an op prepares it
        return _lines(lambda: op(d))


# cumprod has no forward rule of its own: its gradient rule is transposed
@pytest.mark.parametrize("op", [lambda d: d.cumprod(0), lambda d: d.tanh(), lambda d: d.t()])
def test_a_tangent_costs_no_more_behind_a_long_history(op):
    # what PyTorch calls is not seen from Python
    assert _pushed_at(2, op) == _pushed_at(200, op)


def test_a_chain_costs_as_much_per_op_however_long():
    F = minitorch_np.autograd.forward_ad

    def chain(n):
        with F.dual_level():
            d = F.make_dual(minitorch_np.rand(3, 3).requires_grad_(), minitorch_np.ones(3, 3))
            for _ in range(n):
                d = d.tanh().exp().cumprod(0)

    counts = [_lines(lambda n=n: chain(n)) for n in (2, 10, 60, 110, 210)]
    each = counts[1] - counts[0]
    assert abs((counts[4] - counts[3]) - 2 * (counts[3] - counts[2])) < each


RULES = {
    "addmm": lambda torch, a, b: torch.addmm(a[:, 0], a, b.t(), beta=2, alpha=3),
    "addmm_": lambda torch, a, b: a[:, :2].clone().addmm_(b, a.t(), beta=2),
    "addbmm": lambda torch, a, b: torch.addbmm(a[:, :2], a[None], b.t()[None], alpha=0.5),
    "baddbmm": lambda torch, a, b: torch.baddbmm(a[:, :2][None], a[None], b.t()[None], beta=2),
    "addmv": lambda torch, a, b: torch.addmv(a[:, 0], b, a[0], alpha=2),
    "addr": lambda torch, a, b: torch.addr(a, b[:, 0], a[0], beta=0.5, alpha=2),
    "extremes along": lambda torch, a, b: (a.max(1)[0], a.min(0, True)[0], a[0, 0].max(0)[0]),
    "ties": lambda torch, a, b: ((a * 0).amax(1) + b.amin(1), (a * 0).max(), b.min(), b.amax()),
    "medians": lambda torch, a, b: (a.median(1)[0], a.nanmedian(0)[0], b.median(), a.mode(0)[0]),
    "extremes so far": lambda torch, a, b: (a.cummax(1)[0], b.cummin(0)[0], a.kthvalue(2, 1)[0]),
    "variances": lambda torch, a, b: (a.var(), b.var(1), a.std(0, keepdim=True), b.std()),
    "of one": lambda torch, a, b: (a[:1].var(0), (b * 0).std(1)),
    "with means": lambda torch, a, b: (
        *torch.var_mean(a, 1), *torch.std_mean(b, 0, correction=0, keepdim=True)
    ),
    "prod": lambda torch, a, b: (a.prod(), a.prod(1, True), (a * torch.arange(3)).prod(1)),
    "logsumexp": lambda torch, a, b: (a.logsumexp(1), b.logsumexp((0, 1), True)),
    "losses": lambda torch, a, b: tuple(
        getattr(torch.nn.functional, name)(a, b[:1].expand(2, 3), reduction=reduction)
        for name in ("mse_loss", "smooth_l1_loss", "huber_loss")
        for reduction in ("none", "mean", "sum")
    ),
    "nll_loss": lambda torch, a, b: torch.nn.functional.nll_loss(
        a, torch.tensor([2, -100]), b[0].detach().abs()
    ),
    "glu": lambda torch, a, b: (torch.nn.functional.glu(a, 0), a),
    "max_pool": lambda torch, a, b: torch.nn.functional.max_pool2d(a[None], 2, ceil_mode=True),
    "layer_norm": lambda torch, a, b: torch.nn.functional.layer_norm(a, (3,), b[0], b[1]),
    "batch_norm": lambda torch, a, b: torch.nn.functional.batch_norm(
        torch.cat([a, b, a * b]), None, None, b[0], b[1], training=True
    ),
    "batch_norm in evaluation": lambda torch, a, b: torch.nn.functional.batch_norm(
        a, torch.zeros(3), torch.ones(3) * 2, b[0], b[1]
    ),
    "lists": lambda torch, a, b: (torch.cat([a, b.detach()]), torch.stack([a.detach(), b], 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", RULES)
def test_rules_of_common_ops(name):
    same(pushed(RULES[name]), x, v, v, x)


OWN = {
    "ties": "PyTorch's tangent of a number's product requires a gradient, which is 0",
    "logsumexp": "PyTorch's rule writes to what it saved",
    "glu": "PyTorch has no gradient of it",
    "layer_norm": "PyTorch's leaves out what the statistics owe to the input",
    "batch_norm": "as layer_norm",
}
"""Rules whose tangents have other gradients than PyTorch's, and why."""


def _total(name):
    """A number made of the tangents of a rule."""

    def f(torch, a, b, t, u):
        forward = torch.autograd.forward_ad
        with forward.dual_level():
            result = RULES[name](torch, forward.make_dual(a, t), forward.make_dual(b, u))
            results = result if isinstance(result, tuple) else (result,)
            found = [forward.unpack_dual(r).tangent for r in results]
        return sum((t * torch.linspace(1, 2, t.numel()).view(t.shape)).sum() for t in found)

    return f


@pytest.mark.parametrize("name", sorted(set(RULES) - set(OWN) - {"lists"}))
def test_their_tangents_have_gradients(name):
    def f(torch, a, b, t, u):
        a, b = a.clone().requires_grad_(), b.clone().requires_grad_()
        total = _total(name)(torch, a, b, t, u)
        return torch.autograd.grad(total, (a, b), allow_unused=True)

    same(f, x, v, v, x)


@pytest.mark.parametrize("name", sorted(set(OWN) - {"ties"}))
def test_gradients_of_tangents_by_differences(name):
    torch = minitorch_np
    a, b, t, u = [torch.tensor(one.tolist(), dtype=torch.float64) for one in (x, v, v, x)]
    leaf = a.clone().requires_grad_()
    (grad,) = torch.autograd.grad(_total(name)(torch, leaf, b, t, u), leaf)
    step = 1e-6 * torch.eye(6, dtype=torch.float64).view(6, 2, 3)
    total = lambda at: _total(name)(torch, at, b, t, u).item()  # noqa: E731
    rises = [(total(a + d) - total(a - d)) / 2e-6 for d in step]
    torch.testing.assert_close(
        grad.flatten(), torch.tensor(rises, dtype=torch.float64), rtol=1e-6, atol=1e-7
    )
