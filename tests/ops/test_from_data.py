"""tensor, as_tensor, asarray, from_numpy and DLPack against PyTorch."""

import gc

import numpy as np
import pytest
import torch

import minitorch_np
from experiments.conformance.bridge import our_dtype
from minitorch_np.tensor import Tensor
from tests import versions
from tests.oracle import DTYPES, LAYOUTS, assert_same, ours, same, sample


def named(library, dtype):
    """The dtype of the same name in `library`."""
    return getattr(library, str(dtype).removeprefix("torch."))


class Sequence:
    """A user's sequence."""

    def __len__(self):
        return 2

    def __getitem__(self, i):
        if i > 1:
            raise IndexError
        return i


class Index:
    """What has an index, and is no number."""

    def __index__(self):
        return 4


class Real:
    """What has a float, and is no number."""

    def __float__(self):
        return 4.5


loop: list = [1]
loop.append(loop)

DATA = [
    [[1, 2], [3]], [[1, 2], 3], [1, [2, 3]], [[1, 2], [3, [4]]], [1, "a"], "a", ["ab", "cd"], None,
    [None], [1, None], {1: 2}, {1, 2}, object(), [object()], [1, 2.5], [True, 2], [True, 2.5],
    [True, False], [np.float64(1)], [np.float32(1)], [np.int32(1)], np.float64(1), np.float32(1),
    np.float16(1), np.int32(1), np.bool_(1), [np.bool_(1)], [np.float16(1)], [1, np.float64(1)],
    [np.array([1, 2]), np.array([3, 4])], [np.array([1, 2.0]), np.array([3, 4.0], np.float32)],
    np.array([1, 2], ">i4"), np.array(["a"]), np.array([object()]), [], [[], []], [[], [1]], (),
    range(3), (1, 2), (i for i in range(3)), [3000000000], [2**63], 2**63, 2**64, [2**63, 1.5],
    [2**63 - 1], [-(2**63)], Sequence(), Index(), Real(), [Index(), 1], [Real(), 1.0], b"ab",
    [b"ab"], bytearray(b"ab"), memoryview(b"ab"), torch.Size([1, 2]), [[[1]]], [[1, 2], [3, 4.5]],
    [[1, 2], [3, "a"]], [float("nan"), 1], [2, np.zeros(1)], [2, np.zeros(2)], 3, 2.5, True,
    [[1.5, 2], [True, 0]], np.arange(6.0).reshape(2, 3).T, np.arange(3)[::-1], np.arange(3)[::2],
    np.zeros((0, 3)), np.array(3), np.arange(4, dtype=np.uint8), [1e40], [float("inf"), -1e400],
    loop,
]  # fmt: skip


@pytest.mark.parametrize("at", range(len(DATA)))
def test_tensor(at):
    same(lambda torch: torch.tensor(DATA[at]), exact=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "data",
    [
        [300], [-1], [256], [128], [-129], [2**40], [1e10], [1.7], [-0.5], [1e300], [70000],
        [float("nan")], [float("inf")], [2, 0], ["a"], [1.5, True], [[1, 2], [3, 4]], 3, 2.7, True,
        [0.1, 2.3456789, 1e-8, 65519.9, 3.0e38], np.array([1.5, 2.5, 0.0]), np.array([3, 1]), [],
        [np.float32(0.1)], [[True], [False]], [2**53 + 1, 1.0], [None],
    ],
)  # fmt: skip
def test_tensor_of_dtype(data, dtype):
    same(lambda torch: torch.tensor(data, dtype=named(torch, dtype)), exact=True)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: t.tensor([1], requires_grad=True),
        lambda t: t.tensor([1.0], requires_grad=True),
        lambda t: t.tensor([1], dtype=int),
        lambda t: t.tensor([1], dtype="int"),
        lambda t: t.tensor([1], device="cpu"),
        lambda t: t.tensor(data=[1]),
        lambda t: t.tensor([1, 2, t.tensor(3)]),
        lambda t: t.tensor([1, 2, t.tensor(3.5)]),
        lambda t: t.tensor([1, t.tensor(3.5, dtype=t.float64)]),
        lambda t: t.tensor([t.tensor([1, 2]), t.tensor([3, 4])]),
        lambda t: t.tensor([t.tensor([1, 2]), [3, 4]]),
        lambda t: t.tensor([t.tensor([1.0, 2], requires_grad=True), [3, 4]]),
        lambda t: t.tensor([t.tensor(1.0, requires_grad=True)]),
        lambda t: t.tensor(t.tensor([1.0, 2])),
        lambda t: t.tensor(t.tensor([1.0]), requires_grad=True),
        lambda t: t.tensor(t.tensor([1.0, 2], requires_grad=True)),
        lambda t: t.tensor(t.zeros(2, 3).t()),
        lambda t: t.tensor(t.zeros(2), dtype=t.int8),
        lambda t: t.tensor([t.zeros(1), 2]),
        lambda t: t.tensor([[2], t.zeros(1)]),
        lambda t: t.tensor([2, t.zeros(2)]),
        lambda t: t.tensor([t.zeros(2, 0), t.zeros(2, 0)]),
        lambda t: t.tensor(t.Size([3, 1])),
        lambda t: t.tensor(t.float32),
        lambda t: t.as_tensor([1, 2.5]),
        lambda t: t.as_tensor(3, dtype=t.float16),
        lambda t: t.as_tensor([1], dtype="a"),
        lambda t: t.as_tensor([1], device="cpu"),
        lambda t: t.asarray([1, 2]),
        lambda t: t.asarray([1], copy=False),
        lambda t: t.asarray(np.arange(3), copy=False, dtype=t.float32),
        lambda t: t.asarray(np.arange(3.0), requires_grad=True),
        lambda t: t.asarray(t.ones(2), requires_grad=True),
        lambda t: t.asarray(t.ones(2), copy=False, dtype=t.int8),
        lambda t: t.from_numpy([1]),
        lambda t: t.from_numpy(3),
        lambda t: t.from_numpy(np.float32(3)),
        lambda t: t.from_numpy(np.arange(3)[::-1]),
        lambda t: t.from_numpy(np.array(["a"])),
        lambda t: t.from_numpy(np.array([1], ">f4")),
        lambda t: t.from_numpy(np.array(3)),
        lambda t: t.from_numpy(np.zeros(3, [("a", "i1"), ("b", "i4")])["b"]),
        lambda t: t.from_numpy(np.broadcast_to(np.arange(3), (2, 3)).copy()),
        lambda t: t.from_numpy(np.broadcast_to(np.arange(3), (2, 3))),
        lambda t: t.from_numpy(np.zeros((0, 3))),
        lambda t: t.from_numpy(np.zeros((3, 0)).T),
    ],
)
def test_calls(call):
    same(call, exact=True)


