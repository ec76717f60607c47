"""Convolutions against PyTorch's: what is refused, empty images, layouts, saved values, nodes."""

import itertools
from typing import Any

import pytest
import torch

import minitorch_np
from experiments.conformance.bridge import ours
from minitorch_np import kernels
from minitorch_np.nn import functional as F
from tests.oracle import arrange, same, sample

TOLERANCE = (1e-5, 1e-5)
"""Sums of products in another order than PyTorch's."""

IMAGE, FILTERS = (1, 2, 4, 4), (2, 2, 2, 2)

REFUSED = [
    ((2, 3, 4, 4), (2, 3), {}),
    (IMAGE, FILTERS, {"stride": (1, 2, 3)}),
    (IMAGE, FILTERS, {"stride": 0}),
    (IMAGE, FILTERS, {"padding": -1}),
    (IMAGE, FILTERS, {"dilation": -1}),
    (IMAGE, FILTERS, {"groups": 0}),
    (IMAGE, FILTERS, {"groups": 3}),
    (IMAGE, (3, 1, 2, 2), {"groups": 2}),
    (IMAGE, (2, 3, 2, 2), {}),
    (IMAGE, (2, 2, 5, 5), {}),
    (IMAGE, (2, 2, 2), {}),
    (IMAGE, (0, 2, 2, 2), {}),
    ((2, 2, 0, 4), FILTERS, {"padding": 2}),
    ((2, 2, 0, 4), FILTERS, {}),
    (IMAGE, FILTERS, {"output_padding": 1, "transposed": True}),
    (IMAGE, FILTERS, {"output_padding": -1, "transposed": True}),
    (IMAGE, FILTERS, {"stride": 2, "output_padding": 3, "transposed": True}),
    (IMAGE, FILTERS, {"padding": 5, "transposed": True}),
    (IMAGE, (3, 2, 2, 2), {"transposed": True}),
    ((1, 2, 4), (2, 2, 2), {"output_padding": 1, "transposed": True}),
    ((1, 2, 4, 4, 4), (2, 2, 2, 2, 2), {"padding": (1, 5, 1), "transposed": True}),
    ((1, 2, 4, 4, 4), (2, 2, 2, 2, 2), {"output_padding": (0, 0, 2), "transposed": True}),
]


def convolved(torch: Any, x: Any, w: Any, b: Any = None, **options: Any) -> Any:
    chosen = {
        "stride": 1, "padding": 0, "dilation": 1, "transposed": False, "output_padding": 0,
        "groups": 1, **options,
    }  # fmt: skip
    numbers = [
        [n] if isinstance(n, int) and not isinstance(n, bool) and name != "groups" else n
        for name, n in chosen.items()
    ]
    return torch.convolution(x, w, b, *numbers)


@pytest.mark.parametrize("image, filters, options", REFUSED)
def test_arguments_that_are_refused(image: Any, filters: Any, options: Any) -> None:
    for dtype in (torch.float32, torch.float64):
        given = sample(*image, dtype=dtype), sample(*filters, dtype=dtype)
        same(lambda torch, x, w: convolved(torch, x, w, **options), *given, tol=TOLERANCE)


@pytest.mark.parametrize("bias", [(3,), (2, 2)])
def test_a_bias_of_another_size(bias: tuple[int, ...]) -> None:
    for transposed in (False, True):
        same(
            lambda torch, x, w, b, t=transposed: convolved(torch, x, w, b, transposed=t),
            sample(*IMAGE), sample(*FILTERS), sample(*bias),
        )  # fmt: skip


@pytest.mark.parametrize("a, b", [("float32", "float64"), ("int64", "float32"), ("half", "float")])
def test_dtypes_that_differ(a: str, b: str) -> None:
    x, w = (sample(*s, dtype=getattr(torch, d)) for s, d in ((IMAGE, a), (FILTERS, b)))
    if a == "half" and not torch.ops.mkldnn._is_mkldnn_fp16_supported():
        # without oneDNN's kernel, torch finds the difference in its own, and says it in other words
        with pytest.raises(RuntimeError, match=r"^expected scalar type Half but found Float$"):
            convolved(torch, x, w)
        given = (minitorch_np.tensor(t.detach().numpy()) for t in (x, w))
        with pytest.raises(
            RuntimeError, match=r"^Input type \(torch.HalfTensor\) and weight type "
        ):
            convolved(minitorch_np, *given)
        return
    same(lambda torch, x, w: convolved(torch, x, w), x, w)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("image, filters", [((0, 2, 4, 4), FILTERS), ((1, 0, 4, 4), (2, 0, 2, 2))])
