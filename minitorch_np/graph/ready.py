"""The nodes that a walk may run next, as PyTorch's engine keeps them: a binary heap by `order`.

Leaves all have the same order, so which of them goes first is up to the heap. It is written out
here step by step as C++'s libraries have it, for then hooks on the leaves of one node, of `cat` for
one, are called in PyTorch's order. Source: ReadyQueue, torch/csrc/autograd/engine.cpp;
std::push_heap and std::pop_heap.
"""

from minitorch_np.graph.node import Node

__all__ = ["Ready"]


class Ready(list[Node]):
    """A heap of nodes whose first is the one recorded last: each comes before its two children, at
    2k + 1 and 2k + 2."""

    __slots__ = ()

    def push(self, node: Node) -> None:
        """Put a node among the others."""
        self.append(node)
        hole = len(self) - 1
        if hole:
            self._rise(hole, node)

    def before(self, first: Node | None, node: Node) -> Node | None:
        """Which goes before all of these, if either is known to: `first`, of which it is, or a node
        that became ready. The other joins these; both do where who goes is up to the heap.

        Taken at once, it leaves these in the order that they would have if it had been pushed:
        only among leaves does that depend on who was here.
        """
        if first is None:
            if not self or self[0].order < node.order:
                return node
        elif first.order < node.order:
            self.push(first)
            return node
        elif first.order == node.order and self:
            if self[0].order == node.order:  # the second of leaves, of which `first` is the first
                self.insert(0, first)
            else:
                self.push(first)
            first = None
        self.push(node)
        return first

    def take(self) -> Node:
        """Take the first node away."""
        last = self.pop()
        if not self:
            return last
        first = self[0]
        # the hole sinks to the bottom, past the later child, the right one of equals
        count, hole = len(self), 0
        child = 2
        while child < count:
            if self[child].order < self[child - 1].order:
                child -= 1
            self[hole] = self[child]
            hole = child
            child = 2 * hole + 2
        if child == count:
            self[hole] = self[child - 1]
            hole = child - 1
        self._rise(hole, last)
        return first

    def _rise(self, hole: int, node: Node) -> None:
        """Put a node where the hole is, or above those that were recorded before it."""
        order = node.order
        while hole:
            above = (hole - 1) // 2
            if self[above].order >= order:
                break
            self[hole] = self[above]
            hole = above
        self[hole] = node
