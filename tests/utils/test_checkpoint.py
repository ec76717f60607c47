"""torch.utils.checkpoint: both variants, nested, stopped early, and every way to go wrong."""

import gc
import weakref
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest

import minitorch_np
from tests.oracle import same, sample


def run_twice(torch: Any, x: Any) -> Any:
    return (x.sin() * x.exp()).cos()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "elementwise": run_twice,
    "matmul": lambda torch, x: (x @ x.t()).tanh() @ x,
    "dropout": lambda torch, x: torch.nn.functional.dropout(x * x, 0.4).sin() * torch.rand(3),
    "in place": lambda torch, x: (x * 2).exp_().mul_(x).sin(),
    "in place on a view": lambda torch, x: ((y := x * 2), y[0].mul_(y[1].detach()), y.exp())[-1],
    "views": lambda torch, x: x.t().reshape(-1)[2:5] * x[0].sum(),
    "nothing saved": lambda torch, x: x + 1,
    "identity": lambda torch, x: x,
    "last saves its result": lambda torch, x: x.sin().exp(),
    "no grad inside": lambda torch, x: x.detach().exp() * x,
    "layer norm": lambda torch, x: torch.nn.functional.layer_norm(x.exp(), (3,)),
}


def checkpointed(torch: Any, f: Any, *args: Any, **options: Any) -> Any:
    return torch.utils.checkpoint.checkpoint(f, *args, **options)


@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("reentrant", [True, False])
def test_gradients_are_those_of_the_function(f: Callable[..., Any], reentrant: bool) -> None:
    def run(torch: Any, x: Any) -> Any:
        calls: list[Any] = []

        def counted(t: Any) -> Any:
            calls.append((torch.is_grad_enabled(), t.requires_grad, t is x))
            return f(torch, t)

        torch.manual_seed(3)
        y = checkpointed(torch, counted, x, use_reentrant=reentrant)
        drawn = torch.rand(2)
        y.sum().backward()
        return calls, y.detach(), y.grad_fn.name(), x.grad, drawn, torch.rand(2)

    same(run, sample(3, 3), grad=False, tol=(1e-4, 1e-4))


@pytest.mark.parametrize("reentrant", [True, False])
def test_the_generator_is_put_back_only_if_asked(reentrant: bool) -> None:
    def run(torch: Any, x: Any, preserve: bool) -> Any:
        torch.manual_seed(3)
        y = checkpointed(torch, lambda t: t * torch.rand(3) * t, x, use_reentrant=reentrant,
                         preserve_rng_state=preserve)  # fmt: skip
        y.sum().backward()
        return x.grad, torch.rand(2)

    for preserve in True, False:
        same(lambda torch, x, p=preserve: run(torch, x, p), sample(3), grad=False)


def test_several_arguments_and_results() -> None:
    def f(x: Any, scale: float, y: Any, *, shift: Any = None, pair: Any = None) -> Any:
        z = x * scale + (y if shift is None else y * shift)
        return z.exp(), "word", z.sin() if pair is None else z * pair[0]

    def run(torch: Any, x: Any, y: Any, reentrant: bool) -> Any:
        more = {} if reentrant else {"shift": y.detach(), "pair": [x]}
        a, word, b = checkpointed(torch, f, x, 2.0, y, use_reentrant=reentrant, **more)
        (a.sum() + b.sum()).backward()
        return word, a, b, x.grad, y.grad

    for reentrant in True, False:
        same(lambda torch, x, y, r=reentrant: run(torch, x, y, r), sample(3), sample(3, seed=1),
             grad=False)  # fmt: skip


def test_without_a_gradient() -> None:
    def run(torch: Any, x: Any, reentrant: bool) -> Any:
        y = checkpointed(torch, lambda t: t.exp(), x, use_reentrant=reentrant)
        with torch.no_grad():
            z = checkpointed(torch, lambda t: t.exp(), x, use_reentrant=reentrant)
        return y, z

    for reentrant in True, False:
        for grad in True, False:
            same(lambda torch, x, r=reentrant: run(torch, x, r), sample(3, grad=grad), grad=False)


