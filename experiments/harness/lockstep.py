"""Lock-step: both engines run the same program, and every observed step starts from the same state.

Each program runs in a thread of its own, and exactly one runs at any time: both stop at the same
call of `observe`, are compared there, and go on. No recordings are kept.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from experiments.harness.engines import Engine
from experiments.harness.rounding import Scale, array, dtype_name, is_tensor
from experiments.harness.verdict import EVENT, WRONG, Judgement, Tally, Value, judge
from experiments.harness.watch import Eye, Follower, watching
from experiments.harness.witness import Witness

FIRST_STEPS = 200
EVERY = 50
# Marks the start of a training, by its title, of a step, and its update; numbers of an epoch belong
# to free runs.
START, STATE, STEP, UPDATE, EPOCH = "start", "state", "step", "update", "epoch"


def observed(step: int) -> bool:
    """Whether a step is compared: the first 200 and every 50th."""
    return step < FIRST_STEPS or step % EVERY == 0


class Parted(RuntimeError):
    """The two programs did not make the same calls of `observe`."""


class _Abandoned(BaseException):
    """Unwinds a program that nobody waits for any more."""


@dataclass(slots=True)
class Sight:
    """What one engine shows at one call of `observe`."""

    name: str
    step: int
    tensors: dict[str, Any]


class Party:
    """One engine's program in its own thread, running only between `advance` and its next stop."""

    def __init__(self, engine: Engine, run: Callable[[Callable[..., None]], Any]) -> None:
        self.engine = engine
        self.result: Any = None
        self._run = run
        self._sight: Sight | None = None
        self._error: BaseException | None = None
        self._stopping = False
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        # Thread counts of OpenMP belong to a thread, so the caller's is handed on.
        self._threads = engine.library.get_num_threads()
        self._thread = threading.Thread(target=self._work, name=engine.name, daemon=True)
        self._thread.start()

    def advance(self) -> Sight | None:
        """What the program shows next, or None at its end. Raises whatever the program raised."""
        self._sight = None
        self._go.release()
        self._stopped.acquire()
        if self._error is not None:
            raise self._error
        return self._sight

    def stop(self) -> None:
        """Ends the thread at its next call of `observe`, unless it is over."""
        self._stopping = True
        self._go.release()
        self._thread.join(timeout=5)

    def _work(self) -> None:
        self._go.acquire()
        try:
            if not self._stopping:
                self.engine.library.set_num_threads(self._threads)
                self.result = self._run(self._observe)
        except _Abandoned:
            pass
        except BaseException as error:  # noqa: BLE001  raised again where it is waited for
            self._error = error
        finally:
            self._sight = None
            self._stopped.release()

    def _observe(self, name: str, step: int, **tensors: Any) -> None:
        if self._stopping:
            raise _Abandoned
        self._sight = Sight(name, step, tensors)
        self._stopped.release()
        self._go.acquire()
        if self._stopping:
            raise _Abandoned


class Verdicts(NamedTuple):
    """What a comparison came to, without its engines: so it crosses between processes."""

    tallies: dict[str, Tally]
    judged: int
    unjudged: int


