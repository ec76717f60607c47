"""The text of a tensor against PyTorch's, over types, shapes, values and print options."""

import contextlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch_np import dtypes, printing

SHAPES = [
    *((), (0,), (1,), (3,), (7,), (40,), (0, 3), (2, 0, 4), (2, 3), (3, 1), (9, 9), (2, 2, 2)),
    *((3, 8, 5), (1, 1, 1, 1), (2, 7, 2, 9), (1000,), (1001,), (40, 30), (12, 11, 10), (2, 3, 400)),
]
KINDS = {
    "normal": lambda x: x,
    "hundreds": lambda x: 100 * x,
    "large": lambda x: 1e9 * x,
    "small": lambda x: 1e-6 * x,
    "spread": lambda x: np.exp(8 * x),
    "whole": lambda x: np.round(30 * x),
    "large whole": lambda x: np.round(1e7 * x),
    "zero": lambda x: 0 * x,
    "not finite": lambda x: np.where(x > 0.5, np.nan, np.where(x < -0.8, np.inf, -x)),
    "whole, not finite": lambda x: np.where(x > 0.5, -np.inf, np.round(9 * x)),
    "subnormal": lambda x: 1e-310 * x,
    "bounds of float16": lambda x: np.where(x > 0, 65504.0, 6e-8),
}
OPTIONS = {
    "precision": [0, 1, 2, 7],
    "threshold": [0, 5, 50, float("inf")],
    "edgeitems": [0, 1, 2, 5],
    "linewidth": [1, 20, 50, 200],
    "profile": ["default", "short", "full", "unknown"],
    "sci_mode": [True, False, None],
}
options = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in OPTIONS.items()}
)
shapes = st.sampled_from(SHAPES)
every_dtype = st.sampled_from(dtypes.ALL)


def tensor_and_array(
    d: dtypes.dtype, shape: tuple[int, ...], kind: str, seed: int
) -> tuple[torch.Tensor, np.ndarray]:
    x = np.asarray(KINDS[kind](np.random.RandomState(seed).randn(*shape)))
    if not d.is_floating_point:
        x = np.asarray(np.clip(np.nan_to_num(x), -9e18, 9e18))
    t = torch.from_numpy(x.reshape(shape)).to(getattr(torch, d.name))
    raw = t.view(torch.int16) if d.itemsize == 2 else t
    return t, raw.numpy().view(d.np)


@contextlib.contextmanager
def both_default_dtypes(d: dtypes.dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, d.name))
    dtypes.set_default_dtype(d)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
        dtypes.set_default_dtype(dtypes.float32)


@contextlib.contextmanager
def both_printoptions(**kwargs):
    with printing.printoptions(**kwargs), torch._tensor_str.printoptions(**kwargs):
        yield


@pytest.mark.slow  # 500 examples: dtypes, shapes, kinds of values and options multiply
@settings(max_examples=500, deadline=None)
@given(every_dtype, shapes, st.sampled_from(list(KINDS)), st.integers(0, 2**16), options)
def test_values(d, shape, kind, seed, kwargs):
    t, a = tensor_and_array(d, shape, kind, seed)
    with both_printoptions(**kwargs):
        assert printing.tensor_repr(a, d) == repr(t)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([d for d in dtypes.ALL if d.is_floating_point]),
    shapes,
    st.sampled_from([d for d in dtypes.ALL if d.is_floating_point]),
    st.sampled_from([None, "CloneBackward0", "ViewBackward0"]),
    options,
)
def test_facts_after_the_values(d, shape, default, node, kwargs):
    t, a = tensor_and_array(d, shape, "normal", 0)
    t.requires_grad_()
    if node == "CloneBackward0":
        t = t.clone()
    elif node == "ViewBackward0":
        t = t.view(shape)
    with both_default_dtypes(default), both_printoptions(**kwargs):
        ours = printing.tensor_repr(a, d, requires_grad=True, grad_fn_name=node)
        assert ours == repr(t)


@pytest.mark.parametrize(
    "values",
    [
        *([1e8, 1e6], [1.0001e8, 1e6], [100000001.0, 1e7], [99999999.5, 1e7], [-2e8, 1e8]),
        *([1e-4, 1e-3], [9.999e-5, 1e-3], [1000.0, 1.0], [1000.5, 1.0], [1001.0, 1.0, 0.0]),
        *([-0.0, 0.0], [0.00001], [99999.99999, 123.0], [0.99999, 0.5], [-0.00004, 1.0]),
    ],
)
@pytest.mark.parametrize("d", [dtypes.float16, dtypes.float32, dtypes.float64], ids=repr)
def test_bounds_of_the_exponent(d, values):
    t = torch.tensor(values, dtype=getattr(torch, d.name))
    assert printing.tensor_repr(t.numpy(), d) == repr(t)


def test_integral_types_under_another_default():
    for d in dtypes.ALL:
        for shape in ((0,), (2, 0), (3,)):
            t, a = tensor_and_array(d, shape, "whole", 1)
            with both_default_dtypes(dtypes.float64):
                assert printing.tensor_repr(a, d) == repr(t)


def test_name_of_a_subclass():
    class Meters(torch.Tensor):
        pass

    t, a = tensor_and_array(dtypes.float32, (9, 9), "normal", 3)
    with both_printoptions(linewidth=40):
        ours = printing.tensor_repr(a, dtypes.float32, name="Meters")
        assert ours == repr(t.as_subclass(Meters))


def test_array_of_any_layout():
    t, a = tensor_and_array(dtypes.bfloat16, (12, 11, 10), "normal", 4)
    for threshold in (5, 5000):
        with both_printoptions(threshold=threshold):
            ours = printing.tensor_repr(a.transpose(2, 0, 1)[::2], dtypes.bfloat16)
            assert ours == repr(t.permute(2, 0, 1)[::2])
            wide = np.broadcast_to(a[0, 0, 0], (3, 4))
            assert printing.tensor_repr(wide, dtypes.bfloat16) == repr(t[0, 0, 0].expand(3, 4))


@pytest.mark.parametrize("spec", ["", ".2f", "10.3e", "d", ">8", "x", "%"])
@pytest.mark.parametrize("d", dtypes.ALL, ids=repr)
def test_format_of_a_number(d, spec):
    def text(f):
        try:
            return f()
        except ValueError as error:
            return type(error), str(error)

    t, a = tensor_and_array(d, (), "hundreds", 5)
    assert text(lambda: printing.scalar_format(a, d, spec)) == text(lambda: format(t, spec))


@settings(max_examples=60, deadline=None)
@given(calls=st.lists(options, max_size=4))
def test_options_build_up(calls):
    before = printing.get_printoptions()
    with both_printoptions():
        for kwargs in calls:
            printing.set_printoptions(**kwargs)
            torch.set_printoptions(**kwargs)
            assert printing.get_printoptions() == torch._tensor_str.get_printoptions()
    assert printing.get_printoptions() == before == torch._tensor_str.get_printoptions()


def test_options_return_after_an_error():
    before = printing.get_printoptions()
    with pytest.raises(ZeroDivisionError), printing.printoptions(precision=1):
        raise ZeroDivisionError
    assert printing.get_printoptions() == before
