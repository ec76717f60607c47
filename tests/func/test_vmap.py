"""vmap itself: which arguments it takes, in what structure, and where the batch comes out."""

from functools import partial
from typing import Any

import pytest

from tests.func.compare import alike
from tests.oracle import sample

X = sample(4, 3, 2)
GRAD = sample(4, 3, grad=True)

FUNCTIONS = [
    lambda x: x.sin(),
    lambda x: x * 2 + 1,
    lambda x: x.sum(0),
    lambda x: x.t() if x.ndim == 2 else x,
    lambda x: x.max(0)[0],
    lambda x: x.softmax(0),
    lambda x: x.unbind(0)[0],
    lambda x: x[1:],
    lambda x: x.unsqueeze(-1).expand(*x.shape, 5),
    lambda x: x.reshape(-1),
    lambda x: x.flip(0),
    lambda x: x.cumsum(-1),
]


@pytest.mark.parametrize("f", FUNCTIONS)
@pytest.mark.parametrize("in_dim", [0, 1, 2, -1])
@pytest.mark.parametrize("out_dim", [0, -1])
def test_where_the_batch_comes_in_and_out(f: Any, in_dim: int, out_dim: int) -> None:
    alike(lambda torch, x: torch.vmap(f, in_dim, out_dim)(x), X)


@pytest.mark.parametrize(
    "in_dims",
    [0, (0, 0), (1, None), (None, 1), (0, -2), [0, 0], (0,), ((0,), 0), "a", 1.5, (1.5, 0)],
)
def test_in_dims(in_dims: Any) -> None:
    alike(
        lambda torch, x, y: torch.vmap(lambda a, b: a * b, in_dims)(x, y), X, sample(3, 4, 2)[0:3]
    )


@pytest.mark.parametrize("out_dims", [0, 1, -1, (0, 1), [1, 0], (0,), None, "a", (None, 0), 5])
def test_out_dims(out_dims: Any) -> None:
    alike(lambda torch, x: torch.vmap(lambda x: (x * 2, x.t()), out_dims=out_dims)(x), X)


@pytest.mark.parametrize("out_dims", [0, (1,), (0, 1), {"a": 0}, None])
def test_out_dims_of_one_tensor(out_dims: Any) -> None:
    alike(lambda torch, x: torch.vmap(lambda x: x * 2, out_dims=out_dims)(x), X)


def test_structures() -> None:
    def f(d: Any, pair: Any) -> Any:
        return {"sum": d["a"] + pair[0], "rest": [d["b"], pair[1] * 2]}

    alike(
        lambda torch, x, y: torch.vmap(f, in_dims=({"a": 0, "b": None}, (1, 0)))(
            {"a": x, "b": y}, (x.transpose(0, 1), x)
        ),
        X,
        sample(2),
    )
    alike(lambda torch, x: torch.vmap(lambda d: d["a"], in_dims=({"b": 0},))({"a": x}), X)
    alike(
        lambda torch, x: torch.vmap(f, out_dims={"sum": 1, "rest": [0, 1]})(
            {"a": x, "b": x}, (x, x)
        ),
        X,
    )


def test_keywords_are_not_batched() -> None:
    alike(lambda torch, x: torch.vmap(lambda x, y: x + y)(x, y=x), sample(3, 3))


def test_what_cannot_be_batched() -> None:
    alike(lambda torch: torch.vmap(lambda: 1)())
    alike(lambda torch, x: torch.vmap(lambda x: x)(3), X)
    alike(lambda torch, x: torch.vmap(lambda x: x, 3)(x), X)
    alike(lambda torch, x: torch.vmap(lambda x: x)(x.sum()), X)
    alike(lambda torch, x: torch.vmap(lambda x, y: x)(x, x[1:]), X)
    alike(lambda torch, x: torch.vmap(lambda x: x, None)(x), X)
    alike(lambda torch, x: torch.vmap(lambda x: 3)(x), X)
    alike(lambda torch, x: torch.vmap(lambda x: None)(x), X)
    alike(lambda torch, x: torch.vmap(lambda x: (x, "a"))(x), X)
    alike(lambda torch, x: torch.vmap(partial(lambda x, y: 3, 1))(x), X)
    alike(lambda torch, x: torch.vmap(lambda x: x, randomness="some")(x), X)
    alike(lambda torch, x: torch.vmap(lambda x: x, chunk_size=0)(x), X)


