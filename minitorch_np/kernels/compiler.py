"""numba and llvmlite behind typed functions: what turns Python, or LLVM IR, into machine code that
later runs find again.

Neither library has type annotations, so this is the only file that talks to both. What is compiled
is kept in the folder that numba chooses: NUMBA_CACHE_DIR, else beside the source if that can be
written, else the user's own. Where no folder can be written, everything is compiled anew in each
process.
"""

import functools
import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import llvmlite
import llvmlite.binding
import numba
import numba.core.cgutils
import numba.extending
import numpy as np
from llvmlite import ir
from numba import types

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., object])
Foreign = Any  # a value of a library without types
Numbers = np.ndarray[tuple[int, ...], np.dtype[Any]]

Real = float | np.float32
"""A number in compiled code, where all are float32 that come from float32."""

_numba, _llvm, _ir, _types = (cast(Any, m) for m in (numba, llvmlite.binding, ir, types))
_cgutils, _extending = cast(Any, numba.core.cgutils), cast(Any, numba.extending)

# Division by zero as in C: numba's check for it would keep loops from being vectorised.
_OPTIONS = {"error_model": "numpy"}


def _cached(decorate: Callable[[bool], R]) -> R:
    """decorate(cache=True), or without the cache where there is no folder for it."""
    try:
        return decorate(True)
    except RuntimeError as error:
        if "cannot cache" not in str(error):
            raise
        return decorate(False)


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """The function, compiled at its first call for the types of that call. Must be at module level
    to be cached.
    """
    return _cached(lambda cache: _numba.njit(cache=cache, nogil=True, **_OPTIONS)(function))


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """A part of compiled functions, put in their place where they call it so that loops around it
    can be vectorised.
    """
    return cast(Callable[P, R], _numba.njit(forceinline=True, **_OPTIONS)(function))


def fused(function: Callable[P, R]) -> Callable[P, R]:
    """`inlined`, and a product and a sum in it may round once, together."""
    options = {"fastmath": {"contract"}, "forceinline": True, **_OPTIONS}
    return cast(Callable[P, R], _numba.njit(**options)(function))


def reordered(function: Callable[P, R]) -> Callable[P, R]:
    """`fused`, and its sums and products may be taken in any order, so in as many at once as a
    vector holds.
    """
    options = {"fastmath": {"contract", "reassoc"}, "forceinline": True, **_OPTIONS}
    return cast(Callable[P, R], _numba.njit(**options)(function))


def compiled_for(function: F, *arguments: object) -> F:
    """The function compiled now for these numba types, returning int64. Other types raise
    TypeError.
    """
    signature = _types.int64(*arguments)
    return _cached(
        lambda cache: _numba.njit(signature, cache=cache, nogil=True, **_OPTIONS)(function)
    )


def cache_folder(function: Callable[..., object]) -> Path | None:
    """Where numba keeps a compiled function, or None if nowhere."""
    path = cast(Any, function).stats.cache_path
    return None if path is None else Path(path)


def array_type(dtype: np.dtype[Any], ndim: int, *, writable: bool) -> object:
    """numba's type of arrays of any strides. Those only read may also be read-only, and none need
    be aligned.
    """
    element = _numba.from_dtype(dtype)
    return _types.Array(element, ndim, "A", readonly=not writable, aligned=False)


table_type: object = _types.Array(_types.int64, 1, "C")
int64: object = _types.int64
float64: object = _types.float64


def c_function(function: Callable[..., None], *arguments: object) -> int:
    """Address of the function as C sees it, compiled for these types; a table is a pointer to
    int64.

    Called through its address it is compiled once; called by name, it would be compiled again
    within each caller.
    """
    kinds = [_types.CPointer(int64) if kind is table_type else kind for kind in arguments]
    signature = _types.void(*kinds)
    compiled = _cached(lambda cache: _numba.cfunc(signature, cache=cache, **_OPTIONS)(function))
    return int(compiled.address)


def _call(_context: object, address: Foreign, arguments: Foreign) -> object:
    def generate(context: Foreign, builder: Foreign, signature: Foreign, values: Foreign) -> object:
        kinds = [context.get_value_type(kind) for kind in signature.args[1].types]
        function = _ir.FunctionType(_ir.VoidType(), kinds).as_pointer()
        passed = _cgutils.unpack_tuple(builder, values[1])
        builder.call(builder.inttoptr(values[0], function), passed)
        return context.get_dummy_value()

    return _types.void(address, arguments), generate


