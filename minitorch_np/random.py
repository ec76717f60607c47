"""Generator: mt19937 and PyTorch's CPU sampling recipes, bit for bit.

Every sampler returns a fresh flat ndarray of `n` elements in the order in which PyTorch draws them.
PyTorch fills a tensor in TensorIterator's order: dimensions sorted by stride, the smallest stride
innermost. So a contiguous tensor fills row by row, and a dense permuted one (a transpose,
channels_last, `rand_like` of either) in the order of memory; a sliced one follows the same sorting.
The caller writes the flat result through that order. Only `randperm(out=)` is written in logical
order. `normal` needs to know more: a contiguous tensor of at least 16 elements takes PyTorch's
block recipe, every other tensor the pair recipe. The probabilities of `bernoulli` are handed over
in the order of filling: a `p` that is a tensor is expanded to the output's shape and read through
the output's order of dimensions.

Source: aten/src/ATen/core/DistributionsHelper.h and TransformationHelper.h,
aten/src/ATen/native/DistributionTemplates.h, aten/src/ATen/native/cpu/DistributionTemplates.h.
"""

import warnings
from collections.abc import Generator as GeneratorType
from collections.abc import Sequence
from contextlib import contextmanager
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from minitorch_np import boxmuller, dtypes
from minitorch_np.absent import absent
from minitorch_np.devices import device as Device
from minitorch_np.dtypes import dtype
from minitorch_np.flight import depth
from minitorch_np.kernels.large import MANY, loop
from minitorch_np.mersenne import Mersenne, room
from minitorch_np.quiet import quietly
from minitorch_np.shapes import in_int64, refuse_negative
from minitorch_np.tensor import Tensor, stored

Flat = NDArray[np.generic]

_INT64_MIN: Final = -(2**63)
_RANDPERM_32_BITS: Final = (2**32 - 1) // 20
_MANY = 4096
"""Elements from which a compiled loop shuffles; small programs never load numba."""
_BLOCK: Final = 16

_DIGITS: Final = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
_MAX: Final = {
    "float16": 65504.0,
    "bfloat16": 2.0**128 - 2.0**120,
    "float32": 2.0**128 - 2.0**104,
    "float64": float(np.finfo(np.float64).max),
}


