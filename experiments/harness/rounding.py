"""What rounding allows: variances carried in float64 beside the values of one engine's own step.

A variance belongs to a place in memory, so it is kept per storage: views, aliases and writes
through a view need no rules, because the variance of a tensor is its storage's array read with
the tensor's shape, stride and offset. Two channels: `plain`, what rounding adds everywhere, and
`fence`, what a unit contributes that sits closer to a kink than its own error and may therefore
fall on either side.
"""

import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Unit roundoffs by dtype name.
ROUNDOFF = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
TF32 = 2.0**-11
# The dtype a product of halves accumulates in.
ACCUMULATE = {"float16": "float32", "bfloat16": "float32"}
SMALLEST = {"float64": 5e-324, "float32": 2.0**-149, "float16": 2.0**-24, "bfloat16": 2.0**-133}
# A sum of products errs by some C units of the root of its squared terms; see `calibrate`.
C = 6.0
# Everything within this many sigma is rounding.
WIDTH = 8.0


class UnknownOp(RuntimeError):
    """An op whose rounding no rule describes; a silent zero would turn its users into faults."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Variances of one tensor, of its shape; None stands for exact zeros.

    `shared` is the part of `plain`, 0 to 1, that the units of the last dimension have in common:
    weights of one sign mix the same errors into every unit, and those add up in the next layer.
    `alike` is the part that rows, the dimension before, have in common: rows that are equal within
    their error may err alike, and those errors add up in a sum over the batch.
    """

    plain: Array | None = None
    fence: Array | None = None
    shared: float = 0.0
    alike: float = 0.0

    def __bool__(self) -> bool:
        return self.plain is not None or self.fence is not None

    def map(self, f: Callable[[Array], Array]) -> "Noise":
        """Noise with `f`, a linear map of variances, applied to both channels."""
        return Noise(
            None if self.plain is None else f(self.plain),
            None if self.fence is None else f(self.fence),
            self.shared,
            self.alike,
        )

    def __add__(self, other: "Noise") -> "Noise":
        plain, fence = _sum(self.plain, other.plain), _sum(self.fence, other.fence)
        if not (self.shared or self.alike or other.shared or other.alike):
            return Noise(plain, fence)
        if self.plain is None or other.plain is None:
            part = float(other.plain is None)
        else:
            sizes = [float(n.plain.sum() / n.plain.size) for n in (self, other)]
            part = sizes[0] / sum(sizes) if sum(sizes) > 0 else 0.0
        shared = part * self.shared + (1 - part) * other.shared
        return Noise(plain, fence, shared, part * self.alike + (1 - part) * other.alike)

    def total(self, shape: tuple[int, ...]) -> Array:
        """Sum of both channels as an array of `shape`."""
        both = _sum(self.plain, self.fence)
        return np.zeros(shape) if both is None else np.broadcast_to(both, shape)


EXACT = Noise()


def _sum(a: Array | None, b: Array | None) -> Array | None:
    if a is None or b is None:
        return b if a is None else a
    return a + b


@dataclass(slots=True)
class Fence:
    """Units on one kink: the call, by its op and its number among those since the last `clear`;
    the argument that decides (or a number: that result), its storage, label and values; the units,
    (k, ndim), and the square of what each may add. `side` tells, for values, where they fall.
    """

    op: str
    number: int
    decides: str | int
    storage: Callable[[], object]
    label: str
    units: Array
    weight: Array
    values: Array = field(repr=False)
    side: Callable[[Array], Array] = field(repr=False)


@dataclass(slots=True)
class _Entry:
    owner: Callable[[], object]
    dtype: object
    plain: Array | None = None
    fence: Array | None = None
    label: str = ""
    # The part that cells so many strides apart have in common.
    common: dict[int, float] = field(default_factory=dict)