call: Callable[[int, tuple[float, ...]], None] = _extending.intrinsic(_call)
"""In compiled code: calls the C function at an address, with numbers for arguments."""


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


def _read(_context: object, array: Foreign, at: object) -> object:
    def generate(context: Foreign, builder: Foreign, signature: Foreign, values: Foreign) -> object:
        kind = signature.args[0]
        value = builder.load(_data(context, builder, kind, *values))
        value.set_metadata("noalias", _written(builder))
        return context.data_model_manager[kind.dtype].from_data(builder, value)

    return array.dtype(array, at), generate


def _write(_context: object, array: Foreign, at: object, _value: object) -> object:
    def generate(context: Foreign, builder: Foreign, signature: Foreign, values: Foreign) -> object:
        kind = signature.args[0]
        value = context.get_value_as_data(builder, kind.dtype, values[2])
        store = builder.store(value, _data(context, builder, kind, *values[:2]))
        # else LLVM keeps to 256 bits where wider ones used to slow the clock; llvmlite's own `add`
        # knows no attribute with a value
        attributes = cast(set[str], builder.function.attributes)
        set.add(attributes, '"prefer-vector-width"="512"')
        store.set_metadata("alias.scope", _written(builder))
        return context.get_dummy_value()

    return _types.void(array, at, array.dtype), generate


read: Callable[[Numbers, int], Foreign] = _extending.intrinsic(_read)
"""In compiled code: the element at an index of a flat array, as `array[index]`, but a loop that
`write`s each element after it has read it here is vectorised even where it works in place.
"""

write: Callable[[Numbers, int, Foreign], None] = _extending.intrinsic(_write)
"""In compiled code: `array[index] = value`; see `read`."""


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


def host_features() -> Mapping[str, bool]:
    """The instruction sets of this CPU, by LLVM's names."""
    return _llvm.get_host_cpu_features()


def host_triple() -> str:
    """The name of this platform, architecture first."""
    return _llvm.get_process_triple()


def saved(path: Path) -> bytes | None:
    """Object code from an earlier run, or None if there is none or it is damaged."""
    with suppress(OSError):
        content = path.read_bytes()
        digest, code = content[:32], content[32:]
        if hashlib.sha256(code).digest() == digest:
            return code
    return None


def save(path: Path, code: bytes) -> None:
    """Writes object code for later runs; where nothing can be written, nothing happens.

    The file appears whole or not at all, so processes that start together cannot read each other's
    halves.
    """
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(hashlib.sha256(code).digest() + code)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise


@functools.cache
def _target_and_engine() -> tuple[Foreign, Foreign]:
    """LLVM's compiler for this CPU, and its linker. The linker lives as long as the process, and so
    does its code.
    """
    _llvm.initialize_native_target()
    _llvm.initialize_native_asmprinter()
    target = _llvm.Target.from_default_triple().create_target_machine(
        cpu=_llvm.get_host_cpu_name(),
        features=_llvm.get_host_cpu_features().flatten(),
        opt=3,
        jit=True,
        codemodel="jitdefault",
    )
    return target, _llvm.create_mcjit_compiler(_llvm.parse_assembly(""), target)


def loaded(
    name: str, text: Callable[[], str], source: bytes, folder: Path | None
) -> Callable[[str], int]:
    """Address by function name of an LLVM IR module, compiled for this CPU or found in `folder`.

    `text` makes the IR and is asked only if it must be compiled; `source` is what it depends on.
    """
    target, engine = _target_and_engine()
    features = _llvm.get_host_cpu_features().flatten()
    versions = f"{llvmlite.__version__} {_llvm.llvm_version_info}"
    identity = f"{_llvm.get_host_cpu_name()} {features} {versions}"
    key = hashlib.sha256(identity.encode() + source).hexdigest()[:16]
    path = None if folder is None else folder / f"{name}-{key}.o"
    code = None if path is None else saved(path)
    if code is None:
        module = _llvm.parse_assembly(text())
        module.verify()
        code = cast(bytes, target.emit_object(module))
        if path is not None:
            save(path, code)
    engine.add_object_file(_llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine.get_function_address
