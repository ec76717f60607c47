"""The walk: from the roots to the leaves in reverse order of recording, adding where paths meet.

Iterative, so that a chain of any length goes backward. Source: torch/csrc/autograd/engine.cpp.
"""

import itertools
import sys
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import cast

from minitorch_np.flight import Spot
from minitorch_np.graph.accumulate import accumulate, is_ours
from minitorch_np.graph.modes import WATCHERS, state, sum_up
from minitorch_np.graph.node import AccumulateGrad, Edge, Node, fitted, replaced
from minitorch_np.graph.ready import Ready
from minitorch_np.graph.threads import elsewhere
from minitorch_np.storage import UNSHARED
from minitorch_np.tensor import Tensor

__all__ = ["Task", "current_task", "walk", "will_execute"]

Captures = dict[Edge, Tensor | None]
Edges = tuple[Edge | None, ...]


def walk(
    roots: Sequence[Edge],
    grads: Sequence[Tensor],
    *,
    keep_graph: bool,
    create_graph: bool,
    wanted: Collection[Edge] | None = None,
    accumulating: bool = False,
    since: int = -1,
) -> Captures:
    """Send `grads` from `roots` to the leaves; the gradients that arrive at the `wanted` edges.

    Only the nodes on a path to a wanted edge run, all of them without `wanted`; no path to those is
    looked for in what was recorded before the number `since`. If `accumulating`, the leaves that
    are reached add to their `.grad`. Among the nodes that are ready, the one
    recorded last runs first, and leaves before all, so sums are taken in PyTorch's order.
    """
    mine = state.__dict__  # looked up once: each look is one through the thread
    outer: Task | None = mine["task"]
    if outer is not None:
        outer.allow_another()
        if outer.depth >= _DEEPEST and mine["threads"]:
            again = partial(walk, roots, grads, keep_graph=keep_graph, create_graph=create_graph,
                            wanted=wanted, accumulating=accumulating, since=since)  # fmt: skip
            return _elsewhere(outer, again)
    task = mine["task"] = Task(roots, wanted, accumulating, keep_graph, outer, since)
    before = mine["grad"], mine["inference"]
    if before != (create_graph, False):
        mine["grad"], mine["inference"] = create_graph, False
        sum_up(mine)
    node = None
    try:
        following = None
        if wanted is None and len(roots) == 1:  # it waits for nobody
            task.arrive(roots[0], grads[0])
            following = roots[0][0]
        else:
            task.begin(roots, grads)
        ready, step = task.ready, task.step
        while following is not None or ready:
            node = ready.take() if following is None else following
            following = step(node)
        if task.callbacks is not None:
            task.call_back()
    except Exception as error:
        task.give_up(node, error)
        raise
    finally:
        mine["task"] = outer
        if (mine["grad"], mine["inference"]) != before:  # a hook may have set it, too
            mine["grad"], mine["inference"] = before
            sum_up(mine)
    return task.captures


def _pass_by(root: Edge, grad: Tensor) -> None:
    """Call the hooks on a root that leads to nothing wanted, which PyTorch calls if it is alone."""
    node, nr = root
    arrived: list[Tensor | None] = [None] * len(node.expects)
    arrived[nr] = grad
    node.hooked(arrived)


def _elsewhere(outer: "Task", run: Callable[[], Captures]) -> Captures:
    """What `run`, a walk inside of `outer`, finds in a thread of its own, whose stack is empty."""
    depth, outer.depth = outer.depth, 0
    try:
        return elsewhere(run)
    finally:
        outer.depth = depth


_DEEPEST = 30
"""Walks inside of walks that share a thread, for Python's stack has an end; PyTorch's number is 60,
but ours takes twice as many calls of Python's for each."""


_NOTHING: list[Tensor | None] = []


_numbers = itertools.count()


