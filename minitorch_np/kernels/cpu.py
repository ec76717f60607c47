"""The CPU that kernels are compiled for: this one, or another that the environment names.

`MINITORCH_NP_CPU` is amx, avx512, avx2 or sse (any x86). It is there to test each unit and each
width of vectors on one machine: `MINITORCH_NP_CPU=sse python -m pytest` runs everything without
wide vectors and without fused multiply-adds.
"""

import ctypes
import functools
import os
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import llvmlite.binding

_llvm = cast(Any, llvmlite.binding)


class Cpu(NamedTuple):
    """A CPU as LLVM knows it: its name, and its instruction sets as one text of +this,-that."""

    name: str
    features: str


NAMED = {
    "amx": (
        Cpu("sapphirerapids", ""),
        ("amx-tile", "amx-bf16", "avx512fp16", "avx512f", "avx2", "fma", "f16c"),
    ),
    "avx512": (Cpu("skylake-avx512", ""), ("avx512f", "avx2", "fma", "f16c")),
    "avx2": (Cpu("haswell", ""), ("avx2", "fma", "f16c")),
    "sse": (Cpu("x86-64", ""), ()),
}
"""What `MINITORCH_NP_CPU` may say, and the instruction sets that it promises and needs."""


def host_triple() -> str:
    """The name of this platform, architecture first."""
    return _llvm.get_process_triple()


@functools.cache
def host_features() -> Mapping[str, bool]:
    """The instruction sets of this CPU, by LLVM's names."""
    return _llvm.get_host_cpu_features()


def _forced() -> str | None:
    """The name in the environment. Raises: ValueError for a CPU that this machine cannot be."""
    name = os.environ.get("MINITORCH_NP_CPU") or None
    if name is not None:
        if name not in NAMED or not host_triple().startswith(("x86_64", "amd64")):
            raise ValueError(f"MINITORCH_NP_CPU is one of {', '.join(NAMED)} on x86, not {name!r}")
        if not all(host_features().get(feature, False) for feature in NAMED[name][1]):
            raise ValueError(f"MINITORCH_NP_CPU is {name}, which this CPU does not have")
    return name


FORCED = _forced()


def has(feature: str) -> bool:
    """Whether the CPU compiled for has an instruction set."""
    if FORCED is not None:
        return feature in NAMED[FORCED][1]
    return host_features().get(feature, False)


@functools.cache
def target_cpu() -> Cpu:
    """The CPU compiled for."""
    if FORCED is not None:
        return NAMED[FORCED][0]
    return Cpu(_llvm.get_host_cpu_name(), _llvm.get_host_cpu_features().flatten())


REQUEST, TILE_DATA, ARCH_PRCTL = 0x1023, 18, 158
"""Linux's arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA), for x86-64."""


@functools.cache
def has_matrix_unit() -> bool:
    """Whether the CPU multiplies tiles of bfloat16, and lets this process do so: Linux must be
    asked, for its tiles are 8 kilobytes more to keep of each thread that is interrupted.
    """
    if not (has("amx-tile") and has("amx-bf16")) or not sys.platform.startswith("linux"):
        return False
    return ctypes.CDLL(None).syscall(ARCH_PRCTL, REQUEST, TILE_DATA) == 0
