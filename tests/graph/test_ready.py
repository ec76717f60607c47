"""Which node runs next, beside PyTorch: what hooks on nodes and on leaves see, in order."""

import random
from collections.abc import Callable
from typing import Any

import pytest
import torch

import minitorch_np
from minitorch_np.graph.node import Node
from minitorch_np.graph.ready import Ready

Program = Callable[[Any, random.Random, list[Any]], Any]


def several(lib: Any, choice: random.Random, leaves: list[Any]) -> Any:
    """One node over all leaves."""
    return lib.stack(leaves) if choice.random() < 0.5 else lib.cat(leaves)


def mixed(lib: Any, choice: random.Random, leaves: list[Any]) -> Any:
    """Ops of one to nine operands on leaves and on what came of them."""
    values = list(leaves)
    for _ in range(choice.randint(1, 12)):
        some = [choice.choice(values) for _ in range(choice.randint(1, 9))]
        kind = choice.randrange(5)
        if kind == 0 and len(some) > 1:
            values.append(some[0] * some[1])
        elif kind == 1 and len(some) > 2:
            values.append(lib.addmm(*some[:3]))
        elif kind == 2:
            values.append(some[0].sin())
        else:
            values.append(lib.stack(some).mean(0))
    return lib.stack(values[-choice.randint(1, 6) :])


def seen(lib: Any, program: Program, seed: int, root: Callable[[Any], Any]) -> list[object]:
    """The leaves whose gradients came, by number, between the nodes that ran, by name."""
    choice = random.Random(seed)
    leaves = [lib.full((2, 2), 0.5).requires_grad_() for _ in range(choice.randint(1, 40))]
    found: list[object] = []

    def note(what: object) -> Callable[..., None]:
        return lambda *_: found.append(what)

    for nr, leaf in enumerate(leaves):
        leaf.register_post_accumulate_grad_hook(note(nr))
    out = program(lib, choice, leaves)
    stack, known = [out.grad_fn], set()
    while stack:
        node = stack.pop()
        if node is not None and node not in known:
            known.add(node)
            if node.name() != "torch::autograd::AccumulateGrad":
                node.register_prehook(note(node.name()))
            stack += [to for to, _ in node.next_functions]
    root(out)
    return found


@pytest.mark.parametrize("program", [several, mixed])
@pytest.mark.parametrize("seed", range(60))
def test_nodes_and_leaves_come_in_pytorchs_order(program: Program, seed: int) -> None:
    def root(out: Any) -> Any:
        return out.sum().backward()

    found = [seen(lib, program, seed, root) for lib in (minitorch_np, torch)]
    assert found[0] == found[1]


@pytest.mark.parametrize("seed", range(20))
def test_several_roots(seed: int) -> None:
    """They are ready at once, and one may lead to another."""

    def root(out: Any) -> Any:
        lib = minitorch_np if isinstance(out, minitorch_np.Tensor) else torch
        parts = [out.sum(), (out * 2).sum(), *[one.sum() for one in out.unbind()[:5]]]
        lib.autograd.backward([*parts[::2], parts[0] + parts[1], *parts[1::2]])

    found = [seen(lib, mixed, seed, root) for lib in (minitorch_np, torch)]
    assert found[0] == found[1]


def test_a_heap_gives_the_latest_first() -> None:
    choice = random.Random(0)
    for count in range(40):
        ready = Ready()
        nodes = [Node(()) for _ in range(count)]
        for node in choice.sample(nodes, count):
            ready.push(node)
        assert [ready.take() for _ in range(count)] == nodes[::-1]
        assert not ready


def walked(choice: random.Random, nodes: list[Node], *, ahead: bool) -> list[Node]:
    """The order in which nodes go that get ready a few at a time, all pushed or held `ahead`."""
    ready, waiting, order = Ready(), list(nodes), list[Node]()
    first: Node | None = None
    while waiting or ready or first is not None:
        if not ready and first is None:
            ready.push(waiting.pop())
        order.append(ready.take() if first is None else first)
        first = None
        for _ in range(min(len(waiting), choice.randint(0, 4))):
            if ahead:
                first = ready.before(first, waiting.pop())
            else:
                ready.push(waiting.pop())
    return order


@pytest.mark.parametrize("seed", range(200))
def test_who_goes_next_without_the_heap_goes_in_its_order(seed: int) -> None:
    choice = random.Random(seed)
    leaf = (1 << 64) - 1
    nodes = [Node(()) for _ in range(choice.randint(1, 60))]
    for node in nodes:
        if choice.random() < choice.choice([0.2, 0.5, 0.9]):
            node.order = leaf
    choice.shuffle(nodes)
    found = [walked(random.Random(seed), nodes, ahead=ahead) for ahead in (False, True)]
    assert found[0] == found[1]
    assert sorted(map(id, found[0])) == sorted(map(id, nodes))