def test_a_result_that_is_the_same_for_all() -> None:
    alike(lambda torch, x: torch.vmap(lambda x: torch.ones(2, 3), out_dims=1)(x), X)
    alike(lambda torch, x: torch.vmap(lambda x: 3, out_dims=None)(x), X)
    alike(lambda torch, x, y: torch.vmap(lambda x: y)(x), X, sample(2, 5))


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 4, 9])
def test_chunks(chunk_size: int) -> None:
    def f(x: Any, y: Any) -> Any:
        return x.sum(0) * y, {"t": x.t()}

    alike(
        lambda torch, x, y: torch.vmap(f, (0, None), (1, 0), chunk_size=chunk_size)(x, y),
        X, sample(2),
    )  # fmt: skip


def test_levels_within_levels() -> None:
    def product(a: Any, b: Any) -> Any:
        return a * b

    alike(
        lambda torch, x, y: torch.vmap(torch.vmap(product, (0, None)), (None, 0))(x, y),
        sample(3), sample(4),
    )  # fmt: skip
    alike(
        lambda torch, x, y: torch.vmap(torch.vmap(torch.dot, (1, 0)), (None, 1))(x, y),
        sample(3, 5), sample(5, 4, 3),
    )  # fmt: skip
    alike(
        lambda torch, x: torch.vmap(torch.vmap(torch.vmap(lambda x: x.sin() + 1, 1, 1)), 1, -1)(x),
        sample(2, 3, 4, 5),
    )


def test_histories_outside() -> None:
    alike(lambda torch, x: torch.vmap(lambda x: x.sin() * x)(x), GRAD)
    alike(
        lambda torch, x, w: torch.vmap(lambda x: w @ x)(x),
        GRAD,
        sample(2, 3, grad=True),
        stride=False,
    )
    alike(lambda torch, x: torch.vmap(lambda x: x)(x), GRAD)
    alike(lambda torch, x: torch.vmap(lambda x: x.requires_grad)(x), GRAD)

    def flags(x: Any) -> Any:
        y = x * 2
        return [x.requires_grad, x.is_leaf, y.requires_grad, y.grad_fn is None, y.is_leaf]

    alike(lambda torch, x: torch.vmap(flags, out_dims=None)(x), GRAD)


def test_writes_in_place() -> None:
    def f(torch: Any, x: Any) -> Any:
        def g(x: Any) -> Any:
            y = x * 1
            y.add_(1)
            y[0].mul_(3)
            y[1:].copy_(y[:1].clone())
            y.t_() if y.ndim > 1 else y.neg_()
            return y

        return torch.vmap(g)(x)

    alike(f, GRAD)
    alike(f, X)

    def written(torch: Any, x: Any) -> Any:
        torch.vmap(lambda x: x.mul_(2).sum())(x)
        return x

    alike(written, X)


def test_how_it_prints() -> None:
    def f(torch: Any, x: Any) -> Any:
        texts: list[str] = []
        torch.vmap(torch.vmap(lambda x: texts.append(repr(x)) or x))(x)
        torch.vmap(lambda x: texts.append(repr(x * 1)) or x, 1)(x)
        return texts

    alike(f, sample(2, 3))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.item(),
        lambda x: float(x),
        lambda x: int(x),
        lambda x: x.tolist(),
        lambda x: x.numpy(),
        lambda x: bool(x),
        lambda x: x if x > 0 else -x,
        lambda x: x.requires_grad_(),
        lambda x: x.data_ptr(),
        lambda x: x.untyped_storage(),
        lambda x: x.reshape(1).nonzero(),
        lambda x: x.reshape(1).unique(),
        lambda x: x.reshape(1)[x.reshape(1) > 0],
        lambda x: x.reshape(1).masked_select(x.reshape(1) > 0),
        lambda x: x.backward(),
    ],
)
def test_what_one_example_alone_decides(f: Any) -> None:
    alike(lambda torch, x: torch.vmap(f)(x), sample(3))


