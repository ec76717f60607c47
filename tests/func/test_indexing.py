"""Indices, numbers and masks of each example's own: as PyTorch's, and all at once."""

from collections.abc import Callable
from typing import Any

import pytest
import torch as real

from minitorch_np.func.dispatch import VmapLevel
from tests.func.compare import alike
from tests.oracle import sample

B = 3
X = sample(B, 4, 5, dtype=real.float64, grad=False)
S = sample(B, 2, 5, dtype=real.float64, grad=False, seed=1)
ROWS = real.tensor([[0, 3], [2, 1], [3, 0]])
PLACES = real.tensor([[[0, 3, 1]], [[2, 1, 1]], [[3, 0, 0]]])
V = sample(B, dtype=real.float64, grad=False, seed=2)


@pytest.fixture(autouse=True)
def no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything goes by a rule."""

    def refuse(self: VmapLevel, op: Any, args: Any, kwargs: Any) -> None:
        raise AssertionError(f"{op.name} runs on one example after the other")

    monkeypatch.setattr(VmapLevel, "one_by_one", refuse)


PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "index_select": (lambda torch, x, i: x.index_select(0, i), (X, ROWS)),
    "index_select of columns": (lambda torch, x, i: x.index_select(-1, i), (X, ROWS)),
    "index_add": (lambda torch, x, i, s: x.index_add(0, i, s), (X, ROWS, S)),
    "index_add scaled": (lambda torch, x, i, s: x.index_add(0, i, s, alpha=2), (X, ROWS, S)),
    "index_add_": (lambda torch, x, i, s: x.clone().index_add_(0, i, s), (X, ROWS, S)),
    "index_copy": (lambda torch, x, i, s: x.index_copy(0, i, s), (X, ROWS, S)),
    "index_copy_": (lambda torch, x, i, s: x.clone().index_copy_(0, i, s), (X, ROWS, S)),
    "index_fill": (lambda torch, x, i: x.index_fill(1, i, 7.0), (X, ROWS)),
    "index_fill_": (lambda torch, x, i: x.clone().index_fill_(0, i, -1), (X, ROWS)),
    "index_fill with its own": (lambda torch, x, i, v: x.index_fill(0, i, v), (X, ROWS, V)),
    "fill": (lambda torch, x, v: torch.fill(x, v), (X, V)),
    "embedding": (
        lambda torch, x, i: torch.nn.functional.embedding(i, x, padding_idx=1), (X, PLACES)
    ),
    "searchsorted": (lambda torch, x, s: torch.searchsorted(x[0].sort()[0], s[0] * 1), (X, S)),
    "searchsorted rows": (
        lambda torch, x, s: torch.searchsorted(x[:2].sort(-1)[0], s, right=True), (X, S)
    ),
    "searchsorted by": (
        lambda torch, x, s: torch.searchsorted(x[0] * 1, s[0] * 1, sorter=x[0].argsort()), (X, S)
    ),
    "dist of wide": (lambda torch, x, s: torch.dist(x, s[0], 3), (X, S)),
    "dist of numbers": (lambda torch, v: torch.dist(v, v * 2), (V,)),
    "block_diag": (lambda torch, x, s, v: torch.block_diag(x, s[0], v, s), (X, S, V)),
    "cdist": (lambda torch, x, s: torch.cdist(x, s, 3.0), (X, S)),
    "cdist of a batch": (lambda torch, x, s: torch.cdist(x[None], s[None].expand(2, 2, 5)), (X, S)),
    "attention": (
        lambda torch, x, s: torch.nn.functional.scaled_dot_product_attention(
            x[None, None], s[None, None], s[None, None], attn_mask=x[:, :2] * 2
        ),
        (X, S),
    ),
    "grid_sample": (
        lambda torch, x, s: torch.nn.functional.grid_sample(
            x[None, None], s[:, :2][None, None].tanh(), align_corners=False
        ),
        (X, S),
    ),
    "masked_select": (lambda torch, x: x.masked_select(torch.arange(5) > 2), (X,)),
}  # fmt: skip


@pytest.mark.parametrize("classes", [4, 2, 1, 0, -1, True, 2.0])
def test_one_hot(classes: Any) -> None:
    """Of numbers that are no class, too; how many classes there are must be said."""

    def mapped(torch: Any, t: Any) -> Any:
        return torch.vmap(lambda x: torch.nn.functional.one_hot(x, classes))(t)

    for t in (ROWS, ROWS[0], ROWS - 1, PLACES, ROWS[:, :0], ROWS.double()):
        alike(mapped, t, stride=False)
    alike(lambda torch, t: torch.vmap(lambda x: mapped(torch, x))(t), PLACES, stride=False)
    alike(lambda torch, t: torch.vmap(torch.nn.functional.one_hot)(t), ROWS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_each_examples_own(name: str) -> None:
    f, given = PROGRAMS[name]
    alike(lambda torch, *t: torch.vmap(lambda *a: f(torch, *a))(*t), *given, stride=False)


@pytest.mark.parametrize("name", [n for n in PROGRAMS if "searchsorted" not in n])
def test_its_gradient(name: str) -> None:
    f, given = PROGRAMS[name]
    floats = tuple([i for i, t in enumerate(given) if t.dtype.is_floating_point])

    def program(torch: Any, *tensors: Any) -> Any:
        def loss(*a: Any) -> Any:
            return (f(torch, *a) * 3).sin().sum()

        return torch.vmap(torch.func.grad(loss, floats))(*tensors)

    alike(program, *given, stride=False)
