"""Make or update `.venv`, which `make` works in: `python3 tools/bootstrap.py EXTRA ...`.

Standard library only, and no syntax newer than Python 3.6, so that an interpreter that is too old
can still read this file and say what to do. Whatever stops it is one line and exit status 2.
"""

import glob
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile

try:
    import tomllib
except ImportError:  # before Python 3.11, where this script only looks for a newer interpreter
    tomllib = None

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OLDEST, NEWEST = (3, 11), (3, 14)
# torchvision's wheels declare !=3.14.1, whose lazy annotations broke them.
REFUSED = ((3, 14, 1),)
INTERPRETERS = ("python3", "python3.14", "python3.13", "python3.12", "python3.11")
STAMP, UNFINISHED, LOG = "minitorch-installed.json", "minitorch-unfinished", "minitorch-pip.log"
GIGABYTE = 10**9
# (GB of .venv, GB of the wheels pip downloads), measured and rounded up: on Linux torch brings its
# CUDA libraries, elsewhere it comes without them.
CUDA, WITHOUT_CUDA, WITHOUT_TORCH = (7.0, 3.5), (2.0, 0.7), (0.8, 0.3)
CPU_BUILDS = "PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu"

NETWORK_SIGNS = (
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeoutError",
    "ConnectionResetError",
    "connection broken",
    "ReadTimeoutError",
    "ProxyError",
    "Failed to establish a new connection",
    "HTTPSConnectionPool",
    "IncompleteRead",
    "ProtocolError",
    # With no retries pip keeps the cause to itself; hatchling has a wheel for every Python.
    "satisfies the requirement hatchling",
)
NO_WHEEL_SIGNS = ("No matching distribution found", "ResolutionImpossible")
DISK_SIGNS = ("No space left on device", "Errno 28", "Disk quota exceeded")


class Problem(Exception):
    """What stops the installation and its remedy, in one line."""


def dotted(version):
    """'3.11.7' of (3, 11, 7)."""
    return ".".join(str(part) for part in version[:3])


def version_problem(version):
    """Why Python `version` cannot run this project, or None when it can."""
    span = "Python {} to {}".format(dotted(OLDEST), dotted(NEWEST))
    remedy = "install {} and name it: make PYTHON=python{} ...".format(span, "3.12")
    if tuple(version[:2]) < OLDEST:
        return "Python {} is too old: {}".format(dotted(version), remedy)
    if tuple(version[:2]) > NEWEST:
        return "Python {} is too new for the pinned wheels: {}".format(dotted(version), remedy)
    if tuple(version[:3]) in REFUSED:
        return "Python {} is refused by torchvision: {}".format(dotted(version), remedy)
    return None


def module_problem(find=importlib.util.find_spec):
    """Why this Python cannot make a virtual environment, or None when it can."""
    missing = [name for name in ("venv", "ensurepip") if find(name) is None]
    if not missing:
        return None
    return (
        "{} has no module {}: on Debian or Ubuntu run 'apt-get install python{}.{}-venv', "
        "elsewhere install Python with its standard library, then run this again".format(
            sys.executable, " and no module ".join(missing), *sys.version_info[:2]
        )
    )


def demand(extras, system, index_urls):
    """(GB of .venv, GB of downloads) that `extras` take on `system`; less with CPU builds."""
    if "experiments" not in extras:
        return WITHOUT_TORCH
    return CUDA if system == "Linux" and "/cpu" not in index_urls else WITHOUT_CUDA


def measure(path):
    """(device, free GB) of the disk that holds `path`, or will once it exists."""
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return os.stat(path).st_dev, shutil.disk_usage(path).free / GIGABYTE


def disk_problem(needs, ask=measure):
    """Why the disks cannot hold `needs`, a list of (path, GB), or None when they can."""
    total = {}
    for path, size in needs:
        device, free = ask(path)
        need = total.get(device, 0.0) + size
        total[device] = need
        if free < need:
            return (
                "the disk of {} has {:.1f} GB free and {:g} GB are needed: free some space, move "
                "pip's downloads with TMPDIR, or take a smaller torch without CUDA: {} make "
                "...".format(path, free, need, CPU_BUILDS)
            )
    return None


def pip_problem(text, log):
    """What stopped pip, read from its error output `text`; the whole of it is in file `log`."""
    if any(sign in text for sign in DISK_SIGNS):
        return "the disk is full: free some space (TMPDIR moves pip's own), then run this again"
    if any(sign in text for sign in NETWORK_SIGNS):
        return (
            "pip cannot reach the package index: connect to the network (or set PIP_INDEX_URL or "
            "HTTPS_PROXY), then run this again; what pip said is in {}".format(log)
        )
    if any(sign in text for sign in NO_WHEEL_SIGNS):
        return (
            "a version in requirements-lock.txt has no wheel for {} {} with Python {}: '{}' takes "
            "what exists (any torch from 2.11 on), 'pip install -e .' the engine alone, without "
            "torch; what pip said is in {}".format(
                platform.system(),
                platform.machine(),
                dotted(sys.version_info),
                ".venv/bin/pip install -e .[experiments,test]",
                log,
            )
        )
    errors = [line.strip() for line in text.splitlines() if line.lower().startswith("error")]
    return "pip failed ({}): what it said is in {}".format(errors[-1] if errors else "?", log)


