"""Special functions, numbers bit by bit, statistics and distributions."""

from collections.abc import Iterator
from typing import Any

from tests.samples.spec import POSITIVE, UNIT, In, Sample, both, functions, one, whole, written, x

__all__ = ["BACKWARD", "SAMPLES"]


def special(names: str, *given: In) -> Iterator[Sample]:
    """`torch.special.name(*tensors)` for each name."""
    for name in names.split():
        yield Sample(
            f"special_{name}", lambda torch, *t, n=name: getattr(torch.special, n)(*t), given
        )


def dual(torch: Any, t: Any) -> Any:
    """The primal of a dual tensor."""
    forward = torch.autograd.forward_ad
    with forward.dual_level():
        return forward.unpack_dual(forward.make_dual(t, torch.ones_like(t))).primal


SPECIAL = [
    Sample("_make_dual", dual, (x(),)),
    Sample("_fw_primal", dual, (x(),)),
    *both("digamma lgamma", x(**POSITIVE)),
    *both("i0", x()),
    *both("igamma igammac", x(**POSITIVE, grad=False), x(**POSITIVE)),
    *functions("igamma igammac", x(**POSITIVE), x(**POSITIVE)),
    *special("i0e i1 i1e", x(low=0.2)),
    *special("erfcx log_ndtr bessel_j0 modified_bessel_i0 spherical_bessel_j0 airy_ai", x()),
    *special("bessel_j1 modified_bessel_i1", x(low=0.2)),
    *special(
        "bessel_y0 bessel_y1 modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 "
        "scaled_modified_bessel_k1",
        x(**POSITIVE),
    ),
    *special("entr", x(**POSITIVE)),
    *special("ndtri", x(**UNIT)),
    *special("xlog1py", x(), x(**POSITIVE)),
    one("special_xlog1py", lambda torch, x: torch.special.xlog1py(x, 2), x()),
    one("special_xlog1py", lambda torch, x: torch.special.xlog1py(2, x), x(**POSITIVE)),
    *special("zeta", x(low=1.5, high=4, grad=False), x(**POSITIVE)),
    *special("zeta", x(low=1.5, high=4), x(**POSITIVE)),
    *special(
        "chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v "
        "chebyshev_polynomial_w shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u "
        "shifted_chebyshev_polynomial_v shifted_chebyshev_polynomial_w hermite_polynomial_h "
        "hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p",
        x(),
        x(low=-1, high=12),
    ),
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
        lambda torch, x: torch.conj_physical(x, out=x.new_zeros(x.shape)),
        x(grad=False),
    ),
    *functions("isin", x(), x()),
    one("isin", lambda torch, x: torch.isin(x, 1, invert=True), x()),
    one("isin", lambda torch, x: torch.isin(0, x), x()),
]

STATISTICS = [
    *functions("mode", x(2, 3, 2)),
    one("mode", lambda torch, x: torch.mode(x, 0, True), x(4, 3)),
    *functions("dist", x(), x()),
    one("dist", lambda torch, x, y: torch.dist(x, y, 1.5), x(2, 3), x(3)),
    *(
        one(name, lambda torch, x, n=name: getattr(x.clone(), n)(2, 1, 0.5), x(2, 3, 4))
        for name in ("renorm", "renorm_")
    ),
    one("renorm", lambda torch, x: torch.renorm(x, 1, -1, 2.5), x(2, 3)),
    one("histogram", lambda torch, x: torch.histogram(x, 4), x(grad=False)),
    one(
        "histogram",
        lambda torch, x, y: torch.histogram(x, y.sort()[0], weight=x, density=True),
        x(2, 3, grad=False),
        x(5, grad=False),
    ),
    one(
        "_histogramdd_from_bin_cts",
        lambda torch, x: torch.histogramdd(x, [2, 3])[0],
        x(5, 2, grad=False),
    ),
    one(
        "_histogramdd_from_bin_tensors",
        lambda torch, x, y: torch.histogramdd(x, [y.sort()[0]] * 2)[0],
        x(5, 2, grad=False),
        x(4, grad=False),
    ),
    one("consecutive", lambda torch, x: torch.unique_consecutive(x, dim=1), x(2, 3)),
    one("mul_scalar", lambda torch, x: torch.trapezoid(x, dx=0.3), x(2, 3)),
    one("mul_scalar", lambda torch, x: torch.cumulative_trapezoid(x, dim=0), x(2, 3)),
    one("div_scalar", lambda torch, x, y: torch.trapezoid(x, y), x(2, 3), x(3)),
    one("div_scalar", lambda torch, x: torch.gradient(x, edge_order=2)[0], x(4, 3)),
    one(
        "cat",
        lambda torch, x, y: torch.gradient(x, spacing=[y.cumsum(0)], dim=0)[0],
        x(4, 3),
        x(4, **UNIT),
    ),
    one("gather", lambda torch, x: torch.quantile(x, 0.3, 0), x(5, 2)),
    one("gather", lambda torch, x: torch.quantile(x, 0.3, 0), x(3, 2)),
    one("gather", lambda torch, x: torch.quantile(x.view(-1), 0.3, 0), x(4, 1)),
    one("gather", lambda torch, x: torch.quantile(x, 0.3), x(5, 1)),
    one("gather", lambda torch, x: torch.nanquantile(x, 0.3, 0, interpolation="lower"), x(5, 2)),
    one("nansum", lambda torch, x: torch.nanmean(x, 1), x(2, 5)),
    one("mm", lambda torch, x: torch.cov(x), x(2, 5)),
    one("mm", lambda torch, x: torch.corrcoef(x), x(2, 5)),
    one("diag_embed", lambda torch, x: torch.diagflat(x, 1), x(2, 3)),
    one("cumprod", lambda torch, x: torch.linalg.vander(x, N=3), x(2, 3)),
]

SAMPLES: list[Sample] = [*SPECIAL, *BITS, *STATISTICS]

BACKWARD: dict[str, str] = {}
