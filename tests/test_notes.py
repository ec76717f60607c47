"""What errors say beyond PyTorch's text: exact, for PyTorch says none of it."""

from collections.abc import Callable
from typing import Any

import pytest

import minitorch_np as torch
from minitorch_np import nn
from minitorch_np.autograd import flight_recorder, unreached


def notes_of(f: Callable[[], object]) -> str:
    """The notes on the error that `f` ends in."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  # the texts are compared elsewhere
        f()
    return "\n".join(getattr(caught.value, "__notes__", ()))


def says(*lines: str) -> str:
    return "\n".join(lines)


def ones(*shape: int, grad: bool = False) -> Any:
    return torch.ones(*shape, requires_grad=grad)


ALIGNED = "Shapes are aligned at their last dimension; "
GONE = (
    "Its gradient would belong to values that are gone. The leaf has shape [2, 3]: to change the "
    "leaf itself, as an optimizer does, write under torch.no_grad(); to go on with other values, "
    "write to a clone()."
)
SHAPES: list[tuple[Callable[[], object], str]] = [
    (
        lambda: ones(2, 3) + ones(5, 10, 1, 4),
        says(
            ALIGNED + "sizes must be equal, or one of them 1:",
            "  a:        2  3",
            "  b: 5  10  1  4",
            "               ^",
        ),
    ),
    (
        lambda: ones(12, 3) * ones(4, 3),
        says(
            ALIGNED + "sizes must be equal, or one of them 1:",
            "  a: 12  3",
            "  b:  4  3",
            "     ^^",
        ),
    ),
    (
        lambda: ones(2, 3).expand(4, 5, 3),
        says(
            ALIGNED + "only a size of 1 can be expanded:",
            "  tensor:    2  3",
            "  target: 4  5  3",
            "             ^",
        ),
    ),
    (
        lambda: ones(2, 3).add_(ones(5, 2, 3)),
        says(
            "What is written to keeps its shape, and cannot be broadcast itself:",
            "  written to:    2  3",
            "  result:     5  2  3",
            "              ^",
        ),
    ),
    (
        lambda: ones(2, 1).copy_(ones(2, 3)),
        says(
            "What is written to keeps its shape, and cannot be broadcast itself:",
            "  written to: 2  1",
            "  result:     2  3",
            "                 ^",
        ),
    ),
    (
        lambda: ones(2, 3).t().view(6),
        (
            "Dimensions 0 (size 3, stride 1) and 1 (size 2, stride 3) cannot merge: stride 1 is "
            "not 2 * 3 = 6. A copy (reshape or contiguous) costs 24 bytes."
        ),
    ),
    (
        lambda: torch.cat([ones(2, 3), ones(2, 4), ones(2, 3), ones(3, 4)]),
        says(
            "Joined are tensors of these shapes; all dims must agree except dim 0:",
            "  0: 2  3",
            "  1: 2  4",
            "  3: 3  4",
            "        ^",
        ),
    ),
    (
        lambda: torch.stack([ones(2, 3), ones(4, 5)]),
        says(
            "Joined are tensors of these shapes; all dims must agree:",
            "  0: 2  3",
            "  1: 4  5",
            "     ^  ^",
        ),
    ),
    (
        lambda: torch.cat([ones(2, 3), ones(3)]),
        says(
            "Joined are tensors of these shapes; all must have as many dims:",
            "  0: (2, 3)",
            "  1: (3,)",
        ),
    ),
    (
        lambda: ones(2, 3) @ ones(2, 3),
        (
            "Each row of the first has 3 numbers, each column of the second 2. first @ second.T or "
            "first.T @ second would fit."
        ),
    ),
    (
        lambda: ones(2, 3) @ ones(5, 7),
        "Each row of the first has 3 numbers, each column of the second 5.",
    ),
    (
        lambda: nn.functional.cross_entropy(ones(2, 3), torch.tensor([0, 3])),
        "There are 3 classes in the input, 0 to 2.",
    ),
    (lambda: ones(2, 3, grad=True).add_(1), GONE),
    (lambda: ones(2, 3, grad=True)[0].add_(1), GONE),
    (
        lambda: torch.autograd.grad(ones(1, grad=True), ones(2, grad=True)),
        (
            "It is a leaf, of shape [2]: no path leads to it from the outputs. What was computed "
            "from it was detached, or computed from a copy, or is not in them."
        ),
    ),
]


@pytest.mark.parametrize(("f", "note"), SHAPES)
def test_shapes(f: Callable[[], object], note: str) -> None:
    assert notes_of(f) == note


class Net(nn.Module):
    """Two layers deep, so that a path has two names."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.ReLU(), layer)

    def forward(self, input: Any) -> Any:
        return self.body(input)


