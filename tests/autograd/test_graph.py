"""torch.autograd.graph: saved tensors under hooks, gradient edges, versions, node facts."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.oracle import same, sample

OPS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "mul": lambda torch, x, y: x * y,
    "square": lambda torch, x, y: x * x,
    "exp": lambda torch, x, y: x.exp(),
    "addcmul": lambda torch, x, y: torch.addcmul(x, y, x.sin(), value=2),
    "by a number": lambda torch, x, y: x * 2 + y.pow(3),
    "max": lambda torch, x, y: x.max(0)[0] * y.sum(0),
    "matmul": lambda torch, x, y: x @ y.t(),
    "write": lambda torch, x, y: x.clone().mul_(y),
    "write by itself": lambda torch, x, y: (z := x * y).mul_(z),
    "write to a view": lambda torch, x, y: (x.clone()[0].mul_(y[1]), x * y)[1],
    "written to through a view": lambda torch, x, y: (z := x.clone(), z[0].mul_(y[1]), z)[-1],
    "result in place": lambda torch, x, y: (x * 2).exp_() * y,
    "view": lambda torch, x, y: x[0] * y[1:],
    "layer norm": lambda torch, x, y: torch.nn.functional.layer_norm(x, (3,), y[0], y[1]),
    "conv": lambda torch, x, y: torch.conv1d(x[None], y[:, :, None]),
    "where": lambda torch, x, y: torch.where(x > 0, x * y, y),
    "stack": lambda torch, x, y: torch.stack([x, y]).prod(0),
    "no gradient": lambda torch, x, y: x.detach() * y.detach(),
    "out": lambda torch, x, y: torch.mul(x.detach(), 2, out=x.detach().clone()) * y,
    "integers": lambda torch, x, y: (x > 0).to(torch.int64).sum() * y,
    "dropout": lambda torch, x, y: (torch.manual_seed(0), torch.nn.functional.dropout(x) * y)[1],
}


def value(t: Any) -> Any:
    return np.array(t.detach().tolist(), dtype=np.float64).round(4).tolist()


def told(t: Any) -> Any:
    """What a hook can see of a saved tensor."""
    made = t.grad_fn.name() if t.grad_fn else None
    return (tuple(t.shape), t.stride(), str(t.dtype)[-7:], t.requires_grad, t.is_leaf, made,
            t.output_nr, value(t))  # fmt: skip


@pytest.mark.parametrize("f", OPS.values(), ids=OPS)
def test_what_hooks_are_given_and_in_which_order(f: Callable[..., Any]) -> None:
    def run(torch: Any, x: Any, y: Any) -> Any:
        seen: list[Any] = []

        def pack(t: Any) -> Any:
            seen.append(("pack", told(t), torch.is_grad_enabled()))
            return len(seen), t.detach().clone()

        def unpack(kept: Any) -> Any:
            seen.append(("unpack", kept[0], torch.is_grad_enabled()))
            return kept[1]

        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            z = f(torch, x, y)
        if not z.requires_grad:
            return seen, z
        first = torch.autograd.grad(z.sum(), [x, y], create_graph=True, allow_unused=True)
        seen.append("second")
        again = [g for g in first if g is not None and g.requires_grad]
        if again:
            sum(g.sum() for g in again).backward()
        return seen, z, [g.detach() for g in first if g is not None], x.grad, y.grad

    same(run, sample(3, 3, low=0.5), sample(3, 3, seed=1), grad=False, tol=(1e-4, 1e-4))
    same(run, sample(3, 3, low=0.5), sample(3, 3, seed=1, grad=False), grad=False,
         tol=(1e-4, 1e-4))  # fmt: skip


def test_hooks_run_where_the_graph_of_a_gradient_is_made() -> None:
    def run(torch: Any, x: Any) -> Any:
        seen: list[Any] = []
        hooks = torch.autograd.graph.saved_tensors_hooks(
            lambda t: (seen.append(value(t)), t)[1], lambda t: t
        )
        z = (x.exp() * x).sum()
        with hooks:
            (g,) = torch.autograd.grad(z, x, create_graph=True)
        g.sum().backward()
        return seen, x.grad

    same(run, sample(3), grad=False)


def test_the_innermost_hooks_alone_are_used() -> None:
    def run(torch: Any, x: Any) -> Any:
        hooks = torch.autograd.graph.saved_tensors_hooks
        seen: list[Any] = []

        def pair(name: str) -> Any:
            return hooks(
                lambda t: (seen.append(f"pack {name}"), t)[1],
                lambda t: (seen.append(f"unpack {name}"), t)[1],
            )

        with pair("outer"):
            a = x.exp()
            with pair("inner"):
                b = a.sin()
            c = b.exp()
        c.exp().sum().backward()
        return seen, x.grad

    same(run, sample(3), grad=False)


def test_what_was_unpacked_has_its_place_in_the_graph() -> None:
    def run(torch: Any, x: Any, y: Any) -> Any:
        with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach().clone(), lambda t: t):
            z = x * y
            w = z.exp() * z
        kept = z.grad_fn._saved_self
        facts = [kept is x, kept.is_leaf, kept.requires_grad]
        if w.grad_fn._saved_self is not None:
            facts += [told(w.grad_fn._saved_self), told(w.grad_fn._saved_other)]
        kept.sum().backward()
        return facts, x.grad, told(w.grad_fn.next_functions[0][0]._saved_result)

    same(run, sample(3), sample(3, seed=1), grad=False)


def test_a_write_is_not_noticed_under_hooks() -> None:
    def run(torch: Any, x: Any, copy: bool) -> Any:
        y = x * 1
        pack = (lambda t: t.clone()) if copy else (lambda t: t)
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            z = y.sin()
        y.mul_(2)
        z.sum().backward()
        return x.grad

    for copy in True, False:
        same(lambda torch, x, copy=copy: run(torch, x, copy), sample(3), grad=False)


WRONG: dict[str, Callable[[Any, Any], Any]] = {
    "written to": lambda torch, t: t.add_(1),
    "written to through a view": lambda torch, t: t.view(-1).add_(1),
    "raises": lambda torch, t: {}["key"],
    "type error": lambda torch, t: len(3),  # type: ignore[arg-type]
    "no tensor": lambda torch, t: 5,
    "none": lambda torch, t: None,
    "other shape": lambda torch, t: torch.ones(7, dtype=t.dtype),
}


@pytest.mark.parametrize("case", WRONG)
def test_hooks_that_go_wrong(case: str) -> None:
    def run(torch: Any, x: Any, y: Any, what: str) -> Any:
        wrong = WRONG[case]
        pack = (lambda t: wrong(torch, t)) if what == "pack" else (lambda t: t)
        unpack = (lambda t: wrong(torch, t)) if what == "unpack" else (lambda t: t)
        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            z = torch.mul(x.detach(), y) if what == "pack" else x.exp().sin()
        z.sum().backward()
        return x.grad, y.grad

    for what in "pack", "unpack":
        same(
            lambda torch, x, y, what=what: run(torch, x, y, what),
            sample(3), sample(3, seed=1), grad=False,
        )  # fmt: skip


def test_an_error_leaves_hooks_and_recording_as_they_were() -> None:
    def run(torch: Any, x: Any) -> Any:
        def fail(t: Any) -> Any:
            raise ValueError("no")

        with torch.autograd.graph.saved_tensors_hooks(fail, fail):
            try:
                x.exp()
            except ValueError:
                y = x + 1
        z = x.exp() * y
        z.sum().backward()
        return torch.is_grad_enabled(), x.grad

    same(run, sample(3), grad=False)


def test_no_hooks_are_called_without_a_graph() -> None:
    def run(torch: Any, x: Any) -> Any:
        seen: list[Any] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t: seen.append(t), lambda t: t):
            with torch.no_grad():
                x.exp()
                with torch.enable_grad():
                    x.sin()
            with torch.inference_mode():
                x.exp()
            x.detach().exp()
            x > 0  # noqa: B015  # that nothing is packed for it is the test
        return len(seen)

    same(run, sample(3), grad=False)


def test_pushing_what_cannot_be_called() -> None:
    def run(torch: Any, pair: tuple[Any, Any]) -> Any:
        with torch.autograd.graph.saved_tensors_hooks(*pair):
            pass

    for pair in (1, len), (len, None):
        same(lambda torch, pair=pair: run(torch, pair))


def test_disabled_hooks() -> None:
    def inside(torch: Any) -> Any:
        graph = torch.autograd.graph
        with graph.disable_saved_tensors_hooks("not here"), graph.save_on_cpu():
            pass

    def outside(torch: Any) -> Any:
        graph = torch.autograd.graph
        with graph.save_on_cpu(), graph.disable_saved_tensors_hooks("not now"):
            pass

    def nested(torch: Any) -> Any:
        graph = torch.autograd.graph
        with graph.disable_saved_tensors_hooks("outer"):
            with graph.disable_saved_tensors_hooks("inner"):
                pass
            with graph.save_on_cpu():
                pass

    def after(torch: Any, x: Any) -> Any:
        for f in inside, outside, nested:
            with pytest.raises(RuntimeError):
                f(torch)
        with torch.autograd.graph.save_on_cpu():
            y = x.exp()
        y.sum().backward()
        return x.grad

    for f in inside, outside, nested:
        same(f)
    same(after, sample(3), grad=False)


def test_save_on_cpu() -> None:
    def run(torch: Any, x: Any, pin: bool) -> Any:
        with torch.autograd.graph.save_on_cpu(pin_memory=pin):
            y = x.t().exp()
        kept = y.grad_fn._saved_result
        y.sum().backward()
        return kept.stride(), kept.data_ptr() == y.data_ptr(), x.grad

    for pin in True, False:
        same(lambda torch, x, pin=pin: run(torch, x, pin), sample(2, 3), grad=False)


MUTATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "saved, then written to": lambda torch, y: ((z := (y**2).sum()), y.sin_(), z)[-1],
    "saved twice": lambda torch, y: ((z := (y * y + y.sin()).sum()), y.mul_(2), y.mul_(3), z)[-1],
    "view written to": lambda torch, y: ((z := (y**2).sum()), y[0].mul_(0), z)[-1],
    "result": lambda torch, y: ((z := y.exp()), (w := z.sum()), z.mul_(2), w + z.sum())[-1],
    "out": lambda torch, y: (
        (b := torch.ones(2, 3)), (z := (y * b).sum()), torch.add(b, 1, out=b), z)[-1],
    "not saved": lambda torch, y: ((z := (y + 1).sum()), y.mul_(2), z)[-1],
}  # fmt: skip


@pytest.mark.parametrize("f", MUTATIONS.values(), ids=MUTATIONS)
def test_saved_tensors_may_be_written_to(f: Callable[..., Any]) -> None:
    def run(torch: Any, x: Any) -> Any:
        with torch.autograd.graph.allow_mutation_on_saved_tensors() as context:
            z = f(torch, x * 1)
            counts = len(context.cloned), len(context.original)
            z.backward()
        return counts, x.grad

    same(run, sample(2, 3), grad=False)


def test_mutation_contexts() -> None:
    def nested(torch: Any) -> Any:
        allow = torch.autograd.graph.allow_mutation_on_saved_tensors
        with allow(), allow():
            pass

    def outside(torch: Any, x: Any) -> Any:
        with torch.autograd.graph.allow_mutation_on_saved_tensors():
            y = x * 1
            z = (y**2).sum()
            y.mul_(2)
        z.backward()

    same(nested)
    same(outside, sample(3), grad=False)


def test_versions_are_counted_by_hand() -> None:
    def run(torch: Any, x: Any) -> Any:
        increment = torch.autograd.graph.increment_version
        y, z = x * 1, x * 2
        w = y.sin() + z.sin()
        increment(y)
        increment([y, z])
        increment(iter([y[0]]))
        with torch.inference_mode():
            free = torch.ones(2)
        increment(free)
        versions = y._version, z._version
        with pytest.raises(RuntimeError):
            w.sum().backward()
        return versions

    same(run, sample(3), grad=False)
    for wrong in (3, [3], [None], "ab"):
        same(lambda torch, wrong=wrong: torch.autograd.graph.increment_version(wrong))


def test_gradient_edges() -> None:
    def run(torch: Any, x: Any) -> Any:
        at = torch.autograd.graph.get_gradient_edge
        y = x * 2
        a, b = y.split(1)
        z = (a * b.exp()).sum() + y.sum()
        facts = [
            (e.node.name(), e.output_nr, e.ownership_token is None) for e in map(at, (x, y, a, b))
        ]
        grads = torch.autograd.grad(z, [at(x), at(y), at(b), x], retain_graph=True)
        rooted = torch.autograd.grad(at(z), x, retain_graph=True)
        (given,) = torch.autograd.grad([at(y)], x, x.detach().sin(), retain_graph=True)
        torch.autograd.backward(at(z), inputs=[at(x)])
        return facts, grads, rooted, given, x.grad, y.grad_fn is at(y).node

    same(run, sample(2, 3), grad=False)


EDGES: dict[str, Callable[[Any, Any], Any]] = {
    "not a scalar": lambda torch, x: torch.autograd.grad(at(torch, x * 2), x),
    "shape": lambda torch, x: torch.autograd.grad(at(torch, x * 2), x, torch.ones(2)),
    "needs none": lambda torch, x: at(torch, x.detach()),
    "unused": lambda torch, x: torch.autograd.grad(x.sum(), at(torch, x * 1)),
    "unused, allowed": lambda torch, x: torch.autograd.grad(
        x.sum(), at(torch, x * 1), allow_unused=True
    ),
    "unused, zeros": lambda torch, x: torch.autograd.grad(
        x.sum(), at(torch, x * 1), materialize_grads=True
    ),
    "zeros": lambda torch, x: torch.autograd.grad(x.sum(), x * 1, materialize_grads=True),
    "zeros with a graph": lambda torch, x: torch.autograd.grad(
        x.sum(), (x * 1).t(), materialize_grads=True, create_graph=True
    ),
    "no input": lambda torch, x: torch.autograd.grad(x.sum(), [5]),
    "no output": lambda torch, x: torch.autograd.grad([5], x),
    "not iterable": lambda torch, x: torch.autograd.grad(x.sum(), 5),
    "dict": lambda torch, x: torch.autograd.grad((x * 3).sum(), {"a": x, "b": x}),
    "empty dict": lambda torch, x: torch.autograd.grad(x.sum(), {}),
    "ordered dict": lambda torch, x: torch.autograd.grad(x.sum(), OrderedDict(a=x)),
    "backward, dict": lambda torch, x: ((x * 3).sum().backward(inputs={"a": x}), x.grad)[1],
    "backward, empty": lambda torch, x: x.sum().backward(inputs=[]),
    "backward, ordered": lambda torch, x: x.sum().backward(inputs=OrderedDict(a=x)),
    "backward, no input": lambda torch, x: x.sum().backward(inputs=[5]),
    "kept by tensor, not by edge": lambda torch, x: (
        (y := x * 2), (y * 2).sum().backward(inputs=[at(torch, y)]), y.retains_grad)[-1],
    "other dtype": lambda torch, x: torch.autograd.grad(x * 2, x, torch.ones(2, 3).double()),
    "other dtype at a leaf": lambda torch, x: torch.autograd.grad(x, x, torch.ones(2, 3).double()),
    "integers": lambda torch, x: torch.autograd.grad(x * 2, x, torch.ones(2, 3).long()),
    "fewer gradients": lambda torch, x: torch.autograd.grad([x.sum(), x.sum()], x, [None]),
    "the second one": lambda torch, x: torch.autograd.grad(
        [x.sum(), x.mean()], x, [None, torch.ones(5)]
    ),
    "unused with false": lambda torch, x: torch.autograd.grad(
        x.sum(), x, materialize_grads=True, allow_unused=False
    ),
    "materialized and not only inputs": lambda torch, x: torch.autograd.grad(
        x.sum(), x, only_inputs=False
    ),
}  # fmt: skip


def at(torch: Any, x: Any) -> Any:
    return torch.autograd.graph.get_gradient_edge(x)


@pytest.mark.parametrize("f", EDGES.values(), ids=EDGES)
def test_roots_and_inputs(f: Callable[..., Any]) -> None:
    same(f, sample(2, 3), grad=False)


def test_what_a_node_tells() -> None:
    def run(torch: Any, x: Any) -> Any:
        y = (x * 2).max(0)[0]
        node, leaf = y.grad_fn, x.view_as(x).grad_fn.next_functions[0][0]
        node.metadata["a"] = 1
        kind = torch.autograd.graph.Node
        later = (y + 1).grad_fn
        return (
            [isinstance(n, kind) for n in (node, leaf, 3, x)],
            y.grad_fn.metadata, leaf.metadata, leaf.variable is x,
            [(m.shape, m.dtype, m.device, m.is_nested_tensor, m.is_cpp_nested_tensor)
             for n in (node, leaf) for m in n._input_metadata],
            later._sequence_nr() > node._sequence_nr(), leaf._sequence_nr(),
            node.requires_grad, leaf.requires_grad,
        )  # fmt: skip

    same(run, sample(2, 3), grad=False)


RAW: dict[str, tuple[Callable[[Any, Any, Any], Any], Callable[[Any], Any]]] = {
    "argument": (lambda torch, x, y: x * y, lambda node: node._raw_saved_other),
    "leaf": (lambda torch, x, y: x * y, lambda node: node._raw_saved_self),
    "computed": (lambda torch, x, y: (x * 2) * y, lambda node: node._raw_saved_self),
    "result": (lambda torch, x, y: (x * 2).exp(), lambda node: node._raw_saved_result),
    "none": (lambda torch, x, y: x * y.detach(), lambda node: node._raw_saved_self),
    "number": (lambda torch, x, y: x * 2, lambda node: node._raw_saved_other),
    "packed": (lambda torch, x, y: _packed(torch, x, y), lambda node: node._raw_saved_self),
    "function": (lambda torch, x, y: _squared(torch, x), lambda node: node._raw_saved_tensors[0]),
    "output of a function": (
        lambda torch, x, y: _squared(torch, x), lambda node: node._raw_saved_tensors[1]),
}  # fmt: skip


def _packed(torch: Any, x: Any, y: Any) -> Any:
    with torch.autograd.graph.saved_tensors_hooks(lambda t: t.detach() * 2, lambda t: t):
        return x * y


def _squared(torch: Any, x: Any) -> Any:
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, t: Any) -> Any:
            out = t * t
            ctx.save_for_backward(t, out)
            return out

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            t, out = ctx.saved_tensors
            return 2 * t * g + 0 * out

    return Square.apply(x * 1)


def outcome(f: Callable[[], Any]) -> Any:
    """What `f` returns, or the class and text of what it raises."""
    try:
        return f()
    except (RuntimeError, TypeError) as error:
        return type(error).__name__, str(error).partition(" with: ")[0]


@pytest.mark.parametrize("case", RAW)
def test_saved_tensors_as_nodes_keep_them(case: str) -> None:
    def run(torch: Any, x: Any, y: Any) -> Any:
        seen: list[Any] = []
        make, of = RAW[case]
        out = make(torch, x, y)  # PyTorch's raw tensors must not outlive their node
        raw = of(out.grad_fn)
        before = raw.data, raw.unpack_hook is None, outcome(raw.unpack)

        def pack(t: Any) -> Any:
            seen.append((t.requires_grad, t.grad_fn is None, value(t)))
            return "kept", t

        def unpack(kept: Any) -> Any:
            seen.append(kept[0])
            return kept[1] * 2

        wrong = outcome(lambda: raw.register_hooks(1, 2))
        return (before, wrong, outcome(lambda: raw.register_hooks(pack, unpack)),
                raw.data is None, raw.unpack_hook is unpack, outcome(raw.unpack),
                outcome(lambda: raw.register_hooks(pack, unpack)), seen)  # fmt: skip

    same(run, sample(3), sample(3, seed=1), grad=False)


def test_hooks_on_one_saved_tensor() -> None:
    def run(torch: Any, x: Any, y: Any) -> Any:
        made = (x * y, x.exp(), _squared(torch, x))
        raws = (made[0].grad_fn._raw_saved_other, made[1].grad_fn._raw_saved_result,
                made[2].grad_fn._raw_saved_tensors[0])  # fmt: skip
        for raw in raws:
            raw.register_hooks(lambda t: t * 2, lambda t: t + 1)
        grads = [torch.autograd.grad(z.sum(), x)[0] for z in made]
        after = [(outcome(r.unpack), r.data is None, outcome(lambda r=r: r.register_hooks(
            len, len))) for r in raws[:2]]  # fmt: skip
        return grads, after

    same(run, sample(3), sample(3, seed=1), grad=False)
    same(lambda torch: torch.autograd.SavedTensor())


def test_a_hook_on_one_saved_tensor_that_writes_to_it() -> None:
    def run(torch: Any, x: Any, y: Any) -> Any:
        (x * y).grad_fn._raw_saved_other.register_hooks(lambda t: t.add_(1), lambda t: t)

    same(run, sample(3), sample(3, seed=1), grad=False)