@pytest.mark.parametrize("early", [True, False])
def test_how_often_a_function_runs(early: bool) -> None:
    """Early stop ends the second run at the last tensor that is needed."""

    def run(torch: Any, x: Any) -> Any:
        log: list[str] = []

        def f(t: Any) -> Any:
            log.append("start")
            y = t.sin()
            log.append("sin")
            z = y + y.exp()
            log.append("exp")
            z = z * 2 + t
            log.append("end")
            return z

        with torch.utils.checkpoint.set_checkpoint_early_stop(early):
            y = checkpointed(torch, f, x, use_reentrant=False)
        first = torch.autograd.grad(y.sum(), x, retain_graph=True)
        log.append("again")
        y.sum().backward()
        log.append("other")
        z = checkpointed(torch, f, x, use_reentrant=False, early_stop=not early)
        z.sum().backward()
        return log, first, x.grad

    same(run, sample(3), grad=False)


def test_second_derivatives() -> None:
    def run(torch: Any, x: Any, inside: bool) -> Any:
        f = (lambda t: torch.autograd.grad(t.sin().exp().sum(), t, create_graph=True)[0]) if (
            inside) else (lambda t: t.sin().exp())  # fmt: skip
        y = checkpointed(torch, f, x, use_reentrant=False)
        if not inside:
            (y,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        y.sum().backward()
        return x.grad

    for inside in True, False:
        same(lambda torch, x, i=inside: run(torch, x, i), sample(3), grad=False)


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("retain", [True, False])
def test_backward_inside_of_a_checkpoint(early: bool, retain: bool) -> None:
    def run(torch: Any, x: Any) -> Any:
        def f(t: Any) -> Any:
            y = t.sin()
            z = y.cos()
            (g,) = torch.autograd.grad(z.sum(), t, retain_graph=retain)
            return t.cos() * g + (z if retain else 0)

        y = checkpointed(torch, f, x, use_reentrant=False, early_stop=early)
        y.sum().backward()
        return x.grad

    same(run, sample(3), grad=False)


@pytest.mark.parametrize("outer", [True, False, None])
@pytest.mark.parametrize("inner", [True, False])
def test_nested(outer: bool | None, inner: bool) -> None:
    def run(torch: Any, x: Any, y: Any) -> Any:
        log: list[str] = []

        def deep(t: Any) -> Any:
            log.append("deep")
            return t.exp().sin()

        def middle(t: Any) -> Any:
            log.append("middle")
            return checkpointed(torch, deep, t * y, use_reentrant=inner).cos()

        def top(t: Any) -> Any:
            log.append("top")
            return checkpointed(torch, middle, t.sin(), use_reentrant=inner) * t

        z = top(x) if outer is None else checkpointed(torch, top, x, use_reentrant=outer)
        z.sum().backward()
        return log, x.grad, y.grad

    same(run, sample(3), sample(3, seed=1), grad=False)


def test_under_hooks_of_the_caller() -> None:
    def run(torch: Any, x: Any) -> Any:
        log: list[Any] = []
        hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda t: (log.append(("pack", tuple(t.shape), t.requires_grad)), t)[1],
            lambda t: (log.append("unpack"), t)[1],
        )
        with hooks:
            y = checkpointed(torch, lambda t: t.exp().sin(), x * 1, use_reentrant=False)
            z = y.exp()
        z.sum().backward()
        return log, x.grad

    same(run, sample(3), grad=False)