@dataclass(slots=True)
class Ledger:
    """Variances of every storage that has any, forgotten together with the storage."""

    entries: dict[int, _Entry] = field(default_factory=dict)
    fences: list[Fence] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    # Calls of each op, by its name.
    calls: Counter[str] = field(default_factory=Counter)

    def clear(self) -> None:
        """Declares every value exact: both engines now hold the same numbers."""
        self.entries.clear()
        self.fences.clear()
        self.counts.clear()
        self.calls.clear()

    def _entry(self, tensor: Any) -> _Entry | None:
        storage = tensor.untyped_storage()
        entry = self.entries.get(id(storage))
        return entry if entry is not None and entry.owner() is storage else None

    def read(self, tensor: Any) -> Noise:
        """Noise of a tensor; arrays are views that a later write changes."""
        entry = self._entry(tensor)
        if entry is None:
            return EXACT
        if entry.dtype != tensor.dtype:
            # Bits read as another type: what is said of them is said exactly.
            return EXACT
        view = _reader(tensor)
        common = [entry.common.get(s, 0.0) for s in (0, 0, *tensor.stride())[-2:]]
        return Noise(
            None if entry.plain is None else view(entry.plain),
            None if entry.fence is None else view(entry.fence),
            shared=common[1],
            alike=common[0],
        )

    def doubts(self, tensor: Any) -> bool:
        """Whether `read` of a tensor would give any noise."""
        entry = self._entry(tensor)
        if entry is None or entry.dtype != tensor.dtype:
            return False
        return entry.plain is not None or entry.fence is not None

    def write(self, tensor: Any, noise: Noise) -> None:
        """Sets the noise of a tensor's cells; other cells of its storage keep theirs."""
        entry = self._entry(tensor)
        if entry is None or entry.dtype != tensor.dtype:
            if not noise:
                return
            entry = self._new(tensor)
        parts = zip((0, 0, *tensor.stride())[-2:], (noise.alike, noise.shared), strict=True)
        entry.common = {stride: part for stride, part in parts if stride and part}
        view = _reader(tensor)
        for channel, values in (("plain", noise.plain), ("fence", noise.fence)):
            flat = getattr(entry, channel)
            if flat is None:
                if values is None or not np.any(values):
                    continue
                flat = np.zeros(tensor.untyped_storage().nbytes() // tensor.element_size())
                setattr(entry, channel, flat)
            view(flat)[...] = 0.0 if values is None else values

    def _new(self, tensor: Any) -> _Entry:
        storage = tensor.untyped_storage()
        key = id(storage)
        entries = self.entries

        def forget(gone: object) -> None:
            entry = entries.get(key)
            if entry is not None and entry.owner is gone:
                del entries[key]

        entry = entries[key] = _Entry(weakref.ref(storage, forget), tensor.dtype)
        return entry

    def name(self, tensor: Any, op: str) -> None:
        """Labels a tensor's storage as the n-th result of `op` since the last `clear`."""
        self.counts[op] += 1
        entry = self._entry(tensor)
        if entry is not None:
            entry.label = f"{op} {self.counts[op]}"

    def label(self, tensor: Any) -> str:
        """What `name` called the tensor's storage, or nothing."""
        entry = self._entry(tensor)
        return entry.label if entry else ""


def only(on: Array, values: Array | float) -> Array:
    """Values where `on` holds, and 0.0 elsewhere; a fraction of the time that `np.where` takes."""
    found = np.zeros(np.broadcast_shapes(np.shape(on), np.shape(values)))
    np.copyto(found, values, where=on)
    return found


def _reader(tensor: Any) -> Callable[[Array], Array]:
    shape, strides = tuple(tensor.shape), tuple(8 * s for s in tensor.stride())
    offset = 8 * tensor.storage_offset()
    return lambda flat: np.ndarray(shape, np.float64, flat, offset, strides)


@dataclass(slots=True)
class Scale:
    """Unit roundoffs of both engines, squared, added and times C squared: what one op adds."""

    c: float = C
    tf32: bool = False
    double: Mapping[str, float] = field(default_factory=dict)

    def pointwise(self, dtype: str) -> float:
        """Squared relative error that one rounding to `dtype` brings, over both engines."""
        return 2.0 * (self.c * ROUNDOFF[dtype]) ** 2 if dtype in ROUNDOFF else 0.0

    def product(self, dtype: str) -> float:
        """The same for the terms of a sum of products of `dtype`."""
        if dtype not in ROUNDOFF:
            return 0.0
        if self.tf32 and dtype == "float32":
            return (self.c * TF32) ** 2 + (self.c * ROUNDOFF["float32"]) ** 2
        return self.pointwise(ACCUMULATE.get(dtype, dtype))


def dtype_name(tensor: Any) -> str:
    """A dtype's name without its package: "float32"."""
    return str(tensor.dtype).rpartition(".")[2]


def array(tensor: Any) -> Array:
    """A tensor's values as an ndarray on the CPU; bfloat16 widens to float32."""
    tensor = tensor.detach().cpu()
    if dtype_name(tensor) == "bfloat16":
        tensor = tensor.float()
    return tensor.numpy()


def is_tensor(value: object) -> bool:
    """Whether a value is a tensor of either engine."""
    return hasattr(value, "untyped_storage")


def tensors_in(value: object) -> Iterator[Any]:
    """Tensors of an argument: itself, or those of a list."""
    if is_tensor(value):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from tensors_in(item)


@dataclass(slots=True)
class Call:
    """One call of an op, its arguments by name, as the rules see it."""

    name: str
    args: dict[str, Any]
    result: Any
    ledger: Ledger
    scale: Scale
    library: Any
    run: Callable[..., Any]
    before: dict[str, Array] = field(default_factory=dict)
    pointwise: bool = False
    asked: set[str] = field(default_factory=set)
    given: Any = None
    _wide: dict[str, Any] = field(default_factory=dict, init=False, repr=False)

    @property
    def results(self) -> list[Any]:
        """All results of the op that are tensors."""
        return list(tensors_in(self.given))

    def __contains__(self, name: str) -> bool:
        return self.args.get(name) is not None

    def value(self, name: str) -> Any:
        """An argument in float64: an array if it is a tensor, as it was before the call."""
        if name in self.before:
            return self.before[name]
        value = self.args[name]
        return self._widened(name, value) if is_tensor(value) else value

    def _widened(self, name: str, tensor: Any) -> Array:
        """A tensor in float64, converted once however often a rule asks."""
        if name not in self._wide:
            wide = self._wide[name] = array(tensor).astype(np.float64)
            wide.flags.writeable = False
        return self._wide[name]

    def noise(self, name: str) -> Noise:
        """Variances of an argument; asking for them is what tells that a rule knows of it."""
        self.asked.add(name)
        value = self.args.get(name)
        return self.ledger.read(value) if is_tensor(value) else EXACT

    def stand(
        self, on: Array, weight: Array, side: Callable[[Array], Array], decides: str | int
    ) -> None:
        """Notes the units where `on` holds, as a Fence; `weight` is of the shape of `on`."""
        ledger, argument = self.ledger, isinstance(decides, str)
        tensor = self.args[decides] if argument else self.results[decides]
        values = self.value(decides) if argument else array(tensor).astype(np.float64)
        ledger.fences.append(
            Fence(
                self.name, ledger.calls[self.name], decides, weakref.ref(tensor.untyped_storage()),
                ledger.label(tensor) or self.name, np.argwhere(on), weight[on], values, side,
            )
        )  # fmt: skip

    @property
    def out(self) -> Array:
        """The (first) result in float64."""
        return self._widened("", self.result)

    @property
    def dtype(self) -> str:
        return dtype_name(self.result)

    @property
    def rounding(self) -> float:
        return self.scale.pointwise(self.dtype)

    @property
    def product(self) -> float:
        return self.scale.product(self.dtype)

    def rounded(self, noise: Noise, magnitude: Array | None = None) -> Noise:
        """Noise plus the rounding of the result itself, by default (c u out)^2."""
        scale = self.rounding
        if scale == 0.0:
            return noise
        own = np.asarray(scale * (np.square(self.out) if magnitude is None else magnitude))
        # Equal rows, whose errors so far are alike, are rounded alike again.
        own += 2.0 * (self.scale.c * SMALLEST[self.dtype]) ** 2 * (own > 0)
        return noise + Noise(own, alike=noise.alike)

    def replay(self, replaced: Mapping[str, Any]) -> Any:
        """The op once more with float64 arrays (or numbers) in place of the named arguments."""

        def fresh(value: Any) -> Any:
            if isinstance(value, np.ndarray):
                return self.library.from_numpy(np.array(value, dtype=np.float64, order="C"))
            if isinstance(value, list):
                return [fresh(item) for item in value]
            if is_tensor(value) and dtype_name(value) in ROUNDOFF:
                return fresh(array(value))
            return value

        # What the call overwrote is copied, so that a replay can never write to it again.
        copies = {n: v for n, v in self.before.items() if n not in replaced} | dict(replaced)
        args = {name: fresh(value) for name, value in (self.args | copies).items()}
        if "out" in args:
            args["out"] = None
        with self.library.no_grad():
            result = self.run(args)
        return tuple(array(r) for r in result) if isinstance(result, tuple) else array(result)
