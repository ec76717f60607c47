"""Changing all tensors of a module at once: dtype, device, what is trained, what was accumulated.

Source: torch/nn/modules/module.py.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from minitorch_np import dtypes
from minitorch_np.devices import device
from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.modes import no_grad
from minitorch_np.memory_format import memory_format, preserve_format
from minitorch_np.nn.registry import Registry
from minitorch_np.ops.copy import to, unfit_to
from minitorch_np.strides import like
from minitorch_np.tensor import Tensor, empty

if TYPE_CHECKING:
    from minitorch_np.nn.module import Module

__all__ = ["Conversion", "clear_grad"]

Device = device


class Conversion(Registry):
    """A registry whose tensors can be converted together. `Module` is what one derives from."""

    training: bool

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the data of each parameter, of its gradient, and each buffer by `fn` of it."""
        for module in self.children() if recurse else ():
            module._apply(fn)
        for parameter in self._parameters.values():
            if parameter is None:
                continue
            with no_grad():
                parameter.data = fn(parameter)
                if parameter.grad is not None:
                    parameter.grad.data = fn(parameter.grad)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def apply(self, fn: "Callable[[Module], object]") -> Self:
        """This module, after `fn` of every submodule, children first, and of itself."""
        for module in self.children():
            module.apply(fn)
        fn(self)  # pyright: ignore[reportArgumentType]  # Module alone derives from this
        return self

    def _floats_to(self, dtype: Dtype) -> Self:
        return self._apply(lambda t: to(t, dtype) if t.is_floating_point() else t)

    def float(self) -> Self:
        """This module with floating point parameters and buffers as float32."""
        return self._floats_to(dtypes.float32)

    def double(self) -> Self:
        """This module with floating point parameters and buffers as float64."""
        return self._floats_to(dtypes.float64)

    def half(self) -> Self:
        """This module with floating point parameters and buffers as float16."""
        return self._floats_to(dtypes.float16)

    def bfloat16(self) -> Self:
        """This module with floating point parameters and buffers as bfloat16."""
        return self._floats_to(dtypes.bfloat16)

    def type(self, dst_type: Dtype | str) -> Self:
        """This module with all parameters and buffers of type `dst_type`."""
        return self._apply(lambda t: t.type(dst_type))

    def cpu(self) -> Self:
        """This module: it is on the CPU already."""
        return self._apply(lambda t: t)

    def cuda(self, device: "int | device | None" = None) -> Self:
        """Raises: RuntimeError, for this engine runs on the CPU only."""
        Device("cuda", device if isinstance(device, int) else None)
        return self

    def to(
        self,
        *args: "Dtype | str | device | Tensor | bool | None",
        dtype: Dtype | None = None,
        device: "Device | str | None" = None,
        non_blocking: bool = False,  # noqa: ARG002
        memory_format: memory_format = preserve_format,
    ) -> Self:
        """This module with its floating point tensors in another dtype, or 4-d ones in another
        memory format. Called as `Tensor.to`; integers keep their dtype."""
        for arg in args:
            if isinstance(arg, Dtype):
                dtype = arg
            elif isinstance(arg, Tensor):
                dtype, device = arg.dtype, arg.device
            elif isinstance(arg, (str, Device)):
                device = arg
            elif arg is not None and not isinstance(arg, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
                unfit = unfit_to(args, {})
                raise unfit or RuntimeError(f"minitorch_np runs on the CPU only: device {arg!r}")
        if dtype is not None and not dtype.is_floating_point:
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                f"dtype={dtype}"
            )

        def convert(t: Tensor) -> Tensor:
            layout = memory_format if t.ndim in (4, 5) else preserve_format
            wanted = dtype if t.is_floating_point() else None
            return to(t, dtype=wanted, device=device, memory_format=layout)

        return self._apply(convert)

    def to_empty(self, *, device: "Device | str | None", recurse: bool = True) -> Self:
        """This module with uninitialised parameters and buffers of the same shapes."""
        if device is not None:
            Device(device)
        return self._apply(
            lambda t: empty(t.sizes, like(t.sizes, t.strides), t.dtype), recurse=recurse
        )

    def train(self, mode: bool = True) -> Self:
        """This module and all below it in training mode, or not; Dropout and such ask for it."""
        if not isinstance(mode, bool):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """This module and all below it out of training mode."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """This module, its parameters set to collect gradients, or not."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the parameters' gradients, or fill them with zeros."""
        for parameter in self.parameters():
            clear_grad(parameter, set_to_none)


def clear_grad(parameter: Tensor, set_to_none: bool) -> None:
    """Drop a gradient, or make it zeros that are no part of a graph."""
    meta = parameter.meta
    if set_to_none and meta is not None and meta.grad_fn is None:
        meta.grad = None  # as mostly, and without the properties
        return
    grad = parameter.grad
    if grad is None:
        return
    if set_to_none:
        parameter.grad = None
        return
    if grad.grad_fn is not None:
        grad.detach_()
    else:
        grad.requires_grad_(False)
    grad.zero_()
