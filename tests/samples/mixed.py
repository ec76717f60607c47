"""Samples for layouts alone: several tensors that broadcast, are joined, multiplied or indexed."""

from collections.abc import Iterator
from typing import Any

from tests.samples.spec import POSITIVE, UNIT, In, Sample, mask, one, whole, x

IMAGES = x(2, 3, 2, 4)


def functional(name: str, *given: In, **options: Any) -> Sample:
    """A call of `torch.nn.functional`."""
    text = ", ".join([name, *(f"{k}={v}" for k, v in options.items())])
    return one(text, lambda torch, *t: getattr(torch.nn.functional, name)(*t, **options), *given)


def contracted(text: str, *shapes: tuple[int, ...]) -> Sample:
    """An einsum of tensors of these shapes."""
    return one(f"einsum {text}", lambda t, *x: t.einsum(text, *x), *[x(*s) for s in shapes])


def _matrices() -> Iterator[Sample]:
    for n, k, m in [(2, 3, 4), (1, 3, 1), (2, 1, 4), (0, 3, 4), (2, 0, 4), (2, 3, 0)]:
        a, b, size = x(n, k), x(k, m), f"{n}x{k}x{m}"
        yield one(f"mm {size}", lambda t, a, b: a.mm(b), a, b)
        yield one(f"addmm {size}", lambda t, c, a, b: t.addmm(c, a, b), x(1, m), a, b)
        yield one(f"addmm {size} beta=0", lambda t, c, a, b: c.addmm(a, b, beta=0), x(n, m), a, b)
        yield one(f"linear {size}", lambda t, *x: t.nn.functional.linear(*x), a, x(m, k), x(m))
        yield one(f"tensordot {size}", lambda t, a, b: t.tensordot(a, b, 1), a, b)
        yield contracted("ij,jk->ki", (n, k), (k, m))
    for b, n, k, m in [(2, 2, 3, 4), (1, 2, 3, 4), (2, 1, 3, 1), (0, 2, 3, 4), (2, 2, 0, 4)]:
        pair, size = (x(b, n, k), x(b, k, m)), f"{b}x{n}x{k}x{m}"
        yield one(f"bmm {size}", lambda t, a, b: a.bmm(b), *pair)
        yield one(f"matmul {size}", lambda t, a, b: a @ b, *pair)
        yield one(f"baddbmm {size}", lambda t, c, a, b: c.baddbmm(a, b), x(1, m), *pair)
        yield one(f"addbmm {size}", lambda t, c, a, b: c.addbmm(a, b, beta=2), x(1, m), *pair)
        yield contracted("bij,bjk->bki", (b, n, k), (b, k, m))
        yield contracted("bij,bjk->ik", (b, n, k), (b, k, m))


def _batches() -> Iterator[Sample]:
    for a, b in [
        ((2, 3, 4), (4,)), ((4,), (2, 4, 3)), ((2, 3, 4), (4, 5)), ((3, 4), (2, 4, 5)),
        ((2, 1, 3, 4), (5, 4, 2)), ((2, 3, 2, 4), (2, 3, 4, 2)), ((1, 3), (2, 3, 1)),
        ((1, 1, 3, 4), (4, 2)), ((2, 3, 1, 4), (4, 1)), ((3,), (3,)),
    ]:  # fmt: skip
        yield one(f"matmul {a} {b}", lambda t, a, b: a @ b, x(*a), x(*b))
    for a in [(4,), (2, 3, 4), (2, 1, 4), (2, 1, 3, 4)]:
        yield functional("linear", x(*a), x(5, 4), x(5))
        yield functional("linear", x(*a), x(5, 4))
        yield functional("linear", x(*a), x(5, 4), x(1, 5))
    yield contracted("i,j->ij", (2,), (3,))
    yield contracted("ii->i", (3, 3))
    yield contracted("ijk->kij", (2, 3, 4))
    yield contracted("...ij,...jk->...ik", (2, 3, 4), (4, 2))
    yield contracted("ij,jk,kl->il", (2, 3), (3, 4), (4, 2))
    yield contracted("bij,bij->bij", (2, 3, 4), (2, 3, 4))
    yield contracted("bhid,bhjd->bhij", (2, 3, 2, 4), (2, 3, 2, 4))
    yield one("outer", lambda t, a, b: t.outer(a, b), x(3), x(2))
    yield one("inner", lambda t, a, b: t.inner(a, b), x(2, 3), x(4, 3))
    yield one("kron", lambda t, a, b: t.kron(a, b), x(2, 1, 1), x(1, 3))
    yield one("kron", lambda t, a, b: t.kron(a, b), x(1, 2, 1), x(1, 2, 1))


def _joined() -> Iterator[Sample]:
    for dim in (0, 1, -1):
        yield one(f"cat of 3 along {dim}", lambda t, *x, d=dim: t.cat(x, d), *[IMAGES] * 3)
        yield one(f"stack of 3 along {dim}", lambda t, *x, d=dim: t.stack(x, d), *[IMAGES] * 3)
    ones = [x(1, 1, 3, 3), x(1, 2, 3, 3), x(1, 1, 3, 3)]
    yield one("cat of single images", lambda t, *x: t.cat(x, 1), *ones)
    yield one("cat with an empty", lambda t, *x: t.cat(x, 1), x(0), IMAGES, IMAGES)
    yield one("cat of two dtypes", lambda t, a, b: t.cat([a, b.float()], 1), IMAGES, IMAGES)
    yield one("hstack", lambda t, *x: t.hstack(x), x(2, 3), x(2, 2))
    yield one("vstack", lambda t, *x: t.vstack(x), x(2, 3), x(3))
    yield one("dstack", lambda t, *x: t.dstack(x), x(2, 3), x(2, 3))
    yield one("column_stack", lambda t, *x: t.column_stack(x), x(2, 3), x(2))
    yield one("meshgrid", lambda t, *x: t.meshgrid(*x, indexing="ij"), x(2), x(3))


