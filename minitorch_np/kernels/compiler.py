"""numba and llvmlite behind typed functions: what turns Python, or LLVM IR, into machine code that
later runs find again.

Neither library has type annotations, so this is the only file that talks to both. What they compile
is kept by `store`. Where no folder can be written, everything is compiled anew in each process.
"""

import functools
import importlib.util
import pickle
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast, get_args, get_type_hints

import llvmlite
import llvmlite.binding
import numba
import numba.extending
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import caching, ccallback, cgutils, registry, serialize
from numba.core.datamodel import models
from numba.np import linalg

from minitorch_np.unswept import Unswept

from . import store
from .cpu import FORCED, host_triple, target_cpu

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., object])
Foreign = Any  # a value of a library without types
Numbers = np.ndarray[tuple[int, ...], np.dtype[Any]]

Flat = np.ndarray[tuple[int], np.dtype[np.float32]]
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
Indices = np.ndarray[tuple[int], np.dtype[np.int64]]
Words = np.ndarray[tuple[int], np.dtype[np.int32]]
Halves = np.ndarray[tuple[int], np.dtype[np.uint16]]
Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
Doubles = np.ndarray[tuple[int], np.dtype[np.float64]]
Singles = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
"""`Flat`, also where a function is compiled for half types."""
Real = float | np.float32
"""A number in compiled code, where all are float32 that come from float32."""

_numba, _llvm, _ir, _types = (cast(Any, m) for m in (numba, llvmlite.binding, ir, types))
_caching, _ccallback, _cgutils, _serialize, _extending, _models, _linalg, _registry = (
    cast(Any, m)
    for m in (
        caching, ccallback, cgutils, serialize, numba.extending, models, linalg, registry,
    )
)  # fmt: skip


def _load_without_blas() -> None:
    """Load what numba needs to compile. Its arraymath would load scipy.linalg, only to see whether
    there is a BLAS: that takes 0.2 s, and kernels call none. Other code that does will find it."""
    if "numba.np.arraymath" in sys.modules:
        return
    look, _linalg.ensure_blas = _linalg.ensure_blas, lambda: None
    try:
        _registry.cpu_target.target_context.refresh()
    finally:
        _linalg.ensure_blas = look
    arraymath = cast(Any, sys.modules["numba.np.arraymath"])
    arraymath.ensure_blas = look
    arraymath._HAVE_BLAS = importlib.util.find_spec("scipy") is not None


_load_without_blas()

if FORCED is not None:
    _numba.config.CPU_NAME, _numba.config.CPU_FEATURES = target_cpu()


@functools.cache
def cache_folder() -> Path | None:
    """Where machine code for this CPU, these versions and this source is kept; None if nowhere.

    In the folder that numba chooses: NUMBA_CACHE_DIR, else beside the source if that can be
    written, else the user's own.
    """
    try:
        locator = _caching.CompileResultCacheImpl(cache_folder.__wrapped__).locator
    except RuntimeError:  # numba found none
        return None
    versions = f"{numba.__version__} {llvmlite.__version__} {_llvm.llvm_version_info}"
    identity = f"{host_triple()} {target_cpu()} {versions}"
    return store.folder(Path(locator.get_cache_path()), identity)


class _Files:
    """Stands in for numba's index and data files, which are neither sealed nor safe when two
    processes write at once: one file a signature here, whole or absent.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name

    def path(self, key: object) -> Path:
        return self.folder / f"{self.name}-{store.digest(repr(key).encode())}.bin"

    def load(self, key: object) -> object:
        content = store.saved(self.path(key))
        if content is None:
            store.announce()
            return None
        return pickle.loads(content)

    def save(self, key: object, data: object) -> None:
        store.save(self.path(key), _serialize.dumps(data))


def _cache(function: Callable[..., object]) -> Foreign:
    """numba's cache of a function, on our files; None where there is no folder for it."""
    folder = cache_folder()
    if folder is None:
        return None
    cache = _caching.FunctionCache(function)
    module = function.__module__.rpartition(".")[2]
    cache._cache_file = _Files(folder, f"{module}.{function.__name__}")
    return cache


