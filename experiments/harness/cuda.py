"""What `make cuda` does: every experiment with TF32 off and on, and the tests marked cuda.

Everything lands in one JSON file and one page, which are valid at any moment of the run.
"""

import importlib.util
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.harness import report, runner
from experiments.harness.console import Screen
from experiments.harness.engines import Engine, allow_tf32, library, tf32
from experiments.harness.environment import cores, environment
from experiments.harness.results import Results, write_whole
from experiments.harness.several import Job, in_turn, several

ROOT = Path(__file__).parents[2]
# A hung device must not take the experiments' time; the tests need a fraction of this.
TEST_SECONDS = 240
WORKERS = 8
# With so many cores the tests and all lock-steps, of which nothing is timed, run at once.
ROOM = 2 * WORKERS
FLAG = {False: "TF32 off", True: "TF32 on"}


@dataclass(slots=True)
class Session:
    """All that one call found."""

    environment: dict[str, Any]
    tests: dict[str, Any] | None = None
    runs: dict[bool, list[Results]] = field(default_factory=lambda: {False: [], True: []})
    complete: bool = False
    error: str | None = None
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The content of results.json: environment, tests, a run per experiment and flag."""
        found = [one.as_json() | {"tf32": on} for on, runs in self.runs.items() for one in runs]
        return {
            "environment": self.environment,
            "tests": self.tests,
            "runs": found,
            "complete": self.complete,
            "error": self.error,
            "seconds": round(self.seconds, 1),
        }

    @property
    def failed(self) -> bool:
        """Whether a test failed or a verdict is wrong."""
        wrong = any(one.verdict == "wrong" for runs in self.runs.values() for one in runs)
        return wrong or self.tests is None or bool(self.tests["failed"])


def compare(
    ours: Engine,
    data: Any,
    options: runner.Options,
    screen: Screen,
    *,
    device: str = "cuda",
    names: Sequence[str] = runner.EXPERIMENTS,
    selection: Sequence[str] = (),
) -> Session:
    """Tests and experiments on `device`; results.json and report.html in `options.out`/cuda.

    First each engine alone, which is timed, and nothing else; then tests and lock-steps, several at
    once where there are so many cores. `selection` is handed to pytest, to run fewer tests.
    """
    torch, folder = library("torch"), options.out / "cuda"
    folder.mkdir(parents=True, exist_ok=True)
    before, start = tf32(torch), time.monotonic()
    session = Session(environment(options.seed, options.dtype, [ours, _party(device, False)]))

    def written() -> None:
        session.seconds = time.monotonic() - start
        write(session, folder)

    def finished(one: Results, on: bool) -> None:
        screen.say(f"{one.experiment}, {FLAG[on]}")
        screen.results(one.as_json())
        written()

    try:
        for on in FLAG:
            allow_tf32(torch, on)
            party = _party(device, on)
            for name in names:
                screen.say(f"{name}, {FLAG[on]}")
                results = runner.started(name, ours, [party], data, options)
                session.runs[on].append(results)
                _alone(results, ours, party, data, options, screen, session)
                written()
        with ThreadPoolExecutor(1) as thread:
            tested = thread.submit(tests, folder / "tests.xml", device, selection)
            if cores() < ROOM:
                with screen.phase("tests marked cuda", None):
                    tested.result()
            _in_lockstep(session, device, data, options, screen, finished)
            session.tests = tested.result()
        screen.say("tests marked cuda: {passed} passed, {failed} failed".format(**session.tests))
        session.complete = True
    except BaseException as error:
        session.error = runner.told(error)
        for one in (*session.runs[False], *session.runs[True]):
            one.error = one.error or (None if one.complete else session.error)
        raise
    finally:
        allow_tf32(torch, before["matmul"])
        written()
    return session


def _party(device: str, on: bool) -> Engine:
    return Engine("torch-cuda", library("torch"), "reference", device, tf32=on)


def _alone(
    results: Results, ours: Engine, party: Engine, data: Any, options: runner.Options,
    screen: Screen, session: Session,
) -> None:  # fmt: skip
    """Each engine's own run; ours has no TF32, and so runs once."""
    name, free = results.experiment, results.free
    for earlier in session.runs[False]:
        if party.tf32 and earlier.experiment == name:
            free[ours.name] = earlier.free[ours.name]
    jobs = [Job(name, engine.name) for engine in (party, ours) if engine.name not in free]

    def kept(job: Job, found: Any, whole: bool) -> None:
        del whole
        free[job.engine] = found

    in_turn(jobs, [ours, party], data, options, screen, kept)
    if not party.tf32:
        results.pictures = runner.draw(results, options.out / "cuda" / results.experiment)


