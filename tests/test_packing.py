"""What the nodes of every op keep, and in which order hooks are given it, as PyTorch's do."""

import itertools
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest
import torch

import minitorch_np
from minitorch_np.tensor import Tensor
from tests import samples
from tests.oracle import ours, same, sample, tensors_in
from tests.samples import Sample

UNLIKE = {
    "linear_cross_entropy_chunked_rows": "the node is a Python function's, which shows nothing",
    "qr": "it has no derivative here, so that nothing is kept for one",
    "linear_cross_entropy_chunked_rows-2": "as linear_cross_entropy_chunked_rows",
    "mkldnn_rnn_layer": "what oneDNN keeps of its steps has a size of its own",
    "remainder-2": "there is no derivative, and PyTorch's node keeps nothing for it",
}
"""Samples whose nodes keep other tensors than PyTorch's, or are other nodes."""

COMPOSITES = {"isfinite"}
"""Ops that PyTorch makes of others, which keep what nobody will ask for."""

SAMPLED = pytest.mark.parametrize(
    "s", [pytest.param(s, id=n) for n, s in samples.labelled() if n not in UNLIKE]
)


def patterns(s: Sample) -> list[tuple[bool, ...]]:
    """Which floating inputs require a gradient: all ways, or the main ones where those are many."""
    given = samples.inputs(s, samples.usual(s))
    count = sum(t.is_floating_point() for t in given)
    if count <= 4:
        found = list(itertools.product([True, False], repeat=count))
    else:
        found = [tuple(i == one for i in range(count)) for one in range(count)]
        found.append((True,) * count)
    return [pattern for pattern in found if any(pattern)]


def flagged(s: Sample, pattern: tuple[bool, ...]) -> list[torch.Tensor] | None:
    """The inputs with flags set by `pattern`; None where PyTorch refuses that, and so do we."""
    flags = iter(pattern)
    given = [t.detach().clone() for t in samples.inputs(s, samples.usual(s))]
    for t in given:
        t.requires_grad_(t.is_floating_point() and next(flags))
    try:
        s.f(torch, *given)
    except RuntimeError as error:
        with pytest.raises(type(error), match=f"^{re.escape(str(error))}$"):
            s.f(minitorch_np, *[ours(t) for t in given])
        return None
    return [t.detach().clone().requires_grad_(t.requires_grad) for t in given]


def both(given: list[torch.Tensor]) -> list[tuple[Any, list[Any]]]:
    """Each library with its own copies of some tensors."""
    return [(minitorch_np, [ours(t) for t in given]), (torch, given)]


def graph(results: Sequence[Any]) -> list[Any]:
    """The nodes behind some tensors, breadth first."""
    nodes = list(dict.fromkeys(t.grad_fn for t in results if t is not None and t.grad_fn))
    for node in nodes:  # it grows meanwhile
        nodes.extend(n for n, _ in node.next_functions if n is not None and n not in nodes)
    return nodes


def kept(node: Any) -> dict[str, Any]:
    """The shapes of the tensors that a node keeps, by name; of lists of tensors, lists."""
    found: dict[str, Any] = {}
    for name in dir(node):
        value = getattr(node, name) if name.startswith("_saved_") else None
        if isinstance(value, (torch.Tensor, Tensor)):
            found[name] = tuple(value.shape)
        elif isinstance(value, (list, tuple)) and tensors_in(value):
            found[name] = [None if t is None else tuple(t.shape) for t in value]
    return found


def shown(node: Any) -> dict[str, Any]:
    """Everything that a node shows of what it keeps: of tensors their shapes."""
    return {n: plainly(getattr(node, n)) for n in dir(node) if n.startswith("_saved_")}


def plainly(value: Any) -> Any:
    """A value that may be compared between the libraries, with its type."""
    if isinstance(value, (torch.Tensor, Tensor)):
        return "tensor", tuple(value.shape)
    if isinstance(value, (tuple, list)):
        return tuple([plainly(each) for each in value])
    if isinstance(value, (bool, int, float, str, type(None))):
        return type(value).__name__, repr(value)
    return str(value)


SHOWN_UNLIKE = {
    ("linear_cross_entropy_chunked", "gradients"): "the node is a Python function's",
    ("linear_cross_entropy_chunked-2", "gradients"): "the node is a Python function's",
    ("mul_scalar-2", "dim"): "a composite counts its dims from the start here",
}
"""What a sample's nodes show otherwise than PyTorch's."""