# Division by zero as in C: numba's check for it would keep loops from being vectorised.
_OPTIONS = {"error_model": "numpy", "nogil": True}
# Nothing of C's calls them, but for what `c_function` makes.
_FROM_PYTHON = {"no_cfunc_wrapper": True, **_OPTIONS}
# Without a way in from Python either, which would take longer to compile than what is short.
_WITHIN = {"no_cpython_wrapper": True, **_FROM_PYTHON}


def part(function: Callable[P, R]) -> Callable[P, R]:
    """The function as compiled code calls it: compiled into its callers, and kept with them."""
    return _within(function)


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """The function, compiled at its first call for the types of that call, and kept. Must be at
    module level.
    """
    return _dispatcher(function, **_FROM_PYTHON)


def held(function: Callable[P, R]) -> Callable[P, R]:
    """`jit` for what is so short that others need not run meanwhile: Python's lock is kept."""
    return _dispatcher(function, **{**_FROM_PYTHON, "nogil": False})


def _dispatcher(function: Callable[P, R], **options: object) -> Callable[P, R]:
    dispatcher = _numba.njit(**options)(function)
    cache = _cache(function)
    if cache is not None:
        dispatcher._cache = cache
    return dispatcher


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """A part of compiled functions, put in their place where they call it so that loops around it
    can be vectorised.
    """
    return _within(function, forceinline=True)


def fused(function: Callable[P, R]) -> Callable[P, R]:
    """`inlined`, and a product and a sum in it may round once, together."""
    return _within(function, fastmath={"contract"}, forceinline=True)


def reordered(function: Callable[P, R]) -> Callable[P, R]:
    """`fused`, and its sums and products may be taken in any order, so in as many at once as a
    vector holds.
    """
    return _within(function, fastmath={"contract", "reassoc"}, forceinline=True)


def _within(function: Callable[P, R], **options: object) -> Callable[P, R]:
    """For other compiled functions, and for any numbers: numba would compile it anew for each that
    a caller spells out.
    """
    dispatcher = _numba.njit(**options, **_WITHIN)(function)
    template = dispatcher.get_call_template

    def template_of_any(args: Sequence[Foreign], kws: Mapping[str, Foreign]) -> Foreign:
        any_args: Foreign = tuple(_types.unliteral(kind) for kind in args)
        return template(any_args, {name: _types.unliteral(kind) for name, kind in kws.items()})

    dispatcher.get_call_template = template_of_any
    return dispatcher


def entry_point(function: F, *arguments: object) -> F:
    """The function compiled now for these numba types, returning int64.

    Its arrays are of `array_type`'s types. It does not look at their dtypes: that costs 0.2 us a
    call. The caller must.
    """
    with Unswept(stay=False):
        return cast(Any, jit(function)).compile(_types.int64(*arguments))


@functools.cache
def straight(function: Callable[P, R], dtype: np.dtype[Any] | None = None) -> Callable[P, R]:
    """What `jit` made, compiled now for the types that the annotations name, as an `entry_point`:
    numba would look at the arguments of each call first.

    `dtype` is that of arrays that are annotated with any. Without it, such a function is returned
    as it is. If it is a half type, those that are annotated as `Flat` are of it as well: then the
    function may only `read` and `write` them.
    """
    hints = get_type_hints(cast(Any, function).py_func)
    hints.pop("return", None)
    kinds = [_type_of(hint, dtype) for hint in hints.values()]
    if None in kinds:
        return function
    with Unswept(stay=False):
        return cast(Any, function).compile(tuple(kinds))


def build(module: Mapping[str, object]) -> None:
    """Compile each function of a module that is `jit`'s for the types that its annotations name:
    float32 and float64 where they name any.

    Until then each is compiled, or found where an earlier run kept it, when it is first called.
    """
    for function in list(module.values()):
        python = getattr(function, "py_func", None)
        if python is None or python.__module__ != module["__name__"]:
            continue
        options = cast(Any, function).targetoptions
        if not options.get("no_cpython_wrapper"):  # no part
            for dtype in (np.dtype(np.float32), np.dtype(np.float64)):
                _ = straight(cast("Callable[..., object]", function), dtype)


