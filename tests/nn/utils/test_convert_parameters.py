"""Parameters as one vector against PyTorch's."""

import pytest

from tests.oracle import same


@pytest.mark.parametrize(
    "f",
    [
        lambda torch, m: torch.nn.utils.parameters_to_vector(m.parameters()),
        lambda torch, m: (
            torch.nn.utils.vector_to_parameters(torch.arange(11.0), m.parameters())
            or list(m.parameters())
        ),
        lambda torch, m: torch.nn.utils.vector_to_parameters([1], m.parameters()),
        lambda torch, m: torch.nn.utils.vector_to_parameters(torch.ones(3), m.parameters()),
    ],
)
def test_same_as_torch(f):
    def g(torch):
        torch.manual_seed(0)
        return f(torch, torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(1, 1)))

    same(g)
