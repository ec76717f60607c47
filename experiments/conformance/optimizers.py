"""Optimizers under both libraries: parameters and state step by step, and what is refused."""

import contextlib
import warnings
from typing import Any

import torch

import minitorch_np
from experiments.conformance import compare, scope
from experiments.conformance.board import Row
from experiments.conformance.bridge import Unshared, found_at, mapped, ours, plain, twin
from experiments.conformance.compare import Differences, note
from experiments.conformance.tally import Settings, Tally, numbered
from reference.optimdb import Optimizer, Refused, optimizers

__all__ = ["Fit", "Run", "examine_optimizer", "examine_run", "optimizer_of", "refused_options"]

DTYPES = (torch.float32, torch.float64)
"""LBFGS, which divides differences of gradients by one another, magnifies rounding at every
iteration: in float32 nothing is left to compare after a few."""
FACTS = ("value", "dtype", "shape", "stride", "offset")
STEPS = 4
Run = tuple[dict[str, Any], bool]
"""Options, and whether the parameters are in two groups."""


class Fit:
    """One library's parameters and optimizer. The loss has one extremum."""

    def __init__(self, entry: Optimizer, run: Run, start: list[torch.Tensor], mine: bool) -> None:
        self.library: Any = minitorch_np if mine else torch
        convert = ours if mine else twin
        options, grouped = run
        self.params = [self.library.nn.Parameter(convert(p)) for p in start]
        self.params[-1].requires_grad = False  # has no gradient, and stays as it is
        self.kind = found_at(minitorch_np, entry.full_name, strict=True) if mine else entry.function
        self.options = mapped(options, convert, to_ours=mine)
        self.optimizer = self.kind(self.groups(grouped), **self.options)

    def groups(self, grouped: bool) -> list[Any]:
        """The parameters, in one group or two with other learning rates."""
        if not grouped:
            return list(self.params)
        return [{"params": self.params[:1], "lr": 0.02}, {"params": self.params[1:]}]

    def loss(self) -> Any:
        """The sum of (p - 1)^2 / 4 + sin(p) / 10 over all elements, differentiated.

        Negated for an optimizer that maximises, so that there is an extremum to find.
        """
        self.optimizer.zero_grad()
        total = sum(((p - 1).square() / 4 + p.sin() / 10).sum() for p in self.params)
        total = -total if self.options.get("maximize") else total
        total.backward()
        return total

    def again(self, grouped: bool) -> None:
        """Goes on with an optimizer of its own that loaded the state of the first."""
        state = self.optimizer.state_dict()
        self.optimizer = self.kind(self.groups(grouped), **self.options)
        self.optimizer.load_state_dict(state)


def examine_run(entry: Optimizer, run: Run, dtype: torch.dtype) -> Differences:
    """Of each property, the first difference in several steps; '' where there is none."""
    found: Differences = {}
    start = _start(entry, dtype)
    tolerance = scope.tolerance(entry.full_name, str(dtype).removeprefix("torch."))
    with contextlib.suppress(Unshared), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found_at(minitorch_np, entry.full_name, strict=True)
        except AttributeError as error:
            return {"value": f"missing: {error}"}
        a, t = Fit(entry, run, start, True), Fit(entry, run, start, False)
        for step in range(STEPS + 1):
            if step == STEPS:
                a.again(run[1])
                t.again(run[1])
            _step(a, t, f"step {step}", found, tolerance)
        note(found, "repr", _unlike(plain(repr(a.optimizer)), repr(t.optimizer)))
    return found


def _start(entry: Optimizer, dtype: torch.dtype) -> list[torch.Tensor]:
    """Parameters of several shapes, one of them not contiguous; matrices only for Muon."""
    generator = torch.Generator().manual_seed(3)
    shapes = [(3, 4), (2, 5)] if entry.matrices else [(3, 4), (5,), (), (2, 1, 3), (2, 2)]
    made = [torch.randn(s, generator=generator, dtype=torch.float64).to(dtype) for s in shapes]
    return [made[0], made[1].T.contiguous().T if made[1].ndim == 2 else made[1], *made[2:]]