def _type_of(hint: object, dtype: np.dtype[Any] | None) -> object:
    """numba's type of an argument with this annotation, or None; `dtype` stands for any."""
    simple = {Real: _types.float32, int: int64, bool: _types.boolean, float: float64}
    if hint in simple:
        return simple[cast(Any, hint)]
    (element,) = get_args(get_args(hint)[1])
    found = dtype if element is Any else np.dtype(element)
    if found is None:
        return None
    half = narrow.get(dtype.name) if dtype is not None and hint == Flat else None
    return _borrowed(_types.Array(half or _numba.from_dtype(found), 1, "C"))


def array_type(dtype: np.dtype[Any], ndim: int, *, writable: bool) -> object:
    """numba's type of arrays of any strides. Those only read may also be read-only, and none need
    be aligned.
    """
    element = _numba.from_dtype(dtype)
    return _borrowed(_types.Array(element, ndim, "A", readonly=not writable, aligned=False))


class Borrowed(_types.Array):
    """numba's type of an array that the caller holds for as long as the call lasts.

    numba would hold it as well, by an object made for each array and call: that takes 30 ns, and
    reading the fields of an ndarray 2.
    """

    def __repr__(self) -> str:
        """Code is kept under this name."""
        return self.name


def _borrowed(whole: Foreign) -> Foreign:
    options = {"readonly": not whole.mutable, "aligned": whole.aligned}
    kind = whole.dtype, whole.ndim, whole.layout
    return Borrowed(*kind, name=f"borrowed {whole.name}", **options)


class Narrow(_types.Type):
    """A half type that only `read` and `write` know: in compiled code its numbers are float32."""


narrow = {name: Narrow(name) for name in ("float16", "bfloat16")}
"""The half types, by name."""


@_extending.register_model(Narrow)
class _NarrowModel(_models.PrimitiveModel):
    """16 bits."""

    def __init__(self, manager: Foreign, kind: Foreign) -> None:
        _models.PrimitiveModel.__init__(self, manager, kind, _ir.IntType(16))


_FIELDS = object.__basicsize__
_DATA, _NDIM, _SHAPE, _STRIDES = _FIELDS, _FIELDS + 8, _FIELDS + 16, _FIELDS + 24
"""Where the fields of an ndarray are: PyArrayObject_fields, numpy/ndarraytypes.h, the same since
NumPy 1."""


def _unboxed(kind: Foreign, array: Foreign, c: Foreign) -> Foreign:
    """An ndarray as compiled code knows it: a flat one of all elements where the type says that
    nothing lies between them, which is not looked at; else one of just so many dims.
    """
    builder, word = c.builder, _ir.IntType(64)
    at = builder.ptrtoint(array, word)

    def field(offset: int, of: Foreign) -> Foreign:
        return builder.load(builder.inttoptr(builder.add(at, word(offset)), of.as_pointer()))

    dims = field(_NDIM, _ir.IntType(32))
    sizes, steps = (field(first, word.as_pointer()) for first in (_SHAPE, _STRIDES))
    itemsize = word(c.context.get_abi_sizeof(c.context.get_data_type(kind.dtype)))
    wrong = _cgutils.false_bit
    if kind.layout == "C":
        count = _cgutils.alloca_once_value(builder, word(1))
        with _cgutils.for_range(builder, builder.sext(dims, word)) as loop:
            size = builder.load(builder.gep(sizes, [loop.index]))
            builder.store(builder.mul(builder.load(count), size), count)
        shape, strides = [builder.load(count)], [itemsize]
    else:
        wrong = builder.icmp_signed("!=", dims, dims.type(kind.ndim))
        with builder.if_then(wrong, likely=False):
            c.pyapi.err_set_string("PyExc_TypeError", f"expected an array of {kind.ndim} dims")
        none = builder.bitcast(_cgutils.alloca_once(builder, word, kind.ndim), sizes.type)
        shape, strides = (
            [builder.load(builder.gep(first, [word(d)])) for d in range(kind.ndim)]
            for first in (builder.select(wrong, none, sizes), builder.select(wrong, none, steps))
        )
    known = c.context.make_array(kind)(c.context, builder)
    known.meminfo, known.parent = known.meminfo.type(None), known.parent.type(None)
    known.data = field(_DATA, known.data.type)
    known.shape = _cgutils.pack_array(builder, shape, ty=word)
    known.strides = _cgutils.pack_array(builder, strides, ty=word)
    known.nitems = functools.reduce(builder.mul, shape, word(1))
    known.itemsize = itemsize
    return _extending.NativeValue(known._getvalue(), is_error=wrong)


