"""`same(f, *inputs)`: run one function under both libraries and compare everything they return.

PyTorch is asked at test time. Compared are value, dtype, shape, stride, storage offset, which
inputs the result shares memory with, versions, requires_grad, grad_fn's name, gradients for random
cotangents with their strides, warnings, and, where PyTorch raises, exception class and text.
"""

import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

import minitorch_np
from experiments.conformance import compare
from experiments.conformance.bridge import (
    ours,
    plain,
    tensors_in,
    twin,
    values,
)
from minitorch_np.tensor import Tensor
from tests import versions

torch.set_warn_always(True)
torch.set_num_threads(1)

TOLERANCE = {**compare.TOLERANCE, "float16": (1e-3, 1e-5)}
"""(relative, absolute) by dtype: torch.testing's defaults. A looser one carries its reason."""

FLOATING = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
INTEGRAL = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64]
DTYPES = [*FLOATING, *INTEGRAL, torch.bool]


def assert_values(
    a: Tensor, t: torch.Tensor, where: str, exact: bool, tol: tuple[float, float] | None
) -> None:
    """Our values `a` are torch's `t`, within the dtype's tolerance."""
    x, y = values(a), values(t)
    assert x.shape == y.shape, f"{where}: shape {x.shape} != {y.shape}"
    fine = np.asarray(x == y)
    if fine.all():
        return
    if exact or not t.dtype.is_floating_point:
        assert np.all(fine | (x != x) & (y != y)), f"{where}: {x} != {y}"
        return
    rtol, atol = tol or TOLERANCE[str(t.dtype).removeprefix("torch.")]
    x64, y64 = x.astype(np.float64), y.astype(np.float64)
    with np.errstate(all="ignore"):
        fine |= np.abs(x64 - y64) <= atol + rtol * np.abs(y64)
    fine |= np.isnan(x64) & np.isnan(y64)
    assert np.all(fine), f"{where}: {x64[~fine][:5]} != {y64[~fine][:5]}"


def assert_same(
    a: Any,
    t: Any,
    where: str = "result",
    *,
    exact: bool = False,
    tol: tuple[float, float] | None = None,
    stride: bool = True,
    meta: bool = True,
) -> None:
    """`a` of ours equals `t` of torch's: tensors with all their geometry, containers, values."""
    if isinstance(t, torch.Tensor):
        assert isinstance(a, Tensor), f"{where}: {type(a)} is no Tensor"
        assert str(a.dtype) == str(t.dtype), f"{where}: dtype {a.dtype} != {t.dtype}"
        assert tuple(a.shape) == tuple(t.shape), f"{where}: shape {a.shape} != {t.shape}"
        if stride:
            assert a.stride() == t.stride(), f"{where}: stride {a.stride()} != {t.stride()}"
            assert a.storage_offset() == t.storage_offset(), f"{where}: storage offset"
        if meta:
            assert a.requires_grad == t.requires_grad, f"{where}: requires_grad {a.requires_grad}"
            mine = a.grad_fn.name() if a.grad_fn else None
            theirs = t.grad_fn.name() if t.grad_fn else None
            assert versions.alike(mine, theirs), f"{where}: grad_fn {mine} != {theirs}"
        assert_values(a, t, where, exact, tol)
    elif isinstance(t, (tuple, list)):
        assert len(a) == len(t), f"{where}: {len(a)} results, not {len(t)}"
        if hasattr(t, "_fields") or type(t).__module__ == "torch.return_types":
            names = [n for n in dir(t) if not n.startswith("_") and n not in ("count", "index")]
            for n in names:
                if isinstance(getattr(t, n), torch.Tensor):
                    assert hasattr(a, n), f"{where}: no field {n}"
        for i, (x, y) in enumerate(zip(a, t, strict=True)):
            assert_same(x, y, f"{where}[{i}]", exact=exact, tol=tol, stride=stride, meta=meta)
    elif isinstance(t, dict):
        assert list(a) == list(t), f"{where}: keys {list(a)} != {list(t)}"
        for key in t:
            assert_same(a[key], t[key], f"{where}[{key!r}]", exact=exact, tol=tol, stride=stride)
    elif isinstance(t, float):
        assert a == t or (a != a and t != t) or abs(a - t) <= 1e-5 + 1.3e-6 * abs(t), (
            f"{where}: {a} != {t}"
        )
    elif isinstance(t, (torch.dtype, torch.device, str)):
        assert versions.alike(plain(str(a)), plain(str(t))), f"{where}: {a} != {t}"
    else:
        assert a == t, f"{where}: {a!r} != {t!r}"


