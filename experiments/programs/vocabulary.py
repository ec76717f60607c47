"""The statements that random programs are made of, as text with places for tensors and values.

`{x}` is the tensor a statement is about (the one that a write writes to), `{y}` and `{z}` others,
`{new}` a name not used so far, `{d}` a dim, `{n}` a number, `{index}` a subscript, `{dtype}` a
dtype. Every statement means the same in both libraries, whichever of them `torch` is; hooks write
what they see to the list `log`.
"""

import random
from collections.abc import Callable

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

VIEWS = (
    "{x}.transpose(0, -1)", "{x}.t()", "{x}.mT", "{x}.view(-1)", "{x}.view(2, -1)",
    "{x}.reshape(-1)", "{x}.unsqueeze({d})", "{x}.squeeze()", "{x}.squeeze({d})", "{x}.flatten()",
    "{x}[0]", "{x}[..., -1]", "{x}[1:]", "{x}[..., ::2]", "{x}[{index}]", "{x}[{index}]",
    "{x}.expand(2, *{x}.shape)", "{x}.permute(*range({x}.dim() - 1, -1, -1))", "{x}.diagonal()",
    "{x}.narrow({d}, 0, 1)", "{x}.as_strided((2, 2), (1, 1))", "{x}.as_strided((2,), (2,), 1)",
    "{x}.unfold(0, 2, 1)", "{x}.view_as({x})", "{x}.movedim(0, -1)", "{x}.select({d}, 0)",
    "{x}.view({x}.dtype)", "{x}.view(torch.{dtype})", "{x}.view(torch.int32)",
    "{x}.view(torch.{dtype})", "{x}.detach().view(torch.uint8)", "{x}.swapaxes(0, -1)",
    "{x}.unflatten(0, (1, -1))", "{x}.expand_as({y})", "{x}.detach().view(-1)", "{x}.data.view(-1)", "{x}.contiguous().view(-1)",
)  # fmt: skip

SAME = (
    "{x}.detach()", "{x}.detach()", "{x}.data", "{x}.contiguous()", "torch.nn.Parameter({x})",
    "torch.nn.Parameter({x}.detach())", "{x}.to({x}.dtype)", "{x}.real", "{x}._base", "{x}.grad",
    "{x}.requires_grad_()", "{x}.clone().detach_()",
)  # fmt: skip

SEVERAL = (
    "{new}, = {x}.chunk(1)", "{new}, {new2} = {x}.unbind(0)", "{new}, {new2} = {x}.unbind(-1)",
    "{new}, {new2} = {x}.chunk(2)", "{new}, {new2} = {x}.split([1, 1])",
    "{new}, {new2} = {x}.split(1)", "{new}, {new2} = {x}.tensor_split(2)", "{new}, {new2} = {x}",
    "{new}, {new2} = {x}.max(0)", "{new}, {new2} = {x}.sort()", "{new}, {new2} = {x}.hsplit(2)",
    "{new}, {new2} = {x}.unsafe_split(1)",
)  # fmt: skip

OPS = (
    "{x} * 0.5", "{x} * {x}", "{x}.tanh()", "{x}.clone()", "{x}.sum(0)", "{x}.sum()", "{x}.exp()",
    "torch.where({x} > 0, {x}, {x} * 0.25)", "{x} * {y}", "{x} + {y}", "{x} - {y} * 2", "{x} / 2",
    "torch.cat([{x}, {y}])", "torch.stack([{x}, {x}])", "{x}.to(torch.{dtype})", "{x}.double()",
    "{x}.mean()", "{x}.relu()", "{x}.index_select(0, torch.tensor([0, 0]))", "{x} @ {y}.mT",
    "{x}.masked_fill({x} > 0, 1)", "{x}.repeat_interleave(2, 0)",
    "torch.empty_like({x}).copy_({y})", "torch.zeros_like({x})", "{x}.new_ones({x}.shape)",
    "torch.zeros_like({x}, requires_grad=True)", "{x}.sigmoid()", "{x}.abs()", "{x}.prod()",
    "{x}.cumsum(0)", "{x}.softmax(0)", "{x} ** 2", "torch.addcmul({x}, {y}, {y})",
    "{x}.detach() * {x}", "{x}.clamp(-1, 1)", "{x}.max()",
)  # fmt: skip

