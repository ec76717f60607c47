"""save and load: PyTorch's zip format, read by an unpickler that knows a short list of names.

The file is an uncompressed zip: `data.pkl`, a pickle in which each storage is a persistent id, and
`data/<key>`, the bytes of each storage, aligned to 64. Shared storages are written once, so views
keep sharing. Source: torch/serialization.py, caffe2/serialize/inline_container.cc.
"""

import io
import os
import pickle
import struct
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping
from typing import IO, Any, ClassVar, NoReturn, cast

import numpy as np

from minitorch_np import dtypes
from minitorch_np import weights_only as messages
from minitorch_np.devices import device
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.nn.parameter import Parameter
from minitorch_np.ops.protocol import rebuilt
from minitorch_np.shapes import Size, noted
from minitorch_np.storage import UntypedStorage, allocate
from minitorch_np.strides import Stride
from minitorch_np.tensor import Tensor
from minitorch_np.utils.hooks import warn_if_has_hooks

__all__ = ["load", "save"]

FileLike = str | os.PathLike[str] | IO[bytes]

_STORAGES = {
    "FloatStorage": dtypes.float32, "DoubleStorage": dtypes.float64,
    "HalfStorage": dtypes.float16, "BFloat16Storage": dtypes.bfloat16,
    "LongStorage": dtypes.int64, "IntStorage": dtypes.int32, "ShortStorage": dtypes.int16,
    "CharStorage": dtypes.int8, "ByteStorage": dtypes.uint8, "BoolStorage": dtypes.bool_,
}  # fmt: skip
_STORAGE_OF = {dtype: name for name, dtype in _STORAGES.items()}
_ALIGNMENT = 64