_extending.register_model(Borrowed)(_models.ArrayModel)
_extending.unbox(Borrowed)(_unboxed)


table_type: object = _types.CPointer(_types.int64)
int64: object = _types.int64
float64: object = _types.float64


def c_function(function: Callable[..., int], *arguments: object) -> int:
    """Address of the function as C sees it, compiled for these types, returning int64.

    Called through its address it is compiled once; called by name, it would be compiled again
    within each caller.
    """
    made = _ccallback.CFunc(function, (arguments, _types.int64), {}, _OPTIONS)
    cache = _cache(function)
    if cache is not None:
        made._cache = cache
    with Unswept(stay=False):
        made.compile()
    _kept.append(made)
    return int(made.address)


_kept: list[object] = []
"""What owns the code that addresses lead to."""


def _caller(returned: Foreign, result: Foreign) -> Foreign:
    def call(_context: object, address: Foreign, arguments: Foreign) -> object:
        def generate(
            context: Foreign, builder: Foreign, signature: Foreign, values: Foreign
        ) -> object:
            kinds = [context.get_value_type(kind) for kind in signature.args[1].types]
            function = _ir.FunctionType(result, kinds).as_pointer()
            passed = _cgutils.unpack_tuple(builder, values[1])
            answer = builder.call(builder.inttoptr(values[0], function), passed)
            return context.get_dummy_value() if returned is _types.void else answer

        return returned(address, arguments), generate

    return _extending.intrinsic(call)


call: Callable[[int, tuple[float, ...]], None] = _caller(_types.void, _ir.VoidType())
"""In compiled code: calls the C function at an address, with numbers or pointers."""

call_int: Callable[[int, tuple[object, ...]], int] = _caller(_types.int64, _ir.IntType(64))
"""`call` for a function that returns an int64."""


def _data(
    context: Foreign, builder: Foreign, kind: Foreign, array: Foreign, at: Foreign
) -> Foreign:
    pointer = context.make_array(kind)(context, builder, array).data
    return builder.gep(pointer, [at], inbounds=True)


def _written(builder: Foreign) -> Foreign:
    """LLVM's mark of what `write` writes."""
    module = builder.module
    domain = module.add_metadata([ir.MetaDataString(module, "elementwise")])
    return module.add_metadata([module.add_metadata([ir.MetaDataString(module, "out"), domain])])


def _widen(builder: Foreign) -> None:
    """Vectors of 512 bits in this function: LLVM keeps to 256 where wider ones slowed the clock.

    llvmlite's own `add` knows no attribute with a value.
    """
    cast(Any, set).add(builder.function.attributes, '"prefer-vector-width"="512"')


def _reads(before_writes: bool) -> Callable[..., object]:
    def typed(_context: object, array: Foreign, at: object) -> object:
        def generate(
            context: Foreign, builder: Foreign, signature: Foreign, values: Foreign
        ) -> object:
            kind = signature.args[0]
            value = builder.load(_data(context, builder, kind, *values))
            if before_writes:
                value.set_metadata("noalias", _written(builder))
            _widen(builder)
            if isinstance(kind.dtype, Narrow):
                return _widened(builder, kind.dtype, value)
            return context.data_model_manager[kind.dtype].from_data(builder, value)

        element = _types.float32 if isinstance(array.dtype, Narrow) else array.dtype
        return element(array, at), generate

    return typed


def _write(_context: object, array: Foreign, at: object, _value: object) -> object:
    def generate(context: Foreign, builder: Foreign, signature: Foreign, values: Foreign) -> object:
        kind = signature.args[0]
        if isinstance(kind.dtype, Narrow):
            value = _rounded(builder, kind.dtype, values[2])
        else:
            value = context.get_value_as_data(builder, kind.dtype, values[2])
        store = builder.store(value, _data(context, builder, kind, *values[:2]))
        _widen(builder)
        store.set_metadata("alias.scope", _written(builder))
        return context.get_dummy_value()

    kind = _types.float32 if isinstance(array.dtype, Narrow) else array.dtype
    return _types.void(array, at, kind), generate


