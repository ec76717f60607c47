"""The tangents of a function whose jvp is the user's, against torch.autograd.Function."""

import pytest
import torch as real

from experiments.conformance import pushing  # noqa: F401  # loads what would warn in a test
from minitorch_np.graph.custom_tangents import push_custom
from minitorch_np.graph.inplace import bump
from minitorch_np.graph.modes import no_grad
from minitorch_np.graph.tangents import forward_off
from tests.oracle import same, sample

x = sample(2, grad=False, dtype=real.float64)
y, v, w = (sample(2, seed=n, grad=False, dtype=real.float64) for n in (1, 2, 3))


def called(torch, forward, jvp, *args, written=False, passive=None, materialize=True):
    """A function of these two, applied: theirs as a Function, ours by what one is made of."""
    if torch is real:

        def run(ctx, *args):
            ctx.set_materialize_grads(materialize)
            out = forward(*args)
            if written:
                ctx.mark_dirty(args[0])
            if passive is not None:
                ctx.mark_non_differentiable(out[passive])
            return out

        made = type(
            "Made",
            (torch.autograd.Function,),
            {"forward": staticmethod(run), "jvp": staticmethod(lambda ctx, *t: jvp(*t))},
        )
        return made.apply(*args)
    with forward_off(), no_grad():
        out = forward(*args)
        if written:
            bump(args[0])
        several = out if isinstance(out, tuple) else (out,)
        several = [args[0].view_as(o) if o is args[0] and not written else o for o in several]
    off = () if passive is None else {id(several[passive])}
    push_custom(jvp, args, several, off, materialize)
    return tuple(several) if isinstance(out, tuple) else several[0]


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