ONCE = "`torch.jit.script` is deprecated"
"""What a process hears when torch first pushes a tangent forward, which loads its own scripts."""


class Outcome:
    """What one library made of a call: a result or an exception, and its warnings."""

    def __init__(self, f: Callable[..., Any], library: Any, inputs: Sequence[Any]) -> None:
        self.result: Any = None
        self.error: Exception | None = None
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                self.result = f(library, *inputs)
            except Exception as error:  # noqa: BLE001  # compared with the other library's
                self.error = error
        told = [(w.category.__name__, plain(str(w.message))) for w in caught]
        self.warnings = [(kind, text) for kind, text in told if ONCE not in text]


def assert_same_error(a: Outcome, t: Outcome) -> bool:
    """Whether both raised; one exception, or two that differ, fail."""
    if t.error is None and a.error is None:
        return False
    expected = f"{type(t.error).__name__}: {t.error}"
    got = f"{type(a.error).__name__}: {a.error}"
    if a.error is not None and not versions.alike(plain(got), plain(expected)):
        raise AssertionError(f"raised {got!r}, not {expected!r}") from a.error
    assert a.error is not None, f"did not raise {expected!r}"
    return True


def strip_note(text: str) -> str:
    """torch's warning without the C++ place it was triggered from."""
    return re.sub(r" \(Triggered internally at .*\)$", "", text.strip(), flags=re.DOTALL)


def same(
    f: Callable[..., Any],
    *inputs: Any,
    exact: bool = False,
    tol: tuple[float, float] | None = None,
    grad_tol: tuple[float, float] | None = None,
    grad: bool = True,
    stride: bool = True,
    second: bool = False,
) -> None:
    """Assert that `f(library, *inputs)` is the same under torch and under minitorch_np.

    `inputs` are torch tensors (geometry and requires_grad kept; each library gets its own copy) or
    plain values. `second` compares second derivatives too. Inside `f` draw only what is bit-equal.
    """
    theirs = [twin(x) if isinstance(x, torch.Tensor) else x for x in inputs]
    mine = [ours(x) if isinstance(x, torch.Tensor) else x for x in inputs]
    t, a = Outcome(f, torch, theirs), Outcome(f, minitorch_np, mine)
    if assert_same_error(a, t):
        return
    assert [(c, strip_note(m)) for c, m in t.warnings] == [
        (c, strip_note(m)) for c, m in a.warnings
    ]
    assert_same(a.result, t.result, exact=exact, tol=tol, stride=stride)
    for x, y in zip(mine, theirs, strict=True):
        if isinstance(y, torch.Tensor):
            assert x._version == y._version, f"input's version {x._version} != {y._version}"
            assert_same(x, y, "input afterwards", exact=exact, tol=tol)
    _assert_aliases(a.result, t.result, mine, theirs)
    if grad:
        _assert_gradients(a.result, t.result, mine, theirs, grad_tol or tol, second)


def _assert_aliases(a: Any, t: Any, mine: Sequence[Any], theirs: Sequence[Any]) -> None:
    for i, (x, y) in enumerate(zip(tensors_in(a), tensors_in(t), strict=True)):
        for j, (p, q) in enumerate(zip(mine, theirs, strict=True)):
            if isinstance(q, torch.Tensor) and y.numel() and q.numel():
                shared = y.untyped_storage().data_ptr() == q.untyped_storage().data_ptr()
                got = x.untyped_storage().data_ptr() == p.untyped_storage().data_ptr()
                assert got == shared, (
                    f"result {i} shares memory with input {j}: {got}, not {shared}"
                )
                assert (x is p) == (y is q), f"result {i} is input {j}: {x is p}"


