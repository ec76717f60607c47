"""Node classes under other names: PyTorch has a node for each overload of an op, and we one op.

Such a class is made when an op is first called so. Which of its edges PyTorch's overload does not
have is found by asking what numbers and tensors are called.
"""

import itertools
from collections.abc import Callable, Collection

from minitorch_np.graph.node import Node
from minitorch_np.graph.saved import FREED
from minitorch_np.plan import Plan, asked
from minitorch_np.tensor import Tensor

__all__ = ["plans", "titled"]

_made: dict[tuple[type[Node], str], type[Node]] = {}
plans: dict[type[Node], Plan] = {}
"""What is known of the op that each class of nodes was made for."""


def titled(node: type[Node], title: str) -> type[Node]:
    """The class of a node that has another name, as PyTorch's overloads of one op have."""
    made = _made.get((node, title))
    if made is None:
        hidden = _numbers(plans[node], title)
        space: dict[str, object] = {"__slots__": (), "hidden": hidden}
        if title.startswith("torch::autograd::NotImplemented"):
            space["hidden"] = property(_without_edge)
        if "::" in title:
            space["name"] = _named(title)
        made = _made[node, title] = type(title.rpartition("::")[2], (node,), space)
    return made


def _named(title: str) -> Callable[[Node], str]:
    return lambda node: title


def _without_edge(node: Node) -> Collection[int]:
    """Where PyTorch has no edge: such a node has one for each tensor that wants a gradient.

    Without any there is a view of what wants one, whose own edge leads nowhere.
    """
    missing = [at for at, to in enumerate(node.edges) if to is None]
    return missing[1:] if len(missing) == len(node.edges) else missing


def _numbers(plan: Plan, title: str) -> frozenset[int]:
    """The edges of the arguments that are numbers wherever the node has this name.

    Found by asking for the names that numbers and tensors give it, once for each.
    """
    assert plan.title is not None
    given = {n: _probes(plan, n) for n in asked(plan.title)}
    calls = [dict(zip(given, values)) for values in itertools.product(*given.values())]
    fitting = [call for call in calls if plan.title(**call) == title]
    return frozenset(
        at for at, arg in enumerate(plan.inputs())
        if plan.scalar(arg) and fitting and not any(isinstance(c[arg], Tensor) for c in fitting)
    )  # fmt: skip


def _probes(plan: Plan, name: str) -> tuple[object, ...]:
    """Values of each kind that an argument may have."""
    kind = plan.kinds.get(name)
    if kind == "maybe":
        default = plan.signature.parameters[name].default
        return (0, FREED, None) if default is None else (0, FREED)
    if kind == "tensor":
        return (FREED,)
    return (False, True) if name == "inplace" else (plan.signature.parameters[name].default,)