@pytest.mark.parametrize("function", ["as_tensor", "asarray", "from_numpy", "tensor"])
@pytest.mark.parametrize("kind", "b1 u1 i1 i2 i4 i8 f2 f4 f8".split())
def test_sharing_with_numpy(function, kind):
    array = np.arange(24).reshape(2, 3, 4).astype(kind)
    for source in (array, array.T, array[:, 1:, ::2], array[1], array[1, 2, 3:], array[:, :0]):
        mine, theirs = [getattr(lib, function)(source) for lib in (minitorch_np, torch)]
        assert_same(mine, theirs, exact=True)
        if source.size:
            assert mine.data_ptr() == theirs.data_ptr() or function == "tensor"
            assert np.shares_memory(mine.numpy(), source) == (function != "tensor")
    mine = minitorch_np.from_numpy(array)
    array[0, 0, 1] = 0
    assert mine.tolist()[0][0][1] == 0
    mine.fill_(1)
    assert array.all()


def test_as_tensor_of_tensors():
    same(lambda torch, x: (torch.as_tensor(x), torch.asarray(x)), sample(2, 3))
    same(lambda torch, x: torch.as_tensor(x, dtype=torch.float64), sample(2, 3))
    same(lambda torch, x: torch.asarray(x, dtype=torch.float64), sample(2, 3))
    same(lambda torch, x: torch.asarray(x, copy=True), sample(2, 3))
    same(lambda torch, x: torch.asarray(x, requires_grad=False), sample(2, 3))
    same(lambda torch, x: torch.asarray(x * 2, requires_grad=False), sample(2, 3))


def test_dtype_decides_on_sharing():
    array = np.zeros(3, np.float32)
    assert minitorch_np.as_tensor(array, dtype=minitorch_np.float64).data_ptr() != array.ctypes.data
    assert minitorch_np.asarray(array, copy=True).data_ptr() != array.ctypes.data


def test_default_dtype_decides():
    minitorch_np.set_default_dtype(minitorch_np.float64)
    torch.set_default_dtype(torch.float64)
    try:
        same(lambda torch: (torch.tensor([1.5]), torch.zeros(2), torch.arange(3.0), torch.rand(0)))
    finally:
        minitorch_np.set_default_dtype(minitorch_np.float32)
        torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_dlpack_both_ways(dtype, layout):
    theirs = sample(2, 1, 3, dtype=dtype, layout=layout, grad=False)
    mine = minitorch_np.from_dlpack(theirs)
    assert mine.dtype is our_dtype(dtype)
    assert (mine.sizes, mine.strides) == (tuple(theirs.shape), theirs.stride())
    assert mine.data_ptr() == theirs.data_ptr()
    back = torch.from_dlpack(mine)
    assert (back.data_ptr(), back.dtype, back.stride()) == (
        theirs.data_ptr(),
        dtype,
        theirs.stride(),
    )
    mine.fill_(1)
    assert back.bool().all()
    address = mine.data_ptr()
    del theirs, mine
    assert back.data_ptr() == address
    assert back.bool().all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_dlpack_from_ours(dtype):
    mine = ours(sample(3, 4, dtype=dtype, layout="transposed", grad=False))
    theirs = torch.from_dlpack(mine)
    address = mine.data_ptr()
    expected = mine.tolist()
    del mine
    assert theirs.data_ptr() == address
    assert theirs.tolist() == expected
    if dtype is not torch.bfloat16:
        again = minitorch_np.from_dlpack(np.from_dlpack(theirs))
        assert again.data_ptr() == address