HOOKS = (
    ("{x}.view_as({x}).grad_fn.next_functions[0][0].register_hook(lambda i, o: log.append("
     "('{x} leaf', len(i), [None if g is None else g.detach().clone() for g in o])))"),
    ("{x}.grad_fn.next_functions[0][0].register_prehook(lambda o: log.append("
     "('before {x}', [None if g is None else g.detach().clone() for g in o])))"),
    "{new} = {x}.grad_fn", "h = {x}.grad_fn.register_hook(lambda i, o: None)",
    "{x}.register_hook(lambda g: log.append(('{x}', g.detach().clone())))",
    "{x}.register_hook(lambda g: log.append(('{x}', g.detach().clone())))",
    "{x}.register_hook(lambda g: g * 2)", "{x}.register_hook(lambda g: g.clone())",
    "{new} = {x}.register_hook(lambda g: g * 3)", "{new} = {x}.register_hook(lambda g: None)",
    "h = {x}.register_hook(lambda g: g * 4)", "h.remove()", "h.remove()", "{x}.retain_grad()",
    "{x}.retain_grad()", "{x}.retain_grad()",
    ("{x}.grad_fn.register_hook(lambda i, o: log.append(('{x} node', [(None if g is None "
     "else g.detach().clone()) for g in (*i, *o)])))"),
    "{x}.grad_fn.register_hook(lambda i, o: tuple(None if g is None else g * 2 for g in i))",
    ("{x}.grad_fn.register_prehook(lambda o: log.append(('{x} before', [(None if g is None "
     "else g.detach().clone()) for g in o])))"),
    "{x}.grad_fn.register_prehook(lambda o: tuple(None if g is None else g * 2 for g in o))",
    "{x}.register_post_accumulate_grad_hook(lambda p: log.append(('{x} after', p.grad.clone())))",
    "{x}.register_post_accumulate_grad_hook(lambda p: setattr(p, 'grad', None))",
    "h = {x}.register_post_accumulate_grad_hook(lambda p: setattr(p, 'note', p.grad.zero_()))",
    "{x}.register_hook(lambda g: g.mul_(2))", "{x}.register_hook(lambda g: {y})",
)  # fmt: skip

BACKWARD = (
    "{x}.sum().backward()", "{x}.backward(torch.ones_like({x}))", "{x}.backward()",
    "({x} * {x}).sum().backward(retain_graph=True)", "{x}.sum().backward(retain_graph=True)",
    "{x}.tanh().sum().backward()",
    "({x} * torch.arange({x}.numel()).reshape({x}.shape)).sum().backward(retain_graph=True)",
    "{x}.backward({y}, retain_graph=True)", "{x}.sum().backward(retain_graph=True, inputs=[{y}])",
    "{x}.sum().backward(inputs={y})", "{x}.sum().backward(retain_graph=True, inputs=[{y}, {z}])",
    "torch.autograd.backward([{x}.sum(), {y}.sum()], retain_graph=True)",
    "torch.autograd.backward([{x}, {y}], [{x}, {y}], retain_graph=True)",
    "({x} * {y}).sum().backward(retain_graph=True)", "{x}.sum().backward(create_graph=True)",
    "({x} * {x} * {x}).sum().backward(create_graph=True)",
)  # fmt: skip

GRADS = (
    "{new}, = torch.autograd.grad({x}.sum(), {y}, retain_graph=True)",
    "{new}, = torch.autograd.grad({x}.sum(), {y}, create_graph=True)",
    "{new}, = torch.autograd.grad(({x} * {x}).sum(), {y}, create_graph=True)",
    "{new}, = torch.autograd.grad(({x} * {x} * {y}).sum(), [{y}], create_graph=True)",
    "{new}, = torch.autograd.grad({x}.tanh().sum(), {y}, create_graph=True, allow_unused=True)",
    ("{new}, {new2} = torch.autograd.grad({x}.sum(), [{y}, {z}], retain_graph=True, "
     "allow_unused=True)"),
    "{new}, = torch.autograd.grad({x}, {y}, {x}, create_graph=True)",
    "{new}, = torch.autograd.grad({x}.sum(), {y}, create_graph=True, materialize_grads=True)",
    "{new}, = torch.autograd.grad({x}.sum(), {y})",
    ("{new}, {new2} = torch.autograd.grad([{x}.sum(), ({x} * {y}).sum()], [{y}, {z}], "
     "create_graph=True, allow_unused=True)"),
)  # fmt: skip

GRAD = (
    "{x}.grad = None", "{x}.grad = None", "del {x}.grad", "{x}.grad.zero_()", "{x}.grad.mul_(2)",
    "{x}.grad = {y}", "{x}.grad = {y}.grad", "{x}.grad = {x}.detach().clone()",
    "{x}.grad.detach_()", "{x}.grad.requires_grad_(False)",
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
    "hook": HOOKS,
    "backward": BACKWARD,
    "grads": GRADS,
    "grad": GRAD,
    "look": LOOKS,
    "copy": COPIES,
    "mode": MODES,
}

KINDS: dict[str, int] = {
    "leaf": 6, "view": 24, "same": 5, "several": 4, "op": 16, "write": 16, "named": 10,
    "scatter": 12, "out": 4, "geometry": 8, "hook": 8, "backward": 10, "grads": 6, "grad": 3,
    "look": 3, "copy": 1, "mode": 1,
}  # fmt: skip
"""How often each kind of statement comes, of the sum of these."""

WRITING = ("write", "named", "scatter", "out")
"""Kinds of statements that write to `{x}`."""
