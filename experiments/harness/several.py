"""The jobs of a run, each alone or several at once in processes of their own."""

import contextlib
import multiprocessing
import os
import pickle
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

from experiments.harness import engines, runner
from experiments.harness.console import Screen, Tick, counts
from experiments.harness.engines import Engine
from experiments.harness.free import FreeRun
from experiments.harness.lockstep import Comparison, Verdicts
from experiments.harness.results import OURS

# A process tells of its steps this often; interrupted, it has so long for what it found. Seconds.
PULSE, PATIENCE = 0.2, 2.0

Found = FreeRun | Verdicts | Comparison


class Job(NamedTuple):
    """An experiment by one engine alone, which is timed, or by ours beside it in lock-step."""

    experiment: str
    engine: str
    device: str = "cpu"
    tf32: bool = False
    beside: bool = False
    title: str = ""

    def __str__(self) -> str:
        what = f"lock-step with {self.engine}" if self.beside else f"{self.engine} alone"
        return f"{self.title or self.experiment}: {what}"


class Word(NamedTuple):
    """What a process tells: how many steps more, and at the end of a job what it found, its seconds
    of CPU time and what broke it off.
    """

    steps: int
    found: Found | None = None
    cpu: float = 0.0
    error: BaseException | None = None


Done = Callable[[Job, Found, bool], None]


def in_turn(
    jobs: Sequence[Job], parties: Sequence[Engine], data: Any, options: runner.Options,
    screen: Screen, done: Done,
) -> None:  # fmt: skip
    """The jobs one after the other in this process; `done` as for `several`."""
    by_name, totals = {engine.name: engine for engine in parties}, dict[str, int]()
    for job in jobs:
        found, whole = _blank(job, by_name[OURS], by_name[job.engine]), False
        try:
            with screen.phase(str(job), totals.get(job.experiment)) as tick:
                _fill(found, job, by_name[job.engine], data, options, tick)
            totals[job.experiment], whole = tick.count, True
        finally:
            done(job, found, whole)


def _blank(job: Job, ours: Engine, party: Engine) -> FreeRun | Comparison:
    """What a job finds, before it found anything."""
    return runner.compared(ours, party) if job.beside else FreeRun(party.name)


def _fill(
    found: FreeRun | Comparison, job: Job, party: Engine, data: Any, options: runner.Options,
    tick: Callable[[str], None],
) -> None:  # fmt: skip
    """Does a job."""
    if isinstance(found, FreeRun):
        runner.alone(party, job.experiment, found, data, options, tick)
    else:
        runner.beside(job.experiment, found, data, options, lambda sight: tick(sight.name))


def several(
    jobs: Sequence[Job], data: Any, options: runner.Options, screen: Screen, most: int, done: Done
) -> None:
    """The jobs in processes of their own, so many at once; `done` gets what each one found as it
    ends, and whether that is all.

    Raises what broke a job off, or KeyboardInterrupt, once `done` has what every job had by then.
    """
    waiting, totals = list(jobs), dict[str, int]()
    workers = [_Worker(data, options, screen) for _ in range(min(most, len(jobs)))]
    busy: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < len(workers):
                [idle, *_] = [worker for worker in workers if worker not in busy]
                job = waiting.pop(0)
                idle.begin(job, totals.get(job.experiment))
                busy.append(idle)
            for worker in _ready(busy):
                word = worker.read()
                if word.found is None:
                    continue
                busy.remove(worker)
                totals[worker.job.experiment] = worker.end()
                done(worker.job, word.found, word.error is None)
                if word.error is not None:
                    raise word.error
    except BaseException:
        for worker in busy:
            worker.interrupt()
        for worker in busy:
            if (found := worker.last()) is not None:
                done(worker.job, found, False)
        raise
    finally:
        for worker in workers:
            worker.close()


class _Worker:
    """A process that does one job after the other."""

    job: Job

    def __init__(self, data: Any, options: runner.Options, screen: Screen) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.pipe, there = spawn.Pipe()
        self._process = spawn.Process(target=_work, args=(there,), daemon=True)
        with _deaf():
            self._process.start()
        there.close()
        self._screen, self._phase = screen, contextlib.ExitStack()
        self._given: tuple[Any, runner.Options] | None = (data, options)

    def begin(self, job: Job, total: int | None) -> None:
        """Hands it a job, and shows how far that is."""
        self.job = job
        self._tick: Tick = self._phase.enter_context(self._screen.phase(str(job), total))
        if self._given is not None:
            self.pipe.send(self._given)
            self._given = None
        self.pipe.send(job)

    def read(self) -> Word:
        """Its next word; a process that died found nothing."""
        try:
            word = self.pipe.recv()
        except (EOFError, ConnectionError):
            nothing = Verdicts({}, 0, 0) if self.job.beside else FreeRun(self.job.engine)
            word = Word(0, nothing, error=RuntimeError(f"{self.job}: the process died"))
        self._tick.add(word.steps)
        if word.found is not None:
            self._tick.cpu = word.cpu
        return word

    def end(self) -> int:
        """Ends what shows the job; how many steps that had."""
        self._phase.close()
        return self._tick.count

    def interrupt(self) -> None:
        """Has it break off its job, as Ctrl-C does."""
        if self._process.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGINT)

    def last(self) -> Found | None:
        """What it had found when it was interrupted, if it says so in time."""
        end, word = time.monotonic() + PATIENCE, Word(0)
        while word.found is None and self.pipe.poll(max(end - time.monotonic(), 0)):
            word = self.read()
        return word.found

    def close(self) -> None:
        """Ends the process, and whatever shows its job."""
        self._phase.close()
        self._process.terminate()
        self._process.join()
        self.pipe.close()


def _ready(busy: Sequence[_Worker]) -> Iterator[_Worker]:
    pipes = wait([worker.pipe for worker in busy])
    return (worker for worker in tuple(busy) if worker.pipe in pipes)


@contextlib.contextmanager
def _deaf() -> Iterator[None]:
    """A context whose new processes ignore Ctrl-C until they ask for it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _work(pipe: Connection) -> None:
    """One job after the other, in this process, for as long as somebody listens."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to tell yet
    with contextlib.suppress(EOFError, ConnectionError):
        data, options = pipe.recv()
        while True:
            pipe.send(_done(pipe, pipe.recv(), data, options))


def _done(pipe: Connection, job: Job, data: Any, options: runner.Options) -> Word:
    ours = party = engines.ours()
    if job.engine != OURS:
        torch = engines.library("torch")
        party = Engine(job.engine, torch, "reference", job.device, tf32=job.tf32)
        engines.allow_tf32(torch, job.tf32)
    engines.pin(options.threads, [ours, party])
    found, error = _blank(job, ours, party), None
    told, steps, before = time.monotonic(), 0, time.process_time()

    def tick(name: str) -> None:
        nonlocal told, steps
        steps += counts(name)
        if time.monotonic() - told > PULSE:
            pipe.send(Word(steps))
            told, steps = time.monotonic(), 0

    try:
        signal.signal(signal.SIGINT, _once)
        _fill(found, job, party, data, options, tick)
    except BaseException as caught:  # noqa: BLE001  raised again where it is waited for
        error = _portable(caught)
    sent = found if isinstance(found, FreeRun) else found.verdicts
    return Word(steps, sent, time.process_time() - before, error)


def _once(*_: object) -> None:
    """Interrupts, once: a terminal's Ctrl-C comes twice, from it and from the process above."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _portable(error: BaseException) -> BaseException:
    """The error with its traceback as a note, or one that says the same and can be sent."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001  whatever it is that such an error cannot do
        return RuntimeError(runner.told(error))
    return error
