"""Where the gradient of a tensor goes, looked up by one compiled function.

Every op that is recorded asks it of each input, and the answer is mostly two fields of the tensor's
place in the graph, as a tuple.
"""

from collections.abc import Callable
from typing import Any

from .compiler import call_int, part, peek, poke
from .fastcall import API, COUNTING, DATA, TYPE, address, entered, hold, words_of
from .fastcall import POSSIBLE as FASTCALL
from .fastcall import build as compiled
from .press import press
from .stamps import kept, places

__all__ = ["finder"]

POSSIBLE = FASTCALL and hasattr(API, "PyWeakref_GetObject")


def edge(holder: int, arguments: int, count: int) -> int:
    """`graph.node.edge` of a tensor that is no view; that is asked about others, and where a leaf
    has hooks."""
    words, tensor = peek(holder, DATA), peek(arguments, 0)
    none, call = peek(words, 16), peek(words, 32)
    alike = count == 1
    if alike and peek(tensor, TYPE) != peek(words, 40):
        alike = call_int(peek(words, 24), (peek(tensor, TYPE), peek(words, 40))) & 1 == 1
    if not alike or peek(tensor, peek(words, 48)) != none:  # its base
        return call_int(peek(words, 0), (peek(words, 8), arguments, count, 0))
    meta = peek(tensor, peek(words, 56))
    if meta == none:
        return hold(none, call)
    node, number = peek(meta, peek(words, 64)), peek(meta, peek(words, 72))
    if node != none:
        return pair(words, hold(node, call), hold(number, call))
    if peek(meta, peek(words, 80)) != peek(words, 88):  # whether it requires a gradient
        return hold(none, call)
    seen = peek(meta, peek(words, 96))
    if seen != none:
        node = call_int(peek(words, 104), (seen,))
    if node != none:
        return pair(words, hold(node, call), hold(number, call))
    if peek(meta, peek(words, 112)) == none:  # its hooks
        node = call_int(peek(words, 160), (peek(words, 120), arguments, 1))
        if node == 0:
            return 0
        # what was made above may have run anything: another may be there by now
        reference = call_int(peek(words, 128), (node, 0))
        if reference != 0 and peek(meta, peek(words, 96)) == seen:
            poke(meta, peek(words, 96), reference)
            _ = call_int(peek(words, 136), (seen,))
            return pair(words, node, hold(number, call))
        _ = call_int(peek(words, 136), (node,))
        if reference == 0:
            return 0
        _ = call_int(peek(words, 136), (reference,))
    return call_int(peek(words, 0), (peek(words, 8), arguments, count, 0))


@part
def pair(words: int, node: int, number: int) -> int:
    """A tuple of two objects, whose references it takes over."""
    made = call_int(peek(words, 144), (2,))
    if made == 0:
        _ = call_int(peek(words, 136), (node,))
        _ = call_int(peek(words, 136), (number,))
        return 0
    _ = call_int(peek(words, 152), (made, 0, node))
    _ = call_int(peek(words, 152), (made, 1, number))
    return made


def finder(
    function: Callable[..., Any], tensor: type, meta: type, accumulator: Callable[..., Any]
) -> Callable[..., Any]:
    """Compiled code for `function`, which is `graph.node.edge`: of tensors with such a place in the
    graph, whose leaves end at what the stamp `accumulator` makes."""
    t, m = places(tensor), places(meta)
    words = [
        address(API.PyObject_Vectorcall), id(function), id(None), address(API.PyType_IsSubtype),
        0 if COUNTING else address(API.Py_IncRef), id(tensor), t["base"], t["meta"], m["grad_fn"],
        m["output_nr"], m["requires_grad"], id(True), m["accumulator"],
        address(API.PyWeakref_GetObject), m["hooks"], id(words_of(accumulator)),
        address(API.PyWeakref_NewRef), address(API.Py_DecRef), address(API.PyTuple_New),
        address(API.PyTuple_SetItem), compiled(press).function,
    ]  # fmt: skip
    kept.append((function, accumulator))
    return entered(edge, words)


def build() -> None:
    """Compile everything ahead of use."""
    for function in (edge,) if POSSIBLE else ():
        _ = compiled(function)