class Generator(Mersenne):
    """PyTorch's CPU generator: the same draws from the same seed, and the same bytes as state.

    `device` must be the CPU. A fresh generator has PyTorch's default seed, 67280421310721.
    """

    def __init__(self, device: Device | str = "cpu") -> None:
        Device(device)
        super().__init__()

    @property
    def device(self) -> Device:
        """Always the CPU."""
        return Device("cpu")

    def get_state(self) -> Tensor:
        """The state as 5056 bytes, which PyTorch's `set_state` takes too."""
        return stored(self.state_bytes(), dtypes.uint8)

    def set_state(self, new_state: Tensor) -> "Generator":
        """This generator, in a state that `get_state` of this library or of PyTorch gave.

        Raises:
            TypeError, RuntimeError: `new_state` is no such state.
        """
        if not isinstance(new_state, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
        return self.set_state_bytes(new_state.array)

    def clone_state(self) -> "Generator":
        """A new generator that continues from this one's state."""
        return Generator().set_state_bytes(self.state_bytes())

    def __reduce__(self) -> tuple[object, ...]:
        return _restored, (self.state_bytes(),)

    def uniform(
        self,
        n: int,
        dtype: dtype,
        low: float = 0.0,
        high: float = 1.0,
        out: NDArray[np.float32] | None = None,
    ) -> Flat:
        """Uniform numbers in [low, high): `uniform_`, and `rand` with the defaults.

        One 32-bit draw each (two for float64). Half types are drawn in float32 and rounded.
        Compiled loops that draw float32 write to `out`, an array in C order, of `n` elements.
        """
        if low == 0 and high == 1:
            if dtype is dtypes.float32:
                return self.floats(n, out)
            if dtype is dtypes.float64:
                return self.doubles(n)
        _check_uniform(dtype, low, high)
        if dtype.name == "float64":
            values = _scaled(self.doubles(n), high - low, low)
        elif self.compiled(n):
            values = self.drawn("draws.uniform", room(n, out), low, high)
            if dtype is dtypes.float32:
                return values
        else:
            start, stop = np.float32(low), np.float32(high)
            unit = self.floats(n).astype(np.float64)
            values = boxmuller.fma32(unit, float(stop - start), float(start))
        values = _stored(values, dtype)
        first, last = _stored(np.array([low, high]), dtype)
        # rounding may reach the upper bound, which does not belong to the interval
        values[values == last] = first
        return values

    def normal(
        self,
        n: int,
        dtype: dtype,
        mean: float = 0.0,
        std: float = 1.0,
        out: NDArray[np.float32] | None = None,
        *,
        contiguous: bool = True,
    ) -> Flat:
        """Normal numbers: `normal_`, and `randn` with the defaults.

        `contiguous` says whether the tensor to fill is. From 16 elements on such a tensor takes
        blocks of 16 in the computing type, the last 16 elements being drawn again when `n` is no
        multiple of 16; all else takes pairs in float64, whose second number stays in the generator
        until the next such draw. `out` is as in `uniform`.
        """
        if not std >= 0.0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
        if n == 0:
            return np.empty(0, dtype.np)
        _check_floating(dtype, "normal_kernel_cpu")
        if n < _BLOCK or not contiguous:
            return _stored(_scaled(self._pairs(n), std, mean), dtype)
        if not self.compiled(n) or (dtype.is_half and n % _BLOCK):
            return _stored(quietly(self._blocks, n, dtype, mean, std), dtype)
        if dtype.name == "float64":
            return _scaled(self.drawn("draws.blocks", np.empty(n)), std, mean)
        return _stored(self.drawn("draws.normal", room(n, out), mean, std), dtype)

    def integers(self, n: int, low: int, high: int | None, dtype: dtype) -> Flat:
        """Integers in [low, high) as any dtype: `random_(low, high)` and `randint`.

        `high` None stands for the largest value of the dtype, included (for floating dtypes, of the
        integers they hold without gaps). A range of 2^28 or more takes 64-bit draws.
        """
        if high is None and low == _INT64_MIN:
            return self._all_int64(n, dtype)
        if dtype is dtypes.int64 and high is not None and _INT64_MIN <= low < high < -_INT64_MIN:
            last = high - 1
        else:
            bound = None if high is None else in_int64(high)
            low, last = _integer_bounds(in_int64(low), bound, dtype)
            _check_in_range(low, last, dtype)
        size = last - low + 1
        if size < 2**28 and self.compiled(n):
            values = self.drawn("draws.integers", np.empty(n, np.int64), low, size)
            return _stored(values, dtype)
        values = self.words64(n) if size >= 2**28 else self.words(n)
        values %= np.uint64(size)
        if low:
            values += np.uint64(low % 2**64)
        return _stored(values.view(np.int64), dtype)

    def random_(self, n: int, dtype: dtype) -> Flat:
        """Integers in [0, max], or [0, 2^digits] of a floating dtype: `random_()`."""
        if dtype.name == "bool":
            return (self.words(n) & np.uint64(1)).astype(np.bool_)
        last = 2 ** _DIGITS[dtype.name] if dtype.is_floating_point else _integer_limits(dtype)[1]
        wide = dtype.name in ("int64", "float64")
        if not wide and self.compiled(n):
            return _stored(self.drawn("draws.integers", np.empty(n, np.int64), 0, last + 1), dtype)
        draws = self.words64(n) if wide else self.words(n)
        return _stored((draws % np.uint64(last + 1)).view(np.int64), dtype)

    def permutation(self, n: int, dtype: dtype = dtypes.int64) -> Flat:
        """0 to n - 1 in random order: `randperm`. One draw for each element but the last.

        Source: aten/src/ATen/native/TensorFactories.cpp randperm_cpu.
        """
        _check_permutation(n, dtype)
        swaps = max(n - 1, 0)
        draws = self.words(swaps) if n < _RANDPERM_32_BITS else self.words64(swaps)
        if n >= _MANY:
            places = np.arange(n)
            loop("permutation.shuffle")(draws, places)
            return _stored(places, dtype)
        rest = np.arange(n, n - swaps, -1).view(np.uint64)
        order = list(range(n))
        for i, j in enumerate(((draws % rest).view(np.int64) + np.arange(swaps)).tolist()):
            order[i], order[j] = order[j], order[i]
        return _stored(np.array(order, np.int64), dtype)

    def bernoulli(self, n: int, p: float | NDArray[np.generic], dtype: dtype) -> Flat:
        """Ones with probability `p`, else zeros: `bernoulli_` and `bernoulli`.

        A number, and an array of float64, is compared with float64 uniform draws, an array of
        another floating dtype (flat, `n` elements, in the order of filling) with float32 ones. For
        a number PyTorch with MKL on an Intel CPU draws from a generator of MKL's instead.

        Raises:
            RuntimeError: a probability is not in [0, 1].
        """
        if not isinstance(p, np.ndarray):
            if not 0 <= p <= 1:
                raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
            return (self.doubles(n) < p).astype(dtype.np)
        _check_probabilities(p)
        if p.dtype == np.float64:
            return (self.doubles(n) < p.astype(np.float64)).astype(dtype.np)
        return (self.floats(n) < p.astype(np.float32)).astype(dtype.np)

    def exponential(self, n: int, dtype: dtype, lambd: float = 1.0) -> Flat:
        """Exponential numbers of rate `lambd`: `exponential_`."""
        if not lambd > 0.0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
        if n == 0:
            return np.empty(0, dtype.np)
        _check_continuous(dtype, "Exponential", dtype.aten_name)
        return _stored(-1.0 / lambd * _each("log1p", -self.doubles(n)), dtype)

    def cauchy(self, n: int, dtype: dtype, median: float = 0.0, sigma: float = 1.0) -> Flat:
        """Cauchy numbers around `median`: `cauchy_`."""
        if not sigma > 0.0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
        _check_continuous(dtype, "Cauchy", dtype.cpp_name)
        tangent = _each("tan", np.pi * (self.doubles(n) - 0.5))
        return _stored(_scaled(tangent, sigma, median), dtype)

    def log_normal(self, n: int, dtype: dtype, mean: float = 1.0, std: float = 2.0) -> Flat:
        """exp of normal numbers: `log_normal_`. Always by pairs, whatever the size and layout."""
        if not std > 0.0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
        if n == 0:
            return np.empty(0, dtype.np)
        _check_floating(dtype, "log_normal_cpu")
        return _stored(_each("exp", _scaled(self._pairs(n), std, mean)), dtype)

    def geometric(self, n: int, p: float, dtype: dtype) -> Flat:
        """Number of trials up to the first success of probability `p`, from 1: `geometric_`."""
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
        if n and dtype.name == "bool":
            raise _not_implemented("geometric_cpu", dtype)
        log = _each("log", np.maximum(self.doubles(n), 5e-324))
        trials = np.ceil(log / boxmuller.log1p64(np.array([-p])))
        return _stored(trials if dtype.is_floating_point else trials.astype(np.int64), dtype)

    def _blocks(self, n: int, dtype: dtype, mean: float, std: float) -> Flat:
        # half types do not draw the ragged tail a first time, the others do
        tail = n % _BLOCK
        drawn, redrawn = (n if dtype.itemsize >= 4 else n - tail), (_BLOCK if tail else 0)
        if dtype.name == "float64":
            unit = np.concatenate([self.doubles(drawn)[: n - tail], self.doubles(redrawn)])
            out = boxmuller.block_normal64(unit, mean, std)
        else:
            unit = np.concatenate([self.floats(drawn)[: n - tail], self.floats(redrawn)])
            out = boxmuller.block_normal32(unit, mean, std)
        return np.concatenate([out[: n - redrawn], out[n - tail :]])

    def _pairs(self, n: int) -> NDArray[np.float64]:
        had = self.kept_normal is not None
        odd = (n - had) % 2
        values = np.empty(n + odd)
        if had:
            values[0] = self.kept_normal
        pairs = values[had:]
        if self.compiled(n):
            self.drawn("draws.pairs", pairs)
        else:
            uniform = self.doubles(pairs.size)
            pairs[1::2], pairs[0::2] = boxmuller.pair_normal64(
                boxmuller.log1p64(-uniform[1::2]), boxmuller.TWO_PI * uniform[0::2]
            )
        self.kept_normal = float(values[n]) if odd else None
        return values[:n]

    def _all_int64(self, n: int, dtype: dtype) -> Flat:
        name = "random_full_64_bits_range_kernel_cpu"
        if n and dtype.name in ("bool", "float16"):
            raise _not_implemented(name, dtype)
        if n and dtype.name not in ("int64", "float64", "float32", "bfloat16"):
            raise RuntimeError(f"{name} handles only int64, double, float and bfloat16")
        return _stored(self.words64(n).view(np.int64), dtype)


def _restored(state: NDArray[np.uint8]) -> Generator:
    return Generator().set_state_bytes(state)


def _each(name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """`x`, with what a function of the C library makes of each element."""
    if x.size < MANY:
        return boxmuller.EACH[name](x)
    loop(f"doubles.{name}")(x)
    return x


def _scaled(x: NDArray[np.float64], by: float, plus: float) -> NDArray[np.float64]:
    """`x` times a number and another one added, rounded once."""
    if x.size < MANY:
        return quietly(boxmuller.fma64, x, by, plus)
    loop("doubles.multiply_add")(x, by, plus)
    return x


def _stored(values: NDArray[np.generic], dtype: dtype) -> Flat:
    """`values` as C++ casts them to the storage type."""
    return values if values.dtype == dtype.np else quietly(_cast, values, dtype)


def _cast(values: NDArray[np.generic], dtype: dtype) -> Flat:
    """`_stored`, of which NumPy may warn; half types are reached through float32."""
    if dtype.is_half:
        values = values.astype(dtype.compute, copy=False)
    return values.astype(dtype.np, copy=False)


def _not_implemented(kernel: str, dtype: dtype) -> NotImplementedError:
    return NotImplementedError(f"\"{kernel}\" not implemented for '{dtype.aten_name}'")


def _check_floating(dtype: dtype, kernel: str) -> None:
    if not dtype.is_floating_point:
        raise _not_implemented(kernel, dtype)


def _check_continuous(dtype: dtype, name: str, called: str) -> None:
    if not dtype.is_floating_point:
        raise RuntimeError(
            f"{name} distribution is a continuous probability distribution. dtype must be a"
            f" floating point but you specified {called}"
        )


def _check_uniform(dtype: dtype, low: float, high: float) -> None:
    _check_floating(dtype, "check_uniform_bounds")
    largest = _MAX[dtype.name]
    for name, value in (("from", low), ("to", high)):
        if not -largest <= value <= largest:
            raise RuntimeError(f"{name} is out of bounds for {dtype.cpp_name}")
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    if high - low > largest:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{dtype.aten_name}>::max(),"
            f" but found to={high:g} and from={low:g} which result in to-from to exceed the limit"
        )


def _integer_limits(dtype: dtype) -> tuple[int, int]:
    bits = 1 if dtype.name == "bool" else 8 * dtype.itemsize
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dtype.is_signed else (0, 2**bits - 1)


def _integer_bounds(low: int, high: int | None, dtype: dtype) -> tuple[int, int]:
    """First and last integer to draw; floating dtypes first round both bounds inwards."""
    floating = dtype.is_floating_point
    if high is not None:
        if low >= high:
            raise RuntimeError(
                f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
            )
        if floating:
            low, high = _rounded_up(low, dtype), _rounded_down(high, dtype)
            if low >= high:
                raise RuntimeError(
                    "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype,"
                    f" but got from={low} >= to={high}"
                )
        return low, high - 1
    if not floating:
        return low, _integer_limits(dtype)[1]
    low, last = _rounded_up(low, dtype), 2 ** _DIGITS[dtype.name]
    if low >= last:
        raise RuntimeError(
            "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' casted to"
            f" dtype, but got from={low} > to_inc={last}"
        )
    return low, last


def _cast_there_and_back(value: int, dtype: dtype) -> int:
    number = float(_stored(np.array(value, np.int64), dtype))
    # beyond int64 the conversion gives its smallest value, as x86 does
    return int(number) if abs(number) < 2.0**63 else _INT64_MIN


def _rounded_up(low: int, dtype: dtype) -> int:
    above = _cast_there_and_back(low + 1, dtype)
    if above < low:
        return above + (1 << max(abs(low + 1).bit_length() - _DIGITS[dtype.name], 0))
    return low


def _rounded_down(high: int, dtype: dtype) -> int:
    below = _cast_there_and_back(high - 1, dtype)
    if below >= high:
        return below - (1 << max(abs(high - 1).bit_length() - _DIGITS[dtype.name], 0))
    return high


def _check_in_range(low: int, last: int, dtype: dtype) -> None:
    name = dtype.cpp_name
    if dtype.is_floating_point:
        smallest, largest = -_MAX[dtype.name], _MAX[dtype.name]
    else:
        smallest, largest = _integer_limits(dtype)
    for bound, value in (("from", low), ("to - 1", last)):
        if not smallest <= value <= largest:
            raise RuntimeError(f"{bound} is out of bounds for {name}")
    if not dtype.is_floating_point:
        return
    digits = _DIGITS[dtype.name]
    for bound, value in (("from", low), ("to - 1", last)):
        if abs(value) > 2**digits:
            warnings.warn(
                f"{bound} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision"
                f" limitations {name} can support discrete uniform distribution only within this"
                " range. This warning will become an error in version 1.7 release, please fix the"
                " code in advance",
                stacklevel=depth(),
            )


def _check_permutation(n: int, dtype: dtype) -> None:
    refuse_negative((n,))
    name = dtype.name
    if name == "bool":
        raise _not_implemented("randperm", dtype)
    if dtype.is_floating_point:
        if name != "bfloat16" and n > 2 ** _DIGITS[name] + 1:  # PyTorch lets bfloat16 repeat itself
            limit = "2049" if name == "float16" else f"2^{_DIGITS[name]}+1"
            raise RuntimeError(f"n cannot be greater than {limit} for {dtype.aten_name} type.")
    elif n - 1 > _integer_limits(dtype)[1]:
        raise RuntimeError(f"value cannot be converted to type {name}_t without overflow")


def _check_probabilities(p: NDArray[np.generic]) -> None:
    p_dtype = dtypes.OF_NP[p.dtype]
    if p.size == 0:
        return
    _check_floating(p_dtype, "bernoulli_tensor_cpu_p_")
    values = p.astype(np.float64)
    if not np.all((values >= 0) & (values <= 1)):
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message"
            " be improved?  If so, please report an enhancement request to PyTorch.)"
        )


default_generator: Final = Generator()
default_generator.seed()


def manual_seed(seed: int) -> Generator:
    """The default generator, started again from `seed` (made an int first, so 1.5 counts as 1)."""
    return default_generator.manual_seed(int(seed))


def seed() -> int:
    """A seed from the operating system's entropy, with which the default generator starts again."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed the default generator last started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default generator, 5056 bytes that PyTorch understands too."""
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Nothing; puts the default generator in a state that `get_rng_state` gave."""
    default_generator.set_state(new_state)


@contextmanager
def fork_rng(
    devices: Sequence[object] = (),  # noqa: ARG001
    enabled: bool = True,
) -> GeneratorType[None, None, None]:
    """A context at whose end the default generator stands again where it stood at its start."""
    if not enabled:
        yield
        return
    before = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(before)


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