def _step(
    a: Fit, t: Fit, where: str, found: Differences, tolerance: tuple[float, float] | None
) -> None:  # fmt: skip
    mine, theirs = a.optimizer.step(a.loss), t.optimizer.step(t.loss)
    compare.result(mine, theirs, found, f"{where}: loss", tolerance=tolerance)
    compare.result(a.params, t.params, found, where, facts_of=FACTS, tolerance=tolerance)
    counts = [[p._version for p in side.params] for side in (a, t)]
    note(found, "version", _unlike(*counts) and f"{where}: {_unlike(*counts)}")
    held: Differences = {}
    compare.result([p.grad for p in a.params], [p.grad for p in t.params], held,
                   f"{where}: grad", facts_of=FACTS, tolerance=tolerance)  # fmt: skip
    stride = held.pop("stride", "")
    note(found, "grad", next(filter(None, held.values()), ""))
    note(found, "grad stride", stride)
    held = {}
    compare.result(_flat(a.optimizer.state_dict()), _flat(t.optimizer.state_dict()), held,
                   f"{where}: state", facts_of=FACTS, tolerance=tolerance)  # fmt: skip
    note(found, "state", next(filter(None, held.values()), ""))


def _flat(state: Any) -> Any:
    """A state_dict with pairs for its dicts, so that one tolerance holds in all of it."""
    if isinstance(state, dict):
        return [(str(key), _flat(value)) for key, value in state.items()]
    return [_flat(v) for v in state] if isinstance(state, (list, tuple)) else state


def _unlike(a: Any, t: Any) -> str:
    return "" if a == t else f"{a!r}, not {t!r}"


def refused_options(entry: Optimizer, refused: Refused) -> Differences:
    """Whether both libraries raise and warn alike of what torch refuses or warns of."""
    found: Differences = {}
    with contextlib.suppress(Unshared):
        mine, theirs = _said(entry, refused, True), _said(entry, refused, False)
        note(found, "errors", _unlike(mine, theirs))
        if not theirs:
            note(found, "errors", "torch says nothing")
    return found


def _said(entry: Optimizer, refused: Refused, mine: bool) -> list[str]:
    """The warnings, and the exception, of a constructor and perhaps a step."""
    kind = found_at(minitorch_np, entry.full_name, strict=True) if mine else entry.function
    given = [torch.nn.Parameter(torch.ones(2, 3))] if refused.params is None else refused.params
    params = _shared(given, {}, mine)
    options = mapped(refused.options, ours if mine else twin, to_ours=mine)
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            made = kind(params, **options)
            if refused.at_step:
                made.step()
        except Exception as error:  # noqa: BLE001  compared with the other library's
            said.append(plain(f"{type(error).__name__}: {error}"))
    return [plain(f"{w.category.__name__}: {w.message}") for w in caught] + said


def _shared(value: Any, seen: dict[int, Any], mine: bool) -> Any:
    """Parameters for one library; what is one tensor stays one, gradients come along."""
    if isinstance(value, torch.Tensor):
        if id(value) not in seen:
            made: Any = ours(value.detach()) if mine else twin(value.detach())
            if isinstance(value, torch.nn.Parameter):
                made = (minitorch_np if mine else torch).nn.Parameter(made)
            if value.grad is not None:
                made.grad = ours(value.grad) if mine else twin(value.grad)
            seen[id(value)] = made
        return seen[id(value)]
    if isinstance(value, dict):
        return {key: _shared(v, seen, mine) for key, v in value.items()}
    if isinstance(value, (list, tuple, set)):
        return type(value)(_shared(v, seen, mine) for v in value)
    return value


def optimizer_of(name: str) -> Optimizer:
    """The entry of this name."""
    return next(one for one in optimizers() if one.full_name == name)


def runs(entry: Optimizer) -> list[Run]:
    """Every option with every form, and each form with two groups."""
    found: list[Run] = [({**o, **form}, False) for o in entry.options() for form in entry.forms]
    return found + ([(dict(form), True) for form in entry.forms] if entry.groups else [])


def examine_optimizer(name: str, settings: Settings) -> Row:
    """Compares one optimizer, all its properties."""
    entry, tally = optimizer_of(name), Tally(name)
    dtypes = DTYPES[1:] if entry.closure else DTYPES
    wanted = [d for d in dtypes if not settings.dtypes or str(d)[6:] in settings.dtypes]
    for dtype in wanted:
        for number, run in numbered(runs(entry), settings):
            tally.count += 1
            tally.add(examine_run(entry, run, dtype), str(dtype)[6:], number)
            if tally.missing:
                return tally.row(dtypes, settings)
    if settings.whole:
        for number, refused in enumerate(entry.refused(torch.float32)):
            tally.add(refused_options(entry, refused), "any", number)
    return tally.row(dtypes, settings)
