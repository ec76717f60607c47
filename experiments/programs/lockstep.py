"""One program under two libraries: each statement run by both, and all that came of it compared."""

import contextlib
import functools
import re
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch

import minitorch_np
from experiments.conformance.bridge import plain
from experiments.conformance.compare import TOLERANCE
from experiments.programs.custom import names
from experiments.programs.facts import DERIVED, facts, unlike, unlike_logs
from experiments.programs.memory import address, mixed, overlaps_itself, reconciled
from minitorch_np.strides import Overlap, internal_overlap

__all__ = ["Abandoned", "Difference", "Line", "Lockstep"]

Names = dict[str, Any]
PARTLY = re.compile("^IndexError|ZeroDivision|out of range|Number of elements of source")
"""Errors that PyTorch may raise in the middle of writing."""
DERIVING = re.compile(r"create_graph=True|torch\.func|autograd\.functional|forward_ad")
"""What leaves the nodes of a derivative."""
NOT_BY_ELEMENT = re.compile(r"(mm|mv|addr|cumsum|cumprod|renorm|fill_diagonal)_|@=")
"""Writes of elements that depend on others than those in their own place."""


class Line(NamedTuple):
    """A statement; `target` is the tensor that it writes to, `others` those that it reads then."""

    text: str
    kind: str = ""
    target: str = ""
    others: tuple[str, ...] = ()


class Difference(Exception):
    """The libraries differ; `kind` says in what, shortly, and the text where and how."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class Abandoned(Exception):
    """A program that cannot go on, for PyTorch itself fell over it."""


@functools.lru_cache(maxsize=100_000)
def compiled(text: str) -> types.CodeType:
    """The statement, ready to run."""
    return compile(text, "<program>", "exec")


def outcome(code: types.CodeType, space: Names) -> tuple[str, list[str]]:
    """The error that a statement raises, '' for none, and its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(code, space)
            error = ""
        except Exception as raised:  # noqa: BLE001  # compared with the other library's
            text = plain(str(raised)).partition("\nException raised from")[0]  # a trace in C++
            error = f"{type(raised).__name__}: {text}"
    # PyTorch's own code uses what it warns of, once
    told = [w for w in caught if "torch.jit" not in str(w.message)]
    return error, [warned(str(w.message)) for w in told]


def warned(text: str) -> str:
    """A warning without addresses, and without the place in C++ that it was triggered from."""
    text = re.sub(r" \(Triggered internally at .*\)$", "", text.strip(), flags=re.DOTALL)
    return plain(re.sub(r"0x[0-9a-f]+", "0x", text))


def same_text(mine: str, theirs: str) -> bool:
    """Whether two errors, or two warnings, are one."""
    return mine == theirs


