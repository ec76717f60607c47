"""Anomaly mode against PyTorch's, and that neither it nor the flight recorder stays behind."""

import re
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import minitorch_np
from minitorch_np.graph import anomaly
from minitorch_np.graph.engine import Task
from minitorch_np.graph.inplace import bump
from minitorch_np.graph.node import Node
from minitorch_np.op import REGISTRY
from tests.oracle import (
    Outcome,
    assert_same,
    assert_same_error,
    ours,
    plain,
    same,
    sample,
    strip_note,
    twin,
)

PACKAGES = [plain(str(Path(m.__file__ or "").parent)) for m in (torch, minitorch_np)]


@pytest.fixture(autouse=True)
def off() -> Iterator[None]:
    yield
    torch.set_anomaly_enabled(False)
    minitorch_np.set_anomaly_enabled(False)


def users(text: str) -> str:
    """A warning without the frames of either library."""
    frames = re.split(r'(?=  File ")', strip_note(text).strip() + "\n")
    return "".join([f for f in frames if not any(f'"{p}/' in f for p in PACKAGES)])


def alike(f: Callable[..., Any], *inputs: Any) -> list[str]:
    """The warnings of `f`, which both libraries give, with its result or error, alike."""
    libraries: list[tuple[Any, Any]] = [(minitorch_np, ours), (torch, twin)]
    # from one line, which is in the tracebacks
    mine, theirs = [Outcome(f, library, [own(x) for x in inputs]) for library, own in libraries]
    if not assert_same_error(mine, theirs):
        assert_same(mine.result, theirs.result)
    texts = [[(kind, users(text)) for kind, text in one.warnings] for one in (mine, theirs)]
    assert texts[0] == texts[1]
    return [text for _, text in texts[0]]


def fail(g: Any) -> Any:
    raise ValueError("boom")


def nan_in_a_root(torch: Any, x: Any) -> None:
    with torch.autograd.set_detect_anomaly(True):
        (x.sqrt() * 0).sum().backward()


def nan_without_a_forward(torch: Any, x: Any) -> None:
    y = (x.sqrt() * 0).sum()
    with torch.autograd.set_detect_anomaly(True):
        y.backward()


def nan_in_a_second_output(torch: Any, x: Any) -> None:
    with torch.autograd.set_detect_anomaly(True):
        (x.detach() * x.sqrt()).sum().backward(torch.tensor(float("nan")))


def nan_written_to_a_view(torch: Any, x: Any) -> None:
    with torch.autograd.set_detect_anomaly(True):
        y = x.clone()
        y[0].sqrt_()
        (y * 0).sum().backward()


def nan_unchecked(torch: Any, x: Any) -> Any:
    with torch.autograd.set_detect_anomaly(True, check_nan=False):
        (x.sqrt() * 0).sum().backward()
    return x.grad


def nan_of_a_hook(torch: Any, x: Any) -> None:
    with torch.autograd.set_detect_anomaly(True):
        y = (x + 1).exp()
        y.grad_fn.register_hook(lambda gi, go: (gi[0] * float("nan"),))
        y.sum().backward()


def stale(torch: Any, x: Any) -> None:
    with torch.autograd.set_detect_anomaly(True):
        y = x.exp()
        y.add_(1)
        y.sum().backward()


def freed(torch: Any, x: Any) -> None:
    with torch.autograd.set_detect_anomaly(True):
        y = (x * x).sum()
        y.backward()
        y.backward()


def hook_of_a_tensor(torch: Any, x: Any) -> None:
    with torch.autograd.set_detect_anomaly(True):
        y = x * 2
        y.register_hook(fail)
        y.sum().backward()


def hook_of_a_leaf(torch: Any, x: Any) -> None:
    with torch.autograd.set_detect_anomaly(True):
        x.register_hook(fail)
        (x * 2).sum().backward()


def induced(torch: Any, x: Any) -> None:
    with torch.autograd.set_detect_anomaly(True):
        (g,) = torch.autograd.grad(x.pow(3).sum(), x, create_graph=True)
        (h,) = torch.autograd.grad(g.sum(), x, create_graph=True)
        h.grad_fn.register_prehook(lambda go: fail(go))
        h.sum().backward()