TARGETS = """add_ sub_ mul_ div_ copy_ atan2_ eq_ lt_ pow_ fmod_ logical_and_ copysign_ xlogy_
    hypot_ maximum clamp_min_ clamp_max_ clamp_""".split()


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_written_to_is_one_for_all(name: str) -> None:
    alike(lambda torch, x: torch.vmap(lambda x: getattr(torch.ones(3), name)(x))(x), sample(4, 3))


def test_more_targets_that_are_one_for_all() -> None:
    def refused(f: Any) -> None:
        alike(lambda torch, x: torch.vmap(lambda x: f(torch, x))(x), sample(4, 3))

    refused(lambda torch, x: torch.ones(3).addcmul_(x, x))
    refused(lambda torch, x: torch.ones(3).lerp_(x, 0.5))
    refused(lambda torch, x: torch.ones(3).fill_(x[0]))
    refused(lambda torch, x: torch.ones(3).masked_fill_(x > 0, 1))
    refused(lambda torch, x: torch.ones(3).index_add_(0, torch.tensor([0, 1, 2]), x))
    refused(lambda torch, x: torch.ones(3).scatter_(0, torch.tensor([0, 1, 2]), x))
    refused(lambda torch, x: torch.ones(3).scatter_add_(0, torch.tensor([0, 1, 2]), x))
    refused(lambda torch, x: torch.ones(3).index_put_((torch.tensor([0, 1, 2]),), x))
    refused(lambda torch, x: torch.ones(3, 3).addmm_(x[:, None], x[None]))
    refused(lambda torch, x: torch.sin(x, out=torch.ones(3)))
    refused(lambda torch, x: torch.histc(x[:0]))


def test_new_tensors() -> None:
    def f(torch: Any, x: Any) -> Any:
        return (
            torch.zeros_like(x).add_(x), torch.ones_like(x).mul_(x), torch.full_like(x, 3.0),
            x.new_zeros(2, 3), x.new_ones((2,)), x.new_full((2, 2), 4), torch.zeros(2),
        )  # fmt: skip

    alike(lambda torch, x: torch.vmap(lambda x: f(torch, x), 1)(x), X)


@pytest.mark.parametrize("randomness", ["error", "same", "different"])
@pytest.mark.parametrize(
    "f",
    [
        lambda torch, x: torch.randn(2, 3) + x[0, 0],
        lambda torch, x: torch.rand(3) * x[0],
        lambda torch, x: torch.randint(0, 9, (3,)) + x[0],
        lambda torch, x: torch.randperm(3) + x[0],
        lambda torch, x: torch.rand_like(x),
        lambda torch, x: torch.randn_like(torch.ones(2)) + x[0, 0],
        lambda torch, x: torch.normal(0.0, 1.0, (2,)) + x[0, 0],
        lambda torch, x: x.clone().uniform_(),
        lambda torch, x: torch.zeros(2).uniform_() + x[0, 0],
        lambda torch, x: torch.bernoulli(x.sigmoid()),
        lambda torch, x: torch.bernoulli(torch.full((2,), 0.5)) + x[0, 0],
        lambda torch, x: torch.multinomial(x[0].sigmoid(), 1),
        lambda torch, x: torch.zeros(3).bernoulli_(x[0].sigmoid()),
    ],
)
def test_random_numbers(randomness: str, f: Any) -> None:
    def g(torch: Any, x: Any) -> Any:
        torch.manual_seed(3)
        return torch.vmap(lambda x: f(torch, x), randomness=randomness)(x)

    alike(g, sample(4, 2, 3), stride=False)