def test_dlpack_with_options():
    def shared(torch, **options):
        x = torch.arange(4)
        y = torch.from_dlpack(x, **options)
        x[0] = 9
        return y

    same(lambda torch: [shared(torch, copy=c) for c in (None, False, True)])
    same(lambda torch: shared(torch, device="cpu"))
    same(lambda torch: torch.from_dlpack(torch.ones(2).__dlpack__(), copy=True))


def test_dlpack_outlives_the_exporter():
    back = torch.from_dlpack(minitorch_np.full((1000,), 3.5, dtype=minitorch_np.bfloat16))
    again = minitorch_np.from_dlpack(torch.full((1000,), 2.5))
    gc.collect()
    noise = [minitorch_np.zeros(1000) for _ in range(20)]
    assert back.eq(3.5).all()
    assert (again.array == 2.5).all()
    assert len(noise) == 20


@pytest.mark.skipif(
    versions.VERSION < (2, 15), reason="PyTorch 2.11 ends the whole process on one of these calls"
)
def test_dlpack_refuses():
    same(lambda torch: torch.from_dlpack(3))
    same(lambda torch: torch.from_dlpack(np.arange(3)[::-1]))
    same(lambda torch: torch.from_dlpack(np.zeros((0, 3))))
    same(lambda torch, x: x.__dlpack__(), sample(2))
    same(lambda torch, x: x.__dlpack__(stream=1), sample(2, grad=False))
    same(lambda torch, x: tuple(int(n) for n in x.__dlpack_device__()), sample(2))
    same(lambda torch, x: torch.from_dlpack(x), sample(2, 3, grad=False))
    capsule = minitorch_np.ones(2).__dlpack__()
    assert isinstance(minitorch_np.from_dlpack(capsule), Tensor)
    with pytest.raises(RuntimeError, match="invalid capsule"):
        minitorch_np.from_dlpack(capsule)


@pytest.mark.parametrize(
    "args",
    [
        (),
        (0,),
        ([1, 2],),
        ((1.5, True),),
        (2.5,),
        ("a",),
        (None,),
        (True,),
        (np.array([1, 2]),),
        (np.array([[1.5, 2]]),),
        ([[1, 2], [3]],),
        (2, -1),
    ],
)
def test_legacy_constructor(args):
    same(lambda torch: torch.Tensor(*args))


def test_legacy_constructor_of_sizes_and_tensors():
    same(lambda torch: tuple(torch.Tensor(2, 3).shape))
    same(lambda torch: tuple(torch.Tensor(torch.Size([2, 0])).shape))
    same(lambda torch, x: torch.Tensor(x), sample(2, 3, grad=False))
    same(lambda torch: torch.Tensor([1], device="cpu"))


class Ints(list):
    """A user's list."""


NESTED = [
    [[1.0, 2.0], [3.0, 4.0]], [[1, 2], [3, 4]], [[True], [False]], ([1.0, 2.0], (3.0, 4.0)),
    [[[1.5]], [[2.5]]], [[1.0, 2.0], [3.0]], [[1.0], [2.0, 3.0]], [[1.0, 2], [3.0, 4.0]],
    [[1, True], [2, 3]], [[1.0], 2.0], [1.0, [2.0]], [[], []], [[[]]], [[1.0], []], [range(3)] * 2,
    range(3), range(0), (1, 2), (), [[2**70], [1]], [2**63], [-(2**63)], 2**63, [[1e300, -1e300]],
    1e300, [float("nan"), -float("inf")], 1e-320, [None], [[None]], [["a"]], ["ab", "cd"], "ab",
    Ints([1, 2]), [Ints([1, 2])], [np.float64(1.5)], [[np.float32(1.5), 2.5]], [np.int64(3)],
    [np.ones(2), np.ones(2)], {1: 2}, [{1}],
]  # fmt: skip


@pytest.mark.parametrize("dtype", [None, torch.float64, torch.float32, torch.int64, torch.float16])
@pytest.mark.parametrize("at", range(len(NESTED)))
def test_nested_lists(at, dtype):
    for name in ("tensor", "as_tensor"):
        same(
            lambda torch: getattr(torch, name)(
                NESTED[at], dtype=None if dtype is None else named(torch, dtype)
            ),
            exact=True,
        )