def induced_by_what_was_not_traced(torch: Any, x: Any) -> None:
    y = x.pow(3)
    with torch.autograd.set_detect_anomaly(True):
        (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        g.grad_fn.register_prehook(lambda go: fail(go))
        g.sum().backward()


def in_a_module(torch: Any, x: Any) -> None:
    with torch.autograd.set_detect_anomaly(True):
        out = torch.nn.Sequential(torch.nn.Softplus(), torch.nn.ReLU())(x)
        out.grad_fn.register_prehook(lambda go: fail(go))
        out.sum().backward()


def as_a_warning_says(torch: Any, x: Any) -> Any:
    with torch.autograd.detect_anomaly():
        return x * 2


FAILING = [
    nan_in_a_root, nan_without_a_forward, nan_in_a_second_output, nan_written_to_a_view,
    nan_unchecked, nan_of_a_hook, stale, freed, hook_of_a_tensor,
    hook_of_a_leaf, induced, induced_by_what_was_not_traced, in_a_module, as_a_warning_says,
]  # fmt: skip


@pytest.mark.parametrize("f", FAILING, ids=lambda f: f.__name__)
def test_the_error_and_its_history(f: Callable[..., Any]) -> None:
    warned = alike(f, torch.zeros(2, requires_grad=True))
    assert bool(warned) is (f is not nan_unchecked)


def test_the_history_names_the_line() -> None:
    (text,) = alike(nan_in_a_root, torch.zeros(2, requires_grad=True))
    assert text.startswith("Error detected in SqrtBackward0. Traceback of forward call that")
    assert text.endswith("in nan_in_a_root\n    (x.sqrt() * 0).sum().backward()\n")


def test_parents_are_in_the_metadata() -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[Any] = [x.exp().grad_fn.metadata]
        with torch.autograd.set_detect_anomaly(True):
            y = x.pow(3)
            (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
            node = g.grad_fn
            seen.append([list(node.metadata), node.metadata["parent_"].name()])
            seen.append(list(y.grad_fn.metadata))
            seen.append(list(y.grad_fn.next_functions[0][0].metadata))
            z = x.clone()
            z[0].mul_(2)
            seen.append(list(z.grad_fn.metadata))
        return seen

    alike(f, sample(3))


def test_switches() -> None:
    def f(torch: Any) -> Any:
        def now() -> list[bool]:
            return [torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()]

        seen = [now()]
        with torch.autograd.detect_anomaly(check_nan=False):
            seen.append(now())
            with torch.autograd.set_detect_anomaly(False):
                seen.append(now())
            seen.append(now())
        seen.append(now())
        torch.autograd.set_detect_anomaly(True)
        thread = threading.Thread(target=lambda: seen.append(now()))
        thread.start()
        thread.join()
        torch.set_anomaly_enabled(False, False)
        return [*seen, now(), torch.set_anomaly_enabled(False, True), now()]

    alike(f)


REFUSED: list[Callable[..., Any]] = [
    lambda torch: torch.set_anomaly_enabled(1),
    lambda torch: torch.set_anomaly_enabled("yes"),
    lambda torch: torch.set_anomaly_enabled(True, 1),
    lambda torch: torch.autograd.set_detect_anomaly(1),
    lambda torch: torch.autograd.detect_anomaly(1).__enter__(),
    lambda torch: torch.autograd.detect_anomaly()(abs),
]


@pytest.mark.parametrize("f", REFUSED)
def test_what_is_refused(f: Callable[..., Any]) -> None:
    same(f)


def test_an_error_of_a_rule_has_a_note() -> None:
    x = minitorch_np.ones(2, requires_grad=True)
    with minitorch_np.autograd.flight_recorder():
        y = x.sin()
        y.register_hook(fail)
        with pytest.raises(ValueError, match="boom") as caught:
            y.sum().backward()
    (note,) = caught.value.__notes__
    assert note.startswith("Raised on the way back through SinBackward0, recorded by sin at ")
    assert note.endswith(": y = x.sin()")


def test_off_nothing_is_left() -> None:
    before = [bump.__code__, anomaly.seen.__code__, Node.__init__, Node.release, Task.step]
    with warnings.catch_warnings(), minitorch_np.autograd.set_detect_anomaly(True):
        during = [bump.__code__, anomaly.seen.__code__, Node.__init__, Node.release, Task.step]
        minitorch_np.ones(2, requires_grad=True).exp()
    assert all(a is not b for a, b in zip(before, during, strict=True))
    after = [bump.__code__, anomaly.seen.__code__, Node.__init__, Node.release, Task.step]
    assert all(a is b for a, b in zip(before, after, strict=True))
    makers = [space for space in anomaly.GENERATED if "plain" in space]
    assert makers
    assert all(space["born"] is space["plain"] for space in makers)
    node: Any = minitorch_np.ones(2, requires_grad=True).exp().grad_fn
    assert not hasattr(node, "whence") and node.metadata == {}
    assert "born(Node_, " in REGISTRY["exp"].source