class Task:
    """One walk: how many gradients each node still waits for, those that came, and who is ready.

    `number` tells it from every other; `ends` are the nodes whose gradients are wanted.
    `executing` is the node whose `backward` a user wrote and which runs now, and `exposed` whether
    it was shown gradients that it may add to.
    """

    __slots__ = (
        "__weakref__", "accumulating", "asked", "buffers", "callbacks", "captures", "depth",
        "ends", "executing", "exposed", "keep_graph", "number", "ready", "roots", "targets",
        "waiting", "whole",
    )  # fmt: skip

    asked: Spot
    """Who asked for it; found, while the flight recorder is on, when it first frees a node."""
    depth: int
    """How many walks this one is inside of, in this thread, itself included."""
    whole: bool

    def __init__(
        self,
        roots: Sequence[Edge],
        wanted: Collection[Edge] | None,
        accumulating: bool,
        keep_graph: bool,
        outer: "Task | None",
        since: int,
    ) -> None:
        self.depth = 1 if outer is None else outer.depth + 1
        self.whole = wanted is None and (outer is None or outer.whole)
        self.accumulating = accumulating
        self.callbacks: list[Callable[[], object]] | None = None
        self.keep_graph = keep_graph
        self.captures: Captures = {} if accumulating else dict.fromkeys(wanted or ())
        self.buffers: dict[Node, list[Tensor | None]] = {}
        self.ready = Ready()
        self.number = next(_numbers)
        self.executing: Node | None = None
        self.exposed = False
        self.targets: dict[Node, Edges] | None = None
        self.ends: Collection[Node] = ()
        self.roots = nodes = [root[0] for root in roots]
        if wanted is not None:
            self.targets = _paths(nodes, wanted, since)
            self.ends = {target[0] for target in wanted}
        self.waiting = _dependencies(nodes, self.targets)

    def call_back(self) -> None:
        """Call what was asked to run after the walk, and what that asks for in turn."""
        for callback in self.callbacks or ():  # the list grows meanwhile
            callback()

    def give_up(self, node: Node | None, error: Exception) -> None:
        """Say where the walk broke off, and let go of the gradients under way."""
        if node is not None and not getattr(error, "__notes__", None):
            error.add_note(f"in the backward of {node.name()}")
        self.buffers.clear()
        self.ready.clear()

    def allow_another(self) -> None:
        """Raise RuntimeError where no walk may begin inside of this one."""
        if self.exposed:
            raise RuntimeError(
                "Calling backward or grad reentrantly after accessing a non-None "
                "ctx.input_grad_buffers entry is not supported"
            )

    def begin(self, roots: Sequence[Edge], grads: Sequence[Tensor]) -> None:
        """Let the gradients of the roots arrive, and those be ready to which no other leads."""
        for root, grad in zip(roots, grads, strict=True):
            if self.runs(root[0]):
                self.arrive(root, grad)
            elif len(roots) == 1:
                _pass_by(root, grad)
        for node in self.buffers:
            if not self.waiting.get(node, 0):
                self.ready.push(node)

    def runs(self, node: Node) -> bool:
        """Whether the walk comes to a root: always, but where only some gradients are wanted."""
        return self.targets is None or node in self.targets or node in self.ends

    def arrive(self, target: Edge, grad: Tensor) -> None:
        """Add `grad` to what has come for `target`, first come first added."""
        node, nr = target
        buffer = self.buffers.get(node)
        if buffer is None:
            buffer = self.buffers[node] = [None] * len(node.expects)
        if buffer[nr] is None:
            buffer[nr] = grad
            return
        alone = sys.getrefcount(buffer[nr]) <= UNSHARED
        there = buffer[nr]
        assert there is not None
        if (
            alone and not state.grad and is_ours(there) and not grad.is_batch
            and not (WATCHERS and state.modes)  # modes are to see what is added
        ):  # fmt: skip
            there.add_(grad)
        else:
            buffer[nr] = there + grad

    def addable(self, target: Edge) -> Tensor | None:
        """What has come for `target` so far, where it may be added to in place."""
        buffer = self.buffers.get(target[0])
        if buffer is None or buffer[target[1]] is None:
            return None
        alone = sys.getrefcount(buffer[target[1]]) <= UNSHARED
        there = buffer[target[1]]
        assert there is not None
        if not (alone and is_ours(there)):
            return None
        self.exposed = True
        return there

    def end_at(self, leaf: AccumulateGrad, arrived: list[Tensor | None]) -> None:
        """Accumulate what arrived at a leaf, and show it to the hooks on its node."""
        if leaf.post_hooks is None and leaf.pre_hooks is None:
            if arrived[0] is not None:
                accumulate(leaf, arrived)
            return
        arrived = leaf.prepared(arrived)
        grads = tuple(arrived)
        if arrived[0] is not None:
            accumulate(leaf, arrived, UNSHARED + 1)
        for hook in list((leaf.post_hooks or {}).values()):
            changed = hook((), grads)
            if changed is not None:
                replaced(hook, [], changed)

    def capture(self, node: Node, arrived: list[Tensor | None]) -> list[Tensor | None]:
        """Note what arrived at wanted edges, and show it to the hooks; what those make of it.

        They come first only where the walk ends. Source: Engine::evaluate_function, engine.cpp.
        """
        ends = self.targets is not None and not any(self.targets.get(node, ()))
        hooked = bool(node.tensor_hooks or node.retainers)
        if hooked and ends:
            arrived = node.hooked(arrived)
        for nr, grad in enumerate(arrived):
            if (node, nr) in self.captures:
                self.captures[node, nr] = grad
        return node.hooked(arrived) if hooked and not ends else arrived

    def step(self, node: Node) -> Node | None:
        """Run one node, hand its results on, and find out who became ready: the one that goes next,
        if it goes before all that were ready before."""
        arrived = self.buffers.pop(node, _NOTHING) or [None] * len(node.expects)
        if self.captures:
            arrived = self.capture(node, arrived)
        elif node.tensor_hooks or node.retainers:
            arrived = node.hooked(arrived)
        if isinstance(node, AccumulateGrad):
            if self.accumulating:
                self.end_at(node, arrived)
            return None
        edges = node.edges
        if self.targets is not None:
            edges = self.targets.get(node) or (None,) * len(edges)
            if not (self.accumulating or node in self.targets):
                return None  # backward() runs the node that it ends at, and grad() does not
        results = node.run(arrived, edges)
        del arrived
        waiting, buffers, before = self.waiting, self.buffers, self.ready.before
        following = None
        for nr, target in enumerate(edges):
            if target is None:
                continue
            child, at = target
            grad = results[nr]
            if grad is not None:
                results[nr] = None
                expected = child.expects
                if grad.form.expects is not expected:
                    shape, dtype = expected[at]
                    if grad.sizes != shape or grad.dtype is not dtype:
                        grad = fitted(node, nr, target, grad)
                if at or child in buffers or len(expected) > 1:
                    self.arrive(target, grad)
                else:  # the first to come, and the only one that may
                    buffers[child] = [grad]
                del grad
            waiting[child] = left = waiting[child] - 1
            if not left:
                following = before(following, child)
        if not self.keep_graph:  # not before: a gradient that does not fit leaves the node whole
            node.release()
        return following


