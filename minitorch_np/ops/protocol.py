"""What Python and NumPy expect of a tensor on the first day: numbers, lists, arrays, text, copies.

Source: torch/_tensor.py, torch/csrc/autograd/python_variable_methods.cpp templates.
"""

import copyreg
import warnings
from collections.abc import Iterator
from copy import deepcopy
from typing import Final, NoReturn, SupportsIndex, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minitorch_np import dtypes, printing
from minitorch_np.absent import absent_member
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.dual.tensors import tangent
from minitorch_np.flight import depth
from minitorch_np.graph.modes import is_grad_enabled, is_inference_mode_enabled, state
from minitorch_np.graph.modes import over as higher
from minitorch_np.graph.node import Node
from minitorch_np.loops import common_dtype
from minitorch_np.ops.factory import layout, refuse, strided
from minitorch_np.ops.from_data import wrapped
from minitorch_np.overloads import unfitting
from minitorch_np.shapes import Shape
from minitorch_np.storage import UntypedStorage, VersionCounter, allocate
from minitorch_np.strides import Stride
from minitorch_np.tensor import INFERENCE, Number, Tensor, attribute, method, over

__all__ = [
    "is_complex", "is_floating_point", "is_nonzero", "is_storage", "is_tensor", "numel",
    "result_type",
]  # fmt: skip

Array = NDArray[np.generic]


@method
def item(self: Tensor) -> Number:
    """The only element as a Python number. Raises: RuntimeError where there are more or none."""
    if self.sizes and self.numel() != 1:
        raise RuntimeError(f"a Tensor with {self.numel()} elements cannot be converted to Scalar")
    array = python_values(self) if self.dtype is dtypes.bfloat16 else self.array
    return cast(Number, array.item())


@method
def tolist(self: Tensor) -> Number | list[object]:
    """The elements as nested lists of Python numbers."""
    return cast("Number | list[object]", python_values(self).tolist())


def python_values(tensor: Tensor) -> Array:
    """The elements in a NumPy dtype that turns to Python numbers: bfloat16 as float32."""
    array = tensor.array
    return array.astype(np.float32) if tensor.dtype is dtypes.bfloat16 else array


