"""The tangents of a function whose jvp is the user's, against torch.autograd.Function."""

import pytest
import torch as real

import minitorch_np
from experiments.conformance import pushing  # noqa: F401  # loads what would warn in a test
from tests.oracle import same, sample

x = sample(2, grad=False, dtype=real.float64)
y, v, w = (sample(2, seed=n, grad=False, dtype=real.float64) for n in (1, 2, 3))


def called(torch, forward, jvp, *args, written=False, passive=None, materialize=True):
    """A Function of these two, applied."""

    def run(ctx, *args):
        ctx.set_materialize_grads(materialize)
        out = forward(*args)
        if written:
            ctx.mark_dirty(args[0])
        if passive is not None:
            ctx.mark_non_differentiable(out[passive])
        return out

    methods = {"forward": staticmethod(run), "jvp": staticmethod(lambda ctx, *t: jvp(*t))}
    return type("Made", (torch.autograd.Function,), methods).apply(*args)


seen = []


def _noting(result):
    def jvp(a, b):
        seen.append([None if t is None else t.tolist() for t in (a, b)])
        return result(a)

    return jvp


CASES = {
    "product": (lambda a, b: a * b, lambda a, b: a * 2 + b, {}),
    "noted": (lambda a, b: a * b, _noting(lambda a: a * 2), {}),
    "not filled": (lambda a, b: a * b, _noting(lambda a: a * 2), {"materialize": False}),
    "a tuple of one": (lambda a, b: a * b, lambda a, b: (a,), {}),
    "two": (lambda a, b: (a * b, a + 1), lambda a, b: (a, b), {}),
    "too few": (lambda a, b: (a * b, a + 1), lambda a, b: a, {}),
    "too many": (lambda a, b: a * b, lambda a, b: (a, b), {}),
    "no tensor": (lambda a, b: (a * b, a + 1), lambda a, b: (a, 3.0), {}),
    "another shape": (lambda a, b: a * b, lambda a, b: a[:1], {}),
    "another dtype": (lambda a, b: a * b, lambda a, b: a.float(), {}),
    "marked": (lambda a, b: (a * b, a + 1), lambda a, b: (a, None), {"passive": 1}),
    "marked, but given": (lambda a, b: (a * b, a + 1), lambda a, b: (a, a), {"passive": 1}),
    "integers": (lambda a, b: (a * b, a > b), lambda a, b: (a, None), {}),
    "integers, but given": (lambda a, b: (a * b, a > b), lambda a, b: (a, a), {}),
    "a view": (lambda a, b: a.view(2, 1), lambda a, b: a.view(2, 1), {}),
    "a view, but a copy": (lambda a, b: a.view(2, 1), lambda a, b: a.view(2, 1).clone(), {}),
    "as it is": (lambda a, b: a, lambda a, b: a.view_as(a), {}),
    "as it is, and so the tangent": (lambda a, b: a, lambda a, b: a, {}),
    "as it is, but a copy": (lambda a, b: a, lambda a, b: a.clone(), {}),
    "written": (lambda a, b: a.mul_(2), lambda a, b: a.mul_(2), {"written": True}),
    "written, but another": (
        lambda a, b: a.mul_(2),
        lambda a, b: a.mul_(2).clone(),
        {"written": True},
    ),
    "written, but a copy": (lambda a, b: a.mul_(2), lambda a, b: a * 2, {"written": True}),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("both", [False, True])
def test_tangents(name, both):
    forward, jvp, options = CASES[name]
    seen.clear()

    def f(torch, x, y, v, w):
        F = torch.autograd.forward_ad
        with F.dual_level():
            a, b = F.make_dual(x, v), F.make_dual(y, w) if both else y
            try:
                out = called(torch, forward, jvp, a, b, **options)
            except (RuntimeError, TypeError) as error:
                return f"{type(error).__name__}: {error}"
            outs = out if isinstance(out, tuple) else (out,)
            pairs = [F.unpack_dual(o) for o in outs]
            return [part for pair in pairs for part in pair if part is not None]

    same(f, x, y, v, w)
    assert seen[: len(seen) // 2] == seen[len(seen) // 2 :]


def test_no_jvp():
    def f(torch, x, v):
        F = torch.autograd.forward_ad
        double = type(
            "Double", (torch.autograd.Function,), {"forward": staticmethod(lambda ctx, x: 2 * x)}
        )
        with F.dual_level():
            double.apply(F.make_dual(x, v))

    same(f, x, v)


def cubes(torch):
    """A Function that goes both ways, and under vmap."""

    class Cube(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x, y):
            return x**3 * y, x + y

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_forward(*inputs)
            ctx.save_for_backward(*inputs)

        @staticmethod
        def jvp(ctx, t, u):
            x, y = ctx.saved_tensors
            return 3 * x**2 * y * t + x**3 * u, t + u

        @staticmethod
        def backward(ctx, g, h):
            x, y = ctx.saved_tensors
            return 3 * x**2 * y * g + h, x**3 * g + h

    return lambda x, y: Cube.apply(x, y)


TRANSFORMS = {
    "jvp": lambda F, f, x, y: F.jvp(f, (x, y), (y, x)),
    "one tangent": lambda F, f, x, y: F.jvp(lambda a: f(a, y), (x,), (y,)),
    "grad of jvp": lambda F, f, x, y: F.grad(
        lambda a: F.jvp(lambda b: f(b, a)[0].sum(), (a,), (y,))[1]
    )(x),
    "jvp of grad": lambda F, f, x, y: F.jvp(F.grad(lambda a: f(a, y)[0].sum()), (x,), (y,)),
    "jacfwd": lambda F, f, x, y: F.jacfwd(f, argnums=(0, 1))(x, y),
    "hessian": lambda F, f, x, y: F.hessian(lambda a: f(a, y)[0].sum())(x),
    "vmap of jvp": lambda F, f, x, y: F.vmap(lambda a, b: F.jvp(f, (a, b), (b, a)))(x, y),
    "jvp of vmap": lambda F, f, x, y: F.jvp(F.vmap(f, in_dims=(0, None)), (x, y), (y, x)),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_inside_transforms(name):
    same(lambda torch, x, y: TRANSFORMS[name](torch.func, cubes(torch), x, y), x, y)


def test_a_tangent_of_a_tangent():
    """Against ops: PyTorch calls jvp with forward mode off, and so loses outer tangents."""

    def f(torch, x, y):
        cube = cubes(torch) if torch is minitorch_np else lambda x, y: (x**3 * y, x + y)
        return torch.func.jvp(
            lambda a: torch.func.jvp(lambda b: cube(b, a), (a * a,), (y,))[1], (x,), (y,)
        )

    same(f, x, y)


def test_a_gradient_of_a_tangent():
    def f(torch, x, y):
        F = torch.autograd.forward_ad
        with F.dual_level():
            out = cubes(torch)(F.make_dual(x, y), F.make_dual(y, x))[0]
            tangent = F.unpack_dual(out).tangent
        return torch.autograd.grad(tangent.sum(), [x, y])

    same(f, x.clone().requires_grad_(), y.clone().requires_grad_(), grad=False)
