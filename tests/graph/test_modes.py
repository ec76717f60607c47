"""Grad mode, inference mode, and the modes that watch ops."""

import threading
import warnings
from typing import Any

import minitorch_np
from minitorch_np.graph.modes import OpMode, state
from tests.oracle import ours, same, sample


def test_no_grad_and_enable_grad() -> None:
    def f(torch: Any, x: Any) -> Any:
        with torch.no_grad():
            a = x * 2
            with torch.enable_grad():
                b = x * 2
            v = x.view(-1)
        return a, b, a.requires_grad, v.requires_grad, torch.is_grad_enabled()

    same(f, sample(2, 3), grad=False)


def test_decorators() -> None:
    def f(torch: Any, x: Any) -> Any:
        @torch.no_grad()
        def g(t: Any) -> Any:
            return t * 2

        @torch.enable_grad()
        def h(t: Any) -> Any:
            return t * 2

        with torch.no_grad():
            inside = h(x)
        return g(x), inside, g.__name__

    same(f, sample(2), grad=False)


def test_set_grad_enabled() -> None:
    def f(torch: Any, x: Any) -> Any:
        torch.set_grad_enabled(False)
        a = x * 2
        torch.set_grad_enabled(True)
        with torch.set_grad_enabled(False):
            b = x * 2
        c = x * 2
        return a, b, c

    same(f, sample(2), grad=False)


def test_inference_mode() -> None:
    def f(torch: Any, x: Any) -> Any:
        with torch.inference_mode():
            a = x * 2
            a.mul_(2)
            v = a.view(-1)
        return (
            a.is_inference(),
            v.is_inference(),
            a.requires_grad,
            torch.is_inference_mode_enabled(),
        )

    same(f, sample(2), grad=False)
    same(lambda torch, x: _inference(torch, x)._version, sample(2), grad=False)
    same(lambda torch, x: _inference(torch, x).mul_(2), sample(2), grad=False)
    same(lambda torch, x: x * _inference(torch, x), sample(2), grad=False)


def _inference(torch: Any, x: Any) -> Any:
    with torch.inference_mode():
        return x * 2


def test_decorators_without_parentheses_and_of_generators() -> None:
    def f(torch: Any, x: Any) -> Any:
        told: list[Any] = []

        def double(t: Any) -> Any:
            """Twice."""
            return t * 2

        def steps(t: Any) -> Any:
            try:
                told.append((yield (t * 2).requires_grad))
                told.append(torch.is_grad_enabled())
                yield 2
            except ValueError:
                told.append(torch.is_grad_enabled())
                yield 5
            finally:
                told.append(torch.is_grad_enabled())
            return 7

        def whole(t: Any) -> Any:
            told.append((yield from torch.no_grad(steps)(t)))

        modes = (
            torch.no_grad, torch.no_grad(), torch.enable_grad, torch.enable_grad(),
            torch.inference_mode, torch.inference_mode(), torch.inference_mode(False),
            torch.set_grad_enabled(False), torch.set_grad_enabled(True),
            torch.autograd.grad_mode.set_multithreading_enabled(False),
        )  # fmt: skip
        torch.set_grad_enabled(True)
        for mode in modes:
            made = mode(double)
            told += [made.__name__, made.__doc__, made.__code__.co_name, made(x).requires_grad]
            generator = mode(steps)(x)
            told += [next(generator), torch.is_grad_enabled(), generator.send("sent")]
            with warnings.catch_warnings():  # Python 3.12 warns of how PyTorch throws it further
                warnings.simplefilter("ignore", DeprecationWarning)
                told += [generator.throw(ValueError("thrown"))]
            generator.close()
            told += list(whole(x))
        torch.autograd.grad_mode.set_multithreading_enabled(True)
        return told

    same(f, sample(2), grad=False)


def test_a_class_is_decorated_with_a_warning() -> None:
    def f(torch: Any) -> Any:
        class Holder:
            def __init__(self) -> None:
                self.made = torch.is_grad_enabled()

        kind = torch.no_grad()(Holder)
        return kind().made, torch.no_grad(Holder)().made, isinstance(kind, type)

    same(f)


def test_switches_that_are_no_contexts() -> None:
    same(lambda torch: torch.set_grad_enabled())
    same(lambda torch: str(torch.set_grad_enabled(True)))
    same(lambda torch: torch.inference_mode("a")(3))
    same(lambda torch: [torch.inference_mode(m).mode for m in (True, False)])
    same(lambda torch: torch.set_grad_enabled(True).clone().mode)


def test_modes_are_each_threads_own() -> None:
    seen: list[bool] = []
    with minitorch_np.no_grad():
        thread = threading.Thread(target=lambda: seen.append(minitorch_np.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


class Log(OpMode):
    """Notes the name of every op."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __op__(self, op: Any, args: Any, kwargs: Any) -> Any:
        self.names.append(op.name)
        return op(*args, **kwargs)


def test_a_mode_sees_every_op_of_backward_too() -> None:
    x, y = ours(sample(2, 3)), ours(sample(3))
    with Log() as log:
        z = (x * y).add_(1)
        z.sum().backward()
    assert log.names[:3] == ["mul", "add_", "sum"]
    assert log.names.count("mul") == 3
    assert state.route == 1
    with Log() as outer, Log() as inner:
        x * y
    assert outer.names == inner.names == ["mul"]


def test_a_mode_changes_nothing() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        if torch is minitorch_np:
            with Log():
                return (x * y).mul_(y).view(-1)
        return (x * y).mul_(y).view(-1)

    same(f, sample(2, 3), sample(3), second=True)


def test_grad_mode_is_set_by_a_bool_only() -> None:
    same(lambda torch: torch.set_grad_enabled(3))


def test_an_inference_tensor_requires_no_gradient_outside() -> None:
    def flagged(torch: Any, inside: bool) -> Any:
        with torch.inference_mode():
            x = torch.ones(2)
            if inside:
                return x.requires_grad_().requires_grad
        x.requires_grad_(False)
        x.requires_grad = True
        return x.requires_grad

    same(flagged, True)
    same(flagged, False)