LINEAR = "in_features={}, out_features={}, bias=True"
LAYERS: list[tuple[nn.Module, tuple[int, ...], str]] = [
    (nn.Linear(12, 2), (5, 3, 4), "Did you mean to flatten? input.flatten(1) ends in 12."),
    (nn.Linear(12, 2), (12, 3), "Dimension 0 has size 12: input.transpose(0, -1) would fit."),
    (nn.Linear(12, 3), (2, 3), "It has out_features=3: are the two swapped?"),
    (nn.Linear(12, 2), (4, 9), "With in_features=9 it would fit."),
]


@pytest.mark.parametrize(("layer", "shape", "advice"), LAYERS)
def test_linear(layer: Any, shape: tuple[int, ...], advice: str) -> None:
    features = layer.in_features, layer.out_features
    last, weight = shape[-1], tuple(layer.weight.shape)
    assert notes_of(lambda: Net(layer)(ones(*shape))) == says(
        f"The input {shape} ends in {last}, and the layer wants in_features=12: its weight is "
        f"{weight}. {advice}",
        f"Raised in 'body.1', Linear({LINEAR.format(*features)}), given {shape} float32.",
    )


def test_linear_without_a_bias_and_as_a_function() -> None:
    text = (
        "The input (2, 3) ends in 3, and the layer wants in_features=4: its weight is (5, 4). "
        "With in_features=3 it would fit."
    )
    assert notes_of(lambda: nn.functional.linear(ones(2, 3), ones(5, 4))) == text
    assert notes_of(lambda: nn.functional.linear(ones(2, 3), ones(5, 4), ones(5))) == text


@pytest.mark.parametrize(
    ("dtype", "advice"),
    [
        (torch.float64, "input.to(torch.float32) fits it, or layer.to(torch.float64)."),
        (torch.int64, "input.to(torch.float32) fits it."),
    ],
)
def test_linear_of_another_dtype(dtype: Any, advice: str) -> None:
    name = str(dtype).removeprefix("torch.")
    assert notes_of(lambda: nn.Linear(3, 2)(ones(2, 3).to(dtype))) == says(
        f"The input is {name} and the layer's weight float32: {advice}",
        f"Raised in Linear({LINEAR.format(3, 2)}), given (2, 3) {name}.",
    )


@pytest.mark.parametrize(
    ("shape", "advice"),
    [
        ((2, 8, 8, 3), "8, not 3. The last dimension has 3: input.permute(0, 3, 1, 2) would fit."),
        ((3, 2, 8, 8), "2, not 3. Dimension 0 has 3: input.transpose(0, 1) would fit."),
        ((2, 1, 8, 8), "1, not 3. With in_channels=1 the layer would fit."),
    ],
)
def test_channels(shape: tuple[int, ...], advice: str) -> None:
    options = "3, 4, kernel_size=(3, 3), stride=(1, 1)"
    assert notes_of(lambda: Net(nn.Conv2d(3, 4, 3))(ones(*shape))) == says(
        f"Dimension 1 of {shape} has the channels: {advice}",
        f"Raised in 'body.1', Conv2d({options}), given {shape} float32.",
    )


