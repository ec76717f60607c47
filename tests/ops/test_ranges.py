"""arange, linspace, logspace and eye against PyTorch, to the last bit but for logspace's floats."""

import numpy as np
import pytest
import torch

from tests.oracle import DTYPES, same, sample

ARANGES = [
    (5,), (5.0,), (0,), (1, 5), (1, 5, 2), (5, 1, -1), (1, 5.5, 2), (0, 1, 0.1), (-1.0, 1.0, 0.3),
    (True,), (2**40, 2**40 + 3), (2**62, 2**62 + 3), (0, 100, 7), (3, 3), (0, 1000), (0, 70.0, 0.7),
    (-7.3, 90.1, 0.3), (10, -80.5, -1.7),
]  # fmt: skip
LINES = [(0, 1, 5), (0, 1, 1), (0, 1, 0), (0, 10, 4), (10, 0, 4), (-3.7, 9.2, 38), (3, 3, 4)]
ONE_ULP = {torch.float16: (1e-3, 0), torch.bfloat16: (8e-3, 0), torch.float32: (2.4e-7, 0)}
"""PyTorch's pow on floats of these types rounds now and then to the other neighbour."""


def named(library, dtype):
    """The dtype of the same name in `library`."""
    return getattr(library, str(dtype).removeprefix("torch."))


@pytest.mark.parametrize("args", ARANGES)
def test_arange(args):
    same(lambda torch: torch.arange(*args), exact=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "args", [(5,), (1, 20, 3), (0.5, 5), (0, 9, 0.25), (10, 0, -0.7), (-3, 3), (-7.3, 90.1, 0.37)]
)
def test_arange_dtypes(args, dtype):
    same(lambda torch: torch.arange(*args, dtype=named(torch, dtype)), exact=True)


@pytest.mark.parametrize("seed", range(40))
def test_arange_rounds_alike(seed):
    g = torch.Generator().manual_seed(seed)
    start, step = (torch.rand(2, generator=g, dtype=torch.float64) * 5).tolist()
    n = int(torch.randint(1, 90, (1,), generator=g))
    for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
        same(
            lambda torch, d=dtype: torch.arange(
                start, start + step * (n - 0.5), step, dtype=named(torch, d)
            ),
            exact=True,
        )
        same(
            lambda torch, d=dtype: torch.linspace(start, -7 * step, n, dtype=named(torch, d)),
            exact=True,
        )