@SAMPLED
@pytest.mark.filterwarnings("ignore")
def test_nodes_show_what_pytorchs_show(s: Sample, request: pytest.FixtureRequest) -> None:
    """Names and values, of what is no tensor too: dims, sizes, numbers."""
    sample = request.node.callspec.id
    unlike: dict[str, Any] = {}
    for pattern in patterns(s):
        given = flagged(s, pattern)
        if given is None:
            continue
        got, expected = [graph(tensors_in(s.f(lib, *mine))) for lib, mine in both(given)]
        for one, other in zip(got, expected, strict=True):
            mine, theirs = shown(one), shown(other)
            for name in mine.keys() | theirs.keys():
                if mine.get(name) != theirs.get(name):
                    found = one.name(), pattern, mine.get(name), theirs.get(name)
                    unlike.setdefault(name.removeprefix("_saved_"), found)
    assert unlike.keys() == {name for known, name in SHOWN_UNLIKE if known == sample}, unlike


def second(library: Any, given: list[Any], results: list[Any]) -> list[Any]:
    """The nodes of the gradients, for cotangents that require a gradient, too."""
    outputs = [t for t in results if t.requires_grad]
    leaves = [t for t in given if t.requires_grad]
    ones = [library.ones_like(t).requires_grad_() for t in outputs]
    return graph(library.autograd.grad(outputs, leaves, ones, create_graph=True, allow_unused=True))


@SAMPLED
@pytest.mark.filterwarnings("ignore")
def test_nodes_keep_what_pytorchs_keep(s: Sample) -> None:
    for pattern in patterns(s):
        given = flagged(s, pattern)
        if given is None:
            continue
        got, expected = [graph(tensors_in(s.f(lib, *mine))) for lib, mine in both(given)]
        assert [n.name() for n in got] == [n.name() for n in expected]
        for one, other in zip(got, expected, strict=True):
            assert kept(one) == kept(other), (one, pattern)


@SAMPLED
@pytest.mark.filterwarnings("ignore")
def test_nodes_of_gradients_keep_what_pytorchs_keep(s: Sample) -> None:
    """Compared by name, for those that both have: the graphs need not be alike."""
    if not samples.derivatives(s):
        return
    by_name: list[dict[str, set[str]]] = []
    for library, given in both(samples.inputs(s, torch.float64)):
        found: dict[str, set[str]] = defaultdict(set)
        for node in second(library, given, tensors_in(s.f(library, *given))):
            if node.name().count("Backward") == 2:
                found[node.name()].add(str(kept(node)))
        by_name.append(found)
    for name, sets in by_name[1].items():
        assert by_name[0].get(name, sets) == sets, name


@SAMPLED
@pytest.mark.filterwarnings("ignore")
def test_hooks_are_given_what_nodes_keep_in_pytorchs_order(s: Sample) -> None:
    for pattern in patterns(s):
        given = None if s.op in COMPOSITES else flagged(s, pattern)
        orders: list[list[Any]] = []
        for library, mine in both(given or []):
            seen: list[Any] = []

            def pack(t: Any, seen: list[Any] = seen) -> Any:
                made_by = t.grad_fn.name() if t.grad_fn else None
                seen.append((tuple(t.shape), str(t.dtype), t.requires_grad, made_by))
                return t

            with library.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
                if given is not None:
                    s.f(library, *mine)
            orders.append(seen)
        assert orders[0] == orders[1], pattern


@pytest.mark.parametrize("shape", [(3, 4), (4,), (2, 4, 5), (2, 4, 3, 5)])
def test_weights_of_classes_have_no_gradient(shape: tuple[int, ...]) -> None:
    """What nll_loss is called for images, in words."""
    one = shape[:1] if len(shape) > 1 else ()
    target = torch.zeros((*one, *shape[2:]), dtype=torch.int64)

    def f(library: Any, x: Any, target: Any, weight: Any) -> Any:
        return library.nn.functional.nll_loss(x, target, weight)

    same(f, sample(*shape), target, sample(4, low=0.5))
    same(f, sample(*shape, grad=False), target, sample(4, low=0.5))
    same(f, sample(*shape), target, sample(4, low=0.5, grad=False))