def test_empty_images(image: Any, filters: Any, transposed: bool) -> None:
    same(
        lambda torch, x, w: convolved(torch, x, w, transposed=transposed),
        sample(*image), sample(*filters),
    )  # fmt: skip


@pytest.mark.parametrize("layouts", [("channels_last", "sliced"), ("sliced", "channels_last")])
@pytest.mark.parametrize("kernel", [(1, 1), (1, 3), (3, 3)])
@pytest.mark.parametrize("transposed", [False, True])
def test_channels_last(layouts: Any, kernel: Any, transposed: bool) -> None:
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        x = arrange(sample(2, 4, 5, 4, dtype=dtype), layouts[0])
        w = arrange(sample(4, 4, *kernel, dtype=dtype), layouts[1])
        tol = (3e-2, 3e-1) if dtype is torch.bfloat16 else TOLERANCE
        same(lambda torch, x, w: convolved(torch, x, w, transposed=transposed), x, w, tol=tol)


@pytest.mark.parametrize(
    "options", [{}, {"stride": 2, "padding": 1}, {"groups": 2}, {"dilation": 2}]
)
@pytest.mark.parametrize("transposed", [False, True])
def test_second_derivatives(options: dict[str, Any], transposed: bool) -> None:
    filters = (4, 4 // options.get("groups", 1), 3, 2)
    given = [sample(*s, dtype=torch.float64) for s in ((2, 4, 6, 5), filters, filters[:1])]
    same(
        lambda torch, x, w, b: convolved(torch, x, w, b, transposed=transposed, **options),
        *given, second=True,
    )  # fmt: skip


def test_what_the_node_saves() -> None:
    for name in ("input", "weight", "stride", "padding", "dilation", "transposed", "groups",
                 "output_padding", "bias_sym_sizes_opt"):  # fmt: skip

        def f(torch: Any, x: Any, w: Any, b: Any, name: str = name) -> Any:
            node = torch.nn.functional.conv2d(x, w, b, padding=1).grad_fn
            return getattr(node, f"_saved_{name}")

        same(f, sample(*IMAGE), sample(*FILTERS), sample(2))


def test_the_node_of_gradients_leads_to_all_three() -> None:
    def f(torch: Any, x: Any, w: Any) -> Any:
        y = torch.nn.functional.conv2d(x, w)
        seed = torch.ones_like(y).requires_grad_()
        found = torch.autograd.grad(y, (x, w), seed, create_graph=True)
        return [len(g.grad_fn.next_functions) for g in found]

    same(f, sample(*IMAGE), sample(*FILTERS))


@pytest.mark.parametrize("options", [{"padding": 1}, {"stride": 2}, {"dilation": (2, 1)}])
@pytest.mark.parametrize("each", [1, 2])
def test_filters_of_one_plane(each: int, options: dict[str, Any]) -> None:
    given = sample(3, 8, 14, 16), sample(8 * each, 1, 3, 2), sample(8 * each)
    same(
        lambda torch, x, w, b: torch.nn.functional.conv2d(x, w, b, groups=8, **options),
        *given, tol=TOLERANCE, grad_tol=(1e-5, 1e-4),
    )  # fmt: skip
    given = sample(3, 8, 14, 16), sample(8, each, 3, 2)
    same(
        lambda torch, x, w: torch.nn.functional.conv_transpose2d(x, w, groups=8, **options),
        *given, tol=TOLERANCE, grad_tol=(1e-5, 1e-4),
    )  # fmt: skip


FEW: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [
    ((2, 3, 9), (4, 3, 3), {"padding": 2, "dilation": 2}),
    ((2, 3, 9), (4, 3, 1), {}),
    ((2, 3, 5, 6), (4, 3, 3, 2), {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 2)}),
    ((3, 5, 6), (4, 3, 1, 1), {}),
    ((2, 3, 5, 6), (4, 3, 1, 1), {"stride": 2, "padding": 1}),
    ((2, 4, 5, 6), (4, 2, 2, 2), {"groups": 2}),
    ((1, 2, 3, 4, 5), (2, 2, 2, 2, 2), {"padding": 1}),
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("image, filters, options", FEW)
def test_few_elements_are_the_same_once_compiled_code_is_loaded(
    image: Any, filters: Any, options: Any, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ = kernels.compiler  # which loads it
    x, w = (sample(*shape, dtype=dtype, grad=False) for shape in (image, filters))
    x[0, 0, 0], x[-1, -1, -1] = float("nan"), -0.0
    bias = sample(4, dtype=dtype, grad=False)[: filters[0]]
    name = f"conv{len(filters) - 2}d"
    for b in (None, bias):
        given = [None if t is None else ours(t) for t in (x, w, b)]
        found = []
        for waiting in ([print], [], []):
            monkeypatch.setattr(kernels, "waiting", waiting)
            out = getattr(F, name)(*given, **options)
            found.append((out.stride(), out.double().numpy().tobytes()))
        assert found[0] == found[1] == found[2]
        for layout in ("contiguous", "reversed", "sliced"):
            arranged = arrange(x.nan_to_num(), layout)
            for _ in range(2):  # as new, and as known
                same(
                    lambda torch, *t: getattr(torch.nn.functional, name)(*t, **options),
                    arranged, w, b, tol=(2e-2, 2e-2) if dtype is torch.bfloat16 else TOLERANCE,
                )  # fmt: skip


def test_lists_of_ints_and_what_is_no_int() -> None:
    x, w = sample(*IMAGE), sample(*FILTERS)
    for numbers in ([1, 1], (1, 1), [1], (1.0, 1)):
        same(lambda torch, x, w, n=numbers: convolved(torch, x, w, stride=n), x, w, tol=TOLERANCE)


IN_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}
GEOMETRIES = [(1, 4, 6, 1), (2, 4, 6, 1), (17, 4, 6, 1), (1, 4, 4, 4), (2, 4, 8, 4), (1, 4, 4, 2)]
"""Images, channels, outputs and groups."""


def gradient_strides(library: Any, x: Any, w: Any, transposed: bool, options: Any) -> Any:
    """Of the result, and of the gradients of images and filters."""
    x, w = x.detach().requires_grad_(), w.detach().requires_grad_()
    name = f"conv{'_transpose' * transposed}{x.ndim - 2}d"
    out = getattr(library.nn.functional, name)(x, w, **options)
    found = library.autograd.grad(out, [x, w], library.ones_like(out))
    return [t.stride() for t in (out, *found)]


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dims", [2, 3])
def test_strides_of_gradients(dims: int, transposed: bool) -> None:
    """What leaves it open how a gradient lies, as one channel or a kernel of size 1 does, depends
    on which of ATen's loops, or whether oneDNN, computes it."""
    moves = {}, {"stride": 2}, {"dilation": 2}
    for (n, c, o, groups), k, move, dtype in itertools.product(
        GEOMETRIES, (1, 2), moves, (torch.float32, torch.float64)
    ):
        a = torch.rand(n, c, *(6, 7, 5)[:dims], dtype=dtype)
        first, second = (c, o // groups) if transposed else (o, c // groups)
        b = torch.rand(first, second, *[k] * dims, dtype=dtype)
        last = IN_LAST[a.ndim]
        for x, w in itertools.product((a, a.to(memory_format=last)), (b, b.to(memory_format=last))):
            given = transposed, {"groups": groups, **move}
            theirs = gradient_strides(torch, x, w, *given)
            mine = gradient_strides(minitorch_np, ours(x), ours(w), *given)
            assert mine == theirs, (x.shape, x.stride(), w.shape, w.stride(), dtype, *given)