def _in_lockstep(
    session: Session, device: str, data: Any, options: runner.Options, screen: Screen,
    finished: Callable[[Results, bool], None],
) -> None:  # fmt: skip
    """Fills in the verdicts of every run, each in a process of its own."""
    found = {
        Job(one.experiment, "torch-cuda", device, on, True, f"{one.experiment}, {FLAG[on]}"): one
        for on, runs in session.runs.items()
        for one in runs
    }

    def done(job: Job, verdicts: Any, whole: bool) -> None:
        found[job].comparisons["torch-cuda"] = verdicts
        found[job].complete = whole
        if whole:
            finished(found[job], job.tf32)

    most = len(found) if cores() >= ROOM else 1
    several(list(found), data, options, screen, most, done)


def tests(path: Path, device: str, selection: Sequence[str]) -> dict[str, Any]:
    """How many tests marked cuda passed, and which failed; pytest's own report is at `path`."""
    path.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-m", "cuda", f"--junitxml={path.resolve()}"]
    command += ["-o", "junit_family=xunit1"]  # the one that may hold what tests remark
    if importlib.util.find_spec("xdist") and not selection:
        command += ["-n", str(min(cores(), WORKERS))]
    extra = {"MINITORCH_CUDA_TESTS_ON": device, "OMP_NUM_THREADS": "1"}
    start = time.monotonic()
    try:
        done = subprocess.run(
            [*command, *selection], cwd=ROOT, env=os.environ | extra, timeout=TEST_SECONDS,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        ending = f"pytest ended with status {done.returncode}"
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        last = lines[-1] if lines else ""
        fine = done.returncode == 0
    except subprocess.TimeoutExpired:
        fine, ending, last = False, f"no end after {TEST_SECONDS} s", ""
    none: dict[str, Any] = {"passed": 0, "failed": 0, "skipped": 0, "failures": [], "remarks": []}
    found = none | junit(path)
    if not fine and not found["failed"]:
        found["failed"], found["failures"] = 1, [{"test": "pytest", "text": f"{ending}: {last}"}]
    return found | {"seconds": round(time.monotonic() - start, 1)}


def junit(path: Path) -> dict[str, Any]:
    """Counts, failures and remarks of a JUnit file; empty where there is none."""
    if not path.is_file():
        return {}
    cases = list(ET.parse(path).getroot().iter("testcase"))
    failures: list[dict[str, str]] = []
    remarks: list[dict[str, str]] = []
    for case in cases:
        test = f"{case.get('classname')}::{case.get('name')}"
        for bad in (*case.findall("failure"), *case.findall("error")):
            text = (bad.get("message") or "").splitlines()
            failures.append({"test": test, "text": text[0] if text else bad.tag})
        noted = case.iter("property")
        remarks += [{"test": test, "text": one.get("value") or ""} for one in noted]
    skipped = sum(case.find("skipped") is not None for case in cases)
    passed = len(cases) - skipped - len({failure["test"] for failure in failures})
    return {
        "passed": passed, "failed": len(failures), "skipped": skipped,
        "failures": failures, "remarks": remarks,
    }  # fmt: skip


def write(session: Session, folder: Path) -> None:
    """results.json and report.html."""
    found = session.as_json()
    write_whole(folder / "results.json", json.dumps(found, indent=2, allow_nan=False) + "\n")
    parts = [_head(found), report.section("Tests on the GPU", _tests(found["tests"]))]
    for on, runs in session.runs.items():
        parts += [f"<h1>{one.experiment}, {FLAG[on]}</h1>\n{report.body(one)}" for one in runs]
    env = {"environment": found["environment"], "settings": {"epochs": None}, "data": None}
    parts.append(report.section("Environment", report.environment_part(env)))
    write_whole(folder / "report.html", report.document("PyTorch on CUDA", "".join(parts)))


def _head(found: dict[str, Any]) -> str:
    gpu = found["environment"]["gpu"] or "the CPU in a GPU's place"
    rows = [
        (f"<code>{one['experiment']}</code>", FLAG[one["tf32"]], report.badge(one["verdict"]),
         *(report.esc(cell) for cell in report.engine_cells(one["engines"]["torch-cuda"])))
        for one in found["runs"]
    ]  # fmt: skip
    heads = ("experiment", "products", "verdict", "accuracy", "loss", "seconds")
    state = report.incomplete(found["complete"], found["error"])
    return (
        f"<header>\n<h1>PyTorch on CUDA</h1>\n<p class='lead'>minitorch_np on the CPU against "
        f"PyTorch on {report.esc(gpu)}, in {found['seconds']:.0f} seconds.</p>\n{state}"
        f"{report.table(heads, rows, '   nnn')}</header>\n"
    )


def _tests(found: dict[str, Any] | None) -> str:
    if found is None:
        return ""
    counts = f"{found['passed']} passed, {found['failed']} failed, {found['skipped']} skipped"
    told = _told("failed", "why", found["failures"][:50])
    told += _told("test", "PyTorch here beside the PyTorch compared with", found["remarks"])
    return f"<p>{counts}, in {found['seconds']} seconds.</p>\n{told}"


def _told(what: str, how: str, found: list[dict[str, str]]) -> str:
    rows = [(f"<code>{report.esc(f['test'])}</code>", report.esc(f["text"])) for f in found]
    return report.table((what, how), rows) if rows else ""