class _Global:
    """A name of torch's in a pickle: written as such, with nothing imported."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    def __call__(self, *_: object) -> NoReturn:
        raise AssertionError("only written, never called")


_TENSOR = _Global("torch._utils", "_rebuild_tensor_v2")
_PARAMETER = _Global("torch._utils", "_rebuild_parameter")
_TENSOR_WITH_STATE = _Global("torch._tensor", "_rebuild_from_type_v2")
_PARAMETER_WITH_STATE = _Global("torch._utils", "_rebuild_parameter_with_state")
_TYPE = _Global("torch", "Tensor")


class _StorageRef:
    """A storage on its way into a pickle, with the dtype it is written as."""

    def __init__(self, storage: UntypedStorage, dtype: Dtype) -> None:
        self.storage, self.dtype = storage, dtype


_BASE = vars(pickle)["_Pickler"]  # in Python: C's cannot write a name without importing it
_save = cast("Callable[[object, object, bool], None]", _BASE.save)
_DISPATCH = cast("dict[type, Callable[..., None]]", _BASE.dispatch)


def _no_hooks() -> OrderedDict[str, object]:
    return OrderedDict()


class _Pickler(pickle._Pickler):  # pyright: ignore[reportPrivateUsage]  # C's imports each name
    """Pickles tensors as torch's own rebuild calls, and collects their storages."""

    # what the base has and its stub lacks
    memo: dict[int, tuple[int, object]]
    write: Callable[[bytes], object]
    get: Callable[[int], bytes]
    memoize: Callable[[object], None]

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, protocol=2)
        self.storages: dict[int, tuple[str, UntypedStorage, Dtype]] = {}

    def save(self, obj: object, save_persistent_id: bool = True) -> None:
        """Write one object; a name of torch's goes out as a GLOBAL, once, then as a memo."""
        if isinstance(obj, _Global):
            seen = self.memo.get(id(obj))
            if seen is not None:
                self.write(self.get(seen[0]))
                return
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
            self.memoize(obj)
            return
        _save(self, obj, save_persistent_id)

    def persistent_id(self, obj: object) -> object:
        """What stands in the pickle for a storage: its kind, key, place and length."""
        if not isinstance(obj, _StorageRef):
            return None
        storage, dtype = obj.storage, obj.dtype
        known = self.storages.setdefault(id(storage), (str(len(self.storages)), storage, dtype))
        if known[2] is not dtype:
            raise RuntimeError(
                "Cannot save multiple tensors or storages that view the same data as different "
                "types"
            )
        kind = _named("torch", _STORAGE_OF[dtype])
        return ("storage", kind, known[0], "cpu", storage.nbytes() // dtype.itemsize)

    def reducer_override(self, obj: object) -> tuple[_Global, tuple[object, ...]]:
        """The call that rebuilds an object of ours in torch."""
        if isinstance(obj, Parameter):
            args = (obj.untracked(), obj.requires_grad, _no_hooks())
            state = obj.__dict__
            return (_PARAMETER_WITH_STATE, (*args, state)) if state else (_PARAMETER, args)
        if isinstance(obj, Tensor):
            warn_if_has_hooks(obj)
            ref = _StorageRef(obj.memory, obj.dtype)
            geometry = (obj.offset, obj.sizes, obj.strides)
            parts = (ref, *geometry, obj.requires_grad, _no_hooks())
            state = obj.__dict__
            if state:  # the caller's attributes, and the mark of a buffer
                return _TENSOR_WITH_STATE, (_TENSOR, _TYPE, parts, state)
            return _TENSOR, parts
        if isinstance(obj, Size):
            return _named("torch", "Size"), (tuple(obj),)
        if isinstance(obj, device):
            args = (obj.type,) if obj.index is None else (obj.type, obj.index)
            return _named("torch", "device"), args
        return NotImplemented

    def save_dtype(self, obj: Dtype) -> None:
        """A dtype is a name."""
        self.save(_named("torch", obj.name))

    dispatch: ClassVar[dict[type, Callable[..., None]]] = {**_DISPATCH, Dtype: save_dtype}


_names: dict[tuple[str, str], _Global] = {}


def _named(module: str, name: str) -> _Global:
    return _names.setdefault((module, name), _Global(module, name))


def save(
    obj: object,
    f: FileLike,
    pickle_module: object = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Write tensors, parameters and plain containers of them to a file that torch.load reads.

    `f` is a path or a binary file. A view is written with its whole storage. Only what is
    PyTorch's default is written: the zip format, by Python's pickle, in its protocol 2.
    """
    if isinstance(f, (str, os.PathLike)):
        path: str = os.fspath(f)
        parent = os.path.dirname(path)
        if parent and not os.path.isdir(parent):
            raise RuntimeError(f"Parent directory {parent} does not exist.")
    elif not hasattr(f, "write"):
        raise AttributeError(
            "expected 'f' to be string, path, or a file-like object with a 'write' attribute"
        )
    if pickle_module is not pickle or pickle_protocol != 2 or not _use_new_zipfile_serialization:
        raise ValueError(
            "minitorch_np saves by Python's pickle, protocol 2, in the zip format only"
        )
    body = io.BytesIO()
    pickler = _Pickler(body)
    pickler.dump(obj)
    with zipfile.ZipFile(f, "w", zipfile.ZIP_STORED) as archive:
        _write(archive, "data.pkl", body.getvalue())
        _write(archive, ".format_version", b"1")
        _write(archive, ".storage_alignment", str(_ALIGNMENT).encode())
        if not _disable_byteorder_record:
            _write(archive, "byteorder", b"little")
        for key, storage, _ in pickler.storages.values():
            _write(archive, f"data/{key}", storage.bytes().tobytes())
        _write(archive, "version", b"3\n")


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add a record whose content starts at a multiple of 64 bytes, padded by an extra field."""
    record = zipfile.ZipInfo(f"archive/{name}", (1980, 1, 1, 0, 0, 0))
    at = cast("IO[bytes]", archive.fp).tell() + 30 + len(record.filename) + 4
    padding = -at % _ALIGNMENT
    record.extra = struct.pack("<2sH", b"FB", padding) + b"Z" * padding
    archive.writestr(record, content)


class _Allowed:
    """A function that a pickle may call; unlike a function it cannot be written to by one."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., object]) -> None:
        self._function = function

    def __call__(self, *args: object) -> object:
        return self._function(*args)

    def __setstate__(self, state: object) -> NoReturn:
        raise pickle.UnpicklingError("a name in a pickle has no state to set")


def _rebuild_tensor(
    ref: _StorageRef,
    offset: int,
    size: tuple[int, ...],
    stride: Stride,
    requires_grad: bool = False,
    _hooks: object = None,
    _metadata: object = None,
) -> Tensor:
    """A tensor over a stored storage, refused where it would reach beyond it."""
    whole = all(type(n) is int for n in (offset, *size, *stride))
    if not (whole and len(size) == len(stride) and min((offset, *size, *stride), default=0) >= 0):
        raise pickle.UnpicklingError("a tensor's geometry must be non-negative integers")
    span = offset + 1 + sum([(n - 1) * s for n, s in zip(size, stride, strict=True)])
    if 0 not in size and span * ref.dtype.itemsize > ref.storage.nbytes():
        raise pickle.UnpicklingError("a tensor reaches beyond its storage")
    return rebuilt(
        Tensor, ref.storage, offset, tuple(size), tuple(stride), ref.dtype, requires_grad
    )


def _rebuild_parameter(data: Tensor, requires_grad: bool, _hooks: object = None) -> Parameter:
    return Parameter(data, requires_grad)


def _with_state(made: Tensor, state: object) -> Tensor:
    """A tensor with the attributes that its user gave it, set past every setter."""
    attributes = cast("dict[str, object]", state)
    if type(state) is not dict or not all(type(name) is str for name in attributes):
        raise pickle.UnpicklingError("a tensor's attributes must be a dict of names")
    made.__dict__.update(attributes)
    return made


def _rebuild_from_type(rebuild: object, kind: object, args: object, state: object) -> Tensor:
    if rebuild is not _ALLOWED["torch._utils._rebuild_tensor_v2"] or kind is not _KIND:
        raise pickle.UnpicklingError("only plain tensors are rebuilt with attributes")
    return _with_state(_rebuild_tensor(*cast("tuple[Any, ...]", args)), state)


def _rebuild_parameter_with_state(
    data: Tensor, requires_grad: bool, hooks: object, state: object
) -> Tensor:
    return _with_state(_rebuild_parameter(data, requires_grad, hooks), state)


def _kind(*_: object) -> NoReturn:
    raise pickle.UnpicklingError("a tensor is rebuilt from a storage, not by its class")


_KIND = _Allowed(_kind)
"""The class Tensor, as far as a pickle may name it."""


def _encode(text: str, encoding: str) -> bytes:
    """Bytes, which protocol 2 writes as text."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes in a pickle are latin1, not {encoding}")
    return text.encode("latin1")


_ALLOWED: Mapping[str, object] = {
    "_codecs.encode": _Allowed(_encode),
    "torch._utils._rebuild_tensor_v2": _Allowed(_rebuild_tensor),
    "torch._utils._rebuild_parameter": _Allowed(_rebuild_parameter),
    "torch._utils._rebuild_parameter_with_state": _Allowed(_rebuild_parameter_with_state),
    "torch._tensor._rebuild_from_type_v2": _Allowed(_rebuild_from_type),
    "torch.Tensor": _KIND,
    "torch.Size": _Allowed(Size),
    "torch.device": _Allowed(device),
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": Counter,
    "builtins.set": set,
    "__builtin__.set": set,
    "__builtin__.bytearray": _Allowed(bytearray),
    "__builtin__.complex": _Allowed(complex),
    **{f"torch.{d.name}": d for d in dtypes.ALL},
    **{f"torch.{name}": dtype for name, dtype in _STORAGES.items()},
}


class _Unpickler(pickle.Unpickler):
    """Knows the names in `_ALLOWED` and nothing else: a hostile pickle executes nothing."""

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{folder}/data.pkl")))
        self._archive, self._folder = archive, folder
        self._storages: dict[str, UntypedStorage] = {}

    def find_class(self, module: str, name: str) -> object:
        """The object of an allowed name. Raises: pickle.UnpicklingError for every other."""
        found = _ALLOWED.get(f"{module}.{name}")
        if found is None:
            raise noted(pickle.UnpicklingError(messages.refused(module, name)), _NO_CODE)
        return found

    def persistent_load(self, pid: object) -> _StorageRef:
        """The storage that a persistent id names."""
        parts = cast("tuple[object, ...]", pid) if isinstance(pid, tuple) else ()
        if len(parts) != 5 or parts[0] != "storage":
            raise pickle.UnpicklingError(f"Unknown persistent id: {pid!r}")
        _, dtype, key, _, count = cast("tuple[str, Dtype, str, str, int]", parts)
        storage = self._storages.get(key)
        if storage is None:
            raw = self._archive.read(f"{self._folder}/data/{key}")
            if len(raw) < count * dtype.itemsize:
                raise pickle.UnpicklingError(f"storage {key} is truncated")
            storage = self._storages[key] = allocate(len(raw))
            storage.bytes()[:] = np.frombuffer(raw, np.uint8)
        return _StorageRef(storage, dtype)


MapLocation = device | str | Mapping[str, str] | Callable[[object, str], object]


def _check_place(map_location: MapLocation | None) -> None:
    """Raise where tensors would have to go elsewhere than to the CPU."""
    if isinstance(map_location, Mapping):
        map_location = cast("Mapping[str, str]", map_location).get("cpu")
    if isinstance(map_location, (str, device)):
        try:
            _ = device(map_location)
        except RuntimeError as error:
            if "Expected one of" not in str(error):
                raise
            raise RuntimeError(
                "don't know how to restore data location of torch.storage.UntypedStorage (tagged "
                f"with {map_location})"
            ) from error


_CORRUPT = (
    "PytorchStreamReader failed reading zip archive: {}. This is an internal miniz error. If you "
    "are seeing this error, there is a high likelihood that your checkpoint file is corrupted. "
    "This can happen if the checkpoint was not saved properly, was transferred incorrectly, or the "
    "file was modified after saving."
)
_NO_CODE = "minitorch_np loads tensors, parameters and plain containers, and runs no code."
_ZIP, _SHORTEST = b"PK\x03\x04", 22
"""How a zip archive begins, and the bytes that the end of each takes."""


def _check_file(f: FileLike) -> None:
    """Raise for what is no zip archive. Leaves a file object where it was.

    Source: torch/serialization.py _is_zipfile and _weights_only_unpickler.py, which reads what is
    none as the older format; its first opcode is then named.
    """
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            _check_file(file)
        return
    if not hasattr(f, "seek"):
        raise AttributeError(
            f"'{type(f).__name__}' object has no attribute 'seek'. You can only torch.load from a "
            "file that is seekable. Please pre-load the data into a buffer like io.BytesIO and try "
            "to load from it instead."
        )
    start = f.tell()
    head: bytes | str = f.read(4)
    f.seek(start)
    if isinstance(head, str):
        raise AssertionError("Expected bytes, got str")
    if not head:
        raise EOFError
    if head != _ZIP:
        raise noted(pickle.UnpicklingError(messages.NO_PICKLE.format(_opcode(head))), _OLDER)
    if not zipfile.is_zipfile(f):
        size = f.seek(0, os.SEEK_END)
        how = "not a ZIP archive" if size < _SHORTEST else "failed finding central directory"
        raise RuntimeError(_CORRUPT.format(how))
    f.seek(start)


_OLDER = (
    "The file does not begin as a zip archive, PyTorch's format since 1.6, which is the only one "
    "that minitorch_np reads."
)


def _opcode(head: bytes) -> int:
    """The first opcode of a pickle, behind its protocol."""
    return head[2] if head[0] == pickle.PROTO[0] and len(head) > 2 else head[0]


def load(
    f: FileLike,
    map_location: MapLocation | None = None,
    pickle_module: object = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: object,
) -> object:
    """What `save`, or torch.save, wrote: tensors, parameters and plain containers of them.

    Names in the pickle other than those are refused, so that loading a file runs nothing in it.
    Everything comes to the CPU, wherever it was. Raises: pickle.UnpicklingError for such a name;
    RuntimeError where the file is no zip archive.
    """
    _check_place(map_location)
    if weights_only is False:
        raise ValueError(
            "minitorch_np loads with weights_only=True only: it never runs code from a file"
        )
    if pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if pickle_load_args:
        raise TypeError(
            "Unpickler.__init__() got an unexpected keyword argument "
            f"'{next(iter(pickle_load_args))}'"
        )
    if mmap and not isinstance(f, (str, os.PathLike)):
        raise ValueError("f must be a file path in order to use the mmap argument")
    if mmap:
        raise ValueError("minitorch_np's load has no mmap=True: it reads the file")
    _check_file(f)
    with zipfile.ZipFile(f) as archive:
        pickles = [n for n in archive.namelist() if n.count("/") == 1 and n.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise RuntimeError(f"{f}: expected one data.pkl in the archive, found {len(pickles)}")
        folder = pickles[0].removesuffix("/data.pkl")
        if (
            f"{folder}/byteorder" in archive.namelist()
            and archive.read(f"{folder}/byteorder") != b"little"
        ):
            raise RuntimeError(f"{f}: big-endian files are not supported")
        return _Unpickler(archive, folder).load()
