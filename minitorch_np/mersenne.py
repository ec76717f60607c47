"""mt19937 as PyTorch's CPU generator runs it: seeding, draws, and the bytes of its state.

NumPy's engine is the same one, with the same legacy seeding; only the bookkeeping of the state
differs. Source: aten/src/ATen/core/MT19937RNGEngine.h, aten/src/ATen/CPUGeneratorImpl.cpp.
"""

import ctypes
import os
from functools import cached_property
from typing import Any, Final, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import kernels
from minitorch_np.kernels.large import MANY, loop

Words = NDArray[np.uint64]
Floats = NDArray[np.float32]
R = TypeVar("R", bound=NDArray[Any])

DEFAULT_SEED: Final = 67280421310721
STATE_SIZE: Final = 5056
_N: Final = 624

_STATE = np.dtype(
    {
        "names": ["seed", "left", "seeded", "next", "key", "normal", "has_normal"],
        "formats": ["<u8", "<i4", "<i4", "<u8", ("<u8", _N), "<f8", "<i4"],
        # between key and normal, and after normal: legacy fields that are always zero
        "offsets": [0, 8, 12, 16, 24, 24 + 8 * _N + 8, 24 + 8 * _N + 24],
        "itemsize": STATE_SIZE,
    }
)


class Mersenne:
    """An mt19937 engine with PyTorch's default seed, 67280421310721.

    `kept_normal` is the second number of the last pair of normal ones while nobody has taken
    it; it is part of the state.
    """

    kept_normal: float | None

    def __init__(self) -> None:
        self._reseed(DEFAULT_SEED)

    @cached_property
    def _twister(self) -> "np.random.MT19937":
        """NumPy's engine, made when it is first needed: to load `numpy.random` takes 20 ms."""
        made = np.random.MT19937(0)
        np.random.RandomState(made).seed(self._seed % 2**32)
        return self.__dict__.setdefault("_twister", made)  # another thread's, if it was faster

    @cached_property
    def _seeder(self) -> "np.random.RandomState":
        return np.random.RandomState(self._twister)

    @cached_property
    def _state(self) -> NDArray[np.uint32]:
        """The engine's memory: its words, then how many of them were drawn.

        Source: numpy/random/src/mt19937/mt19937.h.
        """
        address = self._twister.ctypes.state_address
        words = (ctypes.c_uint32 * (_N + 1)).from_address(address)
        return np.frombuffer(cast(Any, words), np.uint32)

    def manual_seed(self, seed: int) -> Self:
        """This generator, started again from `seed` modulo 2^64, of which the low 32 bits decide.

        Raises:
            RuntimeError: `seed` is no int.
            ValueError: `seed` is below -2^63 or above 2^64 - 1.
        """
        _check_is_int(seed)
        if not -(2**63) <= seed < 2**64:
            raise ValueError("Overflow when unpacking long long")
        self._reseed(seed % 2**64)
        return self

    def seed(self) -> int:
        """A seed from the operating system's entropy, with which this generator starts again."""
        seed = int.from_bytes(os.urandom(8), "little")
        self._reseed(seed)
        return seed

    def initial_seed(self) -> int:
        """The seed this generator last started from, in [0, 2^64)."""
        return self._seed

    def state_bytes(self) -> NDArray[np.uint8]:
        """PyTorch's `Generator.get_state()`: 5056 bytes that PyTorch's `set_state` takes."""
        engine = self._twister.state
        key, drawn = engine["state"]["key"], int(engine["state"]["pos"])
        state = np.zeros((), _STATE)
        state["seed"], state["seeded"], state["key"] = self._seed, 1, key
        state["left"], state["next"] = _N + 1 - drawn, drawn
        if self._next_before_first_draw is not None:
            state["next"] = self._next_before_first_draw
        if self.kept_normal is not None:
            state["normal"], state["has_normal"] = self.kept_normal, 1
        return np.frombuffer(state.tobytes(), np.uint8).copy()

    def set_state_bytes(self, state: NDArray[np.generic]) -> Self:
        """This generator in the state that `state_bytes` or PyTorch's `get_state` gave.

        Raises:
            TypeError: `state` does not consist of bytes.
            RuntimeError: it is not contiguous, not of 5056 bytes, or no state of mt19937.
        """
        if state.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        if not state.flags.c_contiguous:
            raise RuntimeError("RNG state must be contiguous")
        if state.size != STATE_SIZE:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {STATE_SIZE} but found the input RNG"
                f" state size to be {state.size}"
            )
        fields = np.frombuffer(state.tobytes(), _STATE)[0]
        left, next_ = int(fields["left"]), int(fields["next"]) % 2**32
        if fields["seeded"] == 0 or not 0 < left <= _N or next_ > _N:
            raise RuntimeError("Invalid mt19937 state")
        key = fields["key"].astype(np.uint32)
        self._twister.state = {
            "bit_generator": "MT19937",
            "state": {"key": key, "pos": _N + 1 - left},
        }
        self._seed = int(fields["seed"])
        self._next_before_first_draw = next_ if left == 1 else None
        self.kept_normal = float(fields["normal"]) if fields["has_normal"] else None
        return self

    def words(self, n: int) -> Words:
        """`n` draws of 32 bits."""
        if self.compiled(n):
            return self.drawn("draws.words", np.empty(n, np.uint64))
        if n:
            self._next_before_first_draw = None
        return self._twister.random_raw(n)

    def words64(self, n: int) -> Words:
        """`n` draws of 64 bits, the first word of each pair high."""
        words = self.words(2 * n)
        return (words[0::2] << np.uint64(32)) | words[1::2]

    def floats(self, n: int, out: Floats | None = None) -> Floats:
        """`n` multiples of 2^-24 in [0, 1), in `out` if compiled loops draw them."""
        if self.compiled(n):
            return self.drawn("draws.floats", room(n, out))
        values = (self.words(n) & np.uint64(2**24 - 1)).astype(np.float32)
        values *= np.float32(2.0**-24)
        return values

    def doubles(self, n: int) -> NDArray[np.float64]:
        """`n` multiples of 2^-53 in [0, 1)."""
        if self.compiled(n):
            return self.drawn("draws.doubles", np.empty(n, np.float64))
        values = (self.words64(n) & np.uint64(2**53 - 1)).astype(np.float64)
        values *= 2.0**-53
        return values

    def compiled(self, n: int) -> bool:
        """Whether a compiled loop draws `n` numbers: always, once there is any compiled code."""
        return n >= MANY or not kernels.waiting

    def drawn(self, name: str, out: R, *numbers: float) -> R:
        """An array, with what the loop of this name draws for it."""
        if out.size:
            self._next_before_first_draw = None
        loop(name)(self._state, out, *numbers)
        return out

    def _reseed(self, seed: int) -> None:
        if "_twister" in self.__dict__:
            self._seeder.seed(seed % 2**32)
        self._seed = seed
        self._next_before_first_draw: int | None = 0
        self.kept_normal = None


def room(n: int, out: Floats | None) -> Floats:
    """Where `n` numbers are drawn to: `out`, if there is one."""
    return np.empty(n, np.float32) if out is None else out


def _check_is_int(seed: object) -> None:
    if isinstance(seed, np.integer):
        raise TypeError("an integer is required")
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
