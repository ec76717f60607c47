"""LongTensor and its like: what they make, and what they are."""

import numpy as np
import pytest

from tests.oracle import same, sample

NAMES = (
    "BFloat16Tensor BoolTensor ByteTensor CharTensor DoubleTensor FloatTensor HalfTensor IntTensor "
    "LongTensor ShortTensor"
).split()
DATA = {
    "nothing": (), "a list": ([1, 0, 3],), "numbers": ([[0.5, 2.5]],), "a tuple": ((1, 2),),
    "bools": ([True, False],), "an array": (np.arange(6.0).reshape(2, 3),), "a number": (3.5,),
    "none": (None,), "a string": ("ab",), "uneven rows": ([[1], [1, 2]],), "a negative": (-2,),
    "a bool": (True,),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("data", DATA.values(), ids=DATA)
def test_of_data(name, data):
    same(lambda t: getattr(t, name)(*data))


@pytest.mark.parametrize("name", NAMES)
def test_of_sizes(name):
    def run(t):
        made = getattr(t, name)
        several = made(2, 3), made(t.Size([2, 0])), made(4, device="cpu"), made(0)
        return [(x.shape, x.dtype, x.stride(), x.is_leaf, x.requires_grad) for x in several]

    same(run)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["float32", "int64", "bfloat16", "bool"])
def test_of_a_tensor(name, dtype):
    """An alias, or an error."""

    def run(t):
        x = t.ones(2, 3, dtype=getattr(t, dtype))
        made = getattr(t, name)(x)
        made[0, 1] = 0
        return x, made.stride()

    same(run)


@pytest.mark.parametrize("name", NAMES)
def test_what_they_are(name):
    def run(t):
        kind, x = getattr(t, name), t.ones(2)
        told = kind.__name__, kind.is_cuda, kind.is_sparse, str(kind.dtype), str(kind.layout)
        made = kind([1, 2])
        return *told, isinstance(made, kind), isinstance(x, kind), isinstance(2, kind), repr(kind)

    same(run)


@pytest.mark.parametrize("name", NAMES)
def test_to_convert_to(name):
    same(lambda t, x: x.type(getattr(t, name)), sample(2, 3).abs())
    same(lambda t, x: x.type(getattr(t, name)).type(), sample(2, 3, grad=False).abs())


def test_none_derives_from_one():
    def run(t):
        class Own(t.FloatTensor):
            pass

        return Own

    same(run)


def test_a_tensor_is_no_type_to_convert_to():
    same(lambda t, x: x.type(x), sample(2, 3))
    same(lambda t, x: x.type(int), sample(2, 3))


@pytest.mark.parametrize("name", [*NAMES, "FooTensor", "Tensor"])
@pytest.mark.parametrize("by_name", [False, True])
def test_default(name, by_name):
    def run(t):
        before = t.get_default_dtype()
        given = f"torch.{name}" if by_name else getattr(t, name)
        try:
            return t.set_default_tensor_type(given), t.ones(1), t.tensor([1, 2.5])
        finally:
            t.set_default_dtype(before)

    same(run)


@pytest.mark.parametrize("given", [3, None, ["torch.FloatTensor"], object()])
def test_no_default(given):
    same(lambda t: t.set_default_tensor_type(given))