def _assert_gradients(
    a: Any, t: Any, mine: Sequence[Any], theirs: Sequence[Any],
    tol: tuple[float, float] | None, second: bool,
) -> None:  # fmt: skip
    outs = [(x, y) for x, y in zip(tensors_in(a), tensors_in(t), strict=True) if y.grad_fn]
    leaves = [
        (x, y) for x, y in zip(mine, theirs, strict=True)
        if isinstance(y, torch.Tensor) and y.requires_grad and y.is_leaf
    ]  # fmt: skip
    if not outs or not leaves:
        return
    generator = torch.Generator().manual_seed(7)
    cotangents = [
        torch.randn(y.shape, generator=generator, dtype=torch.float64).to(y.dtype) for _, y in outs
    ]

    def gradients(library: Any, side: int, cotangents: list[Any]) -> Any:
        return library.autograd.grad(
            [pair[side] for pair in outs], [pair[side] for pair in leaves], cotangents,
            create_graph=second, allow_unused=True, retain_graph=True,
        )  # fmt: skip

    got = Outcome(gradients, minitorch_np, (0, [ours(c) for c in cotangents]))
    expected = Outcome(gradients, torch, (1, cotangents))
    if assert_same_error(got, expected):
        return
    mine_g, theirs_g = got.result, expected.result
    for i, (x, y) in enumerate(zip(mine_g, theirs_g, strict=True)):
        assert (x is None) == (y is None), f"gradient {i}: {x} != {y}"
        if y is not None:
            assert_same(x, y, f"gradient {i}", tol=tol, meta=False)
    if second:
        _assert_second(mine_g, theirs_g, leaves, tol)
    torch.autograd.backward([y for _, y in outs], cotangents)
    minitorch_np.autograd.backward([x for x, _ in outs], [ours(c) for c in cotangents])
    for i, (x, y) in enumerate(leaves):
        if y.grad is not None:
            assert_same(x.grad, y.grad, f".grad {i}", tol=tol, meta=False)


def _assert_second(
    mine_g: Sequence[Any], theirs_g: Sequence[Any], leaves: Sequence[tuple[Any, Any]],
    tol: tuple[float, float] | None,
) -> None:  # fmt: skip
    pairs = [(x, y) for x, y in zip(mine_g, theirs_g, strict=True) if y is not None]
    for x, y in pairs:
        assert x.requires_grad == y.requires_grad, "second derivative: requires_grad"
    pairs = [(x, y) for x, y in pairs if y.requires_grad]
    if not pairs:
        return
    generator = torch.Generator().manual_seed(8)
    weights = [
        torch.randn(y.shape, generator=generator, dtype=torch.float64).to(y.dtype) for _, y in pairs
    ]
    theirs_h = torch.autograd.grad(
        [y for _, y in pairs], [y for _, y in leaves], weights, allow_unused=True, retain_graph=True
    )
    mine_h = minitorch_np.autograd.grad(
        [x for x, _ in pairs], [x for x, _ in leaves], [ours(w) for w in weights],
        allow_unused=True, retain_graph=True,
    )  # fmt: skip
    for i, (x, y) in enumerate(zip(mine_h, theirs_h, strict=True)):
        zero = y is None or not bool(y.detach().any())
        if x is None or y is None:
            assert zero and (x is None or not x.array.any()), f"second derivative {i}: {x} != {y}"
        else:
            assert_same(x, y, f"second derivative {i}", tol=tol, stride=False, meta=False)


def arrange(t: torch.Tensor, layout: str) -> torch.Tensor:
    """The values of `t` in another layout: 'contiguous', 'transposed', 'sliced', 'offset',
    'channels_last' (4-d), 'reversed' (dims in reverse order)."""
    grad, t = t.requires_grad, t.detach()
    if layout == "transposed" and t.ndim > 1:
        t = t.transpose(-1, -2).contiguous().transpose(-1, -2)
    elif layout == "reversed":
        order = tuple(range(t.ndim - 1, -1, -1))
        t = t.permute(order).contiguous().permute(order)
    elif layout == "sliced" and t.ndim:
        wide = t.repeat_interleave(2, -1)
        t = wide[..., ::2]
    elif layout == "offset":
        flat = torch.cat([torch.zeros(3, dtype=t.dtype), t.reshape(-1)])
        t = flat[3:].view(t.shape)
    elif layout == "channels_last" and t.ndim == 4:
        t = t.contiguous(memory_format=torch.channels_last)
    return t.requires_grad_(grad)


LAYOUTS = ["contiguous", "transposed", "reversed", "sliced", "offset"]


def sample(
    *shape: int, dtype: torch.dtype = torch.float32, seed: int = 0, low: float = -2.0,
    high: float = 2.0, grad: bool = True, layout: str = "contiguous",
) -> torch.Tensor:  # fmt: skip
    """A random torch tensor: uniform floats, small integers or coin flips; the same every time."""
    generator = torch.Generator().manual_seed(
        seed + sum((i + 1) * 31 * n for i, n in enumerate(shape))
    )
    if dtype is torch.bool:
        t = torch.rand(shape, generator=generator) < 0.5
    elif dtype.is_floating_point:
        t = torch.rand(shape, generator=generator, dtype=torch.float64) * (high - low) + low
    else:
        least = 0 if dtype is torch.uint8 else int(low)
        t = torch.randint(least, max(int(high), least + 1) + 1, shape, generator=generator)
    t = arrange(t.to(dtype), layout)
    return t.requires_grad_(grad and dtype.is_floating_point)
