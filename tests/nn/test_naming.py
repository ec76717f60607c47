"""Errors of a call name the module's own class, as in PyTorch."""

from typing import Any

import pytest
import torch

import minitorch_np
from tests import versions
from tests.oracle import same

ELSEWHERE = {"RNN"}
"""Whose arguments go to the constructor of another class in PyTorch before they are counted."""
MODULES = [
    name for name in sorted(minitorch_np.nn.__all__)
    if isinstance(getattr(torch.nn, name, None), type)
    and issubclass(getattr(torch.nn, name), torch.nn.Module) and name not in ELSEWHERE
]  # fmt: skip


@pytest.mark.skipif(versions.VERSION != (2, 15), reason="classes move between versions")
@pytest.mark.parametrize("name", MODULES)
def test_constructors(name: str) -> None:
    same(lambda torch: getattr(torch.nn, name)(unknown=1) is None)
    same(lambda torch: getattr(torch.nn, name)() is None)


METHODS: dict[str, Any] = {
    "zero_grad": lambda m: m.zero_grad(1, 2),
    "load_state_dict": lambda m: m.load_state_dict(),
    "apply": lambda m: m.apply(),
    "register_buffer": lambda m: m.register_buffer(),
    "register_forward_hook": lambda m: m.register_forward_hook(),
    "named_parameters": lambda m: m.named_parameters(unknown=1),
    "get_submodule": lambda m: m.get_submodule(),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods(name: str) -> None:
    same(lambda torch: METHODS[name](torch.nn.Linear(2, 1)))
