"""torch.utils.hooks: the names it has, and hooks that are not saved."""

from typing import Any

import torch

import minitorch_np
from tests.oracle import same, sample


def test_the_namespace() -> None:
    assert set(minitorch_np.utils.hooks.__all__) == set(torch.utils.hooks.__all__)


def test_hooks_that_are_not_saved() -> None:
    def f(torch: Any, x: Any) -> Any:
        def hook(g: Any) -> None: ...

        hook.__qualname__ = "hook"
        x.register_hook(torch.utils.hooks.unserializable_hook(hook))
        torch.utils.hooks.warn_if_has_hooks(x)
        torch.utils.hooks.warn_if_has_hooks(x * 2)
        x.register_hook(len)
        torch.utils.hooks.warn_if_has_hooks(x)

    same(f, sample(3), grad=False)
