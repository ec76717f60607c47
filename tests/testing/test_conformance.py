"""The recording of PyTorch's answers: it is played back, and a wrong answer is noticed."""

import dataclasses

import pytest

import minitorch_np
from minitorch_np.testing import conformance


def test_every_recorded_answer_is_ours(capsys):
    assert conformance.main([]) == 0
    assert "answer as PyTorch" in capsys.readouterr().out


def test_a_wrong_answer_is_named(monkeypatch, capsys):
    right = minitorch_np.exp
    monkeypatch.setattr(minitorch_np, "exp", lambda x: right(x) + 1)
    assert conformance.main(["exp"]) == 1
    assert capsys.readouterr().out.startswith("exp: result: ")


def case(op: str) -> conformance.Case:
    """The first recorded call of an op that has a gradient."""
    return next(c for c in conformance.load().cases if c.op == op and c.grads and c.result)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"error": "ValueError: no"}, "did not raise"),
        ({"alias": [[0, 0]]}, "shares memory"),
        ({"call": "log"}, "result: "),
        ({"call": "transpose"}, "raised TypeError"),
    ],
)
def test_each_part_of_an_answer_is_compared(change, told):
    one = case("exp")
    assert conformance.check(one) == ""
    assert told in conformance.check(dataclasses.replace(one, **change))


def test_gradients_are_compared():
    one = case("exp")
    (grad,) = one.grads
    dtype, shape, stride, *rest = grad["tensor"]
    wrong = {"tensor": [dtype, shape, [7] * len(stride), *rest]}
    assert "stride" in conformance.check(dataclasses.replace(one, grads=[wrong])) or not shape


def test_an_op_that_was_not_recorded(capsys):
    assert conformance.main(["no_such_op"]) == 2
    assert "no op 'no_such_op'" in capsys.readouterr().err