def _broadcast() -> Iterator[Sample]:
    names = "add sub mul div eq maximum pow atan2 copysign fmod remainder logaddexp hypot xlogy"
    for name in names.split():
        f = lambda t, a, b, n=name: getattr(t, n)(a, b)  # noqa: E731
        yield one(f"{name} broadcast", f, x(2, 1, 3, 4, **POSITIVE), x(3, 1, 4, **POSITIVE))
        yield one(f"{name} with a scalar", f, x(2, 1, 3, 4, **POSITIVE), In((), **POSITIVE))
    for name in ("mul", "eq", "div", "pow", "atan2"):  # one operand is a copy in another dtype
        f = lambda t, a, m, n=name: getattr(t, n)(a, m)  # noqa: E731
        yield one(f"{name} of two dtypes", f, x(2, 1, 3, 4), mask(3, 1, 4))
        yield one(f"{name} of one shape and two dtypes", f, IMAGES, mask(2, 3, 2, 4))
    three = x(3, 1), x(2, 3, 4), x(4, **POSITIVE)
    for name in ("lerp", "addcmul", "addcdiv", "clamp"):
        yield one(f"{name} broadcast", lambda t, *x, n=name: getattr(t, n)(*x), *three)
    yield one("where broadcast", lambda t, *x: t.where(*x), mask(3, 1, 4), IMAGES, x(2, 1, 1, 4))
    yield one("masked_fill broadcast", lambda t, a, m: a.masked_fill(m, 1), IMAGES, mask(3, 1, 4))
    yield one("masked_scatter", lambda t, a, *x: a.masked_scatter(*x), IMAGES, mask(2, 4), IMAGES)
    yield one("masked_select", lambda t, a, m: a.masked_select(m), IMAGES, mask(2, 3, 2, 4))


def _indexed() -> Iterator[Sample]:
    rows = whole(1, 0, 1)
    for text, f, *at in [
        ("i", lambda t, a, i: a[i], rows),
        (":, i", lambda t, a, i: a[:, i], rows),
        ("..., i", lambda t, a, i: a[..., i], rows),
        ("i, :, j", lambda t, a, i, j: a[i, :, j], rows, rows),
        (":, i, j", lambda t, a, i, j: a[:, i, j], whole(0, 1), whole([1], [0])),
        ("i, ..., j", lambda t, a, i, j: a[i, ..., j], whole([0, 1], [1, 1]), whole(1, 0)),
        (":, mask", lambda t, a, m: a[:, m], mask(3, 2)),
    ]:
        yield one(f"[{text}]", f, IMAGES, *at)
    put = lambda t, a, i, v: a.index_put((i,), v)  # noqa: E731
    yield one("index_put", put, IMAGES, whole(1, 0), IMAGES)
    add = lambda t, a, i, v: a.index_put((i,), v, True)  # noqa: E731
    yield one("index_put, adding", add, IMAGES, whole(1, 1), IMAGES)
    some = mask(2, 3, 2, 4)
    for d in (0, 1, -1):
        yield one(f"gather {d}", lambda t, a, m, d=d: a.gather(d, m.long()), IMAGES, some)
        for name in ("scatter", "scatter_add"):
            f = lambda t, a, m, y, d=d, n=name: getattr(a, n)(d, m.long(), y)  # noqa: E731
            yield one(f"{name} {d}", f, IMAGES, some, IMAGES)
        f = lambda t, a, y, d=d: a.select_scatter(y.select(d, 0), d, -1)  # noqa: E731
        yield one(f"select_scatter {d}", f, IMAGES, IMAGES)
        f = lambda t, a, y, d=d: a.slice_scatter(y.narrow(d, 0, 1), d, -1)  # noqa: E731
        yield one(f"slice_scatter {d}", f, IMAGES, IMAGES)


def _losses() -> Iterator[Sample]:
    classes = whole([[0, 1]], [[2, 2]])
    for reduction in ("none", "mean", "sum"):
        k = {"reduction": reduction}
        yield functional("cross_entropy", x(2, 3, 1, 2), classes, **k)
        yield functional("cross_entropy", x(2, 3, 2, 2), x(2, 3, 2, 2, **UNIT), **k)
        yield functional("cross_entropy", x(4, 3), whole(0, 2, 1, 1), label_smoothing=0.1, **k)
        for name in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "kl_div"):
            yield functional(name, IMAGES, x(2, 3, 2, 4, **UNIT), **k)
            yield functional(name, x(2, 3, 4), x(3, 1, **UNIT), **k)
    yield functional("kl_div", IMAGES, IMAGES, reduction="none", log_target=True)
    yield functional("prelu", IMAGES, x(1))


MIXED = [*_matrices(), *_batches(), *_joined(), *_broadcast(), *_indexed(), *_losses()]
