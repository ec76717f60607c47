"""Forms: one object for equal geometries, and the same results once they are forgotten."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

import minitorch_np
from minitorch_np import dtypes, form
from minitorch_np.form import Form, Plans, form_of
from minitorch_np.graph.modes import WATCHERS
from minitorch_np.tensor import blank
from tests.oracle import same, sample


def test_equal_geometries_are_one_object() -> None:
    x = minitorch_np.zeros(3, 4)
    assert (x + 1).form is x.form is minitorch_np.empty(3, 4).form
    assert x.t().form is minitorch_np.empty(4, 3).t().contiguous().form or x.t().form is not x.form
    assert x.double().form is not x.form
    assert x[1:].form is form_of((2, 4), (4, 1), dtypes.float32)


@pytest.mark.parametrize(
    ("shape", "stride", "dtype", "alike"),
    [
        ((3, 4), (4, 1), dtypes.float32, True),
        ((3, 4), (1, 3), dtypes.float64, True),
        ((3, 1), (7, 1), dtypes.float32, False),
        ((3, 4), (4, 1), dtypes.float16, False),
        ((3, 4), (4, 1), dtypes.int64, False),
        ((), (), dtypes.float32, False),
        ((0, 2), (2, 1), dtypes.float32, False),
        ((3, 4), (8, 1), dtypes.float32, False),
        ((64, 65), (65, 1), dtypes.float32, False),
    ],
)
def test_numpy_allocates_small_dense_floats(
    shape: tuple[int, ...], stride: tuple[int, ...], dtype: dtypes.dtype, alike: bool
) -> None:
    assert (form_of(shape, stride, dtype).alike is not None) == alike


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 3, 1), (5,), (2, 1, 3)])
def test_a_result_has_the_order_of_its_operands(shape: tuple[int, ...]) -> None:
    for dims in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        x = sample(*shape)
        if len(shape) == 3:
            x = x.permute(dims)
        same(lambda torch, x: (x + x, x * 2.5, x.relu(), x.clone().add_(x), x.exp()), x)


def test_forgotten_forms_give_the_same_results(monkeypatch: pytest.MonkeyPatch) -> None:
    x = minitorch_np.ones(3, 4)
    monkeypatch.setattr(form, "_known", {})
    monkeypatch.setattr(form, "_MOST", 1)
    y = minitorch_np.ones(5).exp() + 1
    z = blank(form_of((3, 4), (4, 1), dtypes.float32)).fill_(1)  # `ones` remembers forms itself
    assert z.form is not x.form
    assert (x + z).tolist() == [[2.0] * 4] * 3 and y.shape == (5,)
    assert (x * z).form.stride == (4, 1)


def test_a_number_is_no_tensor_of_0_dims() -> None:
    def f(torch: Any, x: Any, y: Any) -> Any:
        known = torch.mul(x, y), torch.mul(x, x)
        return *known, torch.mul(2.0, y), torch.mul(2.0, x), torch.add(3, y), 2.5 / y

    same(f, sample(), sample(3))


def test_plans_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    plans = Plans[Form]()
    monkeypatch.setattr(form, "_MOST", 3)
    for n in range(10):
        plans.keep(n, form_of((n,), (1,), dtypes.float32))
        assert len(plans) <= 3 and plans[n].shape == (n,)


def outcome(f: Callable[[Any], Any], x: Any) -> object:
    """The shape that a view has, or what it was refused with."""
    try:
        return f(x).shape
    except (TypeError, RuntimeError, IndexError) as error:
        return type(error), str(error)


def test_a_form_has_plain_ints_whoever_asked_first() -> None:
    first = form_of((41.0, True), (1.0, 1), dtypes.float32)  # type: ignore[arg-type]
    assert form_of((41, 1), (1, 1), dtypes.float32) is first
    assert {type(n) for n in (*first.shape, *first.stride, *first.steps)} == {int}


@pytest.mark.parametrize("size", [(True,), (1.0,), ([1],), ((1.0,),), ((True,),), (-1,), (1,)])
def test_a_known_view_changes_nothing_of_what_is_refused(size: tuple[Any, ...]) -> None:
    unknown = outcome(lambda x: x.view(*size), minitorch_np.ones(1, dtype=minitorch_np.int16))
    known = minitorch_np.ones(1, dtype=minitorch_np.int32)
    for one in (1, (1,), [1]):
        known.view(one)
    assert outcome(lambda x: x.view(*size), known) == unknown


@pytest.mark.parametrize("dim", [True, 1.0, 1, -1, 7])
@pytest.mark.parametrize("name", ["transpose", "select", "narrow"])
def test_a_number_that_equals_an_int_is_looked_at(name: str, dim: Any) -> None:
    def f(x: Any) -> Any:
        return x.narrow(1, 0, dim) if name == "narrow" else getattr(x, name)(0, dim)

    unknown = outcome(f, minitorch_np.ones(2, 3, dtype=minitorch_np.int16))
    known = minitorch_np.ones(2, 3, dtype=minitorch_np.int32)
    for n in (0, 1):
        known.transpose(0, n), known.select(0, n), known.narrow(1, 0, n)
    assert outcome(f, known) == unknown


def test_another_threads_mode_is_none_of_ours() -> None:
    x = minitorch_np.ones(2, requires_grad=True)
    inside, outside = threading.Event(), threading.Event()

    def elsewhere() -> None:
        with minitorch_np.inference_mode():
            inside.set()
            outside.wait(10)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    assert inside.wait(10) and WATCHERS
    y = x * x
    outside.set()
    thread.join()
    assert y.requires_grad and not y.is_inference() and not WATCHERS
