"""What crosses between the libraries: tensors with all their geometry, dtypes, functions."""

import ctypes
import dataclasses
import re
import types
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import ml_dtypes
import numpy as np
import torch
from numpy.typing import NDArray

import minitorch_np
from minitorch_np import dtypes
from minitorch_np.op import REGISTRY
from minitorch_np.storage import allocate
from minitorch_np.tensor import Tensor, over

__all__ = [
    "Unshared", "bytes_of", "counterpart", "mapped", "our_dtype", "ours", "plain", "tensors_in",
    "twin", "values",
]  # fmt: skip

Array = NDArray[Any]

# `torch.manual_seed` also seeds devices that may turn up later: it keeps the call for them, with
# the text of the whole stack, which takes longer than most of what is compared here.
for _devices in (torch.cuda, torch.xpu, torch.mtia):
    if not _devices.is_available():
        _devices.manual_seed_all = lambda seed: None


def plain(text: str) -> str:
    """A message with the package's name replaced: the only normaliser there is."""
    return re.sub(r"\bminitorch_np\b", "torch", text)


class Unshared(Exception):
    """An argument that only torch has, such as a complex tensor; its text says what."""


@cache
def our_dtype(dtype: torch.dtype) -> dtypes.dtype:
    """Our dtype of the same name. Raises Unshared where we have none."""
    for own in dtypes.ALL:
        if str(own) == str(dtype):
            return own
    raise Unshared(str(dtype))


def bytes_of(t: torch.Tensor) -> Array:
    """The whole storage of a torch tensor as uint8."""
    storage = t.untyped_storage()
    return np.frombuffer(ctypes.string_at(storage.data_ptr(), storage.nbytes()), np.uint8)


def ours(t: torch.Tensor) -> Tensor:
    """Our tensor with the same storage contents, geometry, dtype and requires_grad."""
    dtype = our_dtype(t.dtype)
    if t.layout is not torch.strided or t.device.type != "cpu":
        raise Unshared(f"a tensor of {t.layout} on {t.device}")
    raw = bytes_of(t)
    storage = allocate(len(raw))
    storage.bytes()[:] = raw
    made = over(storage, tuple(t.shape), tuple(t.stride()), t.storage_offset(), dtype)
    if t.requires_grad:
        made.requires_grad = True
    return made


def twin(t: torch.Tensor, device: str = "cpu") -> torch.Tensor:
    """A torch tensor over a copy of the whole storage, with the same geometry."""
    whole = t.untyped_storage()
    copy = torch.UntypedStorage(whole.nbytes(), device=device).copy_(whole, non_blocking=False)
    made = torch.empty(0, dtype=t.dtype, device=device).set_(
        copy, t.storage_offset(), t.shape, t.stride()
    )
    return made.data.requires_grad_(t.requires_grad)  # .data: set_ counted as a write


def values(t: Any) -> Array:
    """The elements as an ndarray; of either library, bfloat16 as ml_dtypes has it."""
    if isinstance(t, Tensor):
        return np.array(t.array)
    t = t.detach()
    if t.dtype is torch.bfloat16:
        return t.contiguous().view(torch.int16).numpy(force=True).view(ml_dtypes.bfloat16)
    return t.numpy(force=True).copy()  # autograd has zeros without memory


def tensors_in(result: object) -> list[Any]:
    """Every tensor of either library in a result."""
    if isinstance(result, (Tensor, torch.Tensor)):
        return [result]
    if isinstance(result, dict):
        return [t for r in result.values() for t in tensors_in(r)]
    if isinstance(result, (tuple, list)):
        return [t for r in result for t in tensors_in(r)]
    return []


def mapped(value: Any, tensor: Callable[[torch.Tensor], Any], *, to_ours: bool) -> Any:
    """Arguments with each torch tensor replaced; dtypes and functions too, if `to_ours`."""
    if isinstance(value, torch.Tensor):
        return tensor(value)
    if isinstance(value, torch.Size):
        return minitorch_np.Size(value) if to_ours else value
    if isinstance(value, (list, tuple)):
        made = [mapped(v, tensor, to_ours=to_ours) for v in value]
        return made if isinstance(value, list) else tuple(made)
    if isinstance(value, Mapping):
        return {k: mapped(v, tensor, to_ours=to_ours) for k, v in value.items()}
    return _named(value) if to_ours else value


