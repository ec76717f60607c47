"""Files of machine code: whole and ours, or not there.

A file that is cut short, or that was meant for another CPU, would crash the process that runs it.
So each lies in a folder named after all that it depends on, and begins with a seal: a hash of its
name and its content. What does not fit its seal is treated as absent, and replaced.
"""

import functools
import hashlib
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

__all__ = ["announce", "built", "digest", "folder", "quiet", "save", "saved"]

quiet = False
"""Whether `announce` says nothing, for it is said elsewhere."""

built: list[Path] = []
"""What was written by this process."""


def digest(content: bytes) -> str:
    """A short name for what depends on `content`."""
    return hashlib.sha256(content).hexdigest()[:16]


@functools.cache
def source() -> str:
    """Digest of all files of this package. Compiled code holds parts from several of them."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return digest(b"".join(file.read_bytes() for file in files))


def folder(parent: Path, identity: str) -> Path:
    """Where in `parent` code lies for a CPU and versions, told by `identity`, and for this source.

    That of other sources for the same identity is of no use any more, and deleted.
    """
    python = f"{sys.implementation.cache_tag} {identity}"
    prefix = f"kernels-{digest(python.encode())}-"
    here = parent / f"{prefix}{source()}"
    if not here.exists():
        for other in parent.glob(prefix + "*"):
            shutil.rmtree(other, ignore_errors=True)
    return here


def _seal(path: Path, code: bytes) -> bytes:
    return hashlib.sha256(f"{path.parent.name}/{path.name}\n".encode() + code).digest()


def saved(path: Path) -> bytes | None:
    """Machine code from an earlier run, or None if there is none, or it is damaged or foreign."""
    with suppress(OSError):
        content = path.read_bytes()
        seal, code = content[:32], content[32:]
        if seal == _seal(path, code):
            return code
    return None


def save(path: Path, code: bytes) -> None:
    """Writes machine code for later runs; where nothing can be written, nothing happens.

    The file appears whole or not at all, so processes that start together cannot read each other's
    halves; all of them write the same.
    """
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_seal(path, code) + code)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise
        built.append(path)


@functools.cache
def announce() -> None:
    """Says once on stderr why this call takes seconds."""
    if not quiet:
        print(
            "minitorch_np: building kernels for this CPU, once "
            "(ahead of time: python -m minitorch_np.kernels build)",
            file=sys.stderr,
            flush=True,
        )
