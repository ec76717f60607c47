"""The flight recorder's notes: exact texts, for PyTorch has nothing to compare them with."""

import sys
import textwrap
from collections.abc import Callable, Iterator

import pytest

import minitorch_np as torch
from minitorch_np.autograd import flight_recorder, is_flight_recorder_enabled, set_flight_recorder
from minitorch_np.flight import since


def program(text: str) -> Callable[[], object]:
    """A function whose body is `text`, with lines numbered from 1, in a file called train.py."""
    import linecache

    lines = textwrap.dedent(text).strip("\n").splitlines(keepends=True)
    linecache.cache["train.py"] = (0, None, lines, "train.py")
    code = compile("".join(lines), "train.py", "exec")
    return lambda: exec(code, {"torch": torch})


def note_of(text: str, on: bool = True) -> str:
    """The note on the error that a program ends in."""
    with pytest.raises(RuntimeError) as caught, set_flight_recorder(on):
        program(text)()
    (note,) = caught.value.__notes__
    return note


def says(*lines: str) -> str:
    return "\n".join(lines)


def test_writes_in_order_with_their_aliases() -> None:
    assert note_of(
        """
        x = torch.ones(2, 3, requires_grad=True)
        y = x.exp()
        y.add_(1)
        y[0] = 7
        y.detach().mul_(2)
        row = y.t()[1:]
        row.zero_()
        y.sum().backward()
        """
    ) == says(
        "ExpBackward0 kept it as 'result':",
        "  0  saved by    exp    train.py:2  y = x.exp()",
        "  1  changed by  add_   train.py:3  y.add_(1)",
        "  2  changed by  fill_  train.py:4  y[0] = 7            through select() at train.py:4: "
        "shape [3], stride [1], offset 0",
        "  3  changed by  mul_   train.py:5  y.detach().mul_(2)  through detach() at train.py:5",
        "  4  changed by  zero_  train.py:7  row.zero_()         through slice() at train.py:6: "
        "shape [2, 2], stride [1, 3], offset 1",
    )


def test_a_write_to_one_element_is_noted_with_its_view() -> None:
    assert note_of(
        """
        x = torch.ones(2, 3, requires_grad=True)
        y = x.exp()
        with torch.no_grad():
            y[0, 1] = 7
        y.sum().backward()
        """
    ) == says(
        "ExpBackward0 kept it as 'result':",
        "  0  saved by    exp    train.py:2  y = x.exp()",
        "  1  changed by  fill_  train.py:4  y[0, 1] = 7  through select() at train.py:4: "
        "shape [], stride [], offset 1",
    )


def test_a_view_that_was_taken_before_is_noted_with_the_op_that_took_it() -> None:
    torch.ones(2, 3)[1:, 0]  # so its form is known
    assert note_of(
        """
        x = torch.ones(2, 3, requires_grad=True)
        y = x.exp()
        with torch.no_grad():
            y[1:, 0].mul_(3)
        y.sum().backward()
        """
    ) == says(
        "ExpBackward0 kept it as 'result':",
        "  0  saved by    exp   train.py:2  y = x.exp()",
        "  1  changed by  mul_  train.py:4  y[1:, 0].mul_(3)  through select() at train.py:4: "
        "shape [1], stride [3], offset 3",
    )


def test_a_view_was_saved_and_its_base_written_to() -> None:
    assert note_of(
        """
        w = torch.ones(2, 2)
        x = torch.ones(2, requires_grad=True)
        y = (w[0] * x).sum()
        w.add_(1)
        torch.mul(w, 2, out=w)
        y.backward()
        """
    ) == says(
        "MulBackward0 kept it as 'self':",
        "  0  saved by    mul        train.py:3  y = (w[0] * x).sum()",
        "  1  changed by  add_       train.py:4  w.add_(1)               through its base",
        "  2  changed by  mul(out=)  train.py:5  torch.mul(w, 2, out=w)  through its base",
    )


def test_writes_before_it_was_saved_are_left_out() -> None:
    assert note_of(
        """
        x = torch.ones(2, requires_grad=True)
        y = torch.ones(2)
        y.add_(1)
        z = x * y
        y.mul_(2)
        z.sum().backward()
        """
    ) == says(
        "MulBackward0 kept it as 'other':",
        "  1  saved by    mul   train.py:4  z = x * y",
        "  2  changed by  mul_  train.py:5  y.mul_(2)",
    )


def test_an_optimizer_wrote() -> None:
    assert note_of(
        """
        w = torch.ones(2, requires_grad=True)
        loss = (w * w).sum()
        loss.backward(retain_graph=True)
        torch.optim.SGD([w], lr=0.1).step()
        loss.backward()
        """
    ) == says(
        "MulBackward0 kept it as 'self' and 'other':",
        "  0  saved by    mul   train.py:2  loss = (w * w).sum()",
        "  1  changed by  step  train.py:4  torch.optim.SGD([w], lr=0.1).step()",
    )


