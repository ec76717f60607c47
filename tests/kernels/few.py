"""Compiled loops for tensors of any size, so that small ones reach them."""

import sys

import pytest

from minitorch_np import casts, loops


def few(patch: pytest.MonkeyPatch, elements: int = 2) -> None:
    """Tensors of so many elements count as large until the patch is undone."""
    for name, module in list(sys.modules.items()):
        if name.startswith("minitorch_np.") and hasattr(module, "MANY"):
            patch.setattr(module, "MANY", elements)
    for module in (casts, loops):
        patch.setattr(module, "TURNED", 1)