class Lockstep:
    """A program as it runs: the names that each library has by now, and what hooks have seen."""

    def __init__(self, alike: Callable[[str, str], bool] = same_text) -> None:
        torch.set_warn_always(True)
        self.mine: Names = {"torch": minitorch_np, "log": []}
        self.theirs: Names = {"torch": torch, "log": []}
        for space in (self.mine, self.theirs):
            space |= names(space["torch"], space["log"])
        self.alike = alike
        self.shapes: dict[str, tuple[int, ...]] = {}
        """Of PyTorch's tensors, in the order in which they were made."""
        self.coarse = "float64"
        self.absolute = False

    def run(self, line: Line) -> bool:
        """Whether both libraries ran a statement; not so where its outcome is left to chance.

        Raises: Difference where they answer otherwise, Abandoned where PyTorch is at fault.
        """
        if self.is_left_to_chance(line):
            return False
        code = compiled(line.text)
        theirs, their_warnings = outcome(code, self.theirs)
        if (
            "INTERNAL ASSERT" in theirs
            or "Batching rule not implemented" in theirs
            or "select() cannot be applied to a 0-dim" in theirs
        ):
            raise Abandoned("it fell over, or read a size that is not there")
        mine, my_warnings = outcome(code, self.mine)
        if mine != theirs and "has no dimensions" in mine and "has no dimensions" in theirs:
            raise Abandoned("it asked for a size that is not there, to save it")
        if not self.alike(mine, theirs):
            raise Difference("error", f"raised {mine or 'nothing'!r}, not {theirs or 'nothing'!r}")
        if "derivative for aten::" in theirs:
            raise Abandoned("leaves may have been reached before the node that has no derivative")
        if PARTLY.search(theirs) and (line.kind == "scatter" or "ZeroDivision" in theirs):
            raise Abandoned("some elements may have been written before the error")
        if len(my_warnings) != len(their_warnings) or not all(
            map(self.alike, sorted(my_warnings), sorted(their_warnings))  # C++'s come last
        ):
            raise Difference("warning", f"warned {my_warnings}, not {their_warnings}")
        if "abs" in line.text:
            self.absolute = True
        if DERIVING.search(line.text):
            if self.absolute:
                raise Abandoned("the derivative of abs's is zeros without memory in PyTorch")
            self.mark(self.mine)
            self.mark(self.theirs)
        self.shapes = {name: tuple(t.shape) for name, t in tensors(self.theirs)}
        for _, t in tensors(self.theirs):
            self.coarse = coarser(self.coarse, str(t.dtype).removeprefix("torch."))
        there = [name for name, _ in tensors(self.mine)]
        if set(there) != set(self.shapes):
            raise Difference("names", f"tensors {there} are not {list(self.shapes)}")
        return not theirs

    def compare(self, *, histories: bool = True) -> None:
        """Every tensor that there is; without `histories` only what no look at it changes.

        Raises: Difference.
        """
        mine, theirs = self.mine, self.theirs
        found = reconciled([(mine[name], theirs[name]) for name in self.shapes], self.coarse)
        if found:
            raise Difference("values", found)
        for name in self.shapes:
            a = facts(mine[name], mine, history_too=histories)
            t = facts(theirs[name], theirs, history_too=histories)
            found = unlike(a, t, name, self.coarse)
            if found and "INTERNAL ASSERT" in found:
                raise Abandoned(found)
            if found:
                raise Difference(found.partition(":")[0].partition(".")[2] or "values", found)
        a, t = [self.partition(space, gradients=histories) for space in (mine, theirs)]
        if a != t:
            raise Difference("memory", f"tensors that are one, or share memory: {a}, not {t}")
        found = unlike_logs(mine["log"], theirs["log"])
        if found:
            raise Difference("log", found)

    def close(self) -> None:
        """Leave the grad mode as it is at first, whatever the program did to it."""
        torch.set_grad_enabled(True)
        minitorch_np.set_grad_enabled(True)

    def mark(self, space: Names) -> None:
        """Note which nodes a derivative has left: those of new tensors, and of gradients."""
        found = [t for name, t in tensors(space) if name not in self.shapes]
        found += [t for name, t in self.everything(space) if name.endswith(".grad")]
        for t in [*found, *[t._base for t in found if t._base is not None]]:
            with contextlib.suppress(RuntimeError):  # a view that may not be looked at any more
                if t.grad_fn is not None:
                    t.grad_fn.metadata[DERIVED] = True

    def partition(self, space: Names, gradients: bool) -> list[str]:
        """Which tensors are one object, and which share memory: each with the first that does."""
        groups: dict[tuple[str, int], str] = {}
        found: list[str] = []
        for name, t in self.everything(space) if gradients else tensors(space):
            storage = t.untyped_storage()
            memory = address(t) if isinstance(t, torch.Tensor) else id(storage)
            one = groups.setdefault(("is", id(t)), name)
            by = groups.setdefault(("shares", memory), name)
            if one != name:
                found.append(f"{name} is {one}")
            elif by != name:
                found.append(f"{name} shares with {by}")
        return found

    def everything(self, space: Names) -> Iterator[tuple[str, Any]]:
        """The tensors and their gradients."""
        for name in self.shapes:
            t = space[name]
            yield name, t
            try:
                keeps = t.is_leaf or t.retains_grad
            except RuntimeError:
                continue
            if keeps and t.grad is not None:
                yield f"{name}.grad", t.grad

    def is_left_to_chance(self, line: Line) -> bool:
        """Whether a write's result depends on the order in which elements are written.

        So it does where elements of the target overlap, and where it overlaps what is read, unless
        PyTorch refuses that.
        """
        target = self.theirs.get(line.target)
        if not isinstance(target, torch.Tensor):
            return False
        inner = internal_overlap(tuple(target.shape), target.stride())
        if inner is Overlap.TOO_HARD and overlaps_itself(target):
            return True
        strict = line.kind not in ("write", "named", "saved") or NOT_BY_ELEMENT.search(line.text)
        if inner is Overlap.YES and strict:
            return True
        read = [self.theirs.get(name) for name in line.others]
        return any(isinstance(t, torch.Tensor) and mixed(target, t, bool(strict)) for t in read)


def tensors(space: Names) -> Sequence[tuple[str, Any]]:
    """The tensors of a namespace."""
    kinds = (torch.Tensor, minitorch_np.Tensor)
    return [(name, t) for name, t in space.items() if isinstance(t, kinds)]


def coarser(one: str, other: str) -> str:
    """The dtype of the two whose values are rounded more."""
    return max(one, other, key=lambda name: TOLERANCE.get(name, (0.0, 0.0)))
