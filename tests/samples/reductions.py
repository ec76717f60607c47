"""Samples of reductions, scans, sorting, counting and products."""

from tests.samples.spec import both, functions, one, x

ALONG = "all any amax amin argmax argmin mean nansum prod std std_mean sum var var_mean"

REDUCTIONS = [
    *functions(
        "all any amax amin aminmax argmax argmin count_nonzero mean nansum prod std std_mean sum "
        "var var_mean",
        x(2, 3, 2, 2),
    ),
    *(
        one(name, lambda torch, x, n=name: getattr(torch, n)(x, 1, keepdim=True), x(2, 3, 4))
        for name in ALONG.split()
    ),
    *(
        one(name, lambda torch, x, n=name: getattr(torch, n)(x, (0, 2)), x(2, 3, 4))
        for name in "all any amax amin mean nansum std std_mean sum var var_mean".split()
    ),
    one("aminmax", lambda torch, x: torch.aminmax(x, dim=1), x(2, 3, 4)),
    one("count_nonzero", lambda torch, x: torch.count_nonzero(x, 0), x(2, 3)),
    one("sum", lambda torch, x: x.sum(0, dtype=torch.float64), x(2, 3)),
    one("var", lambda torch, x: x.var(-1, correction=0), x(2, 3)),
    one("logsumexp", lambda torch, x: torch.logsumexp(x, 1), x(2, 3, 4)),
    *(
        one(f"{n}_all", lambda torch, x, n=n: getattr(torch, n)(x), x(2, 3, 2, 2))
        for n in ("max", "min", "median", "nanmedian")
    ),
    *(
        one(f"{n}_dim", lambda torch, x, n=n: getattr(torch, n)(x, 1), x(2, 3, 4))
        for n in ("max", "min", "median", "nanmedian")
    ),
    one("vector_norm", lambda torch, x: torch.norm(x), x(2, 3, 2, 2)),
    one("vector_norm", lambda torch, x: torch.norm(x, 3, 1), x(2, 3, 4)),
    one("vector_norm", lambda torch, x: torch.norm(x, float("inf"), (0, 1)), x(2, 3, 4)),
    one("vector_norm", lambda torch, x: torch.norm(x, 1, -1), x(2, 3)),
]

SCANS = [
    *(
        one(n, lambda torch, x, n=n: getattr(torch, n)(x, 1), x(2, 3, 4))
        for n in ("cummax", "cummin", "cumprod", "cumsum", "logcumsumexp")
    ),
    one("cumprod_", lambda torch, x: x.clone().cumprod_(1), x(2, 3)),
    one("cumsum_", lambda torch, x: x.clone().cumsum_(0), x(2, 3)),
    one("sort", lambda torch, x: x.sort(1), x(2, 5, 2)),
    one("sort", lambda torch, x: x.sort(dim=0, descending=True, stable=True), x(5, 2)),
    one("topk", lambda torch, x: x.topk(2, 1)[0], x(2, 5, 2)),
    one("kthvalue", lambda torch, x: x.kthvalue(2, 1)[0], x(2, 5, 2)),
    one("_unique2", lambda torch, x: torch.unique(x, return_inverse=True), x(2, 3)),
    one("consecutive", lambda torch, x: torch.unique_consecutive(x), x(2, 3)),
    one("unique_dim", lambda torch, x: torch.unique(x, dim=1), x(2, 3)),
    one("bincount", lambda torch, x: torch.bincount(x), x(5, low=0, high=3)),
    one("histc", lambda torch, x: torch.histc(x, 4, 0, 2), x(2, 3, low=0)),
    one("searchsorted", lambda torch, x, y: torch.searchsorted(x.sort()[0], y), x(5), x(2, 3)),
    *functions("trace", x(3, 3)),
]

PRODUCTS = [
    *both("addbmm", x(2, 4), x(3, 2, 3), x(3, 3, 4)),
    *both("addmm", x(2, 4), x(2, 3), x(3, 4)),
    *both("addmv", x(2), x(2, 3), x(3)),
    *both("addr", x(2, 3), x(2), x(3)),
    *both("baddbmm", x(3, 2, 4), x(3, 2, 3), x(3, 3, 4)),
    one(
        "addmm",
        lambda torch, x, y, z: torch.addmm(x, y, z, beta=2, alpha=3),
        x(4),
        x(2, 3),
        x(3, 4),
    ),
    one(
        "addmm", lambda torch, x, w, b: torch.nn.functional.linear(x, w, b), x(2, 3), x(4, 3), x(4)
    ),
    *functions("bmm", x(3, 2, 3), x(3, 3, 4)),
    *functions("dot vdot", x(4), x(4)),
    *functions("mm", x(2, 3), x(3, 4)),
    *functions("mv", x(2, 3), x(3)),
    one("bmm", lambda torch, x, y: x @ y, x(2, 1, 2, 3), x(2, 3, 2)),
    one("squeezed", lambda torch, x, y: x @ y, x(3), x(3, 4)),
    one("linalg_cross", lambda torch, x, y: torch.linalg.cross(x, y), x(2, 3), x(2, 3)),
    # in float64, for PyTorch's answers in half types are nan
    one("matrix_exp", lambda torch, x: torch.matrix_exp(x.double()), x(2, 3, 3)),
    one("sum", lambda torch, x, y: torch.linalg.vecdot(x, y, dim=0), x(2, 3), x(3)),
    one("mm", lambda torch, *each: torch.linalg.multi_dot(each), x(3), x(3, 4), x(4, 2)),
    one("qr", lambda torch, x: torch.linalg.qr(x), x(3, 2, grad=False)),
    one("unsafe_view", lambda torch, x, y: x @ y, x(2, 2, 3), x(3, 2)),
]