def test_the_last_writes_are_kept() -> None:
    note = note_of(
        """
        x = torch.ones(2, requires_grad=True)
        y = x.exp()
        for i in range(20):
            y.add_(i)
        y.sum().backward()
        """
    ).splitlines()
    assert note[2] == "  …   12 writes that were not recorded, or no longer"
    assert [line.split()[0] for line in note[3:]] == [str(n) for n in range(13, 21)]


def test_writes_before_it_was_on() -> None:
    assert note_of(
        """
        torch.autograd.set_flight_recorder(False)
        x = torch.ones(2, requires_grad=True)
        y = x.exp()
        y.add_(1)
        torch.autograd.set_flight_recorder(True)
        y.view(2).add_(2)
        y.sum().backward()
        """
    ) == says(
        "ExpBackward0 kept it as 'result':",
        "  …  1 write that was not recorded, or no longer",
        "  2  changed by  add_  train.py:6  y.view(2).add_(2)  through view() at train.py:6: "
        "shape [2], stride [1], offset 0",
    )


STALE = """
x = torch.ones(2, requires_grad=True)
y = x.exp()
y.add_(1)
y.sum().backward()
"""
FREED = """
x = torch.ones(2, requires_grad=True)
y = (x * x).sum()
y.backward()
y.backward()
"""


def test_off_the_note_says_how_to_learn_more() -> None:
    assert note_of(STALE, on=False) == (
        "ExpBackward0 kept it as 'result'. To see who wrote to it since, and where, run the "
        "program with minitorch_np.autograd.set_flight_recorder(True)."
    )
    assert note_of(FREED, on=False) == (
        "The first node on the way that has nothing left is MulBackward0."
    )


def test_who_freed_it() -> None:
    assert note_of(FREED) == says(
        "The first node on the way that has nothing left is MulBackward0:",
        "  recorded by  mul       train.py:2  y = (x * x).sum()",
        "  freed by     backward  train.py:3  y.backward()",
    )


def test_reading_what_was_saved() -> None:
    assert "exp" in note_of(STALE.replace("y.add_(1)", "z = y.grad_fn; y.add_(1)")
                            .replace("y.sum().backward()", "z._saved_result"))  # fmt: skip


def test_a_list_of_tensors_was_saved() -> None:
    note = note_of(
        """
        x = torch.ones(2, requires_grad=True)
        at = torch.tensor([0, 1])
        y = x[at]
        at.add_(0)
        y.sum().backward()
        """
    )
    assert note == says(
        "IndexBackward0 kept it:",
        "  0  saved by    index  train.py:3  y = x[at]",
        "  1  changed by  add_   train.py:4  at.add_(0)",
    )


def test_switches() -> None:
    assert not is_flight_recorder_enabled()
    with flight_recorder():
        assert is_flight_recorder_enabled()
        with set_flight_recorder(False):
            assert not is_flight_recorder_enabled()
        assert is_flight_recorder_enabled()
    assert not is_flight_recorder_enabled()
    assert flight_recorder()(is_flight_recorder_enabled)()
    with torch.autograd.set_detect_anomaly(True):
        assert is_flight_recorder_enabled()
    assert not is_flight_recorder_enabled()
    with pytest.raises(TypeError, match="mode must be bool, not int"):
        set_flight_recorder(1)  # pyright: ignore[reportArgumentType]


def test_a_log_is_small() -> None:
    with flight_recorder():
        x = torch.zeros(3)
        views = [x[:2] for _ in range(200)]
        for one in views:
            one.add_(1)
    log = x.clock.log
    assert log is not None
    assert len(since(log, 0, False)) == 8
    assert since(log, 199, False)[0][-1].startswith("through slice() at ")
    assert torch.zeros(2).clock.log is None


def _calls(f: Callable[[], object]) -> int:
    """How many functions of Python's a program calls."""
    count = 0

    def note(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        f()
    finally:
        sys.setprofile(None)
    return count


x = torch.rand(3, 3, requires_grad=True)
y, w = torch.rand(3, 3), torch.rand(3, 3)


@pytest.mark.parametrize(
    ("program", "more"),
    [
        (lambda: torch.mul(y, w), 0),
        (lambda: torch.mul(x, y), 1),
        (lambda: x.exp(), 1),
        (lambda: torch.nn.functional.softmax(x, 1), 1),
        (lambda: w.add_(1), 0),
        (lambda: w.zero_(), 0),
        (lambda: torch.clone(x).mul_(y), 2),
        (lambda: y.view(9), 3),
    ],
)
def test_an_op_calls_little_more_while_it_is_on(program: Callable[[], object], more: int) -> None:
    # a call costs as much as what is noted, so their number stands for a time
    program()
    off = _calls(program)
    with flight_recorder():
        program()
        assert _calls(program) - off <= more
    assert _calls(program) == off


@pytest.fixture(autouse=True)
def off() -> Iterator[None]:
    yield
    assert not is_flight_recorder_enabled()
