"""Numbers too small for a full mantissa, with which many CPUs take several times as long.

Momentum that no gradient feeds any more fades into them, and rounding keeps it there. The control
word of a thread's floating-point unit (Intel's MXCSR) says whether they count as zero.
"""

import ctypes
import platform
import sys
from typing import Final

__all__ = ["set_flush_denormal"]

_ENVIRONMENT: Final = 32
"""Bytes of glibc's fenv_t on x86-64, whose last four are the control word."""
_ZERO_AND_FLUSH: Final = 0x8040
"""Results are flushed to zero (bit 15), and operands are taken for zero (bit 6)."""


def set_flush_denormal(mode: bool) -> bool:
    """Take denormal numbers for zero from now on, or not; whether this system can: glibc's x86-64.

    Of the thread that asks, for whatever it computes, NumPy included; other threads go on as they
    were. Raises: RuntimeError where `mode` is no bool. Source: aten/src/ATen/cpu/FlushDenormal.cpp.
    """
    if not isinstance(mode, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise RuntimeError(f"flush_denormal expects a bool, but got {type(mode).__name__}")
    if not _supported():
        return False
    library, environment = ctypes.CDLL(None), (ctypes.c_uint32 * (_ENVIRONMENT // 4))()
    library.fegetenv(environment)
    environment[-1] = environment[-1] & ~_ZERO_AND_FLUSH | (_ZERO_AND_FLUSH if mode else 0)
    library.fesetenv(environment)
    return True


def _supported() -> bool:
    machine = platform.machine().lower()
    return sys.platform.startswith("linux") and machine == "x86_64" and bool(platform.libc_ver()[0])