def _move(_context: object, out: object, place: object, array: object, at: object) -> object:
    def generate(context: Foreign, builder: Foreign, signature: Foreign, values: Foreign) -> object:
        kinds, block = signature.args, _ir.VectorType(_ir.IntType(8), BLOCK).as_pointer()
        target = _data(context, builder, kinds[0], *values[:2])
        source = _data(context, builder, kinds[2], *values[2:])
        load = builder.load(builder.bitcast(source, block), align=1)
        _ = builder.store(load, builder.bitcast(target, block), align=1)
        return context.get_dummy_value()

    return _types.void(out, place, array, at), generate


def _summed(_context: object, array: Foreign, number: object) -> object:
    def generate(context: Foreign, builder: Foreign, signature: Foreign, values: Foreign) -> object:
        return context.cast(builder, values[1], signature.args[1], signature.return_type)

    kind = _types.float32 if isinstance(array.dtype, Narrow) else _types.float64
    return kind(array, number), generate


def _widened(builder: Foreign, kind: Foreign, value: Foreign) -> Foreign:
    """The float32 of a half type's 16 bits."""
    if kind is narrow["float16"]:
        return builder.fpext(builder.bitcast(value, _ir.HalfType()), _ir.FloatType())
    word = _ir.IntType(32)
    return builder.bitcast(builder.shl(builder.zext(value, word), word(16)), _ir.FloatType())


def _rounded(builder: Foreign, kind: Foreign, value: Foreign) -> Foreign:
    """The 16 bits of a float32 rounded to a half type, to even."""
    if kind is narrow["float16"]:
        return builder.bitcast(builder.fptrunc(value, _ir.HalfType()), _ir.IntType(16))
    word = _ir.IntType(32)
    n = builder.bitcast(value, word)
    odd = builder.and_(builder.lshr(n, word(16)), word(1))
    nearest = builder.add(builder.add(n, word(0x7FFF)), odd)
    quiet = builder.or_(n, word(0x400000))
    found = builder.select(builder.fcmp_unordered("uno", value, value), quiet, nearest)
    return builder.trunc(builder.lshr(found, word(16)), _ir.IntType(16))


def _peek(_context: object, address: object, on: object) -> object:
    def generate(_: Foreign, builder: Foreign, __: Foreign, values: Foreign) -> object:
        at = builder.add(values[0], values[1])
        return builder.load(builder.inttoptr(at, _ir.IntType(64).as_pointer()))

    return _types.int64(address, on), generate


def _poke(_context: object, address: object, on: object, value: object) -> object:
    def generate(context: Foreign, builder: Foreign, _: Foreign, values: Foreign) -> object:
        at = builder.add(values[0], values[1])
        _ = builder.store(values[2], builder.inttoptr(at, _ir.IntType(64).as_pointer()))
        return context.get_dummy_value()

    return _types.void(address, on, value), generate


def _room(_context: object, words: Foreign) -> object:
    def generate(_: Foreign, builder: Foreign, __: Foreign, ___: Foreign) -> object:
        place = _cgutils.alloca_once(builder, _ir.IntType(64), words.literal_value)
        return builder.ptrtoint(place, _ir.IntType(64))

    return _types.int64(words), generate


room: Callable[[int], int] = _extending.intrinsic(prefer_literal=True)(_room)
"""In compiled code: the address of so many words, a literal number, that are the function's own."""

peek: Callable[[int, int], int] = _extending.intrinsic(_peek)
"""In compiled code: the word of 8 bytes that is so many bytes behind an address."""

poke: Callable[[int, int, int], None] = _extending.intrinsic(_poke)
"""In compiled code: writes a word of 8 bytes so many bytes behind an address."""

read: Callable[[Numbers, int], Foreign] = _extending.intrinsic(_reads(before_writes=True))
"""In compiled code: the element at an index of a flat array, as `array[index]`, but a loop that
`write`s each element after it has read it here is vectorised even where it works in place. Half
types are read as float32, float16 on a CPU that `has("f16c")`.
"""

recall: Callable[[Numbers, int], Foreign] = _extending.intrinsic(_reads(before_writes=False))
"""In compiled code: `read` of an element that was written before: LLVM may move what is `read` to
before all that the loops around it `write`.
"""

write: Callable[[Numbers, int, Foreign], None] = _extending.intrinsic(_write)
"""In compiled code: `array[index] = value`; see `read`."""


