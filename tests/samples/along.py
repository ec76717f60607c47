"""Samples for layouts alone: every op that takes dims along several of them, of any tensor."""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.samples.spec import Sample, one, x

Dims = int | tuple[int, ...]

KEEPING = {
    "all any amax amin logsumexp mean nansum sum std var std_mean var_mean": (0, -1, (0, -1)),
    "max min median nanmedian prod argmax argmin": (0, -1),
}
"""Reductions with `keepdim`, and the dims that each is tried along."""

PLAIN = (
    "argsort chunk count_nonzero cummax cummin cumprod cumsum diff flip log_softmax logcumsumexp "
    "roll softmax sort tensor_split unbind"
)
"""Ops along one dim whose result has it too."""


def _called(name: str, *args: Any, **options: Any) -> Sample:
    text = ", ".join([*map(str, args), *(f"{k}={v}" for k, v in options.items())])
    return one(f"{name}({text})", lambda torch, x: getattr(torch, name)(x, *args, **options), x())


def _reductions() -> Iterator[Sample]:
    for names, dims in KEEPING.items():
        for name in names.split():
            for dim in dims:
                for keepdim in (False, True):
                    yield _called(name, dim, keepdim=keepdim)
    for keepdim in (False, True):
        for dim in (0, -1):
            yield _called("aminmax", dim=dim, keepdim=keepdim)
            yield _called("kthvalue", 1, dim, keepdim=keepdim)
        for p in (0, 1, 2, 3, float("inf")):
            for dim in (0, (0, -1)):
                yield _called("norm", p, dim, keepdim=keepdim)


MIDDLE: dict[str, Sequence[Any]] = {
    "chunk": (2,), "repeat_interleave": (2,), "roll": (1,), "tensor_split": (2,), "topk": (1,),
}  # fmt: skip
"""What stands between the tensor and the dim."""


def _others() -> Iterator[Sample]:
    for name in f"{PLAIN} repeat_interleave topk".split():
        for dim in (0, -1):
            if name == "diff":
                yield _called(name, dim=dim)
            else:
                yield _called(name, *MIDDLE.get(name, ()), (dim,) if name == "flip" else dim)
    for dim in (0, -1):
        yield one(f"cat thrice along {dim}", lambda t, x, d=dim: t.cat([x, x, x], d), x())
        yield one(f"stack along {dim}", lambda t, x, d=dim: t.stack([x, x], d), x())
        yield one(f"unique along {dim}", lambda t, x, d=dim: t.unique(x, dim=d), x())
        first = lambda t, x: t.zeros(x.shape, dtype=t.int64)  # noqa: E731
        yield one(f"gather along {dim}", lambda t, x, d=dim: x.gather(d, first(t, x)), x())
        yield one(f"scatter along {dim}", lambda t, x, d=dim: x.scatter(d, first(t, x), x), x())
        yield one(
            f"scatter_add along {dim}", lambda t, x, d=dim: x.scatter_add(d, first(t, x), x), x()
        )
        at = lambda t: t.tensor([0, 0])  # noqa: E731
        yield one(f"index_select along {dim}", lambda t, x, d=dim: x.index_select(d, at(t)), x())
        yield one(f"index_fill along {dim}", lambda t, x, d=dim: x.index_fill(d, at(t), 1), x())


ALONG = [*_reductions(), *_others()]