def settled(text):
    """Whether pip gave up before it changed anything: it resolves and downloads first."""
    signs = NETWORK_SIGNS + NO_WHEEL_SIGNS
    return any(s in text for s in signs) and not any(s in text for s in DISK_SIGNS)


def read_project(root):
    """The parts of pyproject.toml that decide what is installed, as a dict."""
    with open(os.path.join(root, "pyproject.toml"), "rb") as file:
        whole = tomllib.load(file)
    # Only these: editing a linter's rules must not ask for an installation, nor for a network.
    return {
        "build-system": whole["build-system"],
        "project": whole["project"],
        "hatch": whole.get("tool", {}).get("hatch"),
    }


def fingerprint(root, version):
    """A hash that changes when an installation made by Python `version` is out of date."""
    digest = hashlib.sha256()
    for part in (
        json.dumps(read_project(root), sort_keys=True),
        dotted(version),
        os.path.abspath(root),  # an editable installation names its folder
    ):
        digest.update(part.encode() + b"\0")
    with open(os.path.join(root, "requirements-lock.txt"), "rb") as file:
        digest.update(file.read())
    return digest.hexdigest()


def read_stamp(venv):
    """(fingerprint, extras) of the last complete installation; (None, []) where there is none."""
    try:
        with open(os.path.join(venv, STAMP)) as file:
            stamp = json.load(file)
        return stamp["fingerprint"], list(stamp["extras"])
    except (OSError, ValueError, KeyError, TypeError):
        return None, []


def write_stamp(venv, mark, extras):
    """Record a complete installation: whole or not at all."""
    path = os.path.join(venv, STAMP)
    with open(path + ".new", "w") as file:
        json.dump({"fingerprint": mark, "extras": sorted(extras)}, file)
    os.replace(path + ".new", path)


def interpreter(venv):
    """Path of the environment's Python."""
    return os.path.join(venv, "bin", "python")


def unfinished(venv):
    """Whether an installation into `venv` began and did not end."""
    return os.path.exists(os.path.join(venv, UNFINISHED))


def venv_version(venv):
    """(3, 11, 7), the version that `venv` was made with; None where there is no usable one."""
    if unfinished(venv) or not os.path.exists(interpreter(venv)):
        return None
    try:
        with open(os.path.join(venv, "pyvenv.cfg")) as file:
            pairs = [line.partition("=") for line in file]
        values = {name.strip(): value.strip() for name, _, value in pairs}
        version = values.get("version") or values["version_info"]  # virtualenv's name for it
        return tuple(int(part) for part in version.split(".")[:3])
    except (OSError, KeyError, ValueError):
        return None


def probe(command):
    """Version of the Python that `command` starts, as a tuple; None where it does not start."""
    code = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
    try:
        answer = subprocess.check_output([command, "-c", code], stderr=subprocess.DEVNULL)
        return tuple(int(part) for part in answer.decode().split("."))
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def choose(named, venv, ask=probe):
    """Command of a Python that fits: `named` if given, else the environment's or one on PATH.

    Raises: Problem when none fits.
    """
    if named:
        version = ask(named)
        if version is None:
            raise Problem("PYTHON={} does not start: name a Python 3.11 or later".format(named))
        if version_problem(version):
            raise Problem(version_problem(version))
        return named
    # The Python behind the environment, not its link, which goes when the environment is remade.
    first = None
    for name in (os.path.realpath(interpreter(venv)), *INTERPRETERS):
        version = ask(name)
        if version and not version_problem(version):
            return name
        first = first or version
    raise Problem(version_problem(first or sys.version_info))


def run(command, log=None):
    """(exit status, error output) of `command`; the errors are kept from ours and go to `log`."""
    lines = []
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        try:
            for raw in process.stderr:
                lines.append(raw.decode(errors="replace"))
                if "Retrying" in lines[-1]:
                    say("no answer from the package index, trying again")
            status = process.wait()
        except KeyboardInterrupt:
            process.wait()  # it got the same signal; leaving before it does would orphan it
            raise
    text = "".join(lines)
    if log:
        with open(log, "w") as file:
            file.write(text)
    return status, text


def say(text):
    """Print one step."""
    print("bootstrap: " + text, flush=True)


