"""Initial values against PyTorch's, bit for bit where draws allow it."""

import pytest

from tests.oracle import same

UNIFORM = [
    lambda init, t: init.uniform_(t),
    lambda init, t: init.uniform_(t, -2, 5),
    lambda init, t: init.constant_(t, 0.3),
    lambda init, t: init.ones_(t),
    lambda init, t: init.zeros_(t),
    lambda init, t: init.eye_(t),
    lambda init, t: init.dirac_(t),
    lambda init, t: init.dirac_(t, 2),
    lambda init, t: init.xavier_uniform_(t),
    lambda init, t: init.xavier_uniform_(t, gain=2),
    lambda init, t: init.kaiming_uniform_(t),
    lambda init, t: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu"),
    lambda init, t: init.kaiming_uniform_(t, mode="nope"),
    lambda init, t: init.kaiming_uniform_(t, nonlinearity="nope"),
]
NORMAL = [
    lambda init, t: init.normal_(t),
    lambda init, t: init.normal_(t, 3, 0.5),
    lambda init, t: init.xavier_normal_(t),
    lambda init, t: init.kaiming_normal_(t),
    lambda init, t: init.kaiming_normal_(t, 0.2, "fan_out"),
    lambda init, t: init.trunc_normal_(t),
    lambda init, t: init.trunc_normal_(t, 1.0, 0.5, 0.0, 1.5),
    lambda init, t: init.trunc_normal_(t, 0.0, 1.0, 2.0, 3.0),
    lambda init, t: init.trunc_normal_(t, 0.0, 1.0, -9.0, -3.0),
    lambda init, t: init.sparse_(t, 0.4),
    lambda init, t: init.orthogonal_(t),
    lambda init, t: init.orthogonal_(t, gain=2),
]
SHAPES = [(6, 5), (4, 6), (4, 2, 3), (4, 4, 3, 2), (2, 2, 3, 3, 3), (3,), (0, 3), ()]


def drawn(fill, shape, transposed=False):
    """A function of the library that fills a fresh parameter, from one seed."""

    def f(torch):
        torch.manual_seed(5)
        data = torch.zeros(*shape)
        parameter = torch.nn.Parameter(data.t() if transposed else data)
        filled = fill(torch.nn.init, parameter)
        return filled, filled is parameter, parameter._version, torch.rand(3)

    return f


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("fill", UNIFORM)
def test_bit_equal(fill, shape):
    same(drawn(fill, shape), exact=True)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("fill", NORMAL)
def test_equal_draws(fill, shape):
    # the logarithms of normal draws, and LAPACKs, agree to a few last bits
    same(drawn(fill, shape), tol=(1e-4, 2e-6))


@pytest.mark.parametrize("fill", [*UNIFORM[:2], *NORMAL[:2], NORMAL[5], *NORMAL[-3:-1]])
def test_transposed(fill):
    if fill is NORMAL[-2]:
        same(drawn(fill, (3, 5), transposed=True))  # no view of it: torch's error
        return
    same(drawn(fill, (3, 5), transposed=True), tol=(1e-4, 2e-6))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("fill", [*UNIFORM[:2], NORMAL[0], NORMAL[5]])
def test_dtypes(fill, dtype):
    def f(torch):
        torch.manual_seed(5)
        return fill(torch.nn.init, torch.zeros(5, 7, dtype=getattr(torch, dtype)))

    same(f)


def test_generator():
    def f(torch):
        generator = torch.Generator().manual_seed(4)
        t = torch.zeros(3, 4)
        init = torch.nn.init
        return [
            init.uniform_(t, generator=generator).clone(),
            init.xavier_uniform_(t, generator=generator).clone(),
            init.kaiming_uniform_(t, generator=generator).clone(),
        ]

    same(f, exact=True)


@pytest.mark.parametrize(
    "arguments",
    [
        *[(name,) for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "selu", "nope")],
        ("leaky_relu",),
        ("leaky_relu", 0.3),
        ("leaky_relu", 2),
        ("leaky_relu", True),
        ("leaky_relu", "a"),
    ],
)
def test_gains(arguments):
    same(lambda torch: torch.nn.init.calculate_gain(*arguments))


OLD = [
    ("uniform", ()), ("normal", (1.0, 2.0)), ("constant", (3.0,)), ("eye", ()),
    ("xavier_uniform", ()), ("xavier_normal", ()), ("kaiming_uniform", ()),
    ("kaiming_normal", ()), ("orthogonal", ()), ("sparse", (0.5,)), ("dirac", ()), ("eye", (1, 2)),
]  # fmt: skip


@pytest.mark.parametrize("name, options", OLD)
def test_old_names(name, options):
    """They warn, and are the new ones."""

    def run(torch):
        torch.manual_seed(3)
        made = torch.empty(*(4, 3, 3) if name == "dirac" else (4, 3))
        function = getattr(torch.nn.init, name)
        return function(made, *options) is made, made, function.__name__

    same(run, tol=(1e-5, 1e-6))