def test_an_error_of_the_users_own_names_the_module() -> None:
    class Fails(nn.Module):
        def forward(self, input: Any) -> Any:
            raise ValueError("of my own")

    assert (
        notes_of(lambda: Net(Fails())(ones(2)))
        == "Raised in 'body.1', Fails(), given (2,) float32."
    )
    hooked = Net(Fails())
    hooked.body.register_forward_hook(lambda *_: None)
    assert notes_of(lambda: hooked(ones(2))).startswith("Raised in 'body.1', Fails()")
    assert notes_of(lambda: Fails()("text")) == "Raised in Fails()."
    hidden = nn.Module()
    inner = Fails()
    hidden.forward = lambda input: inner(input)  # pyright: ignore[reportAttributeAccessIssue]  # it holds no module
    assert notes_of(lambda: hidden(ones(2))) == "Raised in Fails(), given (2,) float32."


STATES: list[tuple[nn.Module, dict[str, Any], str]] = [
    (
        nn.Linear(3, 2),
        dict(nn.Sequential(nn.Linear(3, 2)).state_dict()),
        (
            "The keys fit without their prefix '0.': "
            "{k.removeprefix('0.'): v for k, v in state.items()}"
        ),
    ),
    (
        nn.Sequential(nn.Linear(3, 2)),
        dict(nn.Linear(3, 2).state_dict()),
        "The keys fit with the prefix '0.': {'0.' + k: v for k, v in state.items()}",
    ),
    (
        nn.Linear(3, 2),
        {"weigth": ones(2, 3), "bais": ones(2)},
        "Perhaps 'weigth' for 'weight' and 'bais' for 'bias'.",
    ),
    (nn.Linear(3, 2), {"weight": ones(2, 3)}, ""),
    (nn.Linear(3, 2), {"weight": ones(2, 3), "gamma": ones(2)}, ""),
]


@pytest.mark.parametrize(("module", "state", "note"), STATES)
def test_states(module: nn.Module, state: dict[str, Any], note: str) -> None:
    assert notes_of(lambda: module.load_state_dict(state)) == note


def test_why_a_root_has_no_history() -> None:
    x = ones(2, grad=True)
    assert notes_of(x.detach().sum().backward) == (
        "Nothing that it was computed from requires a gradient, or a detach(), .data or no_grad() "
        "came between. minitorch_np.autograd.set_flight_recorder(True) shows where."
    )
    assert notes_of(x.argmax().backward) == (
        "It is int64, and only floating point tensors have gradients: comparisons, argmax and "
        "conversions to integers end them."
    )
    with torch.no_grad():
        assert notes_of((x * 2).sum().backward) == (
            "Gradients are switched off here: what is computed now has no history."
        )
    with torch.inference_mode():
        made = ones(2).sum()
    assert notes_of(made.backward) == (
        "It was made in inference mode, in which nothing is recorded."
    )


def test_the_recorder_knows_where_a_history_was_cut() -> None:
    x = ones(2, grad=True)
    with flight_recorder():
        assert notes_of(ones(1).backward) == (
            "Nothing that it was computed from requires a gradient."
        )
        y = x.detach()
        x.softmax(0)
        with torch.no_grad():
            y = y + x
        first, *lines = notes_of(y.sum().backward).splitlines()
    assert first == "Histories were lately cut off by:"
    assert [line.split()[0] for line in lines] == ["detach()", "no_grad()"]
    assert lines[0].endswith("  y = x.detach()")
    assert lines[1].endswith("  with torch.no_grad():")
    assert "test_notes.py:" in lines[0]


def test_parameters_that_no_gradient_reaches() -> None:
    net = Net(nn.Linear(3, 2))
    net.unused = nn.Linear(1, 1, bias=False)
    frozen = nn.Parameter(ones(1), requires_grad=False)
    made = ones(1, grad=True) * 2
    out = net(ones(4, 3)).sum()
    names = [*net.named_parameters(), ("frozen", frozen), ("made", made)]
    assert unreached(out, names) == {
        "unused.weight": "no path leads to it from the outputs",
        "frozen": "its requires_grad is False",
        "made": "it is no leaf but the output of MulBackward0",
    }
    assert unreached([out, net.unused.weight.sum()], net.named_parameters()) == {}
    out.backward()
    assert [name for name, p in net.named_parameters() if p.grad is None] == ["unused.weight"]