@dataclass(slots=True)
class Comparison:
    """Running verdicts of one engine against ours, by quantity."""

    ours: Engine
    theirs: Engine
    follower: Follower
    tallies: dict[str, Tally] = field(default_factory=dict)
    judged: int = 0
    unjudged: int = 0
    seeded: bool = True
    training: str = ""
    witness: Witness = field(init=False)
    _known: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.witness = Witness(self.theirs.library, self.follower.ledger)

    @property
    def verdicts(self) -> Verdicts:
        """What it came to so far."""
        return Verdicts(self.tallies, self.judged, self.unjudged)

    def meet(self, a: Sight, b: Sight) -> None:
        """Judges what both show, and hands our state to the other engine where a step starts."""
        if (a.name, a.step) != (b.name, b.step):
            raise Parted(
                f"{self.ours.name} observes {a.name} {a.step} where "
                f"{self.theirs.name} observes {b.name} {b.step}"
            )
        if a.name == EPOCH:
            return
        if a.name == START:
            self._begin(a, b)
        elif a.name == STATE:
            self._start(a, b)
        elif self.follower.active:
            self.judged += 1
            if a.name == UPDATE:
                self._known.update(a.tensors)
            for name in self._shared(a, b):
                if a.name != STEP or name not in self._known:
                    quantity = name if a.name in (STEP, UPDATE) else f"{a.name}: {name}"
                    self._judge(quantity, a.step, a.tensors[name], b.tensors[name], a)
                if a.name == STEP:
                    self._judge_gradient(name, a, b)
            if a.name == UPDATE:  # what runs until the next step starts is not compared
                self._watch(False)
        else:
            self.unjudged += 1

    def _begin(self, a: Sight, b: Sight) -> None:
        """Both engines start a training of one title, from what they drew themselves."""
        self.training = str(a.tensors.pop("title"))
        if b.tensors.pop("title") != self.training:
            raise Parted(f"{self.theirs.name} trains another network than {self.training}")
        shared = self._shared(a, b)
        for name in shared:
            self._judge_start(name, a, b)
        self._known.update(shared)

    def _start(self, a: Sight, b: Sight) -> None:
        shared = self._shared(a, b)
        for name in shared:
            if name not in self._known:
                self._judge_start(name, a, b)
        self._known.update(shared)
        self._watch(observed(a.step))
        if not self.follower.active:
            return
        self.follower.ledger.clear()
        self.witness.clear()
        for name in shared:
            for mine, other in _with_gradient(a.tensors[name], b.tensors[name]):
                if mine.shape == other.shape:
                    self.theirs.overwrite(other, array(mine))
        state = self.ours.random_state()
        self.seeded = state is not None and self.theirs.set_random_state(state)

    def _watch(self, on: bool) -> None:
        self.follower.active = self.witness.active = on

    def _judge_start(self, name: str, a: Sight, b: Sight) -> None:
        """Both drew the values from one seed, so that they are at most one rounding apart."""
        mine, scale = a.tensors[name], self.follower.scale.pointwise(dtype_name(a.tensors[name]))
        values = array(mine)
        ours = self._value(mine, plain=scale * np.square(values.astype(np.float64)))
        self._count(f"{name} at start", judge(ours, self._value(b.tensors[name])), a.step)

    def _value(self, tensor: Any, **noise: Any) -> Value:
        return Value(array(tensor), tuple(tensor.stride()), dtype_name(tensor), **noise)

    def _shared(self, a: Sight, b: Sight) -> list[str]:
        for name in a.tensors.keys() ^ b.tensors.keys():
            lacks = self.theirs if name in a.tensors else self.ours
            reason = f"{lacks.name} has none"
            self._count(name, Judgement(WRONG, float("inf"), reason=reason), a.step)
        both = [name for name in a.tensors if name in b.tensors]
        return [n for n in both if is_tensor(a.tensors[n]) and is_tensor(b.tensors[n])]

    def _judge_gradient(self, name: str, a: Sight, b: Sight) -> None:
        mine, other = gradient(a.tensors[name]), gradient(b.tensors[name])
        if mine is not None and other is not None:
            self._judge(f"{name}.grad", a.step, mine, other, a)
        elif mine is not None or other is not None:
            lacks = self.ours if mine is None else self.theirs
            reason = f"{lacks.name} has no gradient"
            self._count(f"{name}.grad", Judgement(WRONG, float("inf"), reason=reason), a.step)

    def _judge(self, quantity: str, step: int, mine: Any, other: Any, sight: Sight) -> None:
        noise = self.follower.ledger.read(mine)
        judgement = judge(
            self._value(mine, plain=noise.plain, fence=noise.fence), self._value(other)
        )
        note = self._fenced(sight) if judgement.verdict == EVENT else ""
        self._count(quantity, judgement, step, note)

    def _count(self, quantity: str, judgement: Judgement, step: int, note: str = "") -> None:
        tally = self.tallies.setdefault(quantity, Tally(quantity, self.theirs.name))
        tally.add(judgement, step, note, self.training)

    def _fenced(self, sight: Sight) -> str:
        """Units that fell on different sides, else those on the fence; the heaviest first."""
        names = {id(t.untyped_storage()): name for name, t in sight.tensors.items() if is_tensor(t)}
        units: list[tuple[bool, float, str]] = []
        for fence in self.follower.ledger.fences:
            label = names.get(id(fence.storage()), fence.label)
            units.extend(
                (bool(flip), float(weight), f"{label}{unit.tolist()}")
                for flip, weight, unit in zip(
                    self.witness.flipped(fence), fence.weight, fence.units, strict=True
                )
            )
        flipped = [unit for unit in units if unit[0]]
        ranked = sorted(flipped or units, key=lambda unit: -unit[1])
        named = list(dict.fromkeys(name for _, _, name in ranked))
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        return f"{', '.join(named[:3])}{more} {'flipped' if flipped else 'on the fence'}"


