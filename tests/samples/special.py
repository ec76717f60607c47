"""Special functions, numbers bit by bit, statistics and distributions."""

from collections.abc import Iterator

from tests.samples.spec import POSITIVE, UNIT, In, Sample, both, functions, one, whole, written, x

__all__ = ["BACKWARD", "SAMPLES"]


def special(names: str, *given: In) -> Iterator[Sample]:
    """`torch.special.name(*tensors)` for each name."""
    for name in names.split():
        yield Sample(
            f"special_{name}", lambda torch, *t, n=name: getattr(torch.special, n)(*t), given
        )


SPECIAL = [
    *both("digamma lgamma", x(**POSITIVE)),
    *both("i0", x()),
    *both("igamma igammac", x(**POSITIVE, grad=False), x(**POSITIVE)),
    *functions("igamma igammac", x(**POSITIVE), x(**POSITIVE)),
    *special("i0e i1 i1e", x(low=0.2)),
    *special("erfcx log_ndtr", x()),
    *special("entr", x(**POSITIVE)),
    *special("ndtri", x(**UNIT)),
    *special("xlog1py", x(), x(**POSITIVE)),
    one("special_xlog1py", lambda torch, x: torch.special.xlog1py(x, 2), x()),
    one("special_xlog1py", lambda torch, x: torch.special.xlog1py(2, x), x(**POSITIVE)),
    *special("zeta", x(low=1.5, high=4, grad=False), x(**POSITIVE)),
    *special("zeta", x(low=1.5, high=4), x(**POSITIVE)),
    one("special_zeta", lambda torch, x: torch.special.zeta(2, x), x(**POSITIVE)),
    one("polygamma", lambda torch, x: torch.polygamma(0, x), x(**POSITIVE)),
    one("polygamma", lambda torch, x: torch.special.polygamma(3, x), x(**POSITIVE)),
    one("polygamma_", lambda torch, x: x.clone().polygamma_(2), x(**POSITIVE)),
    one("mvlgamma", lambda torch, x: torch.mvlgamma(x, 3), x(low=2, high=4)),
    one("mvlgamma_", lambda torch, x: x.clone().mvlgamma_(2), x(low=2, high=4)),
    one("mul_scalar", lambda torch, x: torch.special.ndtr(x), x()),
    one("add_scalar", lambda torch, x: torch.special.ndtr(x), x()),
]

BITS = [
    *both("nextafter heaviside", x(), x()),
    *both("gcd lcm", x(), x()),
    *both("ldexp", x(), x(low=-3, high=3)),
    one("ldexp", lambda torch, x, n: torch.ldexp(x, n), x(2, 3), whole([1, 0, -1], [2, 3, 0])),
    *functions("frexp angle", x()),
    *written("conj_physical_", x()),
    one(
        "conjugated",
        lambda torch, x: torch.conj_physical(x, out=torch.zeros(2, 3, dtype=x.dtype)),
        x(grad=False),
    ),
    *functions("isin", x(), x()),
    one("isin", lambda torch, x: torch.isin(x, 1, invert=True), x()),
    one("isin", lambda torch, x: torch.isin(0, x), x()),
]

SAMPLES: list[Sample] = [*SPECIAL, *BITS]

BACKWARD: dict[str, str] = {}
