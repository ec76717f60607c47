"""Random programs of views, writes, backward and detach, run by both libraries in step.

After every rule each tensor ever made is compared: value, shape, stride, offset, version, history,
gradient, and which of the others it shares memory with. An error counts as an answer.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

import minitorch_np
from minitorch_np.strides import Overlap, internal_overlap
from tests.oracle import Outcome, assert_same, assert_same_error, ours, strip_note

Pair = tuple[Any, Any]

VIEWS: dict[str, Callable[[Any, Any], Any]] = {
    "transpose": lambda torch, x: x.transpose(0, -1),
    "view": lambda torch, x: x.view(-1),
    "view 2": lambda torch, x: x.view(2, -1),
    "reshape": lambda torch, x: x.reshape(-1),
    "unsqueeze": lambda torch, x: x.unsqueeze(0),
    "squeeze": lambda torch, x: x.squeeze(),
    "first": lambda torch, x: x[0],
    "last": lambda torch, x: x[..., -1],
    "slice": lambda torch, x: x[1:],
    "every second": lambda torch, x: x[..., ::2],
    "expand": lambda torch, x: x.expand(2, *x.shape),
    "permute": lambda torch, x: x.permute(*range(x.dim() - 1, -1, -1)),
    "diagonal": lambda torch, x: x.diagonal(),
    "narrow": lambda torch, x: x.narrow(0, 0, 1),
    "chunk": lambda torch, x: x.chunk(2)[0],
    "unbind": lambda torch, x: x.unbind(0)[0],
    "as_strided": lambda torch, x: x.as_strided((2, 2), (1, 1)),
    "unfold": lambda torch, x: x.unfold(0, 2, 1),
    "detach": lambda torch, x: x.detach(),
    "contiguous": lambda torch, x: x.contiguous(),
    "data": lambda torch, x: x.data,
    "no_grad view": lambda torch, x: _quiet(torch, x),
}

OPS: dict[str, Callable[[Any, Any], Any]] = {
    "mul": lambda torch, x: x * 0.5,
    "square": lambda torch, x: x * x,
    "tanh": lambda torch, x: x.tanh(),
    "clone": lambda torch, x: x.clone(),
    "sum": lambda torch, x: x.sum(0),
    "where": lambda torch, x: torch.where(x > 0, x, x * 0.1),
}

WRITES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add_": lambda torch, x, y: x.add_(0.25),
    "mul_": lambda torch, x, y: x.mul_(0.5),
    "zero_": lambda torch, x, y: x.zero_(),
    "tanh_": lambda torch, x, y: x.tanh_(),
    "mul_ other": lambda torch, x, y: x.mul_(y),
    "add_ other": lambda torch, x, y: x.add_(y),
    "copy_": lambda torch, x, y: x.copy_(y),
    "setitem": lambda torch, x, y: x.__setitem__(0, 0.125),
    "setitem other": lambda torch, x, y: x.__setitem__(0, y),
    "under no_grad": lambda torch, x, y: _written_quietly(torch, x),
}


def _quiet(torch: Any, x: Any) -> Any:
    with torch.no_grad():
        return x.view(x.shape)


def _written_quietly(torch: Any, x: Any) -> Any:
    with torch.no_grad():
        return x.add_(0.25)


def _detached(x: Any) -> None:
    x.detach_()


class Programs(RuleBasedStateMachine):
    """One program at a time; `pairs` holds every tensor made, ours and torch's."""

    tensors = Bundle("tensors")

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[Pair] = []

    def both(self, f: Callable[..., Any], *pairs: Pair) -> Pair | None:
        """The results of `f` under both libraries, None when both raised the same error."""
        a = Outcome(f, minitorch_np, [p[0] for p in pairs])
        t = Outcome(f, torch, [p[1] for p in pairs])
        if assert_same_error(a, t):
            return None
        assert [strip_note(m) for _, m in a.warnings] == [strip_note(m) for _, m in t.warnings]
        return a.result, t.result

    def keep(self, pair: Pair | None, old: Pair) -> Pair:
        """A new pair, remembered; the old one where there was an error."""
        if pair is None:
            return old
        self.pairs.append(pair)
        return pair

    @initialize(
        target=tensors, shape=st.sampled_from([(2, 3), (4,), (2, 2, 2)]), leaf=st.booleans()
    )
    def start(self, shape: tuple[int, ...], leaf: bool) -> Pair:
        """A leaf, or a tensor that needs no gradient."""
        generator = torch.Generator().manual_seed(len(shape))
        t = torch.rand(shape, generator=generator, dtype=torch.float64).requires_grad_(leaf)
        self.pairs.append((ours(t), t))
        return self.pairs[-1]

    @rule(target=tensors, pair=tensors, name=st.sampled_from(sorted(VIEWS)))
    def view(self, pair: Pair, name: str) -> Pair:
        """A view."""
        return self.keep(self.both(VIEWS[name], pair), pair)

    @rule(target=tensors, pair=tensors, name=st.sampled_from(sorted(OPS)))
    def op(self, pair: Pair, name: str) -> Pair:
        """A new tensor."""
        return self.keep(self.both(OPS[name], pair), pair)

    @rule(target=tensors, x=tensors, y=tensors)
    def product(self, x: Pair, y: Pair) -> Pair:
        """A new tensor from two."""
        return self.keep(self.both(lambda torch, a, b: a * b, x, y), x)

    @rule(x=tensors, y=tensors, name=st.sampled_from(sorted(WRITES)))
    def write(self, x: Pair, y: Pair, name: str) -> None:
        """An in-place write; not where elements overlap, for then the order of writes decides."""
        if internal_overlap(x[0].sizes, x[0].strides) is not Overlap.TOO_HARD:
            self.both(WRITES[name], x, y)

    @rule(pair=tensors)
    def backward(self, pair: Pair) -> None:
        """The whole graph backward, kept for more."""
        self.backward_of(pair)

    def backward_of(self, pair: Pair) -> None:
        """One tensor's weighted sum backward."""

        def f(torch: Any, x: Any) -> None:
            weights = torch.arange(x.numel(), dtype=torch.float64).reshape(x.shape)
            (x * weights).sum().backward(retain_graph=True)

        self.both(f, pair)

    @rule(pair=tensors, flag=st.booleans())
    def requires_grad(self, pair: Pair, flag: bool) -> None:
        """A leaf's flag."""
        self.both(lambda torch, x: x.requires_grad_(flag) and None, pair)

    @rule(x=tensors, y=tensors)
    def detach_(self, x: Pair, y: Pair) -> None:
        """No history any more, for a tensor that a product has saved."""
        made = self.both(lambda torch, a, b: a * b, x, y)
        self.both(lambda torch, x: _detached(x), x)
        if made is not None:
            self.pairs.append(made)
            self.backward_of(made)

    @rule(pair=tensors)
    def clear(self, pair: Pair) -> None:
        """No gradient any more."""
        self.both(lambda torch, x: setattr(x, "grad", None), pair)

    @invariant()
    def everything_agrees(self) -> None:
        """Every tensor made so far is the same in both libraries."""
        for i, (a, t) in enumerate(self.pairs):
            where = f"tensor {i}"
            assert a._version == t._version, f"{where}: version {a._version} != {t._version}"
            history = [Outcome(lambda _, x: x.grad_fn is None, None, [x]) for x in (a, t)]
            if assert_same_error(*history):
                assert_same(a, t, where, meta=False)
                continue
            assert_same(a, t, where)
            assert a.is_leaf == t.is_leaf, where
            assert (a._base is None) == (t._base is None), f"{where}: base"
            mine = a.grad if a.is_leaf else None
            theirs = t.grad if t.is_leaf else None
            assert (mine is None) == (theirs is None), f"{where}: grad {mine} != {theirs}"
            if theirs is not None:
                assert_same(mine, theirs, f"{where}.grad", meta=False)
        for i, (a, t) in enumerate(self.pairs):
            for b, u in self.pairs[:i]:
                shared = t.untyped_storage().data_ptr() == u.untyped_storage().data_ptr()
                mine = a.untyped_storage() is b.untyped_storage()
                assert mine == shared or not t.untyped_storage().nbytes()


@pytest.mark.slow  # half a minute: every program is run twice and compared after each step
def test_random_programs() -> None:
    machine = settings(
        max_examples=400, stateful_step_count=15, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip

    run_state_machine_as_test(Programs, settings=machine)