@method
def numpy(self: Tensor, *, force: bool = False) -> Array:
    """The elements as an ndarray over the same memory; `force` looks past requires_grad.

    Raises: RuntimeError for a tensor that requires grad, TypeError for bfloat16.
    """
    if not isinstance(force, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        refuse("numpy", "force", "bool", force)
    if self.requires_grad and not force:
        raise RuntimeError(
            "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
        )
    if self.dtype is dtypes.bfloat16:
        raise TypeError("Got unsupported ScalarType BFloat16")
    self.memory.lend()
    return self.array.view()


@method
def __array__(self: Tensor, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
    array = numpy(self)
    if dtype is not None and np.dtype(dtype) != array.dtype:
        if copy is False:
            raise ValueError("Unable to avoid copy while creating an array as requested.")
        return array.astype(dtype)
    return array.copy() if copy else array


@method
def __array_wrap__(
    self: Tensor, array: Array, context: object = None, return_scalar: bool = False
) -> Tensor:
    """What a NumPy function makes of a tensor, as a tensor over the same memory; a bool as uint8.

    Source: torch/_tensor.py.
    """
    values = np.asarray(array)
    return wrapped(values.astype(np.uint8) if values.dtype == np.bool_ else values, True)


@method
def __bool__(self: Tensor) -> bool:
    if self.sizes and self.numel() != 1:
        amount = "no values" if not self.numel() else "more than one value"
        raise RuntimeError(f"Boolean value of Tensor with {amount} is ambiguous")
    return bool(self.array.item())


def only_element(self: Tensor) -> Number:
    """The only element. Raises: ValueError where there are more or none."""
    if self.sizes and self.numel() != 1:
        raise ValueError("only one element tensors can be converted to Python scalars")
    return item(self)


@method
def __float__(self: Tensor) -> float:
    return float(only_element_without_history(self))


@method
def __complex__(self: Tensor) -> complex:
    return complex(only_element_without_history(self))


def only_element_without_history(self: Tensor) -> Number:
    """The only element; where gradients are recorded, with a warning that it will carry none."""
    if self.meta is None and self.base is None and not self.sizes and self.nd is not None:
        if self.dtype is not dtypes.bfloat16:
            return cast(Number, self.nd.item())  # which is what all others come to
    tracked = self.meta is not None or self.base is not None
    if tracked and self.requires_grad and is_grad_enabled():
        warnings.warn(
            "Converting a tensor with requires_grad=True to a scalar may lead to unexpected "
            "behavior.\nConsider using tensor.detach() first.",
            UserWarning,
            stacklevel=depth(),
        )
    return only_element(self)


@method
def __int__(self: Tensor) -> int:
    return int(only_element(self))


@method
def __index__(self: Tensor) -> int:
    if self.numel() != 1 or self.dtype.is_floating_point:
        raise TypeError("only integer tensors of a single element can be converted to an index")
    return int(item(self))


@method
def __iter__(self: Tensor) -> Iterator[Tensor]:
    if not self.sizes:
        raise TypeError("iteration over a 0-d tensor")
    return iter(self.unbind(0))


@method
def __contains__(self: Tensor, element: object) -> bool:
    if isinstance(element, (Tensor, bool, int, float)):
        return bool(np.any((self == element).array))
    raise RuntimeError(
        f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
    )


@method
def __format__(self: Tensor, spec: str) -> str:
    if not self.sizes and type(self) is Tensor:
        return printing.scalar_format(self.array, self.dtype, spec)
    return object.__format__(self, spec)


@method
def __repr__(self: Tensor) -> str:
    if state.transforms:
        return higher.shown(self)
    node = self.grad_fn
    return printing.tensor_repr(
        self.array,
        self.dtype,
        requires_grad=self.requires_grad,
        grad_fn_name=None if node is None else node.name().rpartition("::")[2],
        tangent=tangent(self),
    )


def _missing(self: Tensor, name: str) -> NoReturn:
    raise absent_member("Tensor", "torch.Tensor", name)


method(_missing, "__getattr__")  # under that name it would be this module's own


@method
def __reduce_ex__(self: Tensor, protocol: SupportsIndex) -> tuple[object, ...]:
    """What pickle keeps: storage, geometry, dtype, requires_grad, and the user's attributes.

    Tensors that share a storage share it again when one pickle held them all. Warns of hooks on the
    tensor, which do not come along.
    """
    for hook in hooks_of(self):
        if not hasattr(hook, "__torch_unserializable__"):
            warnings.warn(
                f"backward hook {hook!r} on tensor will not be serialized.  If this is expected, "
                "you can decorate the function with @torch.utils.hooks.unserializable_hook to "
                "suppress this warning",
                UserWarning,
                stacklevel=depth(),
            )
    parts = (self.memory, self.offset, self.sizes, self.strides, self.dtype, self.requires_grad)
    return (rebuilt, (type(self), *parts), self.__dict__ or None)


def hooks_of(self: Tensor) -> list[object]:
    """The hooks that were registered on the tensor since it was last written to."""
    meta = self.meta
    if meta is None:
        return []
    node, found = meta.grad_fn, meta.hooks  # not self.grad_fn, for a view of it may be refused
    if isinstance(node, Node):
        found = (node.tensor_hooks or {}).get(meta.output_nr)
    return list((found or {}).values())


def rebuilt(
    kind: type[Tensor],
    memory: UntypedStorage,
    offset: int,
    shape: Shape,
    stride: Stride,
    dtype: Dtype,
    requires_grad: bool,
) -> Tensor:
    """A tensor of class `kind` from what `__reduce_ex__` kept.

    Its version is 1, for PyTorch makes an empty tensor and sets its memory. In inference mode it is
    an inference tensor.
    """
    made = over(memory, shape, stride, offset, dtype)
    made.clock = INFERENCE if is_inference_mode_enabled() else VersionCounter()
    if made.clock is not INFERENCE:
        made.clock.value = 1
    if kind is not Tensor:
        made.__class__ = kind
    if requires_grad:
        made.requires_grad = True
    return made


@method
def __deepcopy__(self: Tensor, memo: dict[int, object]) -> Tensor:
    """A leaf like this one over a copy of its whole storage, gradient included.

    Raises: RuntimeError for a tensor that an op made.
    """
    if not self.is_leaf:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
            "protocol at the moment.  If you were attempting to deepcopy a module, this may be "
            "because of a torch.nn.utils.weight_norm usage, see "
            "https://github.com/pytorch/pytorch/pull/103001"
        )
    if id(self) in memo:
        return cast(Tensor, memo[id(self)])
    made = rebuilt(
        type(self), deepcopy(self.memory, memo), self.offset, self.sizes, self.strides, self.dtype,
        self.requires_grad,
    )  # fmt: skip
    meta = self.meta
    if meta is not None and meta.grad is not None:
        made.grad = deepcopy(meta.grad, memo)  # which refuses one of another size
    made.__dict__.update(deepcopy(self.__dict__, memo))
    memo[id(self)] = made
    return made


def storage_of(content: bytes) -> UntypedStorage:
    """New storage with `content`."""
    storage = allocate(len(content))
    storage.bytes()[:] = np.frombuffer(content, np.uint8)
    return storage


def _storage_parts(storage: UntypedStorage) -> tuple[object, ...]:
    return (storage_of, (storage.bytes().tobytes(),))


copyreg.pickle(UntypedStorage, _storage_parts)  # pyright: ignore[reportArgumentType]  # its stub wants a class first in the tuple


def _layout(self: Tensor) -> layout:
    """How the elements are kept: `strided`."""
    return strided


def _false(self: Tensor) -> bool:
    """False: there is nothing of the kind here."""
    return False


ABSENT_KINDS: Final = (
    "is_sparse", "is_sparse_csr", "is_quantized", "is_meta", "is_mkldnn", "is_mps", "is_xpu",
    "is_nested", "is_vulkan", "is_xla",
)  # fmt: skip
"""Properties that torch's tensors have and that are False of every CPU tensor."""

attribute("layout", _layout)


def _unnamed(self: Tensor) -> None:
    """None: tensors are not named, and may not be."""


attribute("name", _unnamed)
for _name in ABSENT_KINDS:
    attribute(_name, _false)


@method
def is_pinned(self: Tensor, device: object = None) -> bool:
    """False: memory is pinned for a GPU, and there is none."""
    return False


@method
def is_shared(self: Tensor) -> bool:
    """False: memory belongs to this process."""
    return False


@method
def get_device(self: Tensor) -> int:
    """-1: the CPU."""
    return -1


def checked(name: str, input: object) -> Tensor:
    """`input`, a tensor. Raises: TypeError if it is none."""
    if not isinstance(input, Tensor):
        refuse(name, "input", "Tensor", input, 1)
    return input


def is_tensor(obj: object) -> bool:
    """Whether `obj` is a tensor."""
    return isinstance(obj, Tensor)


def is_storage(obj: object) -> bool:
    """Whether `obj` is a storage."""
    return isinstance(obj, UntypedStorage)


def is_floating_point(input: Tensor) -> bool:
    """Whether the elements are floating point numbers."""
    return checked("is_floating_point", input).dtype.is_floating_point


def is_complex(input: Tensor) -> bool:
    """False: there is no complex dtype here."""
    return checked("is_complex", input).dtype.is_complex


def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero. Raises: RuntimeError where there are more or none."""
    return bool(checked("is_nonzero", input))


method(is_nonzero)


def numel(input: Tensor) -> int:
    """The number of elements."""
    return checked("numel", input).numel()


def result_type(tensor1: Tensor | Number, tensor2: Tensor | Number) -> Dtype:
    """The dtype that arithmetic on two operands gives, tensors or Python numbers."""
    if not all(isinstance(t, (Tensor, int, float, np.number)) for t in (tensor1, tensor2)):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise unfitting("result_type", tensor1, tensor2)
    return common_dtype(tensor1, tensor2)
