"""What `make cuda` does: the tests marked cuda, then every experiment with TF32 off and on.

Everything lands in one JSON file and one page, which are valid at any moment of the run.
"""

import importlib.util
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from experiments.harness import report, runner
from experiments.harness.console import Screen
from experiments.harness.engines import Engine, allow_tf32, library, tf32
from experiments.harness.environment import cores, environment
from experiments.harness.results import Results, write_whole

ROOT = Path(__file__).parents[2]
# A hung device must not take the experiments' time; the tests need a fraction of this.
TEST_SECONDS = 240
WORKERS = 8
# With so many cores the tests run beside the experiments, and disturb no timing.
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

    `selection` is handed to pytest, to run fewer tests.
    """
    torch, folder = library("torch"), options.out / "cuda"
    folder.mkdir(parents=True, exist_ok=True)
    before, start = tf32(torch), time.monotonic()
    party = Engine("torch-cuda", torch, "reference", device)
    session = Session(environment(options.seed, options.dtype, [ours, party]))
    try:
        with ThreadPoolExecutor(1) as beside:
            tested = beside.submit(tests, folder / "tests.xml", device, selection)
            if cores() < ROOM:
                with screen.phase("tests marked cuda", None):
                    tested.result()
            for on in FLAG:
                allow_tf32(torch, on)
                party = Engine("torch-cuda", torch, "reference", device, tf32=on)
                for name in names:
                    session.runs[on].append(_run(name, ours, party, data, options, screen, session))
                    session.seconds = time.monotonic() - start
                    write(session, folder)
            session.tests = tested.result()
        screen.say("tests marked cuda: {passed} passed, {failed} failed".format(**session.tests))
        session.complete = True
    except BaseException as error:
        session.error = runner.told(error)
        raise
    finally:
        allow_tf32(torch, before["matmul"])
        session.seconds = time.monotonic() - start
        write(session, folder)
    return session


def _run(
    name: str,
    ours: Engine,
    party: Engine,
    data: Any,
    options: runner.Options,
    screen: Screen,
    session: Session,
) -> Results:
    screen.say(f"{name}, {FLAG[party.tf32]}")
    results = runner.started(name, ours, [party], data, options)
    for earlier in session.runs[False]:
        if earlier.experiment == name:  # ours has no TF32: once is enough
            results.free[ours.name] = earlier.free[ours.name]
    folder = options.out / "cuda"
    try:
        runner.measure(results, ours, [party], data, options, screen)
        if not party.tf32:
            results.pictures = runner.draw(results, folder / name)
        results.complete = True
    except BaseException as error:
        results.error = runner.told(error)
        session.runs[party.tf32].append(results)
        raise
    screen.results(results.as_json())
    return results


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
