"""Why no gradient can come from a tensor, or reach a parameter: what is known of it afterwards."""

from collections.abc import Iterable, Sequence

from minitorch_np.flight import Place, aligned, cuts, source
from minitorch_np.graph.modes import debugging, state
from minitorch_np.graph.node import AccumulateGrad, Node, edge
from minitorch_np.tensor import Tensor

__all__ = ["unreached", "why_cut"]


def why_cut(out: Tensor) -> str:
    """What kept a root from having a history, as far as it can be told from the root itself."""
    if not out.dtype.is_floating_point:
        return (
            f"It is {out.dtype.name}, and only floating point tensors have gradients: comparisons, "
            "argmax and conversions to integers end them."
        )
    if out.is_inference():
        return "It was made in inference mode, in which nothing is recorded."
    if not state.grad:
        return "Gradients are switched off here: what is computed now has no history."
    if not (debugging.recorder or debugging.anomaly):
        return (
            "Nothing that it was computed from requires a gradient, or a detach(), .data or "
            "no_grad() came between. minitorch_np.autograd.set_flight_recorder(True) shows where."
        )
    if not cuts:
        return "Nothing that it was computed from requires a gradient."
    places = [(what, Place(*spot)) for what, spot in cuts]
    rows = [[what, str(place), source(place)] for what, place in places]
    return f"Histories were lately cut off by:\n{aligned(rows)}"


def unreached(
    outputs: Tensor | Sequence[Tensor], named_parameters: Iterable[tuple[str, Tensor]]
) -> dict[str, str]:
    """Each parameter that `backward()` of `outputs` would give no gradient, by name, and why.

    `named_parameters` is what a module's method of that name returns. Ask before backward, which
    may free the graph; the graph is only looked at. PyTorch has nothing like it: there a parameter
    that was left out shows in nothing but a `.grad` that stays None.
    """
    roots = [edge(t) for t in ((outputs,) if isinstance(outputs, Tensor) else outputs)]
    stack = [root[0] for root in roots if root is not None]
    seen: set[Node] = set(stack)
    reached: set[int] = set()
    while stack:
        node = stack.pop()
        if isinstance(node, AccumulateGrad):
            reached.add(id(node.variable))
        below = {e[0] for e in node.edges if e is not None} - seen
        seen |= below
        stack.extend(below)
    return {name: _why(p) for name, p in named_parameters if id(p) not in reached}


def _why(parameter: Tensor) -> str:
    """Why a gradient did not reach a parameter."""
    if not parameter.requires_grad:
        return "its requires_grad is False"
    node = parameter.grad_fn
    if node is not None:
        return f"it is no leaf but the output of {node.name()}"
    return "no path leads to it from the outputs"
