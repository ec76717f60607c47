"""Tangents: what forward mode keeps beside a tensor, for each level that is open.

A tensor and its tangent have one layout, so that a view of the one has a view of the other, and a
write through either is seen by both. Source: torch/csrc/autograd/autograd_meta.cpp.
"""

import threading
from collections.abc import Callable
from typing import TypeVar
from weakref import ref

from minitorch_np import strides
from minitorch_np.graph.modes import OpMode, state
from minitorch_np.tensor import Tensor, empty

__all__ = [
    "Level", "Tangents", "below", "check_sizes", "forget_tangents", "forward", "forward_off",
    "inherit", "share", "stand_apart", "stands_apart",
]  # fmt: skip


R = TypeVar("R")

_FEW = 64
"""Tangents that a level keeps before it first looks for those whose tensors are gone."""


class Tangents(dict["Level", Tensor]):
    """The tangents of one tensor, by level.

    `apart` says of a view that its base's tangent is not about it; `base`, of a view of such a
    view, that it sees that one's.
    """

    apart: bool = False
    base: Tensor | None = None


class _Forward(threading.local):
    """Whether forward mode is on in this thread."""

    on = True


forward = _Forward()


class forward_off:
    """A context in which no op carries tangents."""

    def __enter__(self) -> None:
        self._before = forward.on
        forward.on = False

    def __exit__(self, *exception: object) -> None:
        forward.on = self._before


class Level(OpMode):
    """A level of forward mode: the tangents that tensors have at it, gone when it closes.

    Looking at a view's tangent, and setting one, may run ops: with this level switched off, and
    those around it on.
    """

    def __init__(self) -> None:
        self._kept: list[ref[Tangents]] = []
        self._many = _FEW

    def keep(self, tensor: Tensor, tangent: Tensor) -> None:
        """Make `tangent` the tensor's, as it is."""
        part = _made(tensor)
        part[self] = tangent
        kept = self._kept
        kept.append(ref(part))
        if len(kept) > self._many:
            self._kept = [one for one in self._kept if one() is not None]
            self._many = max(_FEW, 2 * len(self._kept))

    def open(self) -> bool:
        """Whether ops carry tangents at this level just now."""
        return forward.on

    def sees_base(self, view: Tensor) -> bool:
        """Whether a view has a base that has a tangent."""
        base = _base(view)
        return base is not None and self.tangent_of(base) is not None

    def drop(self) -> None:
        """Take away every tangent of this level."""
        for one in self._kept:
            part = one()
            if part is not None:
                part.pop(self, None)

    def tangent_of(self, tensor: Tensor) -> Tensor | None:
        """The tangent of a tensor; a view that has none of its own sees its base's."""
        part = _part(tensor)
        own = None if part is None else part.get(self)
        if own is not None:
            return own
        base = _base(tensor)
        whole = None if base is None else self.tangent_of(base)
        if base is None or whole is None:
            return None
        start = tensor.offset - base.offset + whole.offset
        own = whole.as_strided(tensor.sizes, tensor.strides, start)
        self.keep(tensor, own)
        return own

    def begin(self, tensor: Tensor, tangent: Tensor, written: bool = False) -> None:
        """Give a tensor its first tangent, copied where its layout is another.

        If the tensor was `written` to and is a view, its base gets one, too, zero elsewhere.
        Source: AutogradMeta::set_fw_grad, torch/csrc/autograd/autograd_meta.cpp.
        """
        if tangent.form is tensor.form and tangent.offset == tensor.offset and not written:
            self.keep(tensor, tangent)
            return
        base = _base(tensor) if written else None
        if base is not None:
            self.keep(base, _zeros_at(tangent, base))
            part = self.tangent_of(tensor)
            assert part is not None
            part.copy_(tangent)
            return
        if not _same_layout(tangent, tensor):
            tangent = _zeros_at(tangent, tensor).copy_(tangent)
        self.keep(tensor, tangent)


def below(level: Level, function: Callable[..., R], *args: object) -> R:
    """What a function gives with a level, and the modes inside it, switched off."""
    at = state.modes.index(level)
    modes, state.modes = state.modes, state.modes[:at]
    state.route_again()
    try:
        return function(*args)
    finally:
        state.modes = modes
        state.route_again()


def check_sizes(tensor: Tensor, tangent: Tensor) -> None:
    """Raise RuntimeError where a tangent has another shape than its tensor."""
    if tensor.sizes != tangent.sizes:
        raise RuntimeError(
            "Trying to set a forward gradient that has a different size than that of the original "
            f"Tensor, this is not supported. Tensor is of size {list(tensor.sizes)} while the "
            f"given forward gradient is of size {list(tangent.sizes)}."
        )


def _part(tensor: Tensor) -> Tangents | None:
    return None if tensor.meta is None else getattr(tensor.meta, "forward", None)


def _made(tensor: Tensor) -> Tangents:
    """The tensor's tangents, none as yet if there were none."""
    meta = tensor.meta or tensor.autograd()
    part = getattr(meta, "forward", None)
    if part is None:
        part = meta.forward = Tangents()
    return part


def _base(tensor: Tensor) -> Tensor | None:
    """The tensor whose tangent a view's is a view of."""
    base = tensor.base
    if base is None:
        return None
    part = _part(tensor)
    if part is not None and (part.apart or part.base is not None):
        base = part.base
    return base if base is not None and base.dtype is tensor.dtype else None


def share(tensor: Tensor, copy: Tensor) -> None:
    """Give a copy over the same memory the tensor's tangents as well, and those to come."""
    part = _part(tensor)
    if part is not None:
        copy.autograd().forward = part


def stand_apart(view: Tensor) -> None:
    """Mark a view as one that tangents do not reach through its base, nor its base's through it."""
    _made(view).apart = True


def stands_apart(tensor: Tensor) -> bool:
    """Whether the tangent of a view of the tensor is not to be seen in its base."""
    part = None if tensor.meta is None else getattr(tensor.meta, "forward", None)
    return part is not None and (part.apart or part.base is not None)


def inherit(view: Tensor, source: Tensor) -> None:
    """Tell a new view of `source`, which stands apart, where its tangent is to be seen."""
    part = _part(source)
    if part is not None and view.base is not None:
        _made(view).base = source if part.apart else part.base


def forget_tangents(tensor: Tensor) -> None:
    """Take a tensor's tangents away, as `detach_` does."""
    part = _part(tensor)
    if part is not None:
        part.clear()


def _same_layout(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors have one geometry; strides of dimensions of size 1 do not matter."""
    if a.offset != b.offset or a.sizes != b.sizes:
        return False
    if a.form is b.form or a.strides == b.strides:
        return True
    pairs = zip(a.sizes, a.strides, b.strides, strict=True)
    return all(n == 1 or mine == its for n, mine, its in pairs)


def _zeros_at(tangent: Tensor, place: Tensor) -> Tensor:
    """Zeros of the geometry of `place`, with as much memory around, which hold `tangent`.

    Source: _new_zeros_with_same_feature_meta, ATen/native/AutogradComposite.cpp.
    """
    dtype = tangent.dtype
    size = place.memory.length // place.dtype.itemsize
    if not place.offset and size == place.numel() and strides.is_dense(place.sizes, place.strides):
        return empty(place.sizes, place.strides, dtype).zero_()
    flat = empty((size,), (1,), dtype).zero_()
    return flat.as_strided(place.sizes, place.strides, place.offset)
