"""`@op`: what a rule names is what is kept, and what cannot work is refused at import."""

from typing import Any

import pytest

import minitorch_np
from minitorch_np.op import REGISTRY, Op, op
from minitorch_np.tensor import Number, Tensor, stored
from tests.oracle import ours, same, sample


@pytest.fixture(autouse=True)
def registry() -> Any:
    """The registry as it was, after ops of this file."""
    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)


def planted(**rules: Any) -> Any:
    @op("elementwise", method=False)
    def twice(input: Tensor, other: Tensor | Number = 2) -> Tensor:
        """Twice the input."""
        return stored(input.array * 2, input.dtype)

    twice.vjp(**rules)
    return twice


def test_a_name_that_means_nothing_is_refused_at_import() -> None:
    with pytest.raises(TypeError, match="names 'nonsense'"):
        planted(input=lambda g, nonsense: g)
    with pytest.raises(TypeError, match="'nothing', which is no tensor argument"):
        planted(nothing=lambda g: g)


def test_what_a_rule_names_is_what_is_kept() -> None:
    x = ours(sample(2, 3))
    facts = planted(input=lambda g, input_shape: g.expand(input_shape))(x)
    assert facts.grad_fn._saved_self_sym_sizes == (2, 3)
    assert facts.grad_fn.saves == {}
    kept = planted(input=lambda g, input, out: g * input * out)(x)
    assert kept.grad_fn.saves == {"_kept_self": 0, "_kept_result": None}
    assert kept.grad_fn._saved_self is x
    assert kept.grad_fn._saved_result is not kept  # or node and result would hold each other
    assert kept.grad_fn._saved_result.data_ptr() == kept.data_ptr()


def test_a_tensor_is_kept_only_for_an_input_that_needs_it() -> None:
    x, y = ours(sample(3)), ours(sample(3, grad=False, seed=1))
    node: Any = (x * y).grad_fn
    assert node._saved_other is y
    assert node._saved_self is None


def test_an_op_without_a_rule_raises_on_the_way_back() -> None:
    out = planted()(ours(sample(3)))
    with pytest.raises(
        RuntimeError, match="derivative for aten::twice is not implemented"
    ) as error:
        out.sum().backward()
    assert "has no rule for its argument 'input'" in error.value.__notes__[0]


def test_arguments_that_are_no_tensors() -> None:
    same(lambda torch, x: torch.mul(x, "a"), sample(2))
    same(lambda torch, x: torch.exp("a"), sample(2))
    same(lambda torch, x: x.__add__("a"), sample(2))


def test_out_and_gradients_exclude_each_other() -> None:
    same(lambda torch, x: torch.mul(x, 2, out=torch.empty(3)), sample(3))
    same(lambda torch, x: torch.mul(x.detach(), 2, out=torch.empty(3)), sample(3))


def test_out_counts_as_a_write() -> None:
    def f(torch: Any, x: Any) -> Any:
        out = torch.empty(3)
        result = torch.exp(x, out=out)
        return result is out, out._version, out

    same(f, sample(3, grad=False))


def test_the_source_can_be_read() -> None:
    minitorch_np.ones(2).exp()
    source = REGISTRY["exp"].source
    assert "class ExpBackward0(Node):" in source
    assert "def exp(input=default_input, *more, out=default_out, **named):" in source
    assert repr(REGISTRY["exp_"]) == "<op exp_>"
    assert isinstance(REGISTRY["exp_"], Op)


def test_functions_look_like_functions() -> None:
    import inspect

    assert list(inspect.signature(minitorch_np.add).parameters) == [
        "input",
        "other",
        "alpha",
        "out",
    ]
    assert minitorch_np.add.__doc__
    assert minitorch_np.add.__name__ == "add"


def test_a_rule_of_several_arguments_is_called_once() -> None:
    """It is told which of them want a gradient; a result that has none leads nowhere."""
    calls: list[tuple[bool, ...]] = []

    def rule(g_result0: Any, wanted: tuple[bool, ...]) -> tuple[Any, ...]:
        calls.append(wanted)
        return g_result0, g_result0 * 2

    @op("contiguous", method=False, graded=1)
    def twice(input: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        """A sum, and one of the terms."""
        return (input + other).detach(), other.detach().clone()

    twice.vjp(input=rule, other=rule)
    x, y = (minitorch_np.ones(2, requires_grad=True) for _ in range(2))
    total, term = twice(x, y)
    total.sum().backward()
    assert calls == [(True, True)]
    assert x.grad.tolist() == [1.0, 1.0]
    assert y.grad.tolist() == [2.0, 2.0]
    assert term.grad_fn is None
    twice(x, y.detach())[0].sum().backward()
    assert calls[1:] == [(True, False)]