@pytest.mark.parametrize("randomness", ["error", "same", "different"])
@pytest.mark.parametrize("name", ["dropout", "dropout2d", "alpha_dropout"])
def test_dropout(randomness: str, name: str) -> None:
    def g(torch: Any, x: Any) -> Any:
        drop = getattr(torch.nn.functional, name)
        mapped = torch.vmap(lambda x: drop(x, 0.5, training=True), randomness=randomness)(x)
        same = bool((mapped == mapped[:1]).all())
        off = torch.vmap(lambda x: drop(x, 0.5, training=False))(x)
        return same, mapped.shape, off

    alike(g, sample(1, 6, 4, 2, 2).expand(5, 6, 4, 2, 2))


def test_escaped_tensors_have_no_memory() -> None:
    kept: list[Any] = []

    def f(torch: Any, x: Any) -> Any:
        kept.clear()
        torch.vmap(lambda x: kept.append(x) or x)(x)
        return kept[0].numpy()

    alike(f, sample(3, 2))


def test_what_is_below_the_levels() -> None:
    def f(torch: Any, x: Any) -> Any:
        seen: list[Any] = []

        def g(x: Any) -> Any:
            seen.append(torch.func.debug_unwrap(x))
            seen.append(repr(torch.func.debug_unwrap(x, recurse=False)))
            return x

        torch.vmap(torch.vmap(g))(x)
        return [*seen, torch.func.debug_unwrap(x)]

    alike(f, sample(2, 3))


DTYPES = "float32 float64 int32 int64 bool float16".split()


@pytest.mark.parametrize("first", DTYPES)
@pytest.mark.parametrize("second", DTYPES)
def test_numbers_give_way_to_tensors(first: str, second: str) -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        a, b = x.to(getattr(torch, first)), y.to(getattr(torch, second))
        add, where = torch.add, lambda a, b: torch.where(a > 0, a, b)
        return [
            torch.vmap(g, dims)(*given)
            for g in (add, where, torch.eq)
            for dims, given in (
                ((0, 0), (a, b)),  # (3,) and a number for each
                ((0, None), (a, b[0])),
                ((None, 0), (a[0], b)),
                ((0, 0), (a[:, 0], b)),  # numbers both
                ((0, None), (b, a[0, 0])),
            )
        ]

    alike(f, sample(4, 3, grad=False), sample(4, grad=False))


def _functional(torch: Any) -> Any:
    return torch.nn.functional


PROGRAMS = {
    "rrelu": lambda torch, t: _functional(torch).rrelu(t),
    "rrelu in training": lambda torch, t: _functional(torch).rrelu_(t, training=True),
    "equal": lambda torch, t: torch.equal(t, t),
    "allclose": lambda torch, t: torch.allclose(t, t),
    "data": lambda torch, t: t.data,
    "where alone": lambda torch, t: torch.where(t > 0),
    "arange to a tensor": lambda torch, t: torch.arange(t.sum()),
    "filled with a tensor": lambda torch, t: torch.full((2,), t.sum()),
    "a mask of its own": lambda torch, t: t[t > 0],
    "a bool of its own": lambda torch, t: t[t.sum() > 0],
    "an index of its own": lambda torch, t: torch.arange(5)[t[0, 0].abs().clamp(max=4).long()],
    "a shared mask": lambda torch, t: torch.masked_select(t, torch.tensor([True, False])),
    "a wide shared mask": lambda torch, t: t[0].masked_select(torch.tensor([[True], [False]])),
    "a mask for attention": lambda torch, t: _functional(torch).scaled_dot_product_attention(
        t[None, None], t[None, None], t[None, None], attn_mask=(t @ t.t()) > 0
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_examples_may_not_say_and_what_they_may(name: str) -> None:
    alike(lambda torch, x: torch.vmap(lambda t: PROGRAMS[name](torch, t))(x), X)


@pytest.mark.parametrize("chunk_size", ["a", 0, -1, 1.5])
def test_chunk_sizes_that_are_none(chunk_size: Any) -> None:
    alike(lambda torch, x: torch.vmap(lambda t: t * 2, chunk_size=chunk_size)(x), X)
