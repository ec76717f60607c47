"""jvp and linearize: values, structures, nesting, and what they refuse."""

import warnings

import pytest
import torch as real

from experiments.conformance import pushing  # noqa: F401  # loads what would warn in a test
from tests.oracle import same, sample

x = sample(3, grad=False, dtype=real.float64)
v = sample(3, seed=1, grad=False, dtype=real.float64)

RESULTS = {
    "one": lambda torch, jvp, a, t: jvp(torch.sin, (a,), (t,)),
    "two": lambda torch, jvp, a, t: jvp(torch.mul, (a, t), (t, a)),
    "independent": lambda torch, jvp, a, t: jvp(lambda a: t * 2, (a,), (t,)),
    "itself": lambda torch, jvp, a, t: jvp(lambda a: a, (a,), (t,)),
    "trees": lambda torch, jvp, a, t: jvp(
        lambda d, b: {"p": d["a"] * d["b"][0], "q": [b.cos(), (d["a"],)]},
        ({"a": a, "b": (t,)}, a),
        ({"a": t, "b": (a,)}, t),
    ),
    "aux": lambda torch, jvp, a, t: jvp(
        lambda a: (a * 2, {"seen": a * 3}), (a,), (t,), has_aux=True
    ),
    "second": lambda torch, jvp, a, t: jvp(
        lambda b: jvp(lambda c: c**3 * b, (b,), (t,))[1], (a,), (t,)
    ),
    "third": lambda torch, jvp, a, t: jvp(
        lambda b: jvp(lambda c: jvp(torch.exp, (c * b,), (t,))[1], (b,), (t,))[1], (a,), (t,)
    ),
    "no confusion": lambda torch, jvp, a, t: jvp(
        lambda b: b * jvp(lambda c: b + c, (a,), (t,))[1], (a,), (t,)
    ),
    "written": lambda torch, jvp, a, t: jvp(lambda b: b.mul_(2), (a,), (t,)),
    "written inside": lambda torch, jvp, a, t: jvp(
        lambda b: b.add_(jvp(lambda c: c * b, (b,), (t,))[1]), (a,), (t,)
    ),
    "made inside": lambda torch, jvp, a, t: jvp(
        lambda b: torch.zeros(3, dtype=b.dtype).copy_(b).exp_(), (a,), (t,)
    ),
    "a transposed rule inside": lambda torch, jvp, a, t: jvp(
        lambda b: jvp(lambda c: c.cumprod(0) * b.logsumexp(0), (b * b,), (t,))[1], (a,), (t,)
    ),
    "a backward inside": lambda torch, jvp, a, t: jvp(_slope(torch), (a,), (t,)),
    "a backward two inside": lambda torch, jvp, a, t: jvp(
        lambda b: jvp(_slope(torch), (b,), (t,))[1], (a,), (t,)
    ),
    "of another dtype": lambda torch, jvp, a, t: jvp(torch.sin, (a,), (t.float(),)),
    "under no_grad": lambda torch, jvp, a, t: _under(torch.no_grad(), torch, jvp, a, t),
    "in inference mode": lambda torch, jvp, a, t: _under(torch.inference_mode(), torch, jvp, a, t),
    "not switched off": lambda torch, jvp, a, t: _under(
        torch.autograd.forward_ad._set_fwd_grad_enabled(False), torch, jvp, a, t
    ),
    "no tensors": lambda torch, jvp, a, t: jvp(torch.sin, (3.0,), (t,)),
    "no tangents": lambda torch, jvp, a, t: jvp(torch.sin, (a,), (3.0,)),
    "nothing": lambda torch, jvp, a, t: jvp(torch.sin, (), ()),
    "no tuple": lambda torch, jvp, a, t: jvp(torch.sin, a, t),
    "another structure": lambda torch, jvp, a, t: jvp(torch.sin, (a,), (t, t)),
    "a list": lambda torch, jvp, a, t: jvp(torch.sin, (a,), [t]),
    "a number comes out": lambda torch, jvp, a, t: jvp(lambda a: 3.0, (a,), (t,)),
    "None comes out": lambda torch, jvp, a, t: jvp(lambda a: None, (a,), (t,)),
    "nothing comes out": lambda torch, jvp, a, t: jvp(lambda a: [], (a,), (t,)),
    "a number among": lambda torch, jvp, a, t: jvp(lambda a: (a, 3), (a,), (t,)),
    "strict": lambda torch, jvp, a, t: jvp(lambda a: t, (a,), (t,), strict=True),
    "no aux": lambda torch, jvp, a, t: jvp(lambda a: a, (a,), (t,), has_aux=True),
    "an odd aux": lambda torch, jvp, a, t: jvp(lambda a: (a, 3), (a,), (t,), has_aux=True),
    "another shape": lambda torch, jvp, a, t: jvp(torch.sin, (a,), (t[:2],)),
    "integers": lambda torch, jvp, a, t: jvp(torch.sin, (a.long(),), (t,)),
    "a level outside": lambda torch, jvp, a, t: _inside(torch, jvp, a, t),
    "a level inside": lambda torch, jvp, a, t: jvp(lambda b: _level(torch, b), (a,), (t,)),
    "dual twice": lambda torch, jvp, a, t: jvp(
        lambda b: torch.autograd.forward_ad.make_dual(b, t), (a,), (t,)
    ),
    "unpacked": lambda torch, jvp, a, t: jvp(
        lambda b: torch.autograd.forward_ad.unpack_dual(b).tangent, (a,), (t,)
    ),
}


