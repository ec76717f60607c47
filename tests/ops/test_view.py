import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from tests.ops.layouts import on_every_layout, pairs
from tests.oracle import DTYPES, LAYOUTS, ours, same, sample

ON_LAYOUTS: dict[str, Callable[..., Any]] = {
    "view": lambda torch, x: x.view(-1),
    "view_split": lambda torch, x: x.view(x.shape[0], x.shape[1], 2, -1),
    "view_merge": lambda torch, x: x.view(-1, x.shape[2]),
    "view_same": lambda torch, x: x.view(x.shape),
    "flatten": lambda torch, x: x.unsqueeze(0).view((1, *x.shape)),
    "squeeze": lambda torch, x: x.squeeze(),
    "squeeze_dim": lambda torch, x: x.squeeze(1),
    "squeeze_dims": lambda torch, x: x.squeeze((0, -1)),
    "unsqueeze": lambda torch, x: [x.unsqueeze(d) for d in range(4)],
    "expand": lambda torch, x: x.expand(2, *x.shape),
    "broadcast_to": lambda torch, x: torch.broadcast_to(x, (2, 3, 4)),
    "detach": lambda torch, x: x.detach(),
    "unflatten": lambda torch, x: x.unflatten(-1, (1, -1)) if x.numel() else x.detach(),
}

COPY_OR_VIEW: dict[str, Callable[..., Any]] = {
    "reshape": lambda torch, x: [x.reshape(-1), x.reshape(-1, x.shape[-1] or 1)],
    "reshape_split": lambda torch, x: x.reshape(2, -1),
    "flatten": lambda torch, x: [x.flatten(), x.flatten(1), x.flatten(0, 1)],
    "ravel": lambda torch, x: x.ravel(),
    "view_dtype": lambda torch, x: x.view(torch.int32),
}


@pytest.mark.parametrize("name", ON_LAYOUTS)
def test_views_of_every_layout(name: str) -> None:
    on_every_layout(ON_LAYOUTS[name])


@pytest.mark.parametrize("name", COPY_OR_VIEW)
def test_copies_where_torch_copies(name: str) -> None:
    on_every_layout(COPY_OR_VIEW[name], shares=False)


def test_there_are_enough_layouts() -> None:
    assert len(pairs()) > 700
    assert sum(not t.is_contiguous() for _, t in pairs()) > 400


