"""What Python and NumPy ask of a tensor, against PyTorch."""

import copy
import math
import pickle

import numpy as np
import pytest
import torch

import minitorch_np
from tests.oracle import DTYPES, LAYOUTS, assert_same, ours, same, sample


@pytest.mark.parametrize("dtype", DTYPES)
def test_values(dtype):
    same(lambda torch, x: (x[0, 0].item(), x.tolist(), x[0].tolist()), sample(2, 3, dtype=dtype))
    same(lambda torch, x: type(x[0, 0].item()).__name__, sample(2, 3, dtype=dtype))
    same(lambda torch, x: repr(x), sample(2, 3, dtype=dtype))
    same(lambda torch, x: (str(x), f"{x}", f"{x[0, 0]}"), sample(2, 3, dtype=dtype, grad=False))
    same(lambda torch, x: (bool(x[0, 0]), int(x[0, 0])), sample(2, 3, dtype=dtype))
    same(lambda torch, x: (float(x[0, 0]), complex(x[0, 0])), sample(2, 3, dtype=dtype, grad=False))
    same(lambda torch, x: x.numpy().tolist(), sample(2, 3, dtype=dtype, grad=False))
    same(lambda torch, x: [10, 11, 12, 13, 14][x[0, 0]], sample(2, 3, dtype=dtype, low=0.0))


CALLS = [
    lambda t, x: x.item(),
    lambda t, x: x[:0].item(),
    lambda t, x: x[0, 0].item(),
    lambda t, x: x.numpy(),
    lambda t, x: x.numpy(force=True).tolist(),
    lambda t, x: (x * 2).numpy(),
    lambda t, x: np.asarray(x),
    lambda t, x: bool(x),
    lambda t, x: bool(x[:0]),
    lambda t, x: float(x),
    lambda t, x: float(x[:0]),
    lambda t, x: float(x[0, 0]),
    lambda t, x: int(x),
    lambda t, x: complex(x),
    lambda t, x: complex(x[0, 0]),
    lambda t, x: int(t.tensor(float("inf"))),
    lambda t, x: int(t.tensor(float("nan"))),
    lambda t, x: bool(t.tensor(float("nan"))),
    lambda t, x: [1, 2][t.tensor([1])],
    lambda t, x: [1, 2][t.tensor([1, 0])],
    lambda t, x: [1, 2][x],
    lambda t, x: range(5)[t.tensor(1) : t.tensor(3)],
    lambda t, x: list(x),
    lambda t, x: list(x[0, 0]),
    lambda t, x: iter(x[0, 0]),
    lambda t, x: list(t.zeros(2, 0)),
    lambda t, x: list(t.zeros(0)),
    lambda t, x: 3 in t.arange(4),
    lambda t, x: 3.5 in t.arange(4),
    lambda t, x: t.tensor(2) in t.arange(4),
    lambda t, x: "a" in x,
    lambda t, x: None in x,
    lambda t, x: [1] in x,
    lambda t, x: len(x),
    lambda t, x: len(x[0, 0]),
    lambda t, x: f"{t.tensor(1.5):.3f}",
    lambda t, x: f"{x:.3f}",
    lambda t, x: f"{t.tensor(3):5d}",
    lambda t, x: f"{t.tensor(3.0):5d}",
    lambda t, x: f"{t.tensor([3.0]):.2f}",
    lambda t, x: f"{x[0, 0]:.2f}",
    lambda t, x: f"{x[0, 0]}",
    lambda t, x: round(t.tensor(2.5)),
    lambda t, x: math.floor(t.tensor(4.5)),
    lambda t, x: math.trunc(t.tensor(4.5)),
    lambda t, x: math.sqrt(t.tensor(4.0)),
    lambda t, x: repr(x * 2),
    lambda t, x: repr(t.zeros(2, 0)),
    lambda t, x: t.is_tensor(3),
    lambda t, x: t.is_tensor(x),
    lambda t, x: t.is_floating_point(x),
    lambda t, x: t.is_floating_point(3),
    lambda t, x: t.is_complex(x),
    lambda t, x: t.is_nonzero(x),
    lambda t, x: t.is_nonzero(x[0, 0]),
    lambda t, x: t.numel(x),
    lambda t, x: t.numel(3),
    lambda t, x: t.is_storage(x.untyped_storage()),
    lambda t, x: t.is_storage(x),
    lambda t, x: x.get_device(),
    lambda t, x: (x.is_sparse, x.is_quantized, x.is_meta, x.is_pinned()),
    lambda t, x: str(x.layout),
    lambda t, x: x.__array_priority__,
    lambda t, x: np.float32(2) * x.detach(),
    lambda t, x: copy.deepcopy(x * 2),
    lambda t, x: hash(x) == id(x),
    lambda t, x: x.nonsense,
    lambda t, x: t.nonsense,
    lambda t, x: getattr(x, "nonsense", 3),
    lambda t, x: t.cuda.is_available(),
    lambda t, x: t.cuda.device_count(),
    lambda t, x: t.cuda.manual_seed_all(3),
    lambda t, x: t.cuda.get_rng_state_all(),
    lambda t, x: t.cuda.memory_allocated(),
]


