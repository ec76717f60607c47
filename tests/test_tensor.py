"""Tensor without ops: geometry, flags and identity."""

from collections.abc import Callable
from typing import Any

import pytest

import minitorch_np
from minitorch_np.devices import device
from tests.oracle import DTYPES, LAYOUTS, same, sample

FACTS: dict[str, Callable[[Any, Any], Any]] = {
    "shape": lambda torch, x: (x.shape, x.size(), x.size(0), x.size(-1), len(x), x.ndim, x.dim()),
    "stride": lambda torch, x: (x.stride(), x.stride(0), x.storage_offset()),
    "counts": lambda torch, x: (x.numel(), x.nelement(), x.element_size(), x.itemsize, x.nbytes),
    "memory": lambda torch, x: (
        x.data_ptr() - x.untyped_storage().data_ptr(),
        x.untyped_storage().nbytes(),
    ),
    "order": lambda torch, x: (
        x.is_contiguous(),
        x.is_contiguous(memory_format=torch.channels_last),
    ),
    "kind": lambda torch, x: (x.is_floating_point(), x.is_complex(), x.is_signed(), str(x.dtype)),
    "place": lambda torch, x: (str(x.device), repr(x.device), x.is_cuda, x.is_cpu),
    "autograd": lambda torch, x: (
        x.requires_grad, x.is_leaf, x.output_nr, x.retains_grad, x._version, x._is_view(),
        x.is_inference(), x.grad_fn,
    ),
    "same": lambda torch, x: (x.is_set_to(x.view(x.shape)), x.is_set_to(x + 1), hash(x) == id(x)),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", FACTS)
def test_facts(name: str, layout: str) -> None:
    same(FACTS[name], sample(2, 3, layout=layout), grad=False)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_facts_of_dtypes(dtype: Any) -> None:
    for name in ("counts", "kind"):
        same(FACTS[name], sample(2, 3, dtype=dtype, grad=False), grad=False)


def test_facts_of_4_dims() -> None:
    for layout in ("contiguous", "channels_last"):
        same(FACTS["order"], sample(2, 3, 4, 5, layout=layout), grad=False)


@pytest.mark.parametrize("dim", [2, -3])
def test_dims_out_of_range(dim: int) -> None:
    same(lambda torch, x: x.size(dim), sample(2, 3))
    same(lambda torch, x: x.stride(dim), sample(2, 3))


def test_flags_that_are_refused() -> None:
    def computed(torch: Any, x: Any) -> None:
        y = x * 2
        y.requires_grad = False

    def integers(torch: Any, x: Any) -> None:
        x.long().requires_grad = True

    same(computed, sample(2))
    same(integers, sample(2))
    same(lambda torch, x: len(x.sum()), sample(2))


def test_devices() -> None:
    same(lambda torch: [str(torch.device(d)) for d in ("cpu", "cpu:0")])
    same(lambda torch: torch.device("cpu") == torch.device("cpu"))
    same(lambda torch: torch.device("nonsense"))
    with pytest.raises(RuntimeError, match="runs on the CPU only"):
        device("cuda")
    assert minitorch_np.ones(1).to("cpu").device == device("cpu")


@pytest.mark.parametrize("name", ["shape", "is_leaf", "grad_fn", "T", "device", "layout"])
def test_what_cannot_be_set(name: str) -> None:
    same(lambda torch, x: setattr(x, name, 1), sample(2, 3))
    same(lambda torch, x: delattr(x, name), sample(2, 3))


ASKED: dict[str, Any] = {
    "size of nothing": lambda torch, x: x.sum().size(0),
    "stride of nothing": lambda torch, x: x.sum().stride(-1),
    "a word": lambda torch, x: x.stride("a"),
    "far": lambda torch, x: x.size(2),
    "a format by position": lambda torch, x: x.is_contiguous(memory_format=3),
    "a device's number": lambda torch, x: torch.device("cpu:x"),
    "no number": lambda torch, x: torch.device("cpu:"),
    "device": lambda torch, x: torch.device("cpu:1"),
}


@pytest.mark.parametrize("case", ASKED)
def test_what_is_refused_as_pytorch_refuses(case: str) -> None:
    same(ASKED[case], sample(2, 3))


def test_reversed() -> None:
    same(lambda torch, x: reversed(x), sample(2, 3))
    same(lambda torch, x: reversed(x.sum()), sample(2))
