"""Filled and uninitialised tensors against PyTorch: arguments, geometry, errors."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.oracle import DTYPES, LAYOUTS, same, sample


def named(library, dtype):
    """The dtype of the same name in `library`."""
    return getattr(library, str(dtype).removeprefix("torch."))


def geometry(t):
    """What can be compared of an uninitialised tensor."""
    return tuple(t.shape), t.stride(), t.storage_offset(), str(t.dtype), t.requires_grad


SIZED = ["zeros", "ones", "empty", "rand", "randn"]


@pytest.mark.parametrize("name", SIZED)
@pytest.mark.parametrize(
    "args",
    [
        (2, 3), ((2, 3),), ([2, 3],), (4,), ((),), (0,), (2, 0, 3), (torch.Size([2, 1]),),
        (np.int64(2),), ([np.int64(2), 3],), (2, np.int32(3)), (np.array(2),),
        (2.5,), (2, 2.5), ((2, 2.5),), ("a",), (None,), (-1,), (2, -3), ((2, -3),), (True,),
        ([[1]],), (1, "a"), (np.array([2, 3]),), ({2},), (2**62,), (2**62, 2**62),
    ],
)  # fmt: skip
def test_sizes(name, args):
    same(lambda torch: geometry(getattr(torch, name)(*args)))


@pytest.mark.parametrize("name", SIZED)
def test_a_size_that_a_tensor_had_before(name):
    """Then nothing is looked at again; but what only equals such a size is."""

    def f(torch, *args, default=None, **options):
        if default is not None:
            torch.set_default_dtype(getattr(torch, default))
        try:
            make = getattr(torch, name)
            known = [make(1), make(2, 1), make((2, 1)), make(2, 1, dtype=torch.float64), make(())]
            assert len({id(t) for t in known}) == 5
            if isinstance(options.get("dtype"), str):
                options["dtype"] = getattr(torch, options["dtype"])
            again = make(*args, **options)
            return geometry(again), again._version, again.is_leaf, again.is_inference()
        finally:
            torch.set_default_dtype(torch.float32)

    for args in [
        (2, 1), ((2, 1),), ([2, 1],), (torch.Size([2, 1]),), ((),), ([],), (1,),
        (True,), (2, True), (2, 1.0), ((2, True),), ((2, 1.0),), ((2.0, 1),), ([True],),
        (np.int64(2), 1), (2, None), ((2, 1), 1), ([[2, 1]],), (((2, 1),),),
    ]:  # fmt: skip
        same(lambda torch, args=args: f(torch, *args))
    for options in [
        {"dtype": "float64"}, {"dtype": None}, {"dtype": "float64", "requires_grad": True},
        {"requires_grad": True}, {"default": "float64"}, {"device": "cpu"}, {"dtype": float},
    ]:  # fmt: skip
        same(lambda torch, options=options: f(torch, 2, 1, **options))
    for mode in ("inference_mode", "no_grad"):
        same(lambda torch, mode=mode: getattr(torch, mode)()(f)(torch, 2, 1))


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_that_are_written_as_they_are(dtype):
    """The sign of zero is compared as the sign of its inverse."""
    numbers = [0, 1, -1, True, 0.0, 1.0, 2.5, -2.5, float("nan"), float("inf"), -float("inf")]
    numbers += [127, 128, 255, 256, -255, 2**24 + 1, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 1e300]
    numbers += [3.4e38, 3.5e38, 1e-300, 65504.0, 65535.0]
    for number in numbers:
        same(lambda torch, n=number: torch.full((2, 2), n, dtype=named(torch, dtype)))
        same(lambda torch, n=number: torch.full((), n))
    same(lambda torch: 1 / torch.full((2,), -0.0, dtype=named(torch, dtype)))


PLAIN = ["zeros", "ones", "empty"]
"""Those of one overload: of several, PyTorch lists all where ours names the wrong argument."""


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("args", [(), ((2, 3), 4)])
def test_amount_of_arguments(name, args):
    same(lambda torch: getattr(torch, name)(*args))


@pytest.mark.parametrize("name", SIZED)
@pytest.mark.parametrize(
    "options",
    [
        {"dtype": float}, {"device": "cpu"}, {"device": "foo"}, {"requires_grad": True},
        {"pin_memory": False}, {"dtype": None}, {"device": None, "layout": None},
    ],
)  # fmt: skip
def test_options(name, options):
    same(lambda torch: geometry(getattr(torch, name)(2, 3, **options)))


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize(
    "options",
    [
        {"dtype": "float32"}, {"dtype": int}, {"dtype": bool}, {"dtype": np.float32},
        {"device": 1.5}, {"requires_grad": 1}, {"foo": 1}, {"layout": "a"}, {"pin_memory": 3},
    ],
)  # fmt: skip
def test_wrong_options(name, options):
    same(lambda torch: geometry(getattr(torch, name)(2, 3, **options)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    same(lambda torch: torch.zeros(2, 3, dtype=named(torch, dtype)))
    same(lambda torch: torch.ones((2, 3), dtype=named(torch, dtype)))
    same(lambda torch: torch.ones((2,), dtype=named(torch, dtype), requires_grad=True))
    same(lambda torch: torch.full((2,), 3, dtype=named(torch, dtype)))
    same(lambda torch: torch.scalar_tensor(3.5, dtype=named(torch, dtype)))


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.ones(2, out=t.zeros(3)), lambda t: t.zeros(2, 2, out=t.ones(2, 2).t()),
        lambda t: t.ones(2, out=t.zeros(2, dtype=t.int32)),
        lambda t: t.ones(2, out=t.zeros(2, dtype=t.int32), dtype=t.float32),
        lambda t: t.ones(2, out=t.zeros(0), requires_grad=True),
        lambda t: t.ones(2, out=t.zeros(2))._version, lambda t: t.zeros(2)._version,
        lambda t: t.zeros(size=(2, 3)), lambda t: t.full(size=(2,), fill_value=3),
        lambda t: t.zeros(2, layout=t.strided), lambda t: str(t.zeros(2).layout),
        lambda t: geometry(t.empty(2, memory_format=t.channels_last)),
        lambda t: geometry(t.empty(2, 3, 4, 5, memory_format=t.channels_last)),
        lambda t: geometry(t.empty(2, 3, 4, 5, 6, memory_format=t.channels_last_3d)),
        lambda t: geometry(t.empty(2, 3, memory_format=t.preserve_format)),
        lambda t: geometry(t.empty(2, 3, memory_format=1)),
        lambda t: geometry(t.empty_strided((2, 3), (1, 2))),
        lambda t: t.empty_strided((2, 3), (0, 1)).untyped_storage().nbytes(),
        lambda t: geometry(t.empty_strided((2, 3), (1,))),
        lambda t: geometry(t.empty_strided((2, 3), (1, -2))),
        lambda t: geometry(t.empty_strided((2, -3), (1, 2))),
        lambda t: geometry(t.empty_strided((2, 0), (1, 2), dtype=t.int8)),
        lambda t: t.device("cpu") == t.zeros(1, device=t.device("cpu")).device,
    ],
)  # fmt: skip
def test_calls(call):
    same(call)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.full(2, 1),
        lambda t: t.full((2,), 1),
        lambda t: t.full((2,), True),
        lambda t: t.full((2,), 1.5),
        lambda t: t.full((2,), t.tensor(3)),
        lambda t: t.full((2,), t.tensor([3])),
        lambda t: t.full((2,), "a"),
        lambda t: t.full((2,), 300, dtype=t.uint8),
        lambda t: t.full((2,), -1, dtype=t.uint8),
        lambda t: t.full((2,), -1.5, dtype=t.uint8),
        lambda t: t.full((2,), 2.7, dtype=t.uint8),
        lambda t: t.full((2,), 1e10, dtype=t.int32),
        lambda t: t.full((2,), 1e300),
        lambda t: t.full((2,), float("inf"), dtype=t.int32),
        lambda t: t.full((2,), float("inf")),
        lambda t: t.full((2,), float("nan"), dtype=t.int32),
        lambda t: t.full((2,), float("nan")),
        lambda t: t.full((2,), 1.5, dtype=t.bool),
        lambda t: t.full((2,), 2**70),
        lambda t: t.full((2,), 70000.0, dtype=t.float16),
        lambda t: t.full((2,), 0.1, dtype=t.bfloat16),
        lambda t: t.full((2,), -128, dtype=t.int8),
        lambda t: t.full((2,), -129, dtype=t.int8),
        lambda t: t.full((2,), 2, out=t.zeros(2)),
        lambda t: t.full((2,), 2, dtype=t.int8, out=t.zeros(2)),
        lambda t: t.full((), 2),
        lambda t: t.full((0,), 2),
        lambda t: t.full((2,), 2, requires_grad=True),
        lambda t: t.full((2,), np.float32(2.5)),
        lambda t: t.full((2,), np.int8(2)),
        lambda t: t.scalar_tensor(3),
        lambda t: t.scalar_tensor(True),
        lambda t: t.scalar_tensor("a"),
        lambda t: t.scalar_tensor(300, dtype=t.int8),
    ],
)
def test_full(call):
    same(call)


@pytest.mark.parametrize("layout", [*LAYOUTS, "expanded"])
@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "empty_like", "rand_like"])
def test_like(name, layout):
    for shape in [(), (3,), (2, 3), (2, 0), (2, 3, 4)]:
        x = sample(*shape, layout=layout)
        if layout == "expanded":
            x = sample(*shape).detach().expand(2, *shape)
        same(lambda torch, x: geometry(getattr(torch, name)(x)), x)
        same(lambda torch, x: geometry(getattr(torch, name)(x, requires_grad=True)), x)
        same(
            lambda torch, x: geometry(
                getattr(torch, name)(x, memory_format=torch.contiguous_format)
            ),
            x,
        )


@pytest.mark.parametrize(
    "call",
    [
        lambda t, x: t.zeros_like(x),
        lambda t, x: t.ones_like(x, dtype=t.int8),
        lambda t, x: t.zeros_like(3),
        lambda t, x: t.full_like(x, 3),
        lambda t, x: t.full_like(x, 2.5),
        lambda t, x: t.full_like(x, 300, dtype=t.int8),
        lambda t, x: t.full_like(x, t.tensor(3)),
        lambda t, x: t.full_like(x, t.tensor([3])),
        lambda t, x: t.full_like(x, True),
        lambda t, x: t.zeros_like(x, memory_format=t.channels_last),
        lambda t, x: t.zeros_like(x, memory_format=None),
        lambda t, x: t.zeros_like(x, memory_format=t.preserve_format),
        lambda t, x: x.new_zeros(2, 3),
        lambda t, x: x.new_zeros((2, 3), dtype=t.int8),
        lambda t, x: x.new_zeros(),
        lambda t, x: x.new_zeros(size=(2,)),
        lambda t, x: x.new_zeros(2, -1),
        lambda t, x: x.new_ones(2, -1),
        lambda t, x: x.new_ones(2),
        lambda t, x: x.new_zeros(2.0),
        lambda t, x: x.new_zeros("a"),
        lambda t, x: x.new_full((2,), 3),
        lambda t, x: x.new_full((2,), 3.7),
        lambda t, x: x.new_full(2, 3),
        lambda t, x: x.new_full((2,), True),
        lambda t, x: geometry(x.new_empty(2, 3)),
        lambda t, x: geometry(x.new_empty_strided((2, 3), (1, 2))),
        lambda t, x: x.new_tensor([1, 2]),
        lambda t, x: x.new_tensor(x),
        lambda t, x: x.new_tensor([1, 2], dtype=t.int8),
        lambda t, x: x.new_tensor(np.array([1, 2.5])),
        lambda t, x: x.new_tensor([True, False]),
    ],
)
def test_like_and_new(call):
    for dtype in (torch.float32, torch.int64, torch.bfloat16):
        same(call, sample(2, 3, dtype=dtype, grad=False, layout="transposed"))


def test_ones_like_of_every_dtype():
    for dtype in DTYPES:
        same(lambda torch, x: torch.ones_like(x), sample(2, 3, dtype=dtype, layout="transposed"))


def test_in_modes():
    def f(torch):
        with torch.inference_mode():
            return torch.zeros(2).is_inference(), torch.tensor([1.0]).is_inference()

    same(f)
    same(lambda torch: torch.ones(2, requires_grad=True) * 2)


def test_empty_permuted() -> None:
    def run(torch: Any, size: Any, order: Any, options: Any) -> Any:
        return torch.empty_permuted(size, order, **options).zero_()

    for size, order in (
        ((2, 3, 4), (2, 0, 1)), ((2, 3), (0,)), ((2, 3), (0, 0)), ((2, 3), (0, 5)), ((), ()),
        ((2, 3), (-1, 0)), ((-2, 3), (0, 1)), ((0, 3), (1, 0)), ([2, 3], [1, 0]), ((2, 3), (5, 0)),
    ):  # fmt: skip
        same(run, size, order, {})
    same(run, (2, 3), (1, 0), {"device": "cpu"})


FACTORIES = {
    "ones": lambda t, out, **k: t.ones(4, out=out, **k),
    "full": lambda t, out, **k: t.full((4,), 2.0, out=out, **k),
    "empty": lambda t, out, **k: t.empty(4, out=out, **k),
    "arange": lambda t, out, **k: t.arange(4, out=out, **k),
    "linspace": lambda t, out, **k: t.linspace(0, 1, 4, out=out, **k),
    "eye": lambda t, out, **k: t.eye(2, out=out, **k),
    "rand": lambda t, out, **k: t.rand(4, out=out, **k),
    "randint": lambda t, out, **k: t.randint(0, 9, (4,), out=out, **k),
    "randperm": lambda t, out, **k: t.randperm(4, out=out, **k),
    "normal": lambda t, out, **k: t.normal(0.0, 1.0, (4,), out=out, **k),
    "more": lambda t, out, **k: t.ones(9, out=out, **k),
    "longer": lambda t, out, **k: t.arange(9, out=out, **k),
    "random": lambda t, out, **k: t.randn(9, out=out, **k),
    "room": lambda t, out, **k: t.empty(9, out=out, **k),
}
GIVEN = {
    "plain": lambda t: t.zeros(4),
    "leaf": lambda t: t.zeros(4, requires_grad=True),
    "result": lambda t: t.zeros(4, requires_grad=True) * 1,
    "view of a leaf": lambda t: t.zeros(2, 2, requires_grad=True).view(4),
    "view": lambda t: (t.zeros(2, 2, requires_grad=True) * 1).view(4),
    "one of several views": lambda t: (t.zeros(8, requires_grad=True) * 1).chunk(2)[0],
    "expanded": lambda t: t.zeros(1).expand(4),
}


@pytest.mark.parametrize("name", FACTORIES)
@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("wanted", [True, False])
@pytest.mark.filterwarnings("ignore:An output:UserWarning", "ignore:The number of elements")
def test_what_becomes_of_an_out(name, given, grad, wanted):
    def f(torch):
        out = GIVEN[given](torch)
        with torch.set_grad_enabled(grad):
            torch.manual_seed(0)
            FACTORIES[name](torch, out, requires_grad=wanted)
        below = out.grad_fn and [(n and n.name(), nr) for n, nr in out.grad_fn.next_functions]
        return out.requires_grad, out._version, tuple(out.shape), out.stride(), below

    same(f)
