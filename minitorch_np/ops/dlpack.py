"""DLPack: memory shared with PyTorch, NumPy, JAX and whoever else speaks it, in both directions.

NumPy makes and reads the capsules. It knows no bfloat16, so such a tensor travels as uint16 and
only the type code in the capsule is changed. Source: the DLPack specification, dlpack.h.
"""

import ctypes
from typing import Final, NoReturn, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.devices import device as Device
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.ops.factory import finished
from minitorch_np.storage import UntypedStorage, address_of
from minitorch_np.tensor import Tensor, method, over

__all__ = ["from_dlpack"]

Array = NDArray[np.generic]

CPU: Final = 1
"""kDLCPU, the type of the device."""

_UINT, _BFLOAT = 1, 4
_BITS = {1: "int", 2: "float"}


class Exporter(Protocol):
    """What has a DLPack capsule to give: tensors and arrays of any library."""

    def __dlpack__(self) -> object:
        """A capsule, to be read once."""
        ...

    def __dlpack_device__(self) -> tuple[int, int]:
        """The type and number of the device where the memory is."""
        ...


class _DLTensor(ctypes.Structure):
    """The head of DLManagedTensor, up to what is read here."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]  # fmt: skip


_pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
_pointer_of.restype = ctypes.c_void_p
_pointer_of.argtypes = [ctypes.py_object, ctypes.c_char_p]


def _inside(capsule: object) -> _DLTensor:
    """The description inside a capsule that nobody has read yet. Raises: ValueError for others."""
    return _DLTensor.from_address(_pointer_of(capsule, b"dltensor"))


@method
def __dlpack_device__(self: Tensor) -> tuple[int, int]:
    return (CPU, 0)


@method
def __dlpack__(
    self: Tensor,
    *,
    stream: object = -1,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[int, int] | None = None,
    copy: bool | None = None,
) -> object:
    """A capsule over this tensor's memory, which any version of DLPack's readers takes.

    Raises: BufferError for a tensor that requires grad.
    """
    if self.requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if stream not in (-1, None):
        raise AssertionError("stream should be None on cpu.")
    if dl_device is not None and dl_device[0] != CPU:
        raise BufferError(f"minitorch_np runs on the CPU only: no DLPack device {dl_device}")
    shown = self.clone() if copy else self
    shown.memory.show()
    array = shown.array
    if self.dtype is not dtypes.bfloat16:
        return cast(Exporter, array).__dlpack__()
    capsule = cast(Exporter, array.view(np.uint16)).__dlpack__()
    _inside(capsule).code = _BFLOAT
    return capsule


def from_dlpack(
    ext_tensor: Exporter | object, *, device: Device | str | None = None, copy: bool | None = None
) -> Tensor:
    """A tensor over the memory of another library's tensor, or of a capsule; `copy` is one of it.

    Raises: RuntimeError for what is no capsule, BufferError for memory not on the CPU.
    """
    if device is not None or copy is not None:
        if not hasattr(ext_tensor, "__dlpack__"):
            raise AssertionError(
                "device and copy kwargs not supported when ext_tensor is already a DLPack capsule."
            )
        _ = Device(device or "cpu")
        shared = from_dlpack(ext_tensor)
        return shared.clone() if copy else shared
    if isinstance(ext_tensor, Tensor) or not hasattr(ext_tensor, "__dlpack__"):
        capsule = ext_tensor.__dlpack__() if isinstance(ext_tensor, Tensor) else ext_tensor
    else:
        source = cast(Exporter, ext_tensor)
        where = source.__dlpack_device__()
        if where[0] != CPU:
            raise BufferError(f"minitorch_np runs on the CPU only: no DLPack device {where}")
        capsule = source.__dlpack__()
    try:
        inside = _inside(capsule)
    except (ValueError, ctypes.ArgumentError):
        _refuse_capsule()
    shape = tuple(inside.shape[: inside.ndim])
    stride = tuple(inside.strides[: inside.ndim]) if inside.strides else None
    brain = inside.code == _BFLOAT and inside.bits == 16
    if brain:
        inside.code = _UINT
    array = cast(Array, np.from_dlpack(_Capsule(capsule)))  # pyright: ignore[reportArgumentType]  # its stub wants the newest protocol
    dtype = dtypes.bfloat16 if brain else dtypes.from_numpy(array.dtype)
    return _adopted(array, dtype, shape, stride)


def _adopted(
    array: Array, dtype: Dtype, shape: tuple[int, ...], stride: tuple[int, ...] | None
) -> Tensor:
    """A tensor over the memory of an array that may claim to be read-only, as imported ones do."""
    if stride is None:
        stride = tuple([s // array.itemsize for s in array.strides])
    if any(s < 0 for s in stride):
        raise RuntimeError(
            f"Storage size calculation overflowed with sizes={list(shape)} and "
            f"strides={list(stride)}"
        )
    nbytes = 0
    if array.size:
        span = sum([(n - 1) * s for n, s in zip(shape, stride, strict=True)])
        nbytes = (span + 1) * array.itemsize
    storage = UntypedStorage(_writable(array, nbytes), 0, nbytes)
    storage.lend()
    return finished(over(storage, shape, stride, 0, dtype), {})


def _writable(array: Array, nbytes: int) -> NDArray[np.uint8]:
    """The memory from the first element of `array` on, which it keeps alive."""
    if not nbytes:
        return np.empty(0, np.uint8)
    raw = (ctypes.c_uint8 * nbytes).from_address(address_of(array))
    raw.owner = array  # pyright: ignore[reportAttributeAccessIssue]  # ctypes takes any
    return np.frombuffer(memoryview(raw), np.uint8)


class _Capsule:
    """A capsule in the form in which NumPy takes one."""

    def __init__(self, capsule: object) -> None:
        self.capsule = capsule

    def __dlpack__(self, **options: object) -> object:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return (CPU, 0)


def _refuse_capsule() -> NoReturn:
    raise RuntimeError(
        "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only "
        "once, so you might have already constructed a tensor from it once."
    )
