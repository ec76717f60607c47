"""Parameter and Buffer: tensors that a Module takes for its own. Source: torch/nn/parameter.py."""

from typing import Self, cast

from minitorch_np.devices import type_name
from minitorch_np.dtypes import get_default_dtype
from minitorch_np.graph.modes import no_grad
from minitorch_np.memory_format import preserve_format
from minitorch_np.shapes import Shape
from minitorch_np.strides import contiguous
from minitorch_np.tensor import AutogradMeta, Tensor, empty

__all__ = ["Buffer", "Parameter", "typename"]


def typename(obj: object) -> str:
    """How messages call an object: 'torch.FloatTensor' for a tensor, else its class or own name.

    Source: torch/__init__.py typename.
    """
    if isinstance(obj, Tensor):
        return str(obj.type())
    module = getattr(obj, "__module__", "") or ""
    name = getattr(obj, "__qualname__", None) or getattr(obj, "__name__", None)
    if name is None:
        module, name = type(obj).__module__, type(obj).__qualname__
    return str(name) if module in ("", "builtins") else f"{module}.{name}"


def _nothing() -> Tensor:
    shape: Shape = (0,)
    return empty(shape, contiguous(shape), get_default_dtype())


class Parameter(Tensor):
    """A tensor that a Module registers when it is assigned as an attribute.

    Shares memory and version counter with `data`, and is a leaf of its own. Results of ops on it
    are plain tensors.
    """

    __slots__ = ()

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Self:
        """The parameter over the memory of `data`, or an empty one."""
        source = _nothing() if data is None else data.detach()
        if not isinstance(requires_grad, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                "_make_subclass(): argument 'require_grad' (position 3) must be bool, not "
                f"{type_name(requires_grad)}"
            )
        if requires_grad and not source.dtype.is_floating_point:
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        if requires_grad:
            source.refuse_outside_inference()
        made = object.__new__(cls)
        made.memory, made.clock, made.base = source.memory, source.clock, None
        made.sizes, made.strides, made.offset = source.sizes, source.strides, source.offset
        made.dtype, made.form = source.dtype, source.form
        made.meta = AutogradMeta(requires_grad)
        made.nd = None
        return made

    def __init__(self, data: Tensor | None = None, requires_grad: bool = True) -> None:
        # All is done in __new__; a constructor of Tensor must not see these arguments.
        pass

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        if id(self) in memo:
            return cast("Self", memo[id(self)])
        with no_grad():
            copy = type(self)(self.clone(memory_format=preserve_format), self.requires_grad)
        memo[id(self)] = copy
        return copy

    def __repr__(self, **options: object) -> str:
        return f"Parameter containing:\n{super().__repr__(**options)}"

    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        rebuilt = (_rebuilt, (type(self), self.data, self.requires_grad))
        state = dict(self.__dict__)
        return (*rebuilt, state) if state else rebuilt


def _rebuilt(kind: type[Parameter], data: Tensor, requires_grad: bool) -> Parameter:
    return kind(data, requires_grad)


class _BufferType(type):
    def __instancecheck__(cls, instance: object) -> bool:
        if cls is Buffer and isinstance(instance, Tensor):
            return bool(getattr(instance, "_is_buffer", False))
        return super().__instancecheck__(instance)


class Buffer(Tensor, metaclass=_BufferType):
    """A tensor that a Module registers as a buffer when it is assigned as an attribute.

    What is made is a plain Tensor with a mark, over the memory of `data`; one that is not
    `persistent` stays out of the state dict.
    """

    __slots__ = ()

    def __new__(cls, data: Tensor | None = None, *, persistent: bool = True) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]  # as in PyTorch
        """The marked tensor over the memory of `data`, or an empty one."""
        source = _nothing() if data is None else data
        made = source.detach()
        if source.requires_grad:
            made.requires_grad_(True)
        made.__dict__.update(persistent=persistent, _is_buffer=True)
        return made