RECORDED: dict[str, Callable[..., Any]] = {
    "view": lambda torch, x: x.view(6, -1) * x.view(6, 4),
    "view_size": lambda torch, x: x.view(size=(4, 6)),
    "view_list": lambda torch, x: x.view([4, 6]),
    "view_as": lambda torch, x: x.view_as(x.detach().reshape(4, 6)),
    "reshape": lambda torch, x: torch.reshape(x, (4, -1)),
    "reshape_copy": lambda torch, x: x.transpose(0, 1).reshape(-1),
    "reshape_alias": lambda torch, x: x.transpose(0, 1).reshape(3, 2, 2, 2),
    "reshape_as": lambda torch, x: x.reshape_as(x.detach().reshape(4, 6)),
    "flatten": lambda torch, x: [x.flatten(), torch.flatten(x, 1), x.flatten(-1)],
    "unflatten": lambda torch, x: [x.unflatten(2, (2, -1)), torch.unflatten(x, 0, (1, 2))],
    "ravel": lambda torch, x: [x.ravel(), torch.ravel(x.transpose(0, 1))],
    "squeeze": lambda torch, x: [x[:1].squeeze(), x.squeeze(), torch.squeeze(x[:, :1], 1)],
    "squeeze_dims": lambda torch, x: [x[:1, :, :1].squeeze((0, 2)), x[:1].squeeze(0, 1)],
    "squeeze_no": lambda torch, x: x.squeeze(dim=0),
    "unsqueeze": lambda torch, x: [x.unsqueeze(-1), torch.unsqueeze(x, 1)],
    "expand": lambda torch, x: [x.expand(5, -1, -1, 4), x[:1].expand(3, 3, 4)],
    "expand_as": lambda torch, x: x[:, :1].expand_as(x),
    "broadcast_to": lambda torch, x: [
        torch.broadcast_to(x, (2, 2, 3, 4)), x.broadcast_to((2, 3, 4)),
    ],
    "broadcast_tensors": lambda torch, x: torch.broadcast_tensors(x, x[:1, :, :1], x[0]),
    "detach": lambda torch, x: [x.detach(), x[0].detach(), torch.detach(x)],
    "atleast": lambda torch, x: [
        *torch.atleast_1d(x[0, 0, 0], x), *torch.atleast_2d([x[0, 0, 0], x[0, 0], x]),
        *torch.atleast_3d(x[0, 0, 0], x[0, 0], x[0], x), torch.atleast_2d(x[0, 0]),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_views(name: str) -> None:
    f = RECORDED[name]
    same(f, sample(2, 3, 4), second=True, exact=True)
    same(lambda torch, x: f(torch, x * x), sample(2, 3, 4, dtype=torch.float64), second=True)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "name", ["reshape_copy", "reshape_alias", "expand", "squeeze_dims", "flatten"]
)
def test_gradients_of_other_layouts(name: str, layout: str) -> None:
    same(RECORDED[name], sample(2, 3, 4, layout=layout))


@pytest.mark.parametrize("dtype", DTYPES)
def test_any_dtype(dtype: torch.dtype) -> None:
    same(lambda torch, x: [x.view(-1), x.t(), x.expand(2, 2, 3)], sample(2, 3, dtype=dtype))


SCALARS: dict[str, Callable[..., Any]] = {
    "view": lambda torch, x: [x.view(()), x.view(1), x.view(-1), x.view([])],
    "reshape": lambda torch, x: [x.reshape(()), x.reshape(1, 1), x.reshape(-1)],
    "flatten": lambda torch, x: x.flatten(),
    "squeeze": lambda torch, x: [x.squeeze(), x.squeeze(0), x.squeeze((0,))],
    "unsqueeze": lambda torch, x: x.unsqueeze(0),
    "expand": lambda torch, x: [x.expand(2, 3), x.expand(())],
}


@pytest.mark.parametrize("name", SCALARS)
def test_scalars(name: str) -> None:
    same(SCALARS[name], sample())


def test_empty_tensors() -> None:
    x = sample(2, 0, 3)
    same(lambda torch, x: [x.view(0), x.view(3, 0), x.reshape(-1, 3), x.flatten()], x)
    same(lambda torch, x: [x.mT, x.squeeze(), x.expand(4, 2, 0, 3), x.permute(1, 0, 2)], x)


ERRORS: dict[str, Callable[..., Any]] = {
    "spans": lambda torch, x: x.transpose(0, 1).view(-1),
    "numel": lambda torch, x: x.view(5, 5),
    "two": lambda torch, x: x.view(-1, -1),
    "negative": lambda torch, x: x.view(-2, 3),
    "ambiguous": lambda torch, x: x[:0].view(0, -1),
    "nothing": lambda torch, x: x.view(),
    "reshape": lambda torch, x: x.transpose(0, 1).reshape(5, -1),
    "reshape_nothing": lambda torch, x: x.reshape(),
    "flatten": lambda torch, x: x.flatten(2, 1),
    "flatten_dim": lambda torch, x: x.flatten(3),
    "unflatten": lambda torch, x: x.unflatten(1, (2, 2)),
    "unflatten_empty": lambda torch, x: x.unflatten(1, ()),
    "squeeze": lambda torch, x: x.squeeze(3),
    "squeeze_twice": lambda torch, x: x.squeeze((0, -3)),
    "unsqueeze": lambda torch, x: x.unsqueeze(4),
    "expand": lambda torch, x: x.expand(3, 4),
    "expand_int": lambda torch, x: x.int().expand(3, 4),
    "expand_size": lambda torch, x: x.expand(2, 3, 5),
    "expand_lead": lambda torch, x: x.expand(-1, 2, 3, 4),
    "broadcast_tensors": lambda torch, x: torch.broadcast_tensors(x, x[0, :2]),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    same(ERRORS[name], sample(2, 3, 4))


def test_the_note_of_a_refused_view_names_the_dims() -> None:
    with pytest.raises(RuntimeError) as refused:
        ours(sample(2, 3)).t().view(-1)
    (note,) = refused.value.__notes__
    assert note == (
        "Dimensions 0 (size 3, stride 1) and 1 (size 2, stride 3) cannot merge: stride 1 is not "
        "2 * 3 = 6. A copy (reshape or contiguous) costs 24 bytes."
    )


@pytest.mark.parametrize("to", DTYPES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.int8, torch.int64, torch.bfloat16], ids=str)
def test_view_as_another_dtype(dtype: torch.dtype, to: torch.dtype) -> None:
    name = str(to).removeprefix("torch.")
    x = sample(3, 8, dtype=dtype, low=0, high=1)
    if dtype.is_floating_point and to.is_floating_point:
        x = torch.zeros(3, 8, dtype=dtype)  # other bits may be NaN

    def read(torch: Any, x: Any) -> Any:
        return x.view(_dtype(torch, name))

    same(read, x)
    same(lambda torch, x: read(torch, x[:, ::2]), x)
    same(lambda torch, x: read(torch, x[:, 1:5]), x)
    same(lambda torch, x: read(torch, x[:, :6]), x)
    same(lambda torch, x: read(torch, x[:, :3]), x)
    same(lambda torch, x: read(torch, x[0, 0]), x)
    same(lambda torch, x: read(torch, x.t()), x)


def _dtype(library: Any, name: str) -> Any:
    if library is minitorch_np:
        return next(d for d in minitorch_np.dtypes.ALL if d.name == name)
    return getattr(library, name)


def test_view_as_another_dtype_is_unknown_to_autograd() -> None:
    def facts(torch: Any, x: Any) -> Any:
        y = x.view(torch.float16)
        z = x.clone()
        z.view(dtype=torch.float16).zero_()
        return y, y._base is None, y.requires_grad, z, z._version

    same(facts, torch.zeros(2, 4, requires_grad=True))


def test_broadcast_shapes() -> None:
    for shapes in [
        (),
        ((2,), (3, 1)),
        (2, (3, 2)),
        ((2,), (3,)),
        ((2, 3), (3, 2)),
        ((-1,),),
        ((1,), 1),
    ]:
        same(lambda torch, *shapes: torch.broadcast_shapes(*shapes), *shapes)


def test_writes_reach_the_base() -> None:
    def write(torch: Any, x: Any) -> Any:
        x.view(6, 4)[1].copy_(x.detach()[1, 1] + 1)
        x.permute(2, 0, 1).squeeze().unsqueeze(0).mul_(2)
        return x, x._version, x.mT._version, x.detach()._version

    same(write, sample(2, 3, 4, grad=False))


IN_PLACE: dict[str, Callable[..., Any]] = {
    "view": lambda x: x.view(4, 6),
    "reshape": lambda x: x.reshape(-1),
    "reshape_alias": lambda x: x.transpose(0, 1).reshape(3, 2, 2, 2),
    "flatten": lambda x: x.flatten(1),
    "squeeze": lambda x: x.unsqueeze(1).squeeze(1),
    "unsqueeze": lambda x: x.unsqueeze(0),
    "chain": lambda x: x.view(4, 6).t().unsqueeze(1).transpose(0, 2),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_writes_through_views_are_differentiated(name: str) -> None:
    """The base's history is rebased, and other views see it; first and second derivatives."""
    see = IN_PLACE[name]

    def write(torch: Any, x: Any, y: Any) -> Any:
        base = x * x
        before = base.view(-1)
        view = see(base)
        view.mul_(see(y))
        return base * base, view, before, view._base is base, base._version

    same(write, sample(2, 3, 4), sample(2, 3, 4, seed=1), second=True)


def test_writes_through_expanded_views_are_refused() -> None:
    same(lambda torch, x: (x * 1)[:1].expand(4, 3).mul_(2), sample(2, 3))
    same(lambda torch, x: (x * 1)[:1].expand(4, 3).zero_(), sample(2, 3, grad=False))


def test_writes_through_views_of_leaves_are_refused() -> None:
    same(lambda torch, x: x.view(-1).mul_(2), sample(2, 3))
    same(lambda torch, x: x.t().zero_(), sample(2, 3))


def test_writes_through_views_made_without_grad_mode_are_refused() -> None:
    def write(torch: Any, x: Any) -> Any:
        y = x * 1
        with torch.no_grad():
            view = y.view(-1)
        return view.mul_(2)

    same(write, sample(2, 3))


def test_inference_mode() -> None:
    def facts(torch: Any, x: Any) -> Any:
        with torch.inference_mode():
            views = [x.view(-1), x.detach(), x.t(), x * 1]
        return [v.is_inference() for v in views], [v._is_view() for v in views]

    same(facts, sample(2, 3, grad=False), grad=False)


def test_pairs_are_not_changed_by_the_tests() -> None:
    a, t = pairs()[-1]
    assert np.array_equal(a.array, copy.copy(t).numpy())


@pytest.mark.parametrize("name", ["view_as", "reshape_as", "expand_as"])
def test_as_a_number(name):
    same(lambda torch, x: getattr(x, name)(3), sample(2, 3))
