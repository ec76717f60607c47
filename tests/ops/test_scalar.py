"""scalar.py: the names that ATen's own sums and products with numbers have in the graph."""

import torch

from tests.oracle import same


def test_names_and_values():
    x = torch.rand(3, requires_grad=True)
    same(lambda torch, x: torch.special.ndtr(x), x, second=True)
    same(lambda torch, x: torch.trapezoid(x, dx=2), x, second=True)

    def names(torch, x):
        node, found = torch.special.ndtr(x).grad_fn, []
        while node is not None:
            found.append(node.name())
            node = node.next_functions[0][0] if node.next_functions else None
        return found

    same(names, x)