def make_venv(venv):
    """Make `venv` anew, marked unfinished.

    Raises: Problem when this Python cannot.
    """
    problem = module_problem()
    if problem:
        raise Problem(problem)
    say("making .venv with Python {}".format(dotted(sys.version_info)))
    place = os.path.realpath(venv)  # .venv may be a link to a larger disk
    shutil.rmtree(place, ignore_errors=True)
    os.makedirs(place)
    mark_unfinished(venv)
    status, text = run([sys.executable, "-m", "venv", venv])
    if not status:
        return
    if measure(venv)[1] < 0.1:  # ensurepip fails without a reason then
        raise Problem(pip_problem(DISK_SIGNS[0], ""))
    reason = (text.strip().splitlines() or ["no reason given"])[-1]
    raise Problem("cannot make .venv ({}): name another Python, PYTHON=...".format(reason))


def mark_unfinished(venv):
    """Note in `venv` that an installation began: until it ends, nobody may take it for complete."""
    try:
        os.remove(os.path.join(venv, STAMP))
    except OSError:
        pass
    with open(os.path.join(venv, UNFINISHED), "w"):
        pass


def has_torch(venv):
    """Whether torch, nine tenths of all there is to install, is in `venv` already."""
    return bool(glob.glob(os.path.join(venv, "lib", "*", "site-packages", "torch")))


def check_space(venv, extras):
    """Options for pip that make `extras` fit on the disks.

    Raises: Problem when they cannot fit.
    """
    if has_torch(venv):
        return []
    urls = " ".join(os.environ.get("PIP_" + name, "") for name in ("INDEX_URL", "EXTRA_INDEX_URL"))
    size, download = demand(extras, platform.system(), urls)
    needs = [(venv, size), (tempfile.gettempdir(), download)]
    problem = disk_problem(needs)
    if problem:
        raise Problem(problem)
    cache = os.environ.get("PIP_CACHE_DIR") or os.path.expanduser("~/.cache")
    return ["--no-cache-dir"] if disk_problem([*needs, (cache, download)]) else []


def install(root, venv, extras, options):
    """Install the project and `extras` into `venv`; `options` go to pip.

    Raises: Problem when pip fails.
    """
    long = "experiments" in extras and not has_torch(venv)
    size = ", with torch: some minutes and GB" if long else ""
    say("installing minitorch_np[{}]{}".format(",".join(extras), size))
    mark_unfinished(venv)
    log = os.path.join(venv, LOG)
    command = [interpreter(venv), "-m", "pip", "install", "--disable-pip-version-check", *options]
    command += [] if sys.stdout.isatty() else ["--quiet"]
    command += ["-c", os.path.join(root, "requirements-lock.txt")]
    status, text = run([*command, "-e", "{}[{}]".format(root, ",".join(extras))], log)
    if status and settled(text):
        os.remove(os.path.join(venv, UNFINISHED))
    if status:
        raise Problem(pip_problem(text, os.path.relpath(log, root)))


def check_extras(root, extras):
    """Raises: Problem when pyproject.toml does not define one of `extras`."""
    known = read_project(root)["project"].get("optional-dependencies", {})
    for extra in extras:
        if extra not in known:
            raise Problem("no extra is called {!r}: there are {}".format(extra, ", ".join(known)))


def bootstrap(root, extras, named):
    """Bring `.venv` under `root` up to date with `extras`, in place where that is enough."""
    venv = os.path.join(root, ".venv")
    check_extras(root, extras)
    version = venv_version(venv)
    if version and (version_problem(version) or (named and version[:2] != sys.version_info[:2])):
        say(".venv has Python {}, which is to be replaced".format(dotted(version)))
        version = None
    done, have = read_stamp(venv) if version else (None, [])
    if done and done == fingerprint(root, version) and set(extras) <= set(have):
        return
    if unfinished(venv):
        say("the last installation was interrupted: starting again")
    wanted = sorted(set(extras) | set(have))
    options = check_space(venv, wanted)
    if not version:
        make_venv(venv)
    install(root, venv, wanted, options)
    os.remove(os.path.join(venv, UNFINISHED))
    write_stamp(venv, fingerprint(root, venv_version(venv)), wanted)
    say("done")


def main(extras, root=ROOT):
    """Exit status: 0, 2 after a Problem, 130 after Ctrl-C."""
    named = os.environ.get("PYTHON", "")
    try:
        chosen = choose(named, os.path.join(root, ".venv"))
        if probe(chosen) != tuple(sys.version_info[:3]):
            script = os.path.join(root, "tools", "bootstrap.py")
            os.execvp(chosen, [chosen, script] + list(extras))
        bootstrap(root, sorted(set(extras)), named)
    except Problem as problem:
        print("bootstrap: {}".format(problem), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("bootstrap: interrupted; the next run starts where it is safe", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
