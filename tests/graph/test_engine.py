"""The walk itself: order, depth, width, walks inside of walks, errors, threads."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np.graph import node as node_module
from minitorch_np.graph.modes import OpMode
from tests.oracle import same, sample


def test_sums_are_taken_in_the_order_of_recording() -> None:
    def run(torch: Any, x: Any, seed: int) -> Any:
        order = np.random.RandomState(seed)
        values, seen = [x, x * 1.1], []
        for nr in range(40):
            a, b = (values[i] for i in order.randint(0, len(values), 2))
            made = a * b.cos() if nr % 3 else a.sin() + b
            made.register_hook(lambda g, nr=nr: seen.append(nr))
            values.append(made)
        sum(v.sum() * (i + 1) for i, v in enumerate(values[-5:])).backward()
        return x.grad, seen

    for seed in range(8):
        same(
            lambda torch, x, seed=seed: run(torch, x, seed), sample(7), grad=False, tol=(1e-4, 1e-4)
        )


def test_sums_of_many_paths_to_the_last_bit() -> None:
    def run(torch: Any, x: Any, y: Any) -> Any:
        parts = [x * (1 + i / 7) for i in range(9)]
        total = parts[3]
        for i in (5, 0, 7, 1, 8, 2, 6, 4):
            total = total + parts[i] * y if i % 2 else parts[i] - total
        total.sum().backward()
        return x.grad, y.grad

    same(run, sample(33), sample(33, seed=1), grad=False, exact=True)


@pytest.mark.parametrize("depth", [1, 3, 29, 30, 31, 95, 200])
def test_walks_inside_of_walks(depth: int) -> None:
    def run(torch: Any, x: Any) -> Any:
        where: list[bool] = []

        def inside(level: int, t: Any) -> Any:
            z = t * 2

            def hook(g: Any) -> Any:
                if level:
                    with torch.enable_grad():
                        leaf = g.detach().requires_grad_()
                        inside(level - 1, leaf).sum().backward()
                    where.append(torch.is_grad_enabled())
                    return g + leaf.grad / 2
                return g + 1

            z.register_hook(hook)
            return z

        inside(depth, x).sum().backward()
        return x.grad, len(where), any(where)

    same(run, sample(2), grad=False, tol=(1e-4, 1e-4))


def test_an_error_deep_inside_comes_out_as_it_is() -> None:
    class OurError(Exception):
        pass

    def run(torch: Any, x: Any, depth: int) -> Any:
        def inside(level: int) -> None:
            z = x.detach().requires_grad_() * 2

            def hook(g: Any) -> None:
                if not level:
                    raise OurError("deep")
                with torch.enable_grad():
                    inside(level - 1)

            z.register_hook(hook)
            z.sum().backward()

        inside(depth)

    for depth in 0, 1, 40:
        same(lambda torch, x, depth=depth: run(torch, x, depth), sample(2), grad=False)


def test_switches_hold_in_the_thread_of_a_deep_walk() -> None:
    def run(torch: Any, x: Any) -> Any:
        packed: list[int] = []
        hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda t: (packed.append(1), t)[1], lambda t: t
        )

        def inside(level: int, t: Any) -> Any:
            z = t * 2

            def hook(g: Any) -> None:
                with torch.enable_grad():
                    leaf = g.detach().requires_grad_()
                    made = inside(level - 1, leaf) if level else leaf.exp()
                    made.sum().backward()

            z.register_hook(hook)
            return z

        z = inside(70, x).sum()
        with hooks:
            z.backward()
        return len(packed), torch.is_grad_enabled()

    same(run, sample(2), grad=False)


def test_callbacks_run_when_the_walk_is_done() -> None:
    def run(torch: Any, x: Any, create_graph: bool, inputs: bool) -> Any:
        log: list[Any] = []
        queue = torch.autograd.graph.queue_callback

        def callback(nr: int) -> Callable[[], None]:
            def call() -> None:
                log.append((nr, torch.is_grad_enabled(), x.grad is not None))
                if nr == 1:
                    queue(callback(5))

            return call

        def hook(g: Any) -> None:
            queue(callback(1))
            with torch.enable_grad():
                inner = x.detach().requires_grad_() * 2
            inner.register_hook(lambda g: queue(callback(3)))
            inner.sum().backward()
            log.append("inner done")
            queue(callback(2))

        y = x * 2
        y.register_hook(hook)
        if inputs:
            torch.autograd.grad(y.sum(), x, create_graph=create_graph)
        else:
            y.sum().backward(create_graph=create_graph)
        return log

    for create_graph in True, False:
        for inputs in True, False:
            same(
                lambda torch, x, c=create_graph, i=inputs: run(torch, x, c, i),
                sample(3), grad=False,
            )  # fmt: skip


def test_callbacks_that_go_wrong() -> None:
    def run(torch: Any, x: Any, what: Any) -> Any:
        y = x * 2
        y.register_hook(lambda g: torch.autograd.graph.queue_callback(what))
        y.sum().backward()

    def fail() -> None:
        raise ValueError("later")

    same(lambda torch: torch.autograd.graph.queue_callback(fail))
    for what in fail, 3:
        same(lambda torch, x, what=what: run(torch, x, what), sample(3), grad=False)


def test_threads_may_be_switched_off() -> None:
    def run(torch: Any) -> Any:
        enabled, switch = (
            torch.autograd.is_multithreading_enabled, torch.autograd.set_multithreading_enabled
        )  # fmt: skip
        seen = [enabled()]
        with switch(False):
            seen.append(enabled())
        seen.append(enabled())
        try:
            switch(False)
            seen.append(enabled())
            switch(False).clone()
        finally:
            switch(True)
        seen.append(enabled())
        return seen

    same(run)
    same(lambda torch: torch.autograd.set_multithreading_enabled(3))


def test_a_walk_that_broke_off_can_be_tried_again() -> None:
    def run(torch: Any, x: Any, y: Any, where: str) -> Any:
        fail = [True]

        def hook(*grads: Any) -> None:
            if fail[0]:
                raise ValueError("not yet")

        a = x.exp()
        b = a * y
        c = b.sin()
        if where == "tensor":
            b.register_hook(hook)
        else:
            getattr(b.grad_fn, where)(hook)
        with pytest.raises(ValueError, match="not yet"):
            c.sum().backward(retain_graph=True)
        partly = x.grad is None, y.grad is None, torch.is_grad_enabled()
        fail[0] = False
        c.sum().backward(retain_graph=True)
        fail[0] = True
        with pytest.raises(ValueError, match="not yet"):
            c.sum().backward()
        fail[0] = False
        try:
            again = torch.autograd.grad(b.sum(), [x, y])
        except RuntimeError:
            again = "gone"
        return partly, x.grad, y.grad, again

    for where in "tensor", "register_hook", "register_prehook":
        same(lambda torch, x, y, where=where: run(torch, x, y, where), sample(3), sample(3, seed=1),
             grad=False)  # fmt: skip


def test_errors_name_the_node_and_drop_what_was_under_way() -> None:
    x = minitorch_np.ones(3, requires_grad=True)
    y = x.exp()
    y.detach().mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace") as caught:
        y.sin().sum().backward()
    [note] = caught.value.__notes__
    assert note.startswith("ExpBackward0 kept it as 'result'")
    z = x.exp()
    z.register_hook(lambda g: g[0])
    with pytest.raises(RuntimeError, match="changed the size") as caught:
        z.sin().sum().backward()
    assert caught.value.__notes__ == ["in the backward of ExpBackward0"]


LAYOUT = {
    "first": lambda torch, x: (x.t() * 2).sum().backward(),
    "expanded": lambda torch, x: x.sum().backward(),
    "twice": lambda torch, x: ((x * 2).sum().backward(), (x.t() * 3).sum().backward()),
    "with a graph": lambda torch, x: (x.t() ** 2).sum().backward(create_graph=True),
    "with a graph, twice": lambda torch, x: (
        (x.t() ** 2).sum().backward(create_graph=True), (x**3).sum().backward(create_graph=True)),
    "without, then with": lambda torch, x: (
        (x**2).sum().backward(), (x.t() ** 3).sum().backward(create_graph=True)),
    "there already": lambda torch, x: (
        setattr(x, "grad", torch.ones_like(x).t().contiguous().t()), (x**2).sum().backward()),
    "its own view": lambda torch, x: x.backward(torch.ones(4, 6)[:, ::2].t()[:3].t()),
}  # fmt: skip


@pytest.mark.parametrize("case", LAYOUT)
@pytest.mark.filterwarnings("ignore:Using backward")
def test_strides_of_what_accumulates(case: str) -> None:
    def run(torch: Any, x: Any) -> Any:
        given = x.grad
        LAYOUT[case](torch, x)
        return given is None, x.grad, x.grad._version, x.grad.requires_grad

    for layout in "contiguous", "transposed", "sliced", "offset":
        same(run, sample(4, 3, layout=layout), grad=False)


def test_grad_dtype() -> None:
    def told(x: Any) -> Any:
        return x.grad_dtype, x.grad, x.grad_dtype

    def run(torch: Any, x: Any, dtype: str | None, sums: Any) -> Any:
        x.grad_dtype = None if dtype is None else getattr(torch, dtype)
        seen: list[Any] = []
        x.register_hook(lambda g: seen.append(str(g.dtype)[-7:]))
        sums(torch, x)
        return told(x), seen, x.clone().grad_dtype, x.detach().grad_dtype

    uses = [
        lambda torch, x: (x * 2).sum().backward(),
        lambda torch, x: ((x * 2).sum().backward(), (x * 2).sum().backward()),
        lambda torch, x: x.backward(torch.ones(3, dtype=torch.float64)),
        lambda torch, x: setattr(x, "grad", torch.ones(3)),
        lambda torch, x: setattr(x, "grad", torch.ones(3, dtype=torch.float64)),
        lambda torch, x: (
            setattr(x, "grad", torch.ones(3, dtype=torch.float64)), (x * 2).sum().backward()),
        lambda torch, x: setattr(x * 2, "grad_dtype", torch.float32),
        lambda torch, x: setattr(x, "grad_dtype", 3),
        lambda torch, x: (
            setattr(x, "grad", torch.ones(3, dtype=x.grad_dtype or torch.float16)),
            setattr(x, "grad_dtype", torch.int32)),
        lambda torch, x: (x.float() * 3).sum().backward(),
    ]  # fmt: skip
    for dtype in "float16", "float32", "float64", None:
        for sums in uses:
            same(lambda torch, x, d=dtype, s=sums: run(torch, x, d, s), sample(3), grad=False)
            same(
                lambda torch, x, d=dtype, s=sums: run(torch, x, d, s),
                sample(3, dtype=torch.float16), grad=False,
            )  # fmt: skip


def test_grad_dtype_given_after_use_and_before_the_flag() -> None:
    def run(torch: Any, x: Any) -> Any:
        y = (x * 2).sum()
        x.grad_dtype = torch.float64
        y.backward()
        z = torch.ones(3)
        z.grad_dtype = torch.float64
        z.requires_grad_()
        (z * 1).sum().backward()
        w = torch.ones(3, requires_grad=True)
        w.grad_dtype = torch.float64
        (g,) = torch.autograd.grad((w * 2).sum(), w)
        return x.grad, z.grad, g, torch.ones(2, dtype=torch.int32).grad_dtype

    same(run, sample(3), grad=False)


DEEP = """
import sys
import minitorch_np as torch
n = {n}
x = torch.ones(1, requires_grad=True)
y = x
for _ in range(n):
    y = {op}
{end}
print("done", x.grad.tolist() if x.grad is not None else None)
"""


DEEPLY = {
    "long": (300_000, "-y", "y.backward()"),
    "dropped": (40_000, "y * y.detach()", "del y"),
    "kept and dropped": (40_000, "(y * 1).sin_()", "y.backward(retain_graph=True); del y"),
    "one gradient": (40_000, "-y", "torch.autograd.grad(y, x)"),
}


@pytest.mark.parametrize("case", DEEPLY)
def test_deep_graphs_go_backward_and_go_away(case: str) -> None:
    """In a process of its own, which a stack that overflows would end."""
    n, op, end = DEEPLY[case]
    source = DEEP.format(n=n, op=op, end=end)
    ran = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout[:4]) == (0, "done"), ran.stderr[-2000:]


def test_wide_graphs() -> None:
    leaves = [minitorch_np.ones(1, requires_grad=True) for _ in range(20_000)]
    total = minitorch_np.stack(leaves).sum()
    total.backward(retain_graph=True)
    assert all(x.grad is not None and x.grad.item() == 1 for x in leaves)
    grads = minitorch_np.autograd.grad(total, leaves)
    assert len(grads) == len(leaves)
    shared = minitorch_np.ones(1, requires_grad=True)
    parts = [shared * 2 for _ in range(20_000)]
    minitorch_np.cat(parts).sum().backward()
    assert shared.grad is not None
    assert shared.grad.item() == 40_000


def test_threads_that_share_leaves_lose_no_gradient() -> None:
    leaf = minitorch_np.ones(3, requires_grad=True)
    kept = minitorch_np.ones(2, 2, requires_grad=True)
    hooked: list[int] = []
    leaf.register_hook(lambda g: hooked.append(1))
    errors: list[BaseException] = []
    rounds, count = 60, 8
    start = threading.Barrier(count)

    def work(nr: int) -> None:
        try:
            start.wait()
            for _ in range(rounds):
                (leaf * 2 + leaf.exp().detach()).sum().backward()
                (kept.t() * 3).sum().backward()
                if nr % 2:
                    kept.register_hook(lambda g: None).remove()
        except BaseException as error:  # noqa: BLE001  # shown by the main thread
            errors.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(nr,)) for nr in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert errors == []
    assert leaf.grad is not None
    assert kept.grad is not None
    assert leaf.grad.tolist() == [2.0 * rounds * count] * 3
    assert kept.grad.tolist() == [[3.0 * rounds * count] * 2] * 2
    assert len(hooked) == rounds * count


def test_a_leaf_is_added_to_by_one_thread_at_a_time() -> None:
    leaf = minitorch_np.ones(2, 3, requires_grad=True)
    inside = threading.Event()

    class Slow(OpMode):
        """Waits in the middle of the first accumulation."""

        def __op__(self, op: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if op.name == "copy_":
                inside.set()
                time.sleep(0.2)
            return op(*args, **kwargs)

    def work() -> None:
        with Slow():
            leaf.backward(minitorch_np.ones(3, 2).t())

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(10)
    leaf.backward(minitorch_np.ones(2, 3))
    thread.join()
    assert leaf.grad is not None
    assert leaf.grad.tolist() == [[2.0] * 3] * 2


def test_threads_go_backward_through_one_graph() -> None:
    x = minitorch_np.ones(4, requires_grad=True)
    y = (x * 2).exp().sum()
    expected = torch.ones(4, requires_grad=True)
    (expected * 2).exp().sum().backward()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda: [y.backward(retain_graph=True) for _ in range(40)])
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert x.grad is not None
    assert expected.grad is not None
    np.testing.assert_allclose(x.grad.numpy(), 240 * expected.grad.numpy(), rtol=1e-5)


def test_threads_that_meet_a_leaf_at_once_make_one_end_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second comes while the first is in the middle of making it."""
    leaf = minitorch_np.ones(3, requires_grad=True)
    real = node_module.accumulator
    found: list[Any] = []

    def use() -> None:
        found.append(node_module.edge(leaf)[0])

    def interrupted(tensor: Any) -> Any:
        monkeypatch.setattr(node_module, "accumulator", real)
        made = real(tensor)
        other = threading.Thread(target=use)
        other.start()
        other.join()
        return made

    monkeypatch.setattr(node_module, "accumulator", interrupted)
    use()
    assert len(found) == 2
    assert found[0] is found[1]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_sums_of_gradients_count_their_writes(dtype: str) -> None:
    """Where what a node kept is gone, the gradient beside it is added to in place again."""

    def f(torch: Any, x: Any) -> Any:
        x = x.detach().to(getattr(torch, dtype)).requires_grad_()
        (g,) = torch.autograd.grad((x * x * x).sum(), x, create_graph=True)
        g.ne_(x)
        g.sum().backward()
        return x.grad._version, x.grad

    same(f, sample(3), grad=False)