def current_task() -> Task | None:
    """The walk that is under way in this thread."""
    return cast("Task | None", state.task)


def will_execute(node: Node) -> bool:
    """Whether the walk that is under way comes to `node`, which its only root does not count as.

    Raises: RuntimeError outside of a walk, and for a leaf whose gradient `grad()` was asked for.
    Source: THPModule_willEngineExecuteNode, torch/csrc/autograd/init.cpp.
    """
    task = current_task()
    if task is None:
        raise RuntimeError(
            "_get_should_execute_nodes should only be called during the backward pass"
        )
    if len(task.roots) == 1 and node is task.roots[0]:
        return False
    if node not in task.waiting and node not in task.roots:
        return False  # no path leads to it, wanted or not
    if task.targets is None:
        return True
    if not task.accumulating and isinstance(node, AccumulateGrad) and node in task.ends:
        raise RuntimeError(
            "A leaf node was passed to _will_engine_execute_node but we are currently running "
            "autograd.grad(). This is currently not supported."
        )
    return task.runs(node)


def _dependencies(roots: list[Node], targets: dict[Node, Edges] | None) -> dict[Node, int]:
    """How many edges lead to each node that the roots reach."""
    waiting: dict[Node, int] = {}
    stack = list(set(roots))
    several = len(stack) > 1  # then one root may lead to another
    while stack:
        node = stack.pop()
        for target in node.edges if targets is None else targets.get(node, ()):
            if target is None:
                continue
            child = target[0]
            if child in waiting:
                waiting[child] += 1
                continue
            waiting[child] = 1
            if child.edges and not (several and child in roots):
                stack.append(child)
    return waiting


def _paths(roots: list[Node], wanted: Collection[Edge], since: int) -> dict[Node, Edges]:
    """Of each node on a path to a wanted edge, its edges with those that lead elsewhere None.

    An edge to another output of a wanted node counts: hooks on it are called, as in PyTorch.
    Nodes recorded before the number `since` are on none.
    """
    targets: dict[Node, Edges] = {}
    ends = {node for node, _ in wanted}
    stack: list[tuple[Node, bool]] = [(node, False) for node in roots]
    seen: set[Node] = set()
    while stack:
        node, children_done = stack.pop()
        if children_done:
            kept = tuple(
                [e if e and (e[0] in ends or e[0] in targets) else None for e in node.edges]
            )
            if any(kept):
                targets[node] = kept
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend(
                [
                    (e[0], False)
                    for e in node.edges
                    if e and e[0] not in seen and e[0].order >= since
                ]
            )
    return targets