BLOCK = 32
"""Bytes that `move` moves."""

move: Callable[[Numbers, int, Numbers, int], None] = _extending.intrinsic(_move)
"""In compiled code: copies a block of 32 bytes to an index of a flat array, from an index of one of
the same dtype.
"""

summed: Callable[[Numbers, Foreign], Foreign] = _extending.intrinsic(_summed)
"""In compiled code: a number as what adds up those of a flat array has it: float64, but float32 for
half types. Source: acc_type, aten/src/ATen/AccumulateType.h.
"""


def _cast(to: Foreign) -> Callable[..., object]:
    def typed(_context: object, value: Foreign) -> object:
        def generate(
            context: Foreign, builder: Foreign, signature: Foreign, values: Foreign
        ) -> object:
            return builder.bitcast(values[0], context.get_value_type(signature.return_type))

        return to(value), generate

    return typed


bits: Callable[[Foreign], Foreign] = _extending.intrinsic(_cast(_types.int32))
"""In compiled code: the bits of a float32 as an int32."""

of_bits: Callable[[Foreign], Foreign] = _extending.intrinsic(_cast(_types.float32))
"""In compiled code: the float32 that has an int32's bits."""

long_bits: Callable[[Foreign], Foreign] = _extending.intrinsic(_cast(_types.int64))
"""In compiled code: the bits of a float64 as an int64."""

of_long_bits: Callable[[Foreign], Foreign] = _extending.intrinsic(_cast(_types.float64))
"""In compiled code: the float64 that has an int64's bits."""


def _fma(_context: object, a: Foreign, b: object, c: object) -> object:
    def generate(_: Foreign, builder: Foreign, __: Foreign, values: Foreign) -> object:
        return builder.fma(*values)

    return a(a, b, c), generate


rounded_once: Callable[[Foreign, Foreign, Foreign], Foreign] = _extending.intrinsic(_fma)
"""In compiled code: a * b + c of floats of one size, on a CPU that `has("fma")`; others would call
a function of the C library's."""


def _to_half(_context: object, value: Foreign) -> object:
    def generate(_: Foreign, builder: Foreign, __: Foreign, values: Foreign) -> object:
        return builder.bitcast(builder.fptrunc(values[0], _ir.HalfType()), _ir.IntType(16))

    return _types.uint16(value), generate


def _of_half(_context: object, value: Foreign) -> object:
    def generate(_: Foreign, builder: Foreign, __: Foreign, values: Foreign) -> object:
        return builder.fpext(builder.bitcast(values[0], _ir.HalfType()), _ir.FloatType())

    return _types.float32(value), generate


half_bits: Callable[[Foreign], Foreign] = _extending.intrinsic(_to_half)
"""In compiled code: the bits of a float32 as float16, on a CPU that `has("f16c")`; others would
call a function that is not there."""

of_half_bits: Callable[[Foreign], Foreign] = _extending.intrinsic(_of_half)
"""In compiled code: the float32 of a float16's bits, on such a CPU."""


@functools.cache
def _target_and_engine() -> tuple[Foreign, Foreign]:
    """LLVM's compiler for this CPU, and its linker. The linker lives as long as the process, and so
    does its code.
    """
    _llvm.initialize_native_target()
    _llvm.initialize_native_asmprinter()
    cpu = target_cpu()
    target = _llvm.Target.from_default_triple().create_target_machine(
        cpu=cpu.name, features=cpu.features, opt=3, jit=True, codemodel="jitdefault"
    )
    return target, _llvm.create_mcjit_compiler(_llvm.parse_assembly(""), target)


def loaded(name: str, text: Callable[[], str], folder: Path | None) -> Callable[[str], int]:
    """Address by function name of an LLVM IR module, compiled for this CPU or found in `folder`.

    `text` makes the IR and is asked only if it must be compiled.
    """
    target, engine = _target_and_engine()
    path = None if folder is None else folder / f"{name}.o"
    code = None if path is None else store.saved(path)
    if code is None:
        if path is not None:
            store.announce()
        module = _llvm.parse_assembly(text())
        module.verify()
        code = cast(bytes, target.emit_object(module))
        if path is not None:
            store.save(path, code)
    engine.add_object_file(_llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine.get_function_address
