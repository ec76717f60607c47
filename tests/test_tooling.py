"""The repository's own commands: what `make` says and does before any of our code runs."""

import ast
import itertools
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools import bootstrap as b

ROOT = Path(__file__).resolve().parent.parent
HERE = sys.version_info[:3]
PYPROJECT = """
[build-system]
requires = ["hatchling"]
[project]
name = "small"
dependencies = []
[project.optional-dependencies]
experiments = []
test = []
[tool.ruff]
line-length = 100
"""
# Stands for .venv/bin/python: notes its arguments, says what FAKE_ERROR holds, ends as FAKE_STATUS.
FAKE_PYTHON = """#!/bin/sh
echo "$@" >> "{notes}"
printf '%s' "$FAKE_ERROR" >&2
exit "${{FAKE_STATUS:-0}}"
"""
DNS = "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution"
NO_NETWORK = f"WARNING: Retrying after connection broken by 'NewConnectionError({DNS})'\n"
NO_HATCHLING = (
    "ERROR: Could not find a version that satisfies the requirement hatchling>=1.27\n"
    "ERROR: No matching distribution found for hatchling>=1.27\n"
)
NOTHING_FOUND = "ERROR: No matching distribution found for torch==2.15.0\n"
PLENTY = (1, 1000.0)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project whose .venv holds a Python that only pretends."""
    monkeypatch.delenv("PYTHON", raising=False)
    monkeypatch.setattr(b, "measure", lambda path: PLENTY)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "requirements-lock.txt").write_text("torch==2.15.0\n")
    fake_venv(tmp_path / ".venv")
    # What main() compares with itself to see whether it has to start another interpreter.
    monkeypatch.setattr(b, "choose", lambda named, venv: sys.executable)
    monkeypatch.setattr(b, "make_venv", fake_venv)
    return tmp_path


def fake_venv(venv):
    (Path(venv) / "bin").mkdir(parents=True, exist_ok=True)
    (Path(venv) / "pyvenv.cfg").write_text(f"home = /usr/bin\nversion = {b.dotted(HERE)}\n")
    python = Path(venv) / "bin" / "python"
    python.write_text(FAKE_PYTHON.format(notes=Path(venv) / "notes"))
    python.chmod(0o755)
    for name in (b.UNFINISHED, b.STAMP, "notes"):
        (Path(venv) / name).unlink(missing_ok=True)


def installs(root):
    """The command lines that pip got, without those that are the same every time."""
    notes = root / ".venv" / "notes"
    return notes.read_text().splitlines() if notes.exists() else []


# --- what stops it


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 14, 0), (3, 14, 2)])
def test_version_fits(version):
    assert b.version_problem(version) is None


@pytest.mark.parametrize(
    "version, words",
    [
        ((3, 6, 9), "Python 3.6.9 is too old: install Python 3.11 to 3.14"),
        ((3, 10, 14), "Python 3.10.14 is too old"),
        ((3, 15, 0), "Python 3.15.0 is too new for the pinned wheels"),
        ((3, 14, 1), "Python 3.14.1 is refused by torchvision"),
    ],
)
def test_version_refused(version, words):
    assert words in b.version_problem(version)
    assert "make PYTHON=" in b.version_problem(version)


def test_missing_modules_name_the_package():
    assert b.module_problem(lambda name: object()) is None
    text = b.module_problem(lambda name: None if name == "ensurepip" else object())
    assert (
        f"has no module ensurepip: on Debian or Ubuntu run 'apt-get install python3.{HERE[1]}-venv'"
        in text
    )


def test_disk_adds_up_what_lies_on_one_disk():
    needs = [("/env", 7.0), ("/tmp", 3.5)]
    assert b.disk_problem(needs, lambda path: (1, 10.6)) is None
    text = b.disk_problem(needs, lambda path: (1, 10.4))
    assert "/tmp has 10.4 GB free and 10.5 GB are needed: free some space" in text
    assert b.disk_problem(needs, lambda path: (path, 7.1)) is None
    assert "/env has 6.9 GB free and 7 GB are needed" in b.disk_problem(
        needs, lambda path: (path, 6.9)
    )


def test_demand_depends_on_the_build_of_torch():
    assert b.demand(["experiments"], "Linux", "") == b.CUDA
    assert b.demand(["experiments"], "Darwin", "") == b.WITHOUT_CUDA
    assert b.demand(["experiments"], "Linux", "https://x/whl/cpu") == b.WITHOUT_CUDA
    assert b.demand(["dev"], "Linux", "") == b.WITHOUT_TORCH


def test_measure_of_a_folder_to_come(tmp_path):
    assert b.measure(str(tmp_path / "a" / "b"))[0] == b.measure(str(tmp_path))[0]


def test_space_without_room_for_a_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(b.tempfile, "gettempdir", lambda: "/tmp")
    monkeypatch.setattr(b, "disk_problem", lambda needs: None if len(needs) < 3 else "full")
    assert b.check_space(str(tmp_path), ["test"]) == ["--no-cache-dir"]
    monkeypatch.setattr(b, "disk_problem", lambda needs: "full")
    with pytest.raises(b.Problem, match=r"^full$"):
        b.check_space(str(tmp_path), ["test"])
    (tmp_path / "lib/python3.12/site-packages/torch").mkdir(parents=True)
    assert b.check_space(str(tmp_path), ["test"]) == []


@pytest.mark.parametrize(
    "said, words",
    [
        (NO_NETWORK + NOTHING_FOUND, "pip cannot reach the package index: connect to the network"),
        (NO_HATCHLING, "pip cannot reach the package index"),
        (NOTHING_FOUND, "a version in requirements-lock.txt has no wheel for"),
        ("ERROR: ResolutionImpossible: for help visit", "any torch from 2.11 on"),
        ("OSError: [Errno 28] No space left on device", "the disk is full: free some space"),
        (
            "  note\nERROR: something else\n",
            "pip failed (ERROR: something else): what it said is in",
        ),
        ("", "pip failed"),
    ],
)
def test_pip_failures_are_one_line_with_a_remedy(root, monkeypatch, capsys, said, words):
    monkeypatch.setenv("FAKE_ERROR", said)
    monkeypatch.setenv("FAKE_STATUS", "1")
    assert b.main(["test"], str(root)) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("bootstrap: ") and words in line
    assert (root / ".venv" / b.LOG).read_text() == said


def test_unknown_extra(root, capsys):
    assert b.main(["nonsense"], str(root)) == 2
    assert "no extra is called 'nonsense': there are experiments, test" in capsys.readouterr().err


# --- which Python


def test_choose_prefers_the_environments_python(tmp_path):
    versions = {"python3": (3, 12, 0)}
    assert b.choose("", str(tmp_path), versions.get) == "python3"
    own = os.path.realpath(b.interpreter(str(tmp_path)))
    assert b.choose("", str(tmp_path), {**versions, own: (3, 11, 0)}.get) == own
    assert b.choose("", str(tmp_path), {**versions, own: (3, 10, 0)}.get) == "python3"


def test_choose_passes_over_what_does_not_fit(tmp_path):
    versions = {"python3": (3, 9, 0), "python3.14": (3, 14, 1), "python3.12": (3, 12, 0)}
    assert b.choose("", str(tmp_path), versions.get) == "python3.12"
    del versions["python3.12"]
    with pytest.raises(b.Problem, match=r"Python 3\.9\.0 is too old"):
        b.choose("", str(tmp_path), versions.get)


def test_choose_obeys_a_name_or_says_why_not(tmp_path):
    versions = {"python3": (3, 12, 0), "mine": (3, 13, 0), "old": (3, 8, 0)}
    assert b.choose("mine", str(tmp_path), versions.get) == "mine"
    with pytest.raises(b.Problem, match=r"Python 3\.8\.0 is too old"):
        b.choose("old", str(tmp_path), versions.get)
    with pytest.raises(b.Problem, match="PYTHON=none does not start"):
        b.choose("none", str(tmp_path), versions.get)


def test_probe():
    assert b.probe(sys.executable) == HERE
    assert b.probe("/bin/true") is None
    assert b.probe("/nonexistent/python") is None


def test_old_interpreters_can_read_the_script():
    source = (ROOT / "tools" / "bootstrap.py").read_text()
    tree = ast.parse(source, feature_version=(3, 7))
    outside = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert outside <= set(sys.stdlib_module_names)
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]


# --- when it installs, and when it does not


def test_second_run_installs_nothing(root, capsys):
    assert b.main(["test", "experiments"], str(root)) == 0
    assert "bootstrap: done" in capsys.readouterr().out
    [line] = installs(root)
    assert line.endswith(f"-c {root}/requirements-lock.txt -e {root}[experiments,test]")
    assert b.main(["experiments"], str(root)) == 0
    assert len(installs(root)) == 1
    assert capsys.readouterr().out == ""


def test_another_extra_is_added_to_those_installed(root):
    b.main(["test"], str(root))
    b.main(["experiments"], str(root))
    assert [line.rpartition("[")[2] for line in installs(root)] == ["test]", "experiments,test]"]
    assert b.main(["test"], str(root)) == 0
    assert len(installs(root)) == 2


@pytest.mark.parametrize(
    "file, old, new, again",
    [
        ("pyproject.toml", "dependencies = []", 'dependencies = ["numpy"]', True),
        ("pyproject.toml", "line-length = 100", "line-length = 99", False),
        ("requirements-lock.txt", "2.15.0", "2.15.1", True),
    ],
)
def test_a_change_installs_again_only_if_it_matters(root, file, old, new, again):
    b.main(["test"], str(root))
    path = root / file
    path.write_text(path.read_text().replace(old, new))
    b.main(["test"], str(root))
    assert len(installs(root)) == 1 + again


def test_interrupted_installation_starts_from_nothing(root, monkeypatch, capsys):
    def interrupt(command, log=None):
        raise KeyboardInterrupt

    made = []
    monkeypatch.setattr(b, "make_venv", lambda venv: (made.append(venv), fake_venv(venv)))
    b.main(["test"], str(root))
    with monkeypatch.context() as patch:
        patch.setattr(b, "run", interrupt)
        assert b.main(["experiments"], str(root)) == 130
    assert made == []
    assert b.venv_version(str(root / ".venv")) is None
    assert b.read_stamp(str(root / ".venv")) == (None, [])
    assert b.main(["test"], str(root)) == 0
    assert "was interrupted: starting again" in capsys.readouterr().out
    assert len(made) == len(installs(root)) == 1


@pytest.mark.parametrize("said, remade", [(NO_NETWORK, False), (NOTHING_FOUND, False), ("?", True)])
def test_failure_before_any_change_keeps_the_environment(root, monkeypatch, said, remade):
    made = []
    monkeypatch.setattr(b, "make_venv", lambda venv: (made.append(venv), fake_venv(venv)))
    with monkeypatch.context() as patch:
        patch.setenv("FAKE_ERROR", said)
        patch.setenv("FAKE_STATUS", "1")
        assert b.main(["test"], str(root)) == 2
    assert b.read_stamp(str(root / ".venv")) == (None, [])
    assert b.main(["test"], str(root)) == 0
    assert bool(made) == remade


def test_an_environment_of_an_unfit_or_other_python_is_replaced(root, monkeypatch):
    b.main(["test"], str(root))
    config = root / ".venv" / "pyvenv.cfg"
    config.write_text("version = 3.10.2\n")
    b.main(["test"], str(root))
    assert b.venv_version(str(root / ".venv")) == HERE
    other = (3, 11, 1) if HERE[:2] != (3, 11) else (3, 12, 1)
    config.write_text(f"version_info = {b.dotted(other)}.final.0\n")
    assert b.venv_version(str(root / ".venv")) == other
    monkeypatch.setenv("PYTHON", "whichever")
    b.main(["test"], str(root))
    assert b.venv_version(str(root / ".venv")) == HERE


@pytest.mark.parametrize("text", ["", "{", "[]", '{"fingerprint": 1}', '{"extras": 3}'])
def test_a_damaged_stamp_is_no_stamp(tmp_path, text):
    (tmp_path / b.STAMP).write_text(text)
    assert b.read_stamp(str(tmp_path)) == (None, [])


def test_stamp_reads_back(tmp_path):
    b.write_stamp(str(tmp_path), "abc", {"test", "dev"})
    assert b.read_stamp(str(tmp_path)) == ("abc", ["dev", "test"])
    assert json.loads((tmp_path / b.STAMP).read_text())["fingerprint"] == "abc"
    assert [path.name for path in tmp_path.iterdir()] == [b.STAMP]


# --- the files around it


def pins():
    lines = (ROOT / "requirements-lock.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def test_what_the_project_asks_for_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = itertools.chain(project["dependencies"], *project["optional-dependencies"].values())
    names = {name.split(">")[0] for name in asked}
    assert names <= set(pins())
    assert pins()["torch"] == "2.15.0"
    assert {n.split(">")[0] for n in project["dependencies"]} == {"numpy", "numba", "ml_dtypes"}


def test_help_lists_every_target():
    text = subprocess.run(["make", "-C", ROOT], capture_output=True, text=True, check=True).stdout
    phony = next(
        line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:")
    )
    listed = {line.split()[0] for line in text.splitlines() if line.startswith("  ")}
    assert listed == set(phony.split()[1:])


def test_the_wheel_holds_the_engine_alone():
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert targets["targets"]["wheel"]["packages"] == ["minitorch_np"]
    assert (ROOT / "minitorch_np" / "py.typed").exists()


def test_only_ci_knows_where_its_data_lie():
    place = "shared" + "/data"
    files = [ROOT / "Makefile", ROOT / "pyproject.toml", *ROOT.glob("*.md")]
    for folder in ("minitorch_np", "experiments", "reference", "tests", "tools", "benchmarks"):
        files += (ROOT / folder).rglob("*.py")
    assert [file for file in files if place in file.read_text()] == []
    assert place in (ROOT / ".ci" / "run").read_text()
