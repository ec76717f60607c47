"""The statements that random programs are made of, as text with places for tensors and values.

`{x}` is the tensor a statement is about (the one that a write writes to), `{y}` and `{z}` others,
`{new}` a name not used so far, `{d}` a dim, `{n}` a number, `{index}` a subscript, `{dtype}` a
dtype. Every statement means the same in both libraries, whichever of them `torch` is; hooks write
what they see to the list `log`; `custom.py` has the other names.
"""

import random
from collections.abc import Callable

from experiments.programs.backwards import (
    BACKWARD,
    CUSTOM,
    GRAD,
    GRADS,
    HOOKS,
    SAVED,
    SECOND,
)
from experiments.programs.views import SAME, SEVERAL, VIEWS
from experiments.programs.writes import GEOMETRY, NAMED, OUT, SCATTERS, WRITES

__all__ = ["DIMS", "DTYPES", "FORMS", "INDICES", "KINDS", "NUMBERS", "WRITING", "leaf"]

FLOATS = ("float64", "float64", "float64", "float32", "float32", "bfloat16", "float16")
DTYPES = ("float64", "float32", "int64", "float64", "float32", "bfloat16")
NUMBERS = ("2", "0.5", "-1", "1.25", "0")
DIMS = ("0", "0", "1", "-1")
SHAPES = ((2, 3), (2, 3), (2, 2), (4,), (2, 2, 2), (3, 1), (), (1,), (0, 3), (3, 2))


def nested(shape: tuple[int, ...], number: Callable[[], str]) -> str:
    """Nested lists of this shape, as text."""
    if not shape:
        return number()
    return "[" + ", ".join(nested(shape[1:], number) for _ in range(shape[0])) + "]"


def leaf(rng: random.Random) -> str:
    """A statement that makes a tensor out of numbers."""
    shape = rng.choice(SHAPES)
    dtype = rng.choice(FLOATS) if rng.random() < 0.9 else "int64"
    whole = dtype == "int64"
    text = nested(shape, lambda: str(rng.randint(0, 3)) if whole else str(rng.randint(-12, 12) / 4))
    made = f"torch.tensor({text}, dtype=torch.{dtype})"
    if len(shape) > 1 and rng.random() < 0.2:
        made += ".mT.clone()"  # a dense layout that is not contiguous
    if not whole and rng.random() < 0.7:
        made = f"torch.nn.Parameter({made})" if rng.random() < 0.1 else f"{made}.requires_grad_()"
    return "{new} = " + made


INDICES = (
    "0", "-1", "1:", "::2", ":1", "...", "None", "..., 0", "..., None", "0, ...", ":, 0", ":, None",
    "True", "False", "[0]", "[1, 0]", ":, [0]", "0, [0]", "[0], 0", "[0], [1]", "1:, [0, 1]",
    "torch.tensor(1)", "torch.tensor([0])", "torch.tensor([1, 0])", "torch.tensor([[0, 1]])",
    "..., torch.tensor([0, 1])", "torch.tensor([0]), torch.tensor([1])", "None, [0]", "[0], None",
    "torch.tensor([True, False])", ":, torch.tensor([0, 1]), None", "{x} > 0", "{y} > 0", "()",
    "torch.tensor([0, 0])", "..., ::2", "0, 0", "0:0", "torch.tensor(True)", "slice(0, 1)",
)  # fmt: skip

OPS = (
    "{x} * 0.5", "{x} * {x}", "{x}.tanh()", "{x}.clone()", "{x}.sum(0)", "{x}.sum()", "{x}.exp()",
    "torch.where({x} > 0, {x}, {x} * 0.25)", "{x} * {y}", "{x} + {y}", "{x} - {y} * 2", "{x} / 2",
    "torch.cat([{x}, {y}])", "torch.stack([{x}, {x}])", "{x}.to(torch.{dtype})", "{x}.double()",
    "{x}.mean()", "{x}.relu()", "{x}.index_select(0, torch.tensor([0, 0]))", "{x} @ {y}.mT",
    "{x}.masked_fill({x} > 0, 1)", "{x}.repeat_interleave(2, 0)",
    "torch.empty_like({x}).copy_({y})", "torch.zeros_like({x})", "{x}.new_ones({x}.shape)",
    "torch.zeros_like({x}, requires_grad=True)", "{x}.sigmoid()", "{x}.abs()", "{x}.tanh().prod()",
    "{x}.cumsum(0)", "{x}.softmax(0)", "{x} ** 2", "torch.addcmul({x}, {y}, {y})",
    "{x}.detach() * {x}", "{x}.clamp(-1, 1)", "{x}.max()",
)  # fmt: skip

LOOKS = (
    "{x}.grad_fn", "{x}.is_leaf", "{x}.requires_grad", "{x}._version", "{x}.grad_fn.next_functions",
    "del {x}", "del {x}",
)  # fmt: skip

MODES = (
    "torch.set_grad_enabled(False)", "torch.set_grad_enabled(True)", "torch.set_grad_enabled(True)",
)  # fmt: skip

COPIES = (
    "import copy; {new} = copy.deepcopy({x})", "import copy; {new} = copy.copy({x})",
    "import pickle; {new} = pickle.loads(pickle.dumps({x}))", "{x}.__dict__['note'] = 1",
    "import copy; {new}, {new2} = copy.deepcopy([{x}, {y}])",
)  # fmt: skip

FORMS: dict[str, tuple[str, ...]] = {
    "view": tuple(f"{{new}} = {v}" for v in VIEWS),
    "same": tuple(f"{{new}} = {v}" for v in SAME),
    "several": SEVERAL,
    "op": tuple(f"{{new}} = {v}" for v in OPS),
    "write": WRITES,
    "named": NAMED,
    "scatter": SCATTERS,
    "out": OUT,
    "geometry": GEOMETRY,
    "custom": tuple(f"{{new}} = {c}" for c in CUSTOM),
    "hook": HOOKS,
    "saved": SAVED,
    "backward": BACKWARD,
    "grads": GRADS,
    "second": SECOND,
    "grad": GRAD,
    "look": LOOKS,
    "copy": COPIES,
    "mode": MODES,
}

KINDS: dict[str, int] = {
    "leaf": 6, "view": 24, "same": 5, "several": 4, "op": 16, "write": 16, "named": 10,
    "scatter": 12, "out": 4, "geometry": 8, "custom": 5, "hook": 8, "saved": 3,
    "backward": 10, "grads": 7, "second": 2, "grad": 3, "look": 3, "copy": 1, "mode": 1,
}  # fmt: skip
"""How often each kind of statement comes, of the sum of these."""

WRITING = ("write", "named", "scatter", "out", "saved")
"""Kinds of statements that write to `{x}`."""