def test_lists_that_hold_themselves():
    a, b, c = [], [], [1.0]
    a.append(a)
    b += [[b, b], [b, b]]
    c.append(c)
    for data in (a, b, c, [a], [[b]]):
        same(lambda torch, data=data: torch.tensor(data))


@pytest.mark.parametrize("default", ["float16", "float64"])
def test_lists_under_another_default(default):
    def f(torch):
        torch.set_default_dtype(getattr(torch, default))
        try:
            return torch.tensor([1.0, 2.5]), torch.tensor(1e300), torch.tensor([[1], [2]])
        finally:
            torch.set_default_dtype(torch.float32)

    same(f)


def test_arrays_like_one_that_was_wrapped_before():
    """Of one shape, and of strides or dtypes of which some are refused."""
    whole = np.arange(24.0).reshape(4, 6)
    fixed = whole.copy()
    fixed.flags.writeable = False
    fields = np.zeros((4, 3), np.dtype([("a", "f8"), ("b", "f4")]))
    arrays = [
        whole[:, :3], whole[:, ::2], whole[:, :3].copy(), whole[:, 2::-1], fixed[:, :3],
        fields["a"], whole[:, :3].astype(">f8"), whole[:, :3].astype(np.float32),
        np.asfortranarray(whole[:, :3]), np.broadcast_to(whole[0, :3], (4, 3)), whole[:0, ::2],
    ]  # fmt: skip
    for array in [*arrays, *arrays]:
        same(lambda torch, array=array: torch.from_numpy(array))


BYTES = bytearray(range(1, 25))
BUFFERS = {
    "all": lambda t: t.frombuffer(BYTES, dtype=t.int32),
    "some": lambda t: t.frombuffer(BYTES, dtype=t.int16, count=3, offset=4),
    "at an odd byte": lambda t: t.frombuffer(BYTES, dtype=t.float32, count=2, offset=3) * 2,
    "any count below 0": lambda t: t.frombuffer(BYTES, dtype=t.float64, count=-7),
    "bfloat16": lambda t: t.frombuffer(BYTES, dtype=t.bfloat16),
    "bools": lambda t: t.frombuffer(bytearray(b"\0\1"), dtype=t.bool),
    "an array": lambda t: t.frombuffer(np.arange(6.0).reshape(2, 3), dtype=t.float64),
    "that wants a gradient": lambda t: t.frombuffer(BYTES, dtype=t.float32, requires_grad=True),
    "integers that want one": lambda t: t.frombuffer(BYTES, dtype=t.int8, requires_grad=True),
    "read-only": lambda t: t.frombuffer(bytes(BYTES), dtype=t.uint8),
    "none": lambda t: t.frombuffer([1], dtype=t.uint8),
    "not in one piece": lambda t: t.frombuffer(memoryview(BYTES)[::2], dtype=t.uint8),
    "turned": lambda t: t.frombuffer(np.ones((2, 3)).T, dtype=t.float64),
    "empty": lambda t: t.frombuffer(bytearray(), dtype=t.uint8),
    "no element": lambda t: t.frombuffer(BYTES, dtype=t.uint8, count=0),
    "too many": lambda t: t.frombuffer(BYTES, dtype=t.int32, count=7),
    "too many behind the offset": lambda t: t.frombuffer(BYTES, dtype=t.int32, count=6, offset=4),
    "no multiple": lambda t: t.frombuffer(BYTES, dtype=t.int32, offset=2),
    "behind the end": lambda t: t.frombuffer(BYTES, dtype=t.int8, offset=24),
    "before the start": lambda t: t.frombuffer(BYTES, dtype=t.int8, offset=-1),
    "no dtype": lambda t: t.frombuffer(BYTES),
    "a wrong dtype": lambda t: t.frombuffer(BYTES, dtype="int8"),
    "None for a dtype": lambda t: t.frombuffer(BYTES, dtype=None),
    "a wrong count": lambda t: t.frombuffer(BYTES, dtype=t.int8, count=1.0),
    "a wrong offset": lambda t: t.frombuffer(BYTES, dtype=t.int8, offset="1"),
}


@pytest.mark.parametrize("case", BUFFERS)
def test_frombuffer(case):
    same(BUFFERS[case])


def test_a_buffer_is_shared():
    buffer = bytearray(8)
    shared = minitorch_np.frombuffer(buffer, dtype=minitorch_np.int16, offset=2)
    buffer[2] = 7
    assert shared.tolist() == [7, 0, 0]
    shared.fill_(-1)
    assert buffer == b"\0\0" + b"\xff" * 6
    assert shared.untyped_storage().nbytes() == 6 and shared.storage_offset() == 0