WRONG: dict[str, Callable[..., Any]] = {
    "more": lambda torch, t, first: t.sin() if first else t.sin().exp().cos(),
    "fewer": lambda torch, t, first: t.sin().exp().cos() if first else t.sin(),
    "none": lambda torch, t, first: t.sin() if first else t + 1,
    "other shape": lambda torch, t, first: (t if first else t[:2]).sin().sum(),
    "other dtype": lambda torch, t, first: (t if first else t.double()).sin().sum(),
    "raises": lambda torch, t, first: t.sin() if first else t.sin(3, 4),
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("check", ["default", "none"])
def test_a_second_run_that_differs(case: str, early: bool, check: str) -> None:
    def run(torch: Any, x: Any) -> Any:
        seen: list[int] = []

        def f(t: Any) -> Any:
            seen.append(1)
            return WRONG[case](torch, t, len(seen) == 1)

        y = checkpointed(torch, f, x, use_reentrant=False, early_stop=early,
                         determinism_check=check)  # fmt: skip
        y.sum().backward()
        return x.grad

    if case == "raises":
        with pytest.raises(TypeError, match="sin"):
            run(minitorch_np, minitorch_np.ones(3, requires_grad=True))
        return
    same(run, sample(3), grad=False)


ARGUMENTS: dict[str, Callable[[Any, Any], Any]] = {
    "not explicit": lambda c, x: c.checkpoint(lambda t: t.exp(), x),
    "determinism": lambda c, x: c.checkpoint(
        len, x, use_reentrant=False, determinism_check="much"),
    "keywords": lambda c, x: c.checkpoint(len, x, use_reentrant=True, scale=3, shift=4),
    "keywords of a decorator": lambda c, x: c.checkpoint(use_reentrant=True, scale=3),
    "context": lambda c, x: c.checkpoint(len, x, use_reentrant=True, context_fn=lambda: None),
    "debug": lambda c, x: c.checkpoint(len, x, use_reentrant=True, debug=True),
    "hooks": lambda c, x: c.checkpoint(
        len, x, use_reentrant=True, respect_saved_tensors_hooks=False),
    "debug and context": lambda c, x: c.checkpoint(
        len, x, use_reentrant=False, debug=True, context_fn=lambda: None),
    "sequential, keywords": lambda c, x: c.checkpoint_sequential(
        [len], 1, x, use_reentrant=True, scale=3),
    "sequential, not explicit": lambda c, x: c.checkpoint_sequential([lambda t: t.exp()], 1, x),
    "inputs": lambda c, x: c.detach_variable([x]),
    "validity": lambda c, x: c.check_backward_validity([x.detach(), 3]),
    "nested groups": lambda c, x: c.GraphExecGroup().__enter__().__enter__(),
    "no inputs": lambda c, x: c.checkpoint(lambda: x.exp(), use_reentrant=True),
    "no inputs, new": lambda c, x: c.checkpoint(lambda: x.exp(), use_reentrant=False),
    "detached": lambda c, x: [
        (t, t.requires_grad) if hasattr(t, "shape") else t for t in c.detach_variable((x, 3, "a"))],
}  # fmt: skip


@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments(case: str) -> None:
    def run(torch: Any, x: Any) -> Any:
        try:
            return ARGUMENTS[case](torch.utils.checkpoint, x)
        except RuntimeError as error:
            raise RuntimeError(str(error).partition(" <")[0]) from error
        finally:
            torch.utils.checkpoint.GraphExecGroup().__exit__(None, None, None)

    same(run, sample(3), grad=False)


REENTRANT: dict[str, Callable[[Any, Any, Any], Any]] = {
    "grad": lambda torch, x, y: torch.autograd.grad(y.sum(), x),
    "inputs": lambda torch, x, y: y.sum().backward(inputs=[x]),
    "twice": lambda torch, x, y: (y.sum().backward(), y.sum().backward()),
    "retained": lambda torch, x, y: (y.sum().backward(retain_graph=True), y.sum().backward()),
    "grad outside": lambda torch, x, y: (
        y.register_hook(lambda g: y.grad_fn and None), y.sum().backward(), x.grad)[-1],
}  # fmt: skip


@pytest.mark.parametrize("case", REENTRANT)
def test_what_the_reentrant_one_refuses(case: str) -> None:
    def run(torch: Any, x: Any) -> Any:
        y = checkpointed(torch, lambda t: t.exp(), x, use_reentrant=True)
        REENTRANT[case](torch, x, y)
        return x.grad

    def detached(torch: Any, x: Any) -> Any:
        checkpointed(torch, lambda t: t.detach(), x, use_reentrant=True).sum().backward()

    same(run, sample(3), grad=False)
    same(detached, sample(3), grad=False)


def test_contexts() -> None:
    def run(torch: Any, x: Any) -> Any:
        log: list[str] = []

        @contextmanager
        def told(name: str) -> Any:
            log.append(f"enter {name}")
            yield
            log.append(f"exit {name}")

        y = checkpointed(torch, lambda t: (log.append("run"), t.exp().sin())[1], x,
                         use_reentrant=False, early_stop=False,
                         context_fn=lambda: (told("first"), told("second")))  # fmt: skip
        log.append("between")
        y.sum().backward()
        return log, x.grad

    same(run, sample(3), grad=False)


def test_a_forward_that_raises() -> None:
    def run(torch: Any, x: Any, swallow: bool) -> Any:
        class Quiet:
            def __enter__(self) -> None:
                pass

            def __exit__(self, *exception: object) -> bool:
                return swallow

        def fail(t: Any) -> Any:
            raise KeyError("no")

        checkpointed(torch, fail, x, use_reentrant=False, context_fn=lambda: (Quiet(), Quiet()))

    for swallow in True, False:
        same(lambda torch, x, s=swallow: run(torch, x, s), sample(3), grad=False)


def test_saved_tensors_read_twice() -> None:
    def run(torch: Any, x: Any) -> Any:
        class Square(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, t: Any) -> Any:
                ctx.save_for_backward(t)
                return t * t

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                (t,) = ctx.saved_tensors
                (again,) = ctx.saved_tensors
                return g * (t + again)

        checkpointed(
            torch, lambda t: Square.apply(t.sin()), x, use_reentrant=False
        ).sum().backward()

    same(run, sample(3), grad=False)


def test_groups_of_walks_run_a_function_once() -> None:
    def run(torch: Any, x: Any, overlap: bool) -> Any:
        calls: list[int] = []

        def f(t: Any) -> Any:
            calls.append(1)
            return t.exp(), t.sin()

        a, b = checkpointed(torch, f, x, use_reentrant=False, early_stop=False)
        with torch.utils.checkpoint.GraphExecGroup():
            a.sum().backward(retain_graph=True)
            (a if overlap else b).sum().backward()
        return len(calls), x.grad

    for overlap in True, False:
        same(lambda torch, x, o=overlap: run(torch, x, o), sample(3), grad=False)


def test_decorators_and_methods() -> None:
    def run(torch: Any, x: Any) -> Any:
        check = torch.utils.checkpoint.checkpoint

        @check(use_reentrant=False)
        def f(t: Any, power: int = 1) -> Any:
            """Doubled."""
            return (t * 2).exp() ** power

        class Model:
            scale = 3

            @check(use_reentrant=False, early_stop=False)
            def forward(self, t: Any) -> Any:
                return (t * self.scale).sin()

        y = f(x, power=2) + Model().forward(x)
        y.sum().backward()
        return f.__name__, f.__doc__, y.detach(), x.grad, Model.forward is Model.forward

    same(run, sample(3), grad=False)


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("segments", [1, 2, 3, 5])
def test_sequential(reentrant: bool, segments: int) -> None:
    def run(torch: Any, x: Any) -> Any:
        calls: list[int] = []

        def layer(nr: int) -> Any:
            return lambda t: (calls.append(nr), (t * (nr + 1)).sin())[1]

        y = torch.utils.checkpoint.checkpoint_sequential(
            [layer(nr) for nr in range(5)], segments, x, use_reentrant=reentrant
        )
        y.sum().backward()
        model = torch.nn.Sequential(torch.nn.Tanh(), torch.nn.Dropout(0.5), torch.nn.Sigmoid())
        torch.manual_seed(1)
        z = torch.utils.checkpoint.checkpoint_sequential(
            model, 2, x, use_reentrant=reentrant, preserve_rng_state=True
        )
        z.sum().backward()
        return calls, y.detach(), z.detach(), x.grad

    same(run, sample(2, 3), grad=False)


def test_debug_tells_which_ops_ran() -> None:
    calls: list[int] = []

    def f(t: Any) -> Any:
        calls.append(1)
        return t.sin().sum() if len(calls) == 1 else t[:2].cos().sin().sum()

    for wrapped in True, False:
        calls.clear()
        x = minitorch_np.ones(3, requires_grad=True)
        check = minitorch_np.utils.checkpoint
        with check.set_checkpoint_debug_enabled(True if wrapped else None):
            y = check.checkpoint(f, x, use_reentrant=False, debug=not wrapped)
        with pytest.raises(check.CheckpointError, match="Detected non-determinism") as caught:
            y.backward()
        text = str(caught.value)
        assert "Operations executed during recomputation:\n\nslice(torch.float32[3]" in text
        assert __file__ in text


def test_what_was_made_again_is_let_go() -> None:
    """Nothing that a checkpoint drops or makes again outlives the walk that asked for it."""
    kept: list[weakref.ref[Any]] = []

    def f(t: Any) -> Any:
        y = t.sin()
        kept.append(weakref.ref(y))
        z = y.exp() * y
        kept.append(weakref.ref(z))
        return z.cos()

    gc.collect()
    gc.disable()
    try:
        x = minitorch_np.ones(3, requires_grad=True)
        out = minitorch_np.utils.checkpoint.checkpoint(f, x, use_reentrant=False)
        assert [one() for one in kept] == [None, None]
        out.sum().backward(retain_graph=True)
        assert [one() for one in kept] == [None] * 4
        out.sum().backward()
        assert [one() for one in kept] == [None] * 6
        x = out = None
    finally:
        gc.enable()