def gradient(tensor: Any) -> Any:
    """A leaf's gradient, or None; asking a tensor inside the graph would warn."""
    if tensor.is_leaf or tensor.retains_grad:
        return tensor.grad
    return None


def _with_gradient(mine: Any, other: Any) -> Iterator[tuple[Any, Any]]:
    yield mine, other
    pair = gradient(mine), gradient(other)
    if pair[0] is not None and pair[1] is not None:
        yield pair


@contextlib.contextmanager
def parties(*made: Callable[[], Party]) -> Iterator[list[Party]]:
    """Started parties, all of them stopped at the end, whatever happens."""
    running: list[Party] = []
    try:
        running.extend(make() for make in made)
        yield running
    finally:
        for party in running:
            party.stop()


def lockstep(
    ours: Engine,
    theirs: Engine,
    run: Callable[[Engine, Callable[..., None]], Any],
    *,
    comparison: Comparison | None = None,
    tick: Callable[[Sight], None] = lambda sight: None,
) -> Comparison:
    """Verdicts of `theirs` against `ours`, `run` being their program to run with an observer.

    A `comparison` that is handed in fills as the run goes on, and so survives an interrupt.
    """
    if comparison is None:
        comparison = Comparison(ours, theirs, Follower(ours.library, Scale(tf32=theirs.tf32)))

    def watched(engine: Engine, eye: Eye) -> Callable[..., Any]:
        return lambda observe: _watched(eye, observe, lambda seen: run(engine, seen))

    with parties(
        lambda: Party(ours, watched(ours, comparison.follower)),
        lambda: Party(theirs, watched(theirs, comparison.witness)),
    ) as (a, b):
        while True:
            sights = a.advance(), b.advance()
            if sights[0] is None and sights[1] is None:
                return comparison
            if sights[0] is None or sights[1] is None:
                ended = ours if sights[0] is None else theirs
                raise Parted(f"{ended.name} ended before the other engine")
            comparison.meet(sights[0], sights[1])
            tick(sights[0])


def _watched(
    eye: Eye, observe: Callable[..., None], run: Callable[[Callable[..., None]], Any]
) -> Any:
    """What a program returns that is watched while `eye` is active, and costs nothing else."""
    with contextlib.ExitStack() as watch:
        watch.enter_context(watching(eye))

        def seen(name: str, step: int, **tensors: Any) -> None:
            before = eye.active
            observe(name, step, **tensors)
            if before and not eye.active:
                watch.close()
            elif eye.active and not before:
                watch.enter_context(watching(eye))

        return run(seen)


def worst(tallies: Mapping[str, Tally], order: tuple[str, ...]) -> str:
    """The worst verdict of all."""
    return max((t.verdict for t in tallies.values()), key=order.index, default=order[0])