@pytest.mark.parametrize("at", range(len(CALLS)))
def test_calls(at):
    if torch.cuda.is_available() and "cuda" in CALLS[at].__code__.co_names:
        pytest.skip("there is a GPU, which only PyTorch sees")
    same(CALLS[at], sample(2, 3))


def test_result_type():
    values = [1, 1.5, True]
    for dtype in DTYPES:
        for other in DTYPES:
            x, y = sample(2, dtype=dtype, grad=False), sample(dtype=other, grad=False)
            same(lambda torch, x, y: str(torch.result_type(x, y)), x, y)
        for value in values:
            same(lambda torch, x, v=value: str(torch.result_type(x, v)), sample(dtype=dtype))
            same(lambda torch, x, v=value: str(torch.result_type(v, x)), sample(2, dtype=dtype))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_numpy_shares_memory(dtype, layout):
    if dtype is torch.bfloat16:
        same(lambda torch, x: x.numpy(), sample(2, 3, dtype=dtype, grad=False))
        same(lambda torch, x: np.asarray(x), sample(2, 3, dtype=dtype, grad=False))
        return
    theirs = sample(2, 3, dtype=dtype, layout=layout, grad=False)
    mine = ours(theirs)
    array = mine.numpy()
    assert array.strides == theirs.numpy().strides
    assert array.dtype == theirs.numpy().dtype
    assert array.ctypes.data == mine.data_ptr()
    array[...] = 1
    assert all(v == 1 for row in mine.tolist() for v in row)
    assert np.asarray(mine).ctypes.data == mine.data_ptr()
    assert np.array(mine).ctypes.data != mine.data_ptr()
    assert np.asarray(mine, dtype=np.float64).dtype == np.float64
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        np.asarray(mine, dtype=np.complex64, copy=False)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_copies(again, dtype, layout):
    same(lambda torch, x: again(x), sample(2, 3, dtype=dtype, layout=layout))
    same(lambda torch, x: again(x)[0] * 1, sample(2, 3, dtype=dtype, layout=layout))


def sharing(torch, x):
    """Whether views still share memory after a deepcopy, and what else it keeps."""
    base = x.detach()
    a, b, c = copy.deepcopy((base, base[1], base.t()))
    a[1, 0] = 9
    p = torch.ones(2, requires_grad=True)
    p.grad = torch.full((2,), 3.0)
    p.note = "kept"
    q = copy.deepcopy(p)
    return a, b, c, q, q.grad, q.note, q.is_leaf, a.untyped_storage().nbytes()


def test_deepcopy_shares_as_the_originals_did():
    same(sharing, sample(3, 4))


def test_views_share_within_one_pickle():
    base = minitorch_np.zeros(3, 4)
    a, b, c = pickle.loads(pickle.dumps((base, base[1], base.t())))
    a.fill_(7)
    assert b.tolist() == [7] * 4
    assert c.stride() == (1, 4)
    assert c.data_ptr() == a.data_ptr() != base.data_ptr()


def test_shallow_copy():
    def f(torch, x):
        y, z = copy.copy(x), copy.copy(x * 2)
        return y, y is x, y.data_ptr() == x.data_ptr(), z.is_leaf, z

    same(f, sample(2, 3))


def test_pickle_of_history():
    same(lambda torch, x: pickle.loads(pickle.dumps(x * 2)), sample(2, 3), grad=False)


def test_numpy_functions_take_tensors():
    x = minitorch_np.arange(3.0)
    assert np.add.reduce(x.numpy()) == 3
    wrapped = np.negative(x)
    assert_same(wrapped, -torch.arange(3.0))


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize("number", [float, complex, int])
def test_numbers_of_what_has_a_history(recorded, number):
    def f(torch, x):
        with torch.set_grad_enabled(recorded):
            return number(x)

    same(f, sample(1))


def test_no_tensor_has_a_name() -> None:
    same(lambda torch, x: (x.name, torch.nn.Parameter(x.detach()).name), sample(2), grad=False)
    same(lambda torch, x: setattr(x, "name", "weight"), sample(2), grad=False)