@pytest.mark.parametrize("name", ["arange", "linspace", "logspace"])
@pytest.mark.parametrize(
    "call",
    [
        lambda f, t: f(0, 4, 3, requires_grad=True),
        lambda f, t: f(0, 4.0, 3, requires_grad=True),
        lambda f, t: f(0, 4, 2, out=t.zeros(2)),
        lambda f, t: f(0, 4, 2, out=t.zeros(2, 1)),
        lambda f, t: f(0, 4, 3, out=t.zeros(9)),
        lambda f, t: f(0, 4, 3, out=t.zeros(0)),
        lambda f, t: f(0, 4, 3, out=t.zeros(6)[::3]),
        lambda f, t: f(0, 4, 2, out=t.zeros(2, 2).t()),
        lambda f, t: f(0, 4, 3, out=t.zeros(2, dtype=t.float64), dtype=t.int8),
        lambda f, t: f(t.tensor(1), t.tensor(6.0), 3),
    ],
)
def test_arguments(name, call):
    same(lambda torch: call(getattr(torch, name), torch), tol=(2.4e-7, 0))


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.arange(1, 5, 0), lambda t: t.arange(5, 1), lambda t: t.arange(1, 5, -1),
        lambda t: t.arange(float("nan"), 1, 1), lambda t: t.arange(0, float("inf"), 2),
        lambda t: t.arange(-1), lambda t: t.arange("a"), lambda t: t.arange(4, dtype=t.bool),
        lambda t: t.arange(0, 2**62), lambda t: t.arange(end=4), lambda t: t.arange(1, end=4),
        lambda t: t.arange(start=1, end=9, step=3), lambda t: t.arange(1.5, -3, out=t.zeros(2)),
    ],
)  # fmt: skip
def test_arange_arguments(call):
    same(call, exact=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("args", LINES)
def test_linspace(args, dtype):
    same(lambda torch: torch.linspace(*args, dtype=named(torch, dtype)), exact=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("args", [(0, 1, 5), (0, 1, 1), (0, 2, 7, 2.5), (2, -1, 4, 2), (0, 1, 0)])
def test_logspace(args, dtype):
    same(
        lambda torch: torch.logspace(*args, dtype=named(torch, dtype)),
        tol=ONE_ULP.get(dtype, (0, 0)),
    )


def test_spaced_refuses():
    same(lambda torch: torch.linspace(0, 1, -1))
    same(lambda torch: torch.linspace(torch.tensor([0]), 1.0, 4))
    same(lambda torch: torch.linspace(0.0, torch.tensor([[0]]), 4))
    same(lambda torch: torch.linspace(torch.tensor(0), torch.tensor(1.0), 4), exact=True)


def test_no_gradient_arrives_at_the_ends():
    same(lambda torch, a, b: torch.linspace(a, b, 4), sample(), sample(seed=1))
    same(lambda torch, a: torch.linspace(0, a, 4), sample())
    same(lambda torch, a: torch.logspace(a, 1, 3), sample())


@pytest.mark.parametrize("dtype", DTYPES)
def test_eye(dtype):
    same(lambda torch: torch.eye(3, dtype=named(torch, dtype)))
    same(lambda torch: torch.eye(2, 3, dtype=named(torch, dtype)))
    same(lambda torch: torch.eye(4, 2, dtype=named(torch, dtype)))


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.eye(0), lambda t: t.eye(0, 3), lambda t: t.eye(3, 0), lambda t: t.eye(-1),
        lambda t: t.eye(2, -2), lambda t: t.eye(2.0), lambda t: t.eye(2, out=t.zeros(3, 3)),
        lambda t: t.eye(2, out=t.ones(2, 2).t()), lambda t: t.eye(2, requires_grad=True),
        lambda t: t.eye(2, out=t.ones(4, 4)[::2, ::2]),
    ],
)  # fmt: skip
def test_eye_arguments(call):
    same(call)


def test_counts_and_identities_of_a_size_met_before():
    def f(torch, call):
        known = torch.arange(4), torch.eye(4), torch.eye(4, 2), torch.eye(2, 4), torch.zeros(4)
        made = eval(call, {"torch": torch, "np": np})
        content = made.detach().clone(memory_format=torch.contiguous_format).view(-1)
        return known, made, content.view(torch.uint8), made._version, made.is_inference()

    for call in [
        "arange(4)", "arange(2, 6)", "arange(-2, 2)", "arange(4.0)", "arange(True, 5)",
        "arange(4, 0)", "arange(2**63 - 5, 2**63 - 1)", "arange(-(2**63), -(2**63) + 4)",
        "arange(2, 6, True)",
        "arange(2, 6, 1.0)", "arange(4, dtype=torch.float32)", "arange(4, dtype=torch.uint8)",
        "arange(4, requires_grad=True)", "arange(4, dtype=torch.float32, requires_grad=True)",
        "arange(4, out=torch.zeros(4))", "arange(np.int64(4))", "arange(end=4)", "arange(4, 4)",
        "eye(4)", "eye(4, 2)", "eye(2, 4)", "eye(0)", "eye(4, 0)", "eye(4, dtype=torch.bool)",
        "eye(4.0)", "eye(True)", "eye(-1)", "eye(4, True)", "eye(4, requires_grad=True)",
        "eye(4, dtype=torch.int64, requires_grad=True)", "eye(4, out=torch.zeros(4, 4).t())",
        "eye(4, dtype=torch.bfloat16)", "inference_mode()(lambda: torch.eye(4))()",
        "inference_mode()(lambda: torch.arange(4))()",
    ]:  # fmt: skip
        same(lambda torch, call=call: f(torch, f"torch.{call}"))