def _slope(torch):
    """The derivative of a function, by going backward; in PyTorch, too, jvp sees all of it."""

    def slope(b):
        leaf = b if b.requires_grad else b * 1
        return torch.func.jvp(lambda c: (c.exp() * c).cumprod(0), (leaf,), (leaf * 2,))[1]

    return slope


def _under(context, torch, jvp, a, t):
    with context:
        return jvp(torch.sin, (a,), (t,))


def _inside(torch, jvp, a, t):
    with torch.autograd.forward_ad.dual_level():
        return jvp(torch.sin, (a,), (t,))


def _level(torch, b):
    with torch.autograd.forward_ad.dual_level():
        return b


@pytest.mark.parametrize("name", RESULTS)
def test_jvp(name):
    same(lambda torch, a, t: RESULTS[name](torch, torch.func.jvp, a, t), x, v)


def test_a_failure_closes_the_levels():
    def f(torch, a, t):
        for wrong in ((a, t), ((a,), (t[:1],))):
            with pytest.raises(RuntimeError):
                torch.func.jvp(torch.sin, *wrong)
        with pytest.raises(KeyError):
            torch.func.jvp(lambda a: {}["missing"], (a,), (t,))
        return torch.autograd.forward_ad.unpack_dual(a).tangent

    same(f, x, v)


def test_gradients_of_jvp():
    def f(torch, a, t):
        out, tangent = torch.func.jvp(lambda b: (b.sin() * b).cumsum(0), (a,), (t,))
        return torch.autograd.grad(tangent.exp().sum() + out.sum(), [a, t])

    same(f, x.clone().requires_grad_(), v.clone().requires_grad_(), grad=False)


LINEAR = {
    "one": lambda push, t: push(t),
    "another": lambda push, t: push(t * 2) + push(-t),
    "two": lambda push, t: push(t, t),
    "shape": lambda push, t: push(t[:2]),
    "dtype": lambda push, t: push(t.float()),
}


@pytest.mark.parametrize("name", LINEAR)
def test_linearize(name):
    def f(torch, a, t):
        with warnings.catch_warnings():  # of torch's tracing
            warnings.simplefilter("ignore")
            out, push = torch.func.linearize(lambda b: b.exp() * b, a)
            return out, LINEAR[name](push, t)

    same(f, x, v, grad=False)


def scalar(torch):
    """A function of a vector, some of whose rules are transposed gradient rules."""
    weight = torch.arange(12, dtype=torch.float64).reshape(4, 3).sin()
    return lambda a: (weight @ a).tanh().cumprod(0).sum() * a.logsumexp(0)


BATCH = sample(5, 3, grad=False, dtype=real.float64, seed=4)

MIXED = {
    "vmap of jvp": lambda F, f, a, b: F.vmap(lambda p, t: F.jvp(f, (p,), (t,)))(b, b * 2),
    "vmap over tangents": lambda F, f, a, b: F.vmap(lambda t: F.jvp(f, (a,), (t,)))(b),
    "vmap over primals": lambda F, f, a, b: F.vmap(lambda p: F.jvp(f, (p,), (a,)))(b),
    "jvp of vmap": lambda F, f, a, b: F.jvp(F.vmap(f), (b,), (b * 2,)),
    "two vmaps": lambda F, f, a, b: F.vmap(lambda p: F.vmap(lambda t: F.jvp(f, (p,), (t,))[1])(b))(
        b
    ),
    "jvp of grad": lambda F, f, a, b: F.jvp(F.grad(f), (a,), (a + 1,)),
    "grad of jvp": lambda F, f, a, b: F.grad(lambda p: F.jvp(f, (p,), (p * p,))[1])(a),
    "jvp of grad of jvp": lambda F, f, a, b: F.jvp(
        F.grad(lambda p: F.jvp(f, (p,), (p * p,))[1]), (a,), (a + 1,)
    ),
    "vmap of jvp of grad": lambda F, f, a, b: F.vmap(lambda p, t: F.jvp(F.grad(f), (p,), (t,))[1])(
        b, b * 2
    ),
    "hessian": lambda F, f, a, b: F.hessian(f)(a),
    "vmap of hessian": lambda F, f, a, b: F.vmap(F.hessian(f))(b),
    "three times": lambda F, f, a, b: F.jacfwd(F.jacfwd(F.jacfwd(f)))(a),
    "jacrev of jacfwd": lambda F, f, a, b: F.jacrev(F.jacfwd(f))(a),
}


@pytest.mark.parametrize("name", MIXED)
def test_among_other_transforms(name):
    same(lambda torch, a, b: MIXED[name](torch.func, scalar(torch), a, b), x, BATCH, stride=False)


def test_layer_norm_twice():
    """Its saved mean and rstd have no history, and no tangents."""

    def f(torch, a):
        def g(p):
            return torch.nn.functional.layer_norm(p, (3,), p.detach()).pow(3).sum()

        return torch.func.hessian(g)(a)

    same(f, x)