def _named(value: Any) -> Any:
    """What we have for a value of torch's that is known by its name."""
    if isinstance(value, torch.dtype):
        return our_dtype(value)
    if isinstance(value, torch.device):
        if value.type not in ("cpu", "meta"):
            raise Unshared(str(value))
        return minitorch_np.device(str(value))
    if isinstance(value, (torch.memory_format, torch.layout)):
        own = getattr(minitorch_np, str(value).removeprefix("torch."), None)
        if own is None:
            raise Unshared(str(value))
        return own
    if isinstance(value, torch.nn.Module):  # without parameters, made with default options
        return getattr(minitorch_np.nn, type(value).__name__)()
    if isinstance(value, getattr(torch.nn, "LinearCrossEntropyOptions", ())):  # not before 2.15
        options = {f.name: _named(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return minitorch_np.nn.LinearCrossEntropyOptions(**options)
    return counterpart(value) if callable(value) else value


INTERNAL = "torch.testing._internal"

SPELLED = {
    "slice.Tensor": "slice",
    "native_dropout_backward.default": "native_dropout_backward",
}
"""Overloads that the database calls by ATen's name, and ours."""


def counterpart(function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """Our function for one of torch's.

    A public function is looked up by its dotted name. One written in Python is the same program
    with `torch` standing for us. Raises: AttributeError naming what we lack.
    """
    if isinstance(function, partial):
        given = [_named(a) for a in function.args]
        return partial(counterpart(function.func), *given, **function.keywords)
    short = SPELLED.get(str(getattr(function, "__name__", "")), "")
    if short:
        if short not in REGISTRY:
            raise AttributeError(f"no op {short}")
        return REGISTRY[short]
    if name and found_at(torch, name) is function:
        return found_at(minitorch_np, name, strict=True)
    own = getattr(function, "__name__", "")
    for theirs, mine in OWNERS:
        if own and getattr(theirs, own, None) is function:
            return getattr(found_at(minitorch_np, mine, strict=True), own)
    if isinstance(function, types.FunctionType):
        return rebound(function)
    raise AttributeError(f"no counterpart of {function}")


OWNERS = [
    (torch.Tensor, "Tensor"),
    (torch, ""),
    (torch.nn.functional, "nn.functional"),
    (torch.special, "special"),
    (torch.linalg, "linalg"),
]
"""Where public functions of torch's live, and what stands there here."""


def found_at(root: Any, name: str, *, strict: bool = False) -> Any:
    """The attribute of a dotted name; None where there is none, or AttributeError if `strict`."""
    for part in filter(None, name.split(".")):
        root = getattr(root, part) if strict else getattr(root, part, None)
    return root


@cache
def rebound(function: types.FunctionType) -> Callable[..., Any]:
    """A Python function of torch's with our library wherever its code says `torch`.

    So are the functions of the same module that it calls.
    """
    here = dict(function.__globals__)
    for name in function.__code__.co_names:
        value = here.get(name)
        if value is torch:
            here[name] = minitorch_np
        elif value is torch.nn.functional:
            here[name] = minitorch_np.nn.functional
        elif name == "wrapper_set_seed":
            here[name] = _seeded
        elif isinstance(value, types.FunctionType) and value.__module__.startswith(INTERNAL):
            here[name] = rebound(value)
    cells = tuple(types.CellType(_named(c.cell_contents)) for c in function.__closure__ or ())
    made = types.FunctionType(
        function.__code__, here, function.__name__, function.__defaults__, cells
    )
    made.__kwdefaults__ = function.__kwdefaults__
    return made


def _seeded(op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the database does around ops that draw numbers, for our generator."""
    minitorch_np.manual_seed(42)
    return op(*args, **kwargs)
