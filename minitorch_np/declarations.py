"""The methods that Tensor inherits, declared for editors and type checkers.

Written by `make stubs` from the registry of ops: do not edit. At run time the class is empty, for
the methods are bound where they are defined.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builtins import bool as bool_
    from builtins import float as float_
    from builtins import int as int_
    from builtins import type as type_
    from collections import OrderedDict
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Literal, SupportsIndex, Unpack, overload

    from numpy.typing import DTypeLike

    from minitorch_np.devices import device as Device
    from minitorch_np.dtypes import dtype as Dtype
    from minitorch_np.graph.gradient_edge import GradientEdge
    from minitorch_np.memory_format import memory_format as MemoryFormat
    from minitorch_np.ops.factory import Options, SizedOptions
    from minitorch_np.ops.factory import layout as layout_
    from minitorch_np.random import Generator
    from minitorch_np.return_types import aminmax as aminmax_
    from minitorch_np.return_types import cummax as cummax_
    from minitorch_np.return_types import cummin as cummin_
    from minitorch_np.return_types import frexp as frexp_
    from minitorch_np.return_types import histogram as histogram_
    from minitorch_np.return_types import kthvalue as kthvalue_
    from minitorch_np.return_types import max as max_
    from minitorch_np.return_types import median as median_
    from minitorch_np.return_types import min as min_
    from minitorch_np.return_types import mode as mode_
    from minitorch_np.return_types import nanmedian as nanmedian_
    from minitorch_np.return_types import sort as sort_
    from minitorch_np.return_types import topk as topk_
    from minitorch_np.storage import UntypedStorage
    from minitorch_np.tensor import Array, Number, Tensor
    from minitorch_np.utils.hooks import RemovableHandle


class TensorMethods:
    """What Tensor inherits: at run time nothing."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def H(self) -> Tensor:
            """The transpose of one matrix, which has no complex numbers to conjugate."""
            ...

        @property
        def T(self) -> Tensor:
            """The tensor with its dims in reverse order; deprecated in PyTorch but for matrices."""
            ...

        def __abs__(self) -> Tensor:
            """The distance from zero; its derivative at 0 is 0. Source: ATen/native/UnaryOps.cpp
            abs.
            """
            ...

        def __add__(self, other: Tensor | Number) -> Tensor:
            """`input + alpha * other`, broadcast. Source: ATen/native/BinaryOps.cpp add."""
            ...

        def __and__(self, other: Tensor | Number) -> Tensor:
            """The bits set in both operands."""
            ...

        def __array__(self, dtype: DTypeLike | None = None, copy: bool_ | None = None) -> Array: ...

        def __array_wrap__(
            self, array: Array, context: object = None, return_scalar: bool_ = False
        ) -> Tensor:
            """What a NumPy function makes of a tensor, as a tensor over the same memory; a bool
            as uint8.
            """
            ...

        def __bool__(self) -> bool_: ...

        def __complex__(self) -> complex: ...

        def __contains__(self, element: object) -> bool_: ...

        def __deepcopy__(self, memo: dict[int_, object]) -> Tensor:
            """A leaf like this one over a copy of its whole storage, gradient included."""
            ...

        def __delitem__(self, _item: object) -> object:
            """Raise TypeError: elements cannot be deleted."""
            ...

        def __dlpack__(
            self,
            *,
            stream: object = -1,
            max_version: tuple[int_, int_] | None = None,
            dl_device: tuple[int_, int_] | None = None,
            copy: bool_ | None = None,
        ) -> object:
            """A capsule over this tensor's memory, which any version of DLPack's readers takes."""
            ...

        def __dlpack_device__(self) -> tuple[int_, int_]: ...

        def __eq__(self, other: object) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]  # elementwise
            """Whether each element equals `other`'s. Source: ATen/native/BinaryOps.cpp eq."""
            ...

        def __float__(self) -> float_: ...

        def __floordiv__(self, other: Tensor | Number) -> Tensor:
            """The quotient rounded towards minus infinity; it has no derivative in PyTorch
            either.
            """
            ...

        def __format__(self, spec: str) -> str: ...

        def __ge__(self, other: Tensor | Number) -> Tensor:
            """Whether each element is at least `other`'s. Source: ATen/native/BinaryOps.cpp ge."""
            ...

        def __getitem__(self, item: object) -> Tensor:
            """The elements that a subscript names: a view, unless there are index tensors or
            bools.
            """
            ...

        def __gt__(self, other: Tensor | Number) -> Tensor:
            """Whether each element is greater than `other`'s. Source: ATen/native/BinaryOps.cpp
            gt.
            """
            ...

        def __hash__(self) -> int_: ...

        def __iadd__(self, other: Tensor | Number) -> Tensor:
            """In-place version of `add`."""
            ...

        def __iand__(self, other: Tensor | Number) -> Tensor:
            """In-place version of `bitwise_and`."""
            ...

        def __ifloordiv__(self, other: Tensor | Number) -> Tensor:
            """In-place version of `floor_divide`."""
            ...

        def __ilshift__(self, other: Tensor | Number) -> Tensor:
            """In-place version of `bitwise_left_shift`."""
            ...

        def __imod__(self, other: Tensor | Number) -> Tensor:
            """In-place version of `remainder`."""
            ...

        def __imul__(self, other: Tensor | Number) -> Tensor:
            """In-place version of `mul`."""
            ...

        def __index__(self) -> int_: ...

        def __int__(self) -> int_: ...

        def __invert__(self) -> Tensor:
            """Every bit flipped; of bools, the opposite. Source: torch/csrc/autograd
            python_variable.
            """
            ...

        def __ior__(self, other: Tensor | Number) -> Tensor:
            """In-place version of `bitwise_or`."""
            ...

        def __ipow__(self, other: Tensor | Number) -> Tensor:
            """In-place version of `pow`."""
            ...

        def __irshift__(self, other: Tensor | Number) -> Tensor:
            """In-place version of `bitwise_right_shift`."""
            ...

        def __isub__(self, other: Tensor | Number) -> Tensor:
            """In-place version of `sub`."""
            ...

        def __iter__(self) -> Iterator[Tensor]: ...

        def __itruediv__(self, other: Tensor | Number) -> Tensor:
            """In-place version of `div`."""
            ...

        def __ixor__(self, other: Tensor | Number) -> Tensor:
            """In-place version of `bitwise_xor`."""
            ...

        def __le__(self, other: Tensor | Number) -> Tensor:
            """Whether each element is at most `other`'s. Source: ATen/native/BinaryOps.cpp le."""
            ...

        def __lshift__(self, other: Tensor | Number) -> Tensor:
            """The bits moved `other` places up; 0 for a shift that leaves none."""
            ...

        def __lt__(self, other: Tensor | Number) -> Tensor:
            """Whether each element is less than `other`'s. Source: ATen/native/BinaryOps.cpp lt."""
            ...

        def __matmul__(self, other: Tensor) -> Tensor:
            """The matrix product; of numbers there is none."""
            ...

        def __mod__(self, other: Tensor | Number) -> Tensor:
            """The remainder with the sign of the divisor, as Python's `%`; a zero has that of
            `input`.
            """
            ...

        def __mul__(self, other: Tensor | Number) -> Tensor:
            """`input * other`, broadcast; of bools, both. Source: ATen/native/BinaryOps.cpp mul."""
            ...

        def __ne__(self, other: object) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]  # elementwise
            """Whether each element differs from `other`'s. Source: ATen/native/BinaryOps.cpp ne."""
            ...

        def __neg__(self) -> Tensor:
            """`-input`. Raises: NotImplementedError for bools. Source: ATen/native/UnaryOps.cpp
            neg.
            """
            ...

        def __or__(self, other: Tensor | Number) -> Tensor:
            """The bits set in either operand."""
            ...

        def __pos__(self) -> Tensor:
            """The tensor itself. Raises: NotImplementedError for bools."""
            ...

        def __pow__(self, other: Tensor | Number) -> Tensor:
            """`input ** exponent`, broadcast; either may be a number."""
            ...

        def __radd__(self, other: Tensor | Number) -> Tensor:
            """`input + alpha * other`, broadcast. Source: ATen/native/BinaryOps.cpp add."""
            ...

        def __rand__(self, other: Tensor | Number) -> Tensor:
            """The bits set in both operands."""
            ...

        def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[object, ...]:
            """What pickle keeps: storage, geometry, dtype, requires_grad, and the user's
            attributes.
            """
            ...

        def __repr__(self) -> str: ...

        def __reversed__(self) -> Tensor:
            """The elements along the first dimension in reverse order, a copy; a 0-d tensor
            itself.
            """
            ...

        def __rfloordiv__(self, other: Tensor | Number) -> Tensor:
            """The quotient rounded towards minus infinity; it has no derivative in PyTorch
            either.
            """
            ...

        def __rlshift__(self, other: Tensor | Number) -> Tensor:
            """The bits moved `other` places up; 0 for a shift that leaves none."""
            ...

        def __rmatmul__(self, other: Tensor) -> Tensor:
            """The matrix product of a tensor on the left with this one; of numbers there is
            none.
            """
            ...

        def __rmod__(self, other: Tensor | Number) -> Tensor:
            """The remainder with the sign of the divisor, as Python's `%`; a zero has that of
            `input`.
            """
            ...

        def __rmul__(self, other: Tensor | Number) -> Tensor:
            """`input * other`, broadcast; of bools, both. Source: ATen/native/BinaryOps.cpp mul."""
            ...

        def __ror__(self, other: Tensor | Number) -> Tensor:
            """The bits set in either operand."""
            ...

        def __rpow__(self, other: Tensor | Number) -> Tensor:
            """`input ** exponent`, broadcast; either may be a number."""
            ...

        def __rrshift__(self, other: Tensor | Number) -> Tensor:
            """The bits moved `other` places down, copying the sign."""
            ...

        def __rshift__(self, other: Tensor | Number) -> Tensor:
            """The bits moved `other` places down, copying the sign."""
            ...

        def __rsub__(self, other: Tensor | Number) -> Tensor:
            """`other - input`."""
            ...

        def __rtruediv__(self, other: Tensor | Number) -> Tensor:
            """`other / input`, by way of the reciprocal as PyTorch has it."""
            ...

        def __rxor__(self, other: Tensor | Number) -> Tensor:
            """The bits set in exactly one operand."""
            ...

        def __setitem__(self, item: object, value: Tensor | Number) -> None:
            """Write `value`, broadcast and (unless indices are tensors) converted, where `item`
            names.
            """
            ...

        def __sub__(self, other: Tensor | Number) -> Tensor:
            """`input - alpha * other`, broadcast. Raises: NotImplementedError for bools."""
            ...

        def __truediv__(self, other: Tensor | Number) -> Tensor:
            """`input / other`, broadcast, or the quotient cut to an integer by 'trunc' or
            'floor'.
            """
            ...

        def __xor__(self, other: Tensor | Number) -> Tensor:
            """The bits set in exactly one operand."""
            ...

        @property
        def _backward_hooks(self) -> OrderedDict[int_, Callable[[Tensor], Tensor | None]] | None:
            """The hooks on this tensor as it is now, by number; None where there were none."""
            ...

        def abs(self, *, out: Tensor | None = None) -> Tensor:
            """The distance from zero; its derivative at 0 is 0. Source: ATen/native/UnaryOps.cpp
            abs.
            """
            ...

        def abs_(self) -> Tensor:
            """In-place version of `abs`."""
            ...

        def absolute(self, *, out: Tensor | None = None) -> Tensor:
            """The distance from zero; its derivative at 0 is 0. Source: ATen/native/UnaryOps.cpp
            abs.
            """
            ...

        def acos(self, *, out: Tensor | None = None) -> Tensor:
            """The angle in [0, pi] whose cosine is given; nan outside [-1, 1]."""
            ...

        def acos_(self) -> Tensor:
            """In-place version of `acos`."""
            ...

        def acosh(self, *, out: Tensor | None = None) -> Tensor:
            """The inverse of the hyperbolic cosine; nan below 1."""
            ...

        def acosh_(self) -> Tensor:
            """In-place version of `acosh`."""
            ...

        def add(
            self, other: Tensor | Number, *, alpha: Number = 1, out: Tensor | None = None
        ) -> Tensor:
            """`input + alpha * other`, broadcast. Source: ATen/native/BinaryOps.cpp add."""
            ...

        def add_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
            """In-place version of `add`."""
            ...

        def addbmm(
            self,
            batch1: Tensor,
            batch2: Tensor,
            *,
            beta: Number = 1,
            alpha: Number = 1,
            out: Tensor | None = None,
        ) -> Tensor:
            """`beta * input + alpha * (the sum over the batch of batch1 @ batch2)`."""
            ...

        def addbmm_(
            self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1
        ) -> Tensor:
            """In-place version of `addbmm`."""
            ...

        def addcdiv(
            self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1, out: Tensor | None = None
        ) -> Tensor:
            """`input + value * tensor1 / tensor2`. Source: ATen/native/PointwiseOps.cpp addcdiv."""
            ...

        def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
            """In-place version of `addcdiv`."""
            ...

        def addcmul(
            self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1, out: Tensor | None = None
        ) -> Tensor:
            """`input + value * tensor1 * tensor2`. Source: ATen/native/PointwiseOps.cpp addcmul."""
            ...

        def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
            """In-place version of `addcmul`."""
            ...

        def addmm(
            self,
            mat1: Tensor,
            mat2: Tensor,
            *,
            beta: Number = 1,
            alpha: Number = 1,
            out: Tensor | None = None,
        ) -> Tensor:
            """`beta * input + alpha * mat1 @ mat2`, input broadcast to the product's shape."""
            ...

        def addmm_(
            self, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1
        ) -> Tensor:
            """In-place version of `addmm`."""
            ...

        def addmv(
            self,
            mat: Tensor,
            vec: Tensor,
            *,
            beta: Number = 1,
            alpha: Number = 1,
            out: Tensor | None = None,
        ) -> Tensor:
            """`beta * input + alpha * mat @ vec`. Source: ATen/native/Blas.cpp addmv."""
            ...

        def addmv_(
            self, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1
        ) -> Tensor:
            """In-place version of `addmv`."""
            ...

        def addr(
            self,
            vec1: Tensor,
            vec2: Tensor,
            *,
            beta: Number = 1,
            alpha: Number = 1,
            out: Tensor | None = None,
        ) -> Tensor:
            """`beta * input + alpha * outer(vec1, vec2)`, input broadcast. Source: addr."""
            ...

        def addr_(
            self, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1
        ) -> Tensor:
            """In-place version of `addr`."""
            ...

        def adjoint(self) -> Tensor:
            """The transposes of a batch of matrices, which have no complex numbers to conjugate."""
            ...

        def all(
            self,
            dim: int_ | Sequence[int_] | None = None,
            keepdim: bool_ = False,
            *,
            out: Tensor | None = None,
        ) -> Tensor:
            """Whether every element is nonzero, over `dim` or everything. NaN is nonzero."""
            ...

        def allclose(
            self,
            other: Tensor,
            rtol: float_ = 1e-05,
            atol: float_ = 1e-08,
            equal_nan: bool_ = False,
        ) -> bool_:
            """Whether every `|input - other| <= atol + rtol * |other|`."""
            ...

        def amax(
            self,
            dim: int_ | Sequence[int_] | None = (),
            keepdim: bool_ = False,
            *,
            out: Tensor | None = None,
        ) -> Tensor:
            """The largest elements over `dim`, which may be several."""
            ...

        def amin(
            self,
            dim: int_ | Sequence[int_] | None = (),
            keepdim: bool_ = False,
            *,
            out: Tensor | None = None,
        ) -> Tensor:
            """The smallest elements over `dim`, which may be several."""
            ...

        def aminmax(
            self,
            *,
            dim: int_ | None = None,
            keepdim: bool_ = False,
            out: tuple[Tensor, Tensor] | None = None,
        ) -> aminmax_:
            """The smallest and the largest elements, of everything or along `dim`."""
            ...

        def angle(self, *, out: Tensor | None = None) -> Tensor:
            """pi for negative numbers, 0 for others, nan for nan."""
            ...

        def any(
            self,
            dim: int_ | Sequence[int_] | None = None,
            keepdim: bool_ = False,
            *,
            out: Tensor | None = None,
        ) -> Tensor:
            """Whether some element is nonzero, over `dim` or everything. NaN is nonzero."""
            ...

        def arccos(self, *, out: Tensor | None = None) -> Tensor:
            """The angle in [0, pi] whose cosine is given; nan outside [-1, 1]."""
            ...

        def arccosh(self, *, out: Tensor | None = None) -> Tensor:
            """The inverse of the hyperbolic cosine; nan below 1."""
            ...

        def arcsin(self, *, out: Tensor | None = None) -> Tensor:
            """The angle in [-pi/2, pi/2] whose sine is given; nan outside [-1, 1]."""
            ...

        def arcsinh(self, *, out: Tensor | None = None) -> Tensor:
            """The inverse of the hyperbolic sine."""
            ...

        def arctan(self, *, out: Tensor | None = None) -> Tensor:
            """The angle in [-pi/2, pi/2] whose tangent is given."""
            ...

        def arctan2(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The angle of the point (other, input), in (-pi, pi]."""
            ...

        def arctanh(self, *, out: Tensor | None = None) -> Tensor:
            """The inverse of the hyperbolic tangent; nan outside [-1, 1]."""
            ...

        def argmax(
            self, dim: int_ | None = None, keepdim: bool_ = False, *, out: Tensor | None = None
        ) -> Tensor:
            """The index of the first largest element, along `dim` or in the flattened tensor."""
            ...

        def argmin(
            self, dim: int_ | None = None, keepdim: bool_ = False, *, out: Tensor | None = None
        ) -> Tensor:
            """The index of the first smallest element, along `dim` or in the flattened tensor."""
            ...

        def argsort(
            self, dim: int_ = -1, descending: bool_ = False, *, stable: bool_ = False
        ) -> Tensor:
            """The indices that would sort along `dim`."""
            ...

        def argwhere(self) -> Tensor:
            """The indices of the elements that are not zero: (N, input.ndim)."""
            ...

        def as_strided(
            self, size: Sequence[int_], stride: Sequence[int_], storage_offset: int_ | None = None
        ) -> Tensor:
            """Any geometry over the tensor's storage; strides and offset count elements of the
            storage.
            """
            ...

        def as_strided_(
            self, size: Sequence[int_], stride: Sequence[int_], storage_offset: int_ | None = None
        ) -> Tensor:
            """This tensor with any geometry over its storage."""
            ...

        def as_strided_scatter(
            self,
            src: Tensor,
            size: Sequence[int_],
            stride: Sequence[int_],
            storage_offset: int_ | None = None,
        ) -> Tensor:
            """A copy of `input`, of its own geometry, with `src` written where `as_strided`
            would show it.
            """
            ...

        def asin(self, *, out: Tensor | None = None) -> Tensor:
            """The angle in [-pi/2, pi/2] whose sine is given; nan outside [-1, 1]."""
            ...

        def asin_(self) -> Tensor:
            """In-place version of `asin`."""
            ...

        def asinh(self, *, out: Tensor | None = None) -> Tensor:
            """The inverse of the hyperbolic sine."""
            ...

        def asinh_(self) -> Tensor:
            """In-place version of `asinh`."""
            ...

        def atan(self, *, out: Tensor | None = None) -> Tensor:
            """The angle in [-pi/2, pi/2] whose tangent is given."""
            ...

        def atan2(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The angle of the point (other, input), in (-pi, pi]."""
            ...

        def atan2_(self, other: Tensor) -> Tensor:
            """In-place version of `atan2`."""
            ...

        def atan_(self) -> Tensor:
            """In-place version of `atan`."""
            ...

        def atanh(self, *, out: Tensor | None = None) -> Tensor:
            """The inverse of the hyperbolic tangent; nan outside [-1, 1]."""
            ...

        def atanh_(self) -> Tensor:
            """In-place version of `atanh`."""
            ...

        def backward(
            self,
            gradient: Tensor | None = None,
            retain_graph: bool_ | None = None,
            create_graph: bool_ = False,
            inputs: Tensor
            | GradientEdge
            | Sequence[Tensor | GradientEdge]
            | Mapping[str, Tensor]
            | None = None,
        ) -> None:
            """Add the gradient of this tensor to the `.grad` of every leaf it came from, or of
            `inputs`.
            """
            ...

        def baddbmm(
            self,
            batch1: Tensor,
            batch2: Tensor,
            *,
            beta: Number = 1,
            alpha: Number = 1,
            out: Tensor | None = None,
        ) -> Tensor:
            """`beta * input + alpha * batch1 @ batch2`, matrix by matrix."""
            ...

        def baddbmm_(
            self, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1
        ) -> Tensor:
            """In-place version of `baddbmm`."""
            ...

        def bernoulli(
            self,
            p: float_ | None = None,
            *,
            generator: Generator | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """Ones where chance falls below the probabilities in `input`, else zeros."""
            ...

        def bernoulli_(
            self, p: Tensor | float_ = 0.5, *, generator: Generator | None = None
        ) -> Tensor:
            """This tensor filled with ones of probability `p`, a number or a tensor, and zeros."""
            ...

        def bfloat16(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """The tensor as torch.bfloat16; itself if it is that already."""
            ...

        def bincount(self, weights: Tensor | None = None, minlength: int_ = 0) -> Tensor:
            """How often 0, 1, 2, ... occur in a vector, or the sums of their weights."""
            ...

        def bitwise_and(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """The bits set in both operands."""
            ...

        def bitwise_and_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `bitwise_and`."""
            ...

        def bitwise_left_shift(
            self, other: Tensor | Number, *, out: Tensor | None = None
        ) -> Tensor:
            """The bits moved `other` places up; 0 for a shift that leaves none."""
            ...

        def bitwise_left_shift_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `bitwise_left_shift`."""
            ...

        def bitwise_not(self, *, out: Tensor | None = None) -> Tensor:
            """Every bit flipped; of bools, the opposite."""
            ...

        def bitwise_not_(self) -> Tensor:
            """In-place version of `bitwise_not`."""
            ...

        def bitwise_or(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """The bits set in either operand."""
            ...

        def bitwise_or_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `bitwise_or`."""
            ...

        def bitwise_right_shift(
            self, other: Tensor | Number, *, out: Tensor | None = None
        ) -> Tensor:
            """The bits moved `other` places down, copying the sign."""
            ...

        def bitwise_right_shift_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `bitwise_right_shift`."""
            ...

        def bitwise_xor(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """The bits set in exactly one operand."""
            ...

        def bitwise_xor_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `bitwise_xor`."""
            ...

        def bmm(self, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The products of (B, N, K) and (B, K, M): (B, N, M). Source: bmm_out_or_baddbmm_."""
            ...

        def bool(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """The tensor as torch.bool; itself if it is that already."""
            ...

        def broadcast_to(self, size: Sequence[int_]) -> Tensor:
            """The tensor expanded to `size`."""
            ...

        def byte(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """The tensor as torch.uint8; itself if it is that already."""
            ...

        def cauchy_(
            self, median: float_ = 0.0, sigma: float_ = 1.0, *, generator: Generator | None = None
        ) -> Tensor:
            """This tensor filled with Cauchy numbers around `median`."""
            ...

        def ceil(self, *, out: Tensor | None = None) -> Tensor:
            """The smallest integer at or above each element, in the same dtype."""
            ...

        def ceil_(self) -> Tensor:
            """In-place version of `ceil`."""
            ...

        def char(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """The tensor as torch.int8; itself if it is that already."""
            ...

        def chunk(self, chunks: int_, dim: int_ = 0) -> tuple[Tensor, ...]:
            """The tensor cut along `dim` into `chunks` equal pieces, the last smaller; perhaps
            fewer.
            """
            ...

        def clamp(
            self,
            min: Tensor | Number | None = None,
            max: Tensor | Number | None = None,
            *,
            out: Tensor | None = None,
        ) -> Tensor:
            """`input` kept within [min, max], nan kept as nan; at a limit the derivative is 0."""
            ...

        def clamp_(
            self, min: Tensor | Number | None = None, max: Tensor | Number | None = None
        ) -> Tensor:
            """In-place version of `clamp`."""
            ...

        def clamp_max(self, max: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """`input` lowered to `max` where it is above. Source: ATen/native/TensorCompare.cpp."""
            ...

        def clamp_max_(self, max: Tensor | Number) -> Tensor:
            """In-place version of `clamp_max`."""
            ...

        def clamp_min(self, min: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """`input` raised to `min` where it is below. Source: ATen/native/TensorCompare.cpp."""
            ...

        def clamp_min_(self, min: Tensor | Number) -> Tensor:
            """In-place version of `clamp_min`."""
            ...

        def clip(
            self,
            min: Tensor | Number | None = None,
            max: Tensor | Number | None = None,
            *,
            out: Tensor | None = None,
        ) -> Tensor:
            """`input` kept within [min, max], nan kept as nan; at a limit the derivative is 0."""
            ...

        def clone(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """A copy in memory of its own: dense, in the order of `memory_format`."""
            ...

        def conj(self) -> Tensor:
            """The tensor itself: real numbers are their own conjugates."""
            ...

        def conj_physical(self, *, out: Tensor | None = None) -> Tensor:
            """The tensor itself, or a copy of it in `out`."""
            ...

        def conj_physical_(self) -> Tensor:
            """This tensor, as it is."""
            ...

        def contiguous(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """The tensor itself if it lies in the order of `memory_format`, else a copy that
            does.
            """
            ...

        def copy_(self, src: Tensor | Number, non_blocking: bool_ = False) -> Tensor:
            """This tensor with the values of `src` written to it, broadcast and converted."""
            ...

        def copysign(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """The size of `input` with the sign of `other`, -0.0 included."""
            ...

        def copysign_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `copysign`."""
            ...

        def corrcoef(self) -> Tensor:
            """The correlations (N, N) of N variables observed in the columns of `input`: see
            `cov`.
            """
            ...

        def cos(self, *, out: Tensor | None = None) -> Tensor:
            """The cosine."""
            ...

        def cos_(self) -> Tensor:
            """In-place version of `cos`."""
            ...

        def cosh(self, *, out: Tensor | None = None) -> Tensor:
            """The hyperbolic cosine."""
            ...

        def cosh_(self) -> Tensor:
            """In-place version of `cosh`."""
            ...

        def count_nonzero(self, dim: int_ | Sequence[int_] | None = None) -> Tensor:
            """The number of elements that are not 0, in int64."""
            ...

        def cov(
            self,
            *,
            correction: int_ = 1,
            fweights: Tensor | None = None,
            aweights: Tensor | None = None,
        ) -> Tensor:
            """The covariances (N, N) of N variables observed in the columns of `input`, (N, M)
            or (M,).
            """
            ...

        def cpu(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """The tensor itself, for it is on the CPU."""
            ...

        def cross(
            self, other: Tensor, dim: int_ | None = None, *, out: Tensor | None = None
        ) -> Tensor:
            """`linalg.cross` along `dim`, by default the first dimension of size 3."""
            ...

        def cuda(self, device: Device | str | int_ | None = None) -> Tensor:
            """Nothing: this engine runs on the CPU. Raises: RuntimeError."""
            ...

        def cummax(self, dim: int_, *, out: tuple[Tensor, Tensor] | None = None) -> cummax_:
            """The largest elements so far along `dim` and the indices where they stand last."""
            ...

        def cummin(self, dim: int_, *, out: tuple[Tensor, Tensor] | None = None) -> cummin_:
            """The smallest elements so far along `dim` and the indices where they stand last."""
            ...

        def cumprod(
            self, dim: int_, *, dtype: Dtype | None = None, out: Tensor | None = None
        ) -> Tensor:
            """The products of the elements so far along `dim`; bools and integers count in
            int64.
            """
            ...

        def cumprod_(self, dim: int_, *, dtype: Dtype | None = None) -> Tensor:
            """In-place version of `cumprod`."""
            ...

        def cumsum(
            self, dim: int_, *, dtype: Dtype | None = None, out: Tensor | None = None
        ) -> Tensor:
            """The sums of the elements so far along `dim`; bools and integers count in int64."""
            ...

        def cumsum_(self, dim: int_, *, dtype: Dtype | None = None) -> Tensor:
            """In-place version of `cumsum`."""
            ...

        @property
        def data(self) -> Tensor:
            """The same memory with no history and a version counter of its own: writes stay
            unseen.
            """
            ...

        @data.setter
        def data(self, value: Tensor) -> None: ...

        def deg2rad(self, *, out: Tensor | None = None) -> Tensor:
            """Degrees as radians."""
            ...

        def deg2rad_(self) -> Tensor:
            """In-place version of `deg2rad`."""
            ...

        def detach(self) -> Tensor:
            """The same memory with no history: backward stops there. It counts the same writes."""
            ...

        def detach_(self) -> Tensor:
            """This tensor cut off from its history: a leaf that needs no gradient."""
            ...

        def diag(self, diagonal: int_ = 0, *, out: Tensor | None = None) -> Tensor:
            """The diagonal of a matrix, copied, or the matrix with the given vector on its
            diagonal.
            """
            ...

        def diag_embed(self, offset: int_ = 0, dim1: int_ = -2, dim2: int_ = -1) -> Tensor:
            """Matrices in `dim1` and `dim2` of zeros, with the last dim of `input` on their
            diagonal.
            """
            ...

        def diagflat(self, offset: int_ = 0) -> Tensor:
            """A matrix with all elements on its diagonal number `offset`, and zeros elsewhere."""
            ...

        def diagonal(self, offset: int_ = 0, dim1: int_ = 0, dim2: int_ = 1) -> Tensor:
            """The diagonals of the matrices in `dim1` and `dim2`, `offset` above the main one,
            as last dim.
            """
            ...

        def diagonal_scatter(
            self, src: Tensor, offset: int_ = 0, dim1: int_ = 0, dim2: int_ = 1
        ) -> Tensor:
            """A copy with `src` written to the diagonals that `diagonal` would show."""
            ...

        def diff(
            self,
            n: int_ = 1,
            dim: int_ = -1,
            prepend: Tensor | None = None,
            append: Tensor | None = None,
            *,
            out: Tensor | None = None,
        ) -> Tensor:
            """The n-th differences of neighbours along `dim`; of bools, whether they differ."""
            ...

        def digamma(self, *, out: Tensor | None = None) -> Tensor:
            """The derivative of `lgamma`: infinite at 0, against its sign, and nan at negative
            integers.
            """
            ...

        def digamma_(self) -> Tensor:
            """In-place version of `digamma`."""
            ...

        def dist(self, other: Tensor, p: Number = 2) -> Tensor:
            """The p-norm of `input - other`, broadcast. Source: ATen/native/Distance.cpp dist."""
            ...

        def div(
            self,
            other: Tensor | Number,
            *,
            rounding_mode: str | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """`input / other`, broadcast, or the quotient cut to an integer by 'trunc' or
            'floor'.
            """
            ...

        def div_(self, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
            """In-place version of `div`."""
            ...

        def divide(
            self,
            other: Tensor | Number,
            *,
            rounding_mode: str | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """`input / other`, broadcast, or the quotient cut to an integer by 'trunc' or
            'floor'.
            """
            ...

        def dot(self, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The sum of the products of two vectors of one length. Source: ATen/native/Blas.cpp
            dot.
            """
            ...

        def double(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """The tensor as torch.float64; itself if it is that already."""
            ...

        def dsplit(
            self,
            indices_or_sections: int_ | Sequence[int_] | None = None,
            *,
            sections: int_ | None = None,
            indices: Sequence[int_] | None = None,
        ) -> tuple[Tensor, ...]:
            """The tensor cut along dim 2."""
            ...

        def eq(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """Whether each element equals `other`'s. Source: ATen/native/BinaryOps.cpp eq."""
            ...

        def eq_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `eq`."""
            ...

        def equal(self, other: Tensor) -> bool_:
            """Whether both have the same shape and, in their common dtype, equal elements."""
            ...

        def erf(self, *, out: Tensor | None = None) -> Tensor:
            """The error function: the chance that |N(0, 1/2)| is below each element, with its
            sign.
            """
            ...

        def erf_(self) -> Tensor:
            """In-place version of `erf`."""
            ...

        def erfc(self, *, out: Tensor | None = None) -> Tensor:
            """`1 - erf(input)`, accurate where erf is near 1."""
            ...

        def erfc_(self) -> Tensor:
            """In-place version of `erfc`."""
            ...

        def erfinv(self, *, out: Tensor | None = None) -> Tensor:
            """The number whose erf is given: infinite at -1 and 1, nan beyond."""
            ...

        def erfinv_(self) -> Tensor:
            """In-place version of `erfinv`."""
            ...

        def exp(self, *, out: Tensor | None = None) -> Tensor:
            """e to the power of each element."""
            ...

        def exp2(self, *, out: Tensor | None = None) -> Tensor:
            """2 to the power of each element."""
            ...

        def exp2_(self) -> Tensor:
            """In-place version of `exp2`."""
            ...

        def exp_(self) -> Tensor:
            """In-place version of `exp`."""
            ...

        def expand(self, *size: Sequence[int_] | int_, implicit: bool_ = False) -> Tensor:
            """The tensor repeated without a copy: stride 0 wherever a size of 1 becomes larger."""
            ...

        def expand_as(self, other: Tensor) -> Tensor:
            """The tensor expanded to the shape of `other`."""
            ...

        def expm1(self, *, out: Tensor | None = None) -> Tensor:
            """`exp(input) - 1`, exact near 0."""
            ...

        def expm1_(self) -> Tensor:
            """In-place version of `expm1`."""
            ...

        def exponential_(
            self, lambd: float_ = 1.0, *, generator: Generator | None = None
        ) -> Tensor:
            """This tensor filled with exponential numbers of rate `lambd`."""
            ...

        def fill_(self, value: Tensor | Number) -> Tensor:
            """This tensor with every element set to `value`. Source:
            aten/src/ATen/native/Fill.cpp.
            """
            ...

        def fill_diagonal_(self, fill_value: Number, wrap: bool_ = False) -> Tensor:
            """This matrix, or cube, with `fill_value` on its main diagonal."""
            ...

        def fix(self, *, out: Tensor | None = None) -> Tensor:
            """Each element without its fraction, in the same dtype."""
            ...

        def flatten(self, start_dim: int_ = 0, end_dim: int_ = -1) -> Tensor:
            """The tensor with dims `start_dim` to `end_dim`, both included, merged; (1,) of a
            0-d tensor.
            """
            ...

        def flip(self, *dims: int_ | Sequence[int_]) -> Tensor:
            """A copy in which the elements of `dims` run backwards."""
            ...

        def fliplr(self) -> Tensor:
            """The tensor with dim 1 flipped."""
            ...

        def flipud(self) -> Tensor:
            """The tensor with dim 0 flipped."""
            ...

        def float(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """The tensor as torch.float32; itself if it is that already."""
            ...

        def float_power(self, exponent: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """`input ** exponent` in float64. Source: ATen/native/Pow.cpp float_power."""
            ...

        def float_power_(self, exponent: Tensor | Number) -> Tensor:
            """`self ** exponent` in place, of a float64 tensor."""
            ...

        def floor(self, *, out: Tensor | None = None) -> Tensor:
            """The largest integer at or below each element, in the same dtype."""
            ...

        def floor_(self) -> Tensor:
            """In-place version of `floor`."""
            ...

        def floor_divide(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """The quotient rounded towards minus infinity; it has no derivative in PyTorch
            either.
            """
            ...

        def floor_divide_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `floor_divide`."""
            ...

        def fmax(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The larger element of each pair, and the other one where one is nan."""
            ...

        def fmin(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The smaller element of each pair, and the other one where one is nan."""
            ...

        def fmod(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """The remainder with the sign of the dividend, as C's fmod."""
            ...

        def fmod_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `fmod`."""
            ...

        def frac(self, *, out: Tensor | None = None) -> Tensor:
            """The fraction of each element, with its sign."""
            ...

        def frac_(self) -> Tensor:
            """In-place version of `frac`."""
            ...

        def frexp(self, *, out: tuple[Tensor, Tensor] | None = None) -> frexp_:
            """Mantissas with sizes in [1/2, 1), and int32 exponents: `input = mantissa * 2 **
            exponent`.
            """
            ...

        def gather(
            self, dim: int_, index: Tensor, *, sparse_grad: bool_ = False, out: Tensor | None = None
        ) -> Tensor:
            """The elements at `index` along `dim`: out[i][j] = input[index[i][j]][j] for dim 0."""
            ...

        def gcd(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The greatest common divisor of two integers; of 0 and 0 it is 0."""
            ...

        def gcd_(self, other: Tensor) -> Tensor:
            """In-place version of `gcd`."""
            ...

        def ge(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """Whether each element is at least `other`'s. Source: ATen/native/BinaryOps.cpp ge."""
            ...

        def ge_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `ge`."""
            ...

        def geometric_(self, p: float_, *, generator: Generator | None = None) -> Tensor:
            """This tensor filled with the numbers of trials up to the first success, from 1."""
            ...

        def ger(self, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
            """`outer` by its BLAS name."""
            ...

        def get_device(self) -> int_:
            """-1: the CPU."""
            ...

        @property
        def grad(self) -> Tensor | None:
            """The gradient collected so far; None before the first backward. Adds up until
            zeroed.
            """
            ...

        @grad.setter
        def grad(self, value: Tensor | None) -> None: ...

        @property
        def grad_dtype(self) -> Dtype | None:
            """The dtype of the gradient, None for any: the tensor's own, unless a leaf was given
            another.
            """
            ...

        @grad_dtype.setter
        def grad_dtype(self, value: Dtype | None) -> None: ...

        def greater(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """Whether each element is greater than `other`'s. Source: ATen/native/BinaryOps.cpp
            gt.
            """
            ...

        def greater_equal(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """Whether each element is at least `other`'s. Source: ATen/native/BinaryOps.cpp ge."""
            ...

        def gt(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """Whether each element is greater than `other`'s. Source: ATen/native/BinaryOps.cpp
            gt.
            """
            ...

        def gt_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `gt`."""
            ...

        def half(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """The tensor as torch.float16; itself if it is that already."""
            ...

        def hardshrink(self, lambd: Number = 0.5, *, out: Tensor | None = None) -> Tensor:
            """`input` outside [-lambd, lambd], 0 within. Source: ATen/native/Activation.cpp."""
            ...

        def heaviside(self, values: Tensor, *, out: Tensor | None = None) -> Tensor:
            """0 below zero, 1 above, and `values` at zero; it has no derivative in PyTorch
            either.
            """
            ...

        def heaviside_(self, values: Tensor) -> Tensor:
            """In-place version of `heaviside`."""
            ...

        def histc(
            self, bins: int_ = 100, min: Number = 0, max: Number = 0, *, out: Tensor | None = None
        ) -> Tensor:
            """How many elements fall into each of `bins` equal parts of [min, max]; by default
            of the range that the elements have.
            """
            ...

        def histogram(
            self,
            bins: Tensor | int_ = 100,
            *,
            range: Sequence[float_] | None = None,
            weight: Tensor | None = None,
            density: bool_ = False,
            out: tuple[Tensor, Tensor] | None = None,
        ) -> histogram_:
            """How many elements, or how much of their `weight`, fall between each two edges; the
            edges.
            """
            ...

        def hsplit(
            self,
            indices_or_sections: int_ | Sequence[int_] | None = None,
            *,
            sections: int_ | None = None,
            indices: Sequence[int_] | None = None,
        ) -> tuple[Tensor, ...]:
            """The tensor cut into columns: along dim 1, or dim 0 if that is the only one."""
            ...

        def hypot(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """`sqrt(input ** 2 + other ** 2)` without overflow in between."""
            ...

        def hypot_(self, other: Tensor) -> Tensor:
            """In-place version of `hypot`."""
            ...

        def i0(self, *, out: Tensor | None = None) -> Tensor:
            """The modified Bessel function of order 0."""
            ...

        def i0_(self) -> Tensor:
            """In-place version of `i0`."""
            ...

        def igamma(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The regularised lower incomplete gamma function of shape `input` at `other`."""
            ...

        def igamma_(self, other: Tensor) -> Tensor:
            """In-place version of `igamma`."""
            ...

        def igammac(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """`1 - igamma(input, other)`, accurate where that is small."""
            ...

        def igammac_(self, other: Tensor) -> Tensor:
            """In-place version of `igammac`."""
            ...

        @property
        def imag(self) -> object:
            """Raise TypeError: real numbers have no imaginary part."""
            ...

        def index_add(
            self,
            dim: int_,
            index: Tensor,
            source: Tensor,
            *,
            alpha: Number = 1,
            out: Tensor | None = None,
        ) -> Tensor:
            """`input` with `alpha` times each slice of `source` added at its index along `dim`."""
            ...

        def index_add_(
            self, dim: int_, index: Tensor, source: Tensor, *, alpha: Number = 1
        ) -> Tensor:
            """In-place version of `index_add`."""
            ...

        def index_copy(
            self, dim: int_, index: Tensor, source: Tensor, *, out: Tensor | None = None
        ) -> Tensor:
            """`input` with each slice of `source` written at its index along `dim`."""
            ...

        def index_copy_(self, dim: int_, index: Tensor, source: Tensor) -> Tensor:
            """In-place version of `index_copy`."""
            ...

        def index_fill(self, dim: int_, index: Tensor, value: Tensor | Number) -> Tensor:
            """A copy with `value` in the slices along `dim` that `index` names."""
            ...

        def index_fill_(self, dim: int_, index: Tensor, value: Tensor | Number) -> Tensor:
            """This tensor with `value` written to the slices along `dim` that `index` names."""
            ...

        def index_put(
            self, indices: Sequence[Tensor], values: Tensor, accumulate: bool_ = False
        ) -> Tensor:
            """A copy with `values` at the elements that `indices` name, or added to them."""
            ...

        def index_put_(
            self, indices: Sequence[Tensor], values: Tensor, accumulate: bool_ = False
        ) -> Tensor:
            """This tensor with `values` written to the elements that `indices` name, or added to
            them.
            """
            ...

        def index_reduce(
            self,
            dim: int_,
            index: Tensor,
            source: Tensor,
            reduce: str,
            *,
            include_self: bool_ = True,
            out: Tensor | None = None,
        ) -> Tensor:
            """`input` with each slice of `source` combined with the slice at its index along
            `dim`.
            """
            ...

        def index_reduce_(
            self,
            dim: int_,
            index: Tensor,
            source: Tensor,
            reduce: str,
            *,
            include_self: bool_ = True,
        ) -> Tensor:
            """In-place version of `index_reduce`."""
            ...

        def index_select(self, dim: int_, index: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The slices along `dim` that `index`, (N) or 0-d, names: N of them. None may be
            negative.
            """
            ...

        def inner(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The products summed over the last dimension of both."""
            ...

        def int(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """The tensor as torch.int32; itself if it is that already."""
            ...

        def is_conj(self) -> bool_:
            """False: only complex tensors wait to be conjugated."""
            ...

        @property
        def is_meta(self) -> bool_:
            """False: there is nothing of the kind here."""
            ...

        @property
        def is_mkldnn(self) -> bool_:
            """False: there is nothing of the kind here."""
            ...

        @property
        def is_mps(self) -> bool_:
            """False: there is nothing of the kind here."""
            ...

        def is_neg(self) -> bool_:
            """False: only views of complex tensors wait to be negated."""
            ...

        @property
        def is_nested(self) -> bool_:
            """False: there is nothing of the kind here."""
            ...

        def is_nonzero(self) -> bool_:
            """Whether the only element is not zero. Raises: RuntimeError where there are more or
            none.
            """
            ...

        def is_pinned(self, device: object = None) -> bool_:
            """False: memory is pinned for a GPU, and there is none."""
            ...

        @property
        def is_quantized(self) -> bool_:
            """False: there is nothing of the kind here."""
            ...

        def is_shared(self) -> bool_:
            """False: memory belongs to this process."""
            ...

        @property
        def is_sparse(self) -> bool_:
            """False: there is nothing of the kind here."""
            ...

        @property
        def is_sparse_csr(self) -> bool_:
            """False: there is nothing of the kind here."""
            ...

        @property
        def is_vulkan(self) -> bool_:
            """False: there is nothing of the kind here."""
            ...

        @property
        def is_xla(self) -> bool_:
            """False: there is nothing of the kind here."""
            ...

        @property
        def is_xpu(self) -> bool_:
            """False: there is nothing of the kind here."""
            ...

        def isclose(
            self,
            other: Tensor,
            rtol: float_ = 1e-05,
            atol: float_ = 1e-08,
            equal_nan: bool_ = False,
        ) -> Tensor:
            """Whether each `|input - other| <= atol + rtol * |other|`."""
            ...

        def isfinite(self) -> Tensor:
            """Whether each element is finite. Source: ATen/native/TensorCompare.cpp isfinite."""
            ...

        def isinf(self) -> Tensor:
            """Whether each element is infinite. Source: ATen/native/TensorCompare.cpp isinf."""
            ...

        def isnan(self) -> Tensor:
            """Whether each element is not a number. Source: ATen/native/TensorCompare.cpp isnan."""
            ...

        def isneginf(self, *, out: Tensor | None = None) -> Tensor:
            """Whether each element is -inf. Source: ATen/native/TensorCompare.cpp isneginf."""
            ...

        def isposinf(self, *, out: Tensor | None = None) -> Tensor:
            """Whether each element is +inf. Source: ATen/native/TensorCompare.cpp isposinf."""
            ...

        def isreal(self) -> Tensor:
            """True everywhere: there is no complex dtype here."""
            ...

        def item(self) -> Number:
            """The only element as a Python number. Raises: RuntimeError where there are more or
            none.
            """
            ...

        def kron(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The Kronecker product: every element of `input` times the whole of `other`."""
            ...

        def kthvalue(
            self,
            k: int_,
            dim: int_ = -1,
            keepdim: bool_ = False,
            *,
            out: tuple[Tensor, Tensor] | None = None,
        ) -> kthvalue_:
            """The k-th smallest elements along `dim`, counted from 1, and where they were."""
            ...

        @property
        def layout(self) -> layout_:
            """How the elements are kept: `strided`."""
            ...

        def lcm(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The least common multiple of two integers, 0 where one of them is 0."""
            ...

        def lcm_(self, other: Tensor) -> Tensor:
            """In-place version of `lcm`."""
            ...

        def ldexp(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """`input * 2 ** other`: for integers `other` exactly so, in the dtype of a floating
            `input`.
            """
            ...

        def ldexp_(self, other: Tensor) -> Tensor:
            """In-place version of `ldexp`."""
            ...

        def le(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """Whether each element is at most `other`'s. Source: ATen/native/BinaryOps.cpp le."""
            ...

        def le_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `le`."""
            ...

        def lerp(
            self, end: Tensor, weight: Tensor | Number, *, out: Tensor | None = None
        ) -> Tensor:
            """`input + weight * (end - input)`. Source: ATen/native/Lerp.cpp, Lerp.h."""
            ...

        def lerp_(self, end: Tensor, weight: Tensor | Number) -> Tensor:
            """In-place version of `lerp`."""
            ...

        def less(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """Whether each element is less than `other`'s. Source: ATen/native/BinaryOps.cpp lt."""
            ...

        def less_equal(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """Whether each element is at most `other`'s. Source: ATen/native/BinaryOps.cpp le."""
            ...

        def lgamma(self, *, out: Tensor | None = None) -> Tensor:
            """The logarithm of |gamma(input)|: inf at 0 and at negative integers."""
            ...

        def lgamma_(self) -> Tensor:
            """In-place version of `lgamma`."""
            ...

        def log(self, *, out: Tensor | None = None) -> Tensor:
            """The natural logarithm: -inf at 0, nan below."""
            ...

        def log10(self, *, out: Tensor | None = None) -> Tensor:
            """The logarithm to base 10."""
            ...

        def log10_(self) -> Tensor:
            """In-place version of `log10`."""
            ...

        def log1p(self, *, out: Tensor | None = None) -> Tensor:
            """`log(1 + input)`, exact near 0."""
            ...

        def log1p_(self) -> Tensor:
            """In-place version of `log1p`."""
            ...

        def log2(self, *, out: Tensor | None = None) -> Tensor:
            """The logarithm to base 2."""
            ...

        def log2_(self) -> Tensor:
            """In-place version of `log2`."""
            ...

        def log_(self) -> Tensor:
            """In-place version of `log`."""
            ...

        def log_normal_(
            self, mean: float_ = 1.0, std: float_ = 2.0, *, generator: Generator | None = None
        ) -> Tensor:
            """This tensor filled with exponentials of normal numbers."""
            ...

        def log_softmax(
            self, dim: int_, dtype: Dtype | None = None, *, out: Tensor | None = None
        ) -> Tensor:
            """The logarithm of `softmax`, exact where that would round to 0."""
            ...

        def logaddexp(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """`log(exp(input) + exp(other))` without overflow in between."""
            ...

        def logaddexp2(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """`log2(2 ** input + 2 ** other)` without overflow in between."""
            ...

        def logcumsumexp(self, dim: int_, *, out: Tensor | None = None) -> Tensor:
            """The logarithms of the sums of exp(elements) so far along `dim`, safe for large
            values.
            """
            ...

        def logical_and(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """Whether both elements are nonzero. Source: ATen/native/BinaryOps.cpp logical_and."""
            ...

        def logical_and_(self, other: Tensor) -> Tensor:
            """In-place version of `logical_and`."""
            ...

        def logical_not(self, *, out: Tensor | None = None) -> Tensor:
            """Whether each element is zero. Source: ATen/native/UnaryOps.cpp logical_not."""
            ...

        def logical_not_(self) -> Tensor:
            """In-place version of `logical_not`."""
            ...

        def logical_or(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """Whether either element is nonzero. Source: ATen/native/BinaryOps.cpp logical_or."""
            ...

        def logical_or_(self, other: Tensor) -> Tensor:
            """In-place version of `logical_or`."""
            ...

        def logical_xor(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """Whether exactly one element is nonzero. Source: ATen/native/BinaryOps.cpp
            logical_xor.
            """
            ...

        def logical_xor_(self, other: Tensor) -> Tensor:
            """In-place version of `logical_xor`."""
            ...

        def logit(self, eps: float_ | None = None, *, out: Tensor | None = None) -> Tensor:
            """`log(input / (1 - input))`, of `input` kept within [eps, 1 - eps] if `eps` is
            given.
            """
            ...

        def logit_(self, eps: float_ | None = None) -> Tensor:
            """In-place version of `logit`."""
            ...

        def logsumexp(
            self, dim: int_ | Sequence[int_], keepdim: bool_ = False, *, out: Tensor | None = None
        ) -> Tensor:
            """log(sum(exp(input))) over `dim`, safe for large values; integers give the default
            dtype.
            """
            ...

        def long(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """The tensor as torch.int64; itself if it is that already."""
            ...

        def lt(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """Whether each element is less than `other`'s. Source: ATen/native/BinaryOps.cpp lt."""
            ...

        def lt_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `lt`."""
            ...

        @property
        def mH(self) -> Tensor:
            """The transposes of a batch of matrices, which have no complex numbers to conjugate."""
            ...

        @property
        def mT(self) -> Tensor:
            """The transposes of a batch of matrices: the last two dims swapped."""
            ...

        def masked_fill(self, mask: Tensor, value: Tensor | Number) -> Tensor:
            """A copy with `value` where the mask holds, both broadcast; the copy is contiguous."""
            ...

        def masked_fill_(self, mask: Tensor, value: Tensor | Number) -> Tensor:
            """This tensor with `value` written where the mask, broadcast to it, holds."""
            ...

        def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
            """A copy with the first elements of `source`, in order, written where the mask
            holds.
            """
            ...

        def masked_scatter_(self, mask: Tensor, source: Tensor) -> Tensor:
            """This tensor with the first elements of `source`, in order, written where the mask
            holds.
            """
            ...

        def masked_select(self, mask: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The elements where the mask holds, both broadcast, in a 1-d tensor."""
            ...

        def matmul(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The product of vectors, matrices or batches of matrices; batches broadcast."""
            ...

        def matrix_exp(self) -> Tensor:
            """The exponential of square matrices (..., N, N); half types are computed in
            float32.
            """
            ...

        def matrix_power(self, n: int_, *, out: Tensor | None = None) -> Tensor:
            """The n-th power of square matrices (..., N, N), for n >= 0, by repeated squaring."""
            ...

        def max(
            self,
            dim: int_ | Tensor | None = None,
            keepdim: bool_ = False,
            *,
            other: Tensor | None = None,
            out: Tensor | tuple[Tensor, Tensor] | None = None,
        ) -> Tensor | max_:
            """The largest element; or (values, indices) along `dim`; or `maximum` of two
            tensors.
            """
            ...

        def maximum(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The larger element of each pair, nan if either is; where equal, both get half the
            gradient.
            """
            ...

        def mean(
            self,
            dim: int_ | Sequence[int_] | None = None,
            keepdim: bool_ = False,
            *,
            dtype: Dtype | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """The mean over `dim`, or over everything; half types round once, after the
            division.
            """
            ...

        def median(
            self,
            dim: int_ | None = None,
            keepdim: bool_ = False,
            *,
            out: tuple[Tensor, Tensor] | None = None,
        ) -> Tensor | median_:
            """The lower median of everything, or (values, indices) along `dim`."""
            ...

        def min(
            self,
            dim: int_ | Tensor | None = None,
            keepdim: bool_ = False,
            *,
            other: Tensor | None = None,
            out: Tensor | tuple[Tensor, Tensor] | None = None,
        ) -> Tensor | min_:
            """The smallest element; or (values, indices) along `dim`; or `minimum` of two
            tensors.
            """
            ...

        def minimum(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The smaller element of each pair, nan if either is; where equal, both get half the
            gradient.
            """
            ...

        def mm(self, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The product of (N, K) and (K, M): (N, M). Source: addmm_impl_cpu_."""
            ...

        def mode(
            self,
            dim: int_ = -1,
            keepdim: bool_ = False,
            *,
            out: tuple[Tensor, Tensor] | None = None,
        ) -> mode_:
            """The most frequent values along `dim`, of several the smallest, and where they
            stand last.
            """
            ...

        def moveaxis(
            self, source: int_ | Sequence[int_], destination: int_ | Sequence[int_]
        ) -> Tensor:
            """`movedim` under NumPy's name."""
            ...

        def movedim(
            self, source: int_ | Sequence[int_], destination: int_ | Sequence[int_]
        ) -> Tensor:
            """The tensor with dims `source` moved to the places `destination`; the others keep
            their order.
            """
            ...

        def msort(self, *, out: Tensor | None = None) -> Tensor:
            """The elements in order along the first dimension."""
            ...

        def mul(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """`input * other`, broadcast; of bools, both. Source: ATen/native/BinaryOps.cpp mul."""
            ...

        def mul_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `mul`."""
            ...

        def multinomial(
            self,
            num_samples: int_,
            replacement: bool_ = False,
            *,
            generator: Generator | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """Indices drawn with the weights in each row of `input`: (N, C) or (C,) to (N,
            num_samples).
            """
            ...

        def multiply(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """`input * other`, broadcast; of bools, both. Source: ATen/native/BinaryOps.cpp mul."""
            ...

        def mv(self, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The product of (N, K) and (K,): (N,). Source: ATen/native/Blas.cpp mv."""
            ...

        def mvlgamma(self, p: int_, *, out: Tensor | None = None) -> Tensor:
            """The logarithm of the multivariate gamma function of dimension `p`, less a constant
            or two.
            """
            ...

        def mvlgamma_(self, p: int_) -> Tensor:
            """In-place version of `mvlgamma`."""
            ...

        @property
        def name(self) -> None:
            """None: tensors are not named, and may not be."""
            ...

        def nan_to_num(
            self,
            nan: float_ | None = None,
            posinf: float_ | None = None,
            neginf: float_ | None = None,
            *,
            out: Tensor | None = None,
        ) -> Tensor:
            """A copy with nan replaced by 0 and infinities by the largest finite numbers, or as
            given.
            """
            ...

        def nan_to_num_(
            self,
            nan: float_ | None = None,
            posinf: float_ | None = None,
            neginf: float_ | None = None,
        ) -> Tensor:
            """In-place version of `nan_to_num`."""
            ...

        def nanmean(
            self,
            dim: int_ | Sequence[int_] | None = None,
            keepdim: bool_ = False,
            *,
            dtype: Dtype | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """The mean over `dim` of what is not nan; nan where nothing is left."""
            ...

        def nanmedian(
            self,
            dim: int_ | None = None,
            keepdim: bool_ = False,
            *,
            out: tuple[Tensor, Tensor] | None = None,
        ) -> Tensor | nanmedian_:
            """The lower median of what is not NaN, or (values, indices) along `dim`."""
            ...

        def nanquantile(
            self,
            q: Tensor | float_,
            dim: int_ | None = None,
            keepdim: bool_ = False,
            *,
            interpolation: str = "linear",
            out: Tensor | None = None,
        ) -> Tensor:
            """`quantile` of what is not nan; nan where nothing is left."""
            ...

        def nansum(
            self,
            dim: int_ | Sequence[int_] | None = None,
            keepdim: bool_ = False,
            *,
            dtype: Dtype | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """The sum over `dim` with NaN counted as 0."""
            ...

        def narrow(self, dim: int_, start: int_ | Tensor, length: int_) -> Tensor:
            """The `length` elements of `dim` from `start` on, which may count from the end."""
            ...

        def narrow_copy(
            self, dim: int_, start: int_, length: int_, *, out: Tensor | None = None
        ) -> Tensor:
            """What `narrow` shows, in memory of its own. Source: TensorShape.cpp
            narrow_copy_dense_cpu.
            """
            ...

        def ne(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """Whether each element differs from `other`'s. Source: ATen/native/BinaryOps.cpp ne."""
            ...

        def ne_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `ne`."""
            ...

        def neg(self, *, out: Tensor | None = None) -> Tensor:
            """`-input`. Raises: NotImplementedError for bools. Source: ATen/native/UnaryOps.cpp
            neg.
            """
            ...

        def neg_(self) -> Tensor:
            """In-place version of `neg`."""
            ...

        def negative(self, *, out: Tensor | None = None) -> Tensor:
            """`-input`. Raises: NotImplementedError for bools. Source: ATen/native/UnaryOps.cpp
            neg.
            """
            ...

        def new_empty(
            self, *size: int_ | Sequence[int_], **options: Unpack[SizedOptions]
        ) -> Tensor:
            """An uninitialised contiguous tensor of `size` and of this tensor's dtype."""
            ...

        def new_empty_strided(
            self, size: Sequence[int_], stride: Sequence[int_], **options: Unpack[Options]
        ) -> Tensor:
            """An uninitialised tensor of any geometry and of this tensor's dtype."""
            ...

        def new_full(
            self, size: Sequence[int_], fill_value: Tensor | Number, **options: Unpack[Options]
        ) -> Tensor:
            """`fill_value` of `size` and of this tensor's dtype."""
            ...

        def new_ones(self, *size: int_ | Sequence[int_], **options: Unpack[SizedOptions]) -> Tensor:
            """Ones of `size` and of this tensor's dtype."""
            ...

        def new_tensor(self, data: object, **options: Unpack[Options]) -> Tensor:
            """A copy of `data` as a tensor of this tensor's dtype."""
            ...

        def new_zeros(
            self, *size: int_ | Sequence[int_], **options: Unpack[SizedOptions]
        ) -> Tensor:
            """Zeros of `size` and of this tensor's dtype."""
            ...

        def nextafter(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The number next to `input` that its dtype has, towards `other`."""
            ...

        def nextafter_(self, other: Tensor) -> Tensor:
            """In-place version of `nextafter`."""
            ...

        @overload
        def nonzero(
            self, *, out: Tensor | None = None, as_tuple: Literal[False] = False
        ) -> Tensor: ...
        @overload
        def nonzero(
            self, *, out: Tensor | None = None, as_tuple: Literal[True]
        ) -> tuple[Tensor, ...]: ...
        def nonzero(
            self, *, out: Tensor | None = None, as_tuple: bool_ = False
        ) -> Tensor | tuple[Tensor, ...]:
            """The indices of the elements that are not zero: (N, input.ndim), or a tuple of (N)."""
            ...

        def nonzero_static(
            self, *, size: int_, fill_value: int_ = -1, out: Tensor | None = None
        ) -> Tensor:
            """The first `size` indices that `nonzero` finds, and rows of `fill_value` if there
            are fewer.
            """
            ...

        def norm(
            self,
            p: str | Number | None = "fro",
            dim: int_ | Sequence[int_] | None = None,
            keepdim: bool_ = False,
            dtype: Dtype | None = None,
        ) -> Tensor:
            """The p-norm of the elements over `dim`; 'fro' is 2."""
            ...

        def normal_(
            self, mean: float_ = 0.0, std: float_ = 1.0, *, generator: Generator | None = None
        ) -> Tensor:
            """This tensor filled with normal numbers of `mean` and standard deviation `std`."""
            ...

        def not_equal(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """Whether each element differs from `other`'s. Source: ATen/native/BinaryOps.cpp ne."""
            ...

        def numpy(self, *, force: bool_ = False) -> Array:
            """The elements as an ndarray over the same memory; `force` looks past requires_grad."""
            ...

        def outer(self, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The (N, M) products of every element of (N,) with every element of (M,)."""
            ...

        def permute(self, *dims: Sequence[int_] | int_) -> Tensor:
            """The tensor with its dims in the order `dims`. Source: ATen/native/TensorShape.cpp
            permute.
            """
            ...

        def polygamma(self, n: int_, *, out: Tensor | None = None) -> Tensor:
            """Derivative number `n` of `digamma`, which is number 0; torch's function takes `n`
            first.
            """
            ...

        def polygamma_(self, n: int_) -> Tensor:
            """In-place version of `polygamma`."""
            ...

        def positive(self) -> Tensor:
            """The tensor itself. Raises: NotImplementedError for bools."""
            ...

        def pow(self, exponent: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """`input ** exponent`, broadcast; either may be a number."""
            ...

        def pow_(self, exponent: Tensor | Number) -> Tensor:
            """In-place version of `pow`."""
            ...

        def prelu(self, weight: Tensor) -> Tensor:
            """`input` where positive, `weight * input` elsewhere: one weight, or one a channel
            (dim 1).
            """
            ...

        def prod(
            self,
            dim: int_ | None = None,
            keepdim: bool_ = False,
            *,
            dtype: Dtype | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """The product over one dimension, or over everything."""
            ...

        def put(self, index: Tensor, source: Tensor, accumulate: bool_ = False) -> Tensor:
            """A copy with `source` at the elements `index`, counted in row-major order, or added
            there.
            """
            ...

        def put_(self, index: Tensor, source: Tensor, accumulate: bool_ = False) -> Tensor:
            """This tensor with `source` written at the elements `index`, or added there."""
            ...

        def quantile(
            self,
            q: Tensor | float_,
            dim: int_ | None = None,
            keepdim: bool_ = False,
            *,
            interpolation: str = "linear",
            out: Tensor | None = None,
        ) -> Tensor:
            """The `q`-th quantiles along `dim`, or of everything; nan where there is one."""
            ...

        def rad2deg(self, *, out: Tensor | None = None) -> Tensor:
            """Radians as degrees."""
            ...

        def rad2deg_(self) -> Tensor:
            """In-place version of `rad2deg`."""
            ...

        def random_(
            self,
            from_: int_ | None = None,
            to: int_ | None = None,
            *,
            generator: Generator | None = None,
        ) -> Tensor:
            """This tensor filled with integers: `random_(from, to)` in [from, to), `random_(to)`
            in [0, to), `random_()` over what the dtype holds without gaps.
            """
            ...

        def ravel(self) -> Tensor:
            """The elements in one dim: a view of a contiguous tensor, else of a copy."""
            ...

        @property
        def real(self) -> Tensor:
            """The tensor itself, which has no complex numbers."""
            ...

        def reciprocal(self, *, out: Tensor | None = None) -> Tensor:
            """`1 / input`."""
            ...

        def reciprocal_(self) -> Tensor:
            """In-place version of `reciprocal`."""
            ...

        def refresh_history(self) -> None:
            """Give `view` the history of its base as it is now, seen through `as_strided`."""
            ...

        def refuse_in_transform(self, name: str) -> None:
            """Raise where a method that only a tape of the user's knows is called inside a
            transform.
            """
            ...

        def refuse_outside_inference(self) -> None:
            """Raise when an inference tensor is to require a gradient, but in inference mode."""
            ...

        def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
            """Call `hook` with this tensor's gradient when it is ready; a tensor returned
            replaces it.
            """
            ...

        def register_post_accumulate_grad_hook(
            self, hook: Callable[[Tensor], None]
        ) -> RemovableHandle:
            """Call `hook` with this leaf after its `.grad` was added to."""
            ...

        def relu(self, *, out: Tensor | None = None) -> Tensor:
            """`max(input, 0)`; its derivative at 0 is 0. Source: ATen/native/Activation.cpp
            relu.
            """
            ...

        def relu_(self) -> Tensor:
            """In-place version of `relu`."""
            ...

        def remainder(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """The remainder with the sign of the divisor, as Python's `%`; a zero has that of
            `input`.
            """
            ...

        def remainder_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `remainder`."""
            ...

        def renorm(
            self, p: Number, dim: int_, maxnorm: Number, *, out: Tensor | None = None
        ) -> Tensor:
            """The tensor with each slice along `dim` of p-norm above `maxnorm` scaled down to
            it.
            """
            ...

        def renorm_(self, p: Number, dim: int_, maxnorm: Number) -> Tensor:
            """In-place version of `renorm`."""
            ...

        def repeat(self, *repeats: Sequence[int_] | int_) -> Tensor:
            """The tensor repeated so many times along each dim; more numbers than dims make new
            ones.
            """
            ...

        def repeat_interleave(
            self,
            repeats: int_ | Tensor | None = None,
            dim: int_ | None = None,
            *,
            output_size: int_ | None = None,
        ) -> Tensor:
            """Each element, or each slice of `dim`, repeated: [a, b] twice is [a, a, b, b]."""
            ...

        def reshape(self, *shape: Sequence[int_] | int_) -> Tensor:
            """The same elements in another shape: a view where strides allow, else a copy."""
            ...

        def reshape_as(self, other: Tensor) -> Tensor:
            """The tensor in the shape of `other`, copied only if it must be."""
            ...

        def resize_(
            self, *size: int_ | Sequence[int_], memory_format: MemoryFormat = ...
        ) -> Tensor:
            """This tensor with another shape over its memory, which grows if it must; contents
            stay.
            """
            ...

        def resize_as_(self, the_template: Tensor, *, memory_format: MemoryFormat = ...) -> Tensor:
            """This tensor with the shape of another over its memory, which grows if it must."""
            ...

        def resolve_conj(self) -> Tensor:
            """The tensor itself, which never waits to be conjugated."""
            ...

        def resolve_neg(self) -> Tensor:
            """The tensor itself, which never waits to be negated."""
            ...

        def retain_grad(self) -> None:
            """Keep the gradient of a tensor that is no leaf in its `.grad`, too."""
            ...

        def roll(self, shifts: int_ | Sequence[int_], dims: int_ | Sequence[int_] = ()) -> Tensor:
            """A copy with the elements of each dim moved on by its shift, those at the end to
            the front.
            """
            ...

        def rot90(self, k: int_ = 1, dims: Sequence[int_] = (0, 1)) -> Tensor:
            """A copy turned by `k` times 90 degrees in the plane of `dims`, from the first to
            the second.
            """
            ...

        def round(self, *, decimals: int_ | None = None, out: Tensor | None = None) -> Tensor:
            """Each element rounded to `decimals` places, by default to an integer; halves to
            even.
            """
            ...

        def round_(self, *, decimals: int_ | None = None) -> Tensor:
            """In-place version of `round`."""
            ...

        def rows_summed(self) -> Tensor:
            """The sum over the first dimension, as it undoes the broadcast of a bias: a view of
            a sum that kept it, recorded as PyTorch records it.
            """
            ...

        def rsqrt(self, *, out: Tensor | None = None) -> Tensor:
            """`1 / sqrt(input)`."""
            ...

        def rsqrt_(self) -> Tensor:
            """In-place version of `rsqrt`."""
            ...

        def scatter(
            self,
            dim: int_,
            index: Tensor,
            src: Tensor | Number | None = None,
            *,
            value: Number | None = None,
            reduce: str | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """`input` with `src`, a tensor or a number, written at `index` along `dim`."""
            ...

        def scatter_(
            self,
            dim: int_,
            index: Tensor,
            src: Tensor | Number | None = None,
            *,
            value: Number | None = None,
            reduce: str | None = None,
        ) -> Tensor:
            """In-place version of `scatter`."""
            ...

        def scatter_add(
            self, dim: int_, index: Tensor, src: Tensor, *, out: Tensor | None = None
        ) -> Tensor:
            """`input` with `src` added at `index` along `dim`, every time that a place is named."""
            ...

        def scatter_add_(self, dim: int_, index: Tensor, src: Tensor) -> Tensor:
            """In-place version of `scatter_add`."""
            ...

        def scatter_reduce(
            self,
            dim: int_,
            index: Tensor,
            src: Tensor,
            reduce: str,
            *,
            include_self: bool_ = True,
            out: Tensor | None = None,
        ) -> Tensor:
            """`input` with `src` combined with what is at `index` along `dim`."""
            ...

        def scatter_reduce_(
            self, dim: int_, index: Tensor, src: Tensor, reduce: str, *, include_self: bool_ = True
        ) -> Tensor:
            """In-place version of `scatter_reduce`."""
            ...

        def select(self, dim: int_, index: int_) -> Tensor:
            """The elements at `index` of `dim`, which is gone. Source:
            ATen/native/TensorShape.cpp.
            """
            ...

        def select_scatter(self, src: Tensor, dim: int_, index: int_) -> Tensor:
            """A copy with `src` written at `index` of `dim`."""
            ...

        def set_(
            self,
            source: Tensor | UntypedStorage | None = None,
            storage_offset: int_ = 0,
            size: Sequence[int_] | None = None,
            stride: Sequence[int_] | None = None,
        ) -> Tensor:
            """This tensor over the memory of another tensor, or of a storage; over none without
            `source`.
            """
            ...

        def sgn(self, *, out: Tensor | None = None) -> Tensor:
            """`sign`, under the name that complex numbers have too."""
            ...

        def sgn_(self) -> Tensor:
            """In-place version of `sgn`."""
            ...

        def short(self, *, memory_format: MemoryFormat = ...) -> Tensor:
            """The tensor as torch.int16; itself if it is that already."""
            ...

        def sigmoid(self, *, out: Tensor | None = None) -> Tensor:
            """`1 / (1 + exp(-input))`. Source: ATen/native/cpu/UnaryOpsKernel.cpp
            sigmoid_kernel.
            """
            ...

        def sigmoid_(self) -> Tensor:
            """In-place version of `sigmoid`."""
            ...

        def sign(self, *, out: Tensor | None = None) -> Tensor:
            """-1, 0 or 1, by the sign of each element. Source: ATen/native/UnaryOps.cpp sign."""
            ...

        def sign_(self) -> Tensor:
            """In-place version of `sign`."""
            ...

        def signbit(self, *, out: Tensor | None = None) -> Tensor:
            """Whether each element has its sign bit set, -0.0 included; of bools, never."""
            ...

        def sin(self, *, out: Tensor | None = None) -> Tensor:
            """The sine."""
            ...

        def sin_(self) -> Tensor:
            """In-place version of `sin`."""
            ...

        def sinc(self, *, out: Tensor | None = None) -> Tensor:
            """`sin(pi x) / (pi x)`, 1 at 0."""
            ...

        def sinc_(self) -> Tensor:
            """In-place version of `sinc`."""
            ...

        def sinh(self, *, out: Tensor | None = None) -> Tensor:
            """The hyperbolic sine."""
            ...

        def sinh_(self) -> Tensor:
            """In-place version of `sinh`."""
            ...

        def slice_scatter(
            self,
            src: Tensor,
            dim: int_ = 0,
            start: int_ | None = None,
            end: int_ | None = None,
            step: int_ = 1,
            *,
            out: Tensor | None = None,
        ) -> Tensor:
            """A copy with `src` written to `start:end:step` of `dim`."""
            ...

        def softmax(
            self, dim: int_, dtype: Dtype | None = None, *, out: Tensor | None = None
        ) -> Tensor:
            """exp(input) over its sum along `dim`, converted to `dtype` first."""
            ...

        def sort(
            self,
            dim: int_ = -1,
            descending: bool_ = False,
            *,
            stable: bool_ | None = None,
            out: tuple[Tensor, Tensor] | None = None,
        ) -> sort_:
            """The elements in order along `dim`, and the indices where they were."""
            ...

        def split(self, split_size: int_ | Sequence[int_], dim: int_ = 0) -> tuple[Tensor, ...]:
            """Views of the tensor cut along `dim` into pieces of one size, or of the given
            sizes.
            """
            ...

        def split_with_sizes(
            self, split_sizes: Sequence[int_], dim: int_ = 0
        ) -> tuple[Tensor, ...]:
            """The tensor cut along `dim` into pieces of the given sizes."""
            ...

        def sqrt(self, *, out: Tensor | None = None) -> Tensor:
            """The square root, nan below 0; its derivative at 0 is inf."""
            ...

        def sqrt_(self) -> Tensor:
            """In-place version of `sqrt`."""
            ...

        def square(self, *, out: Tensor | None = None) -> Tensor:
            """`input` times itself. Source: ATen/native/UnaryOps.cpp square."""
            ...

        def square_(self) -> Tensor:
            """In-place version of `square`."""
            ...

        def squeeze(
            self, *dims: int_ | Sequence[int_], dim: int_ | Sequence[int_] | None = None
        ) -> Tensor:
            """The tensor without its dims of size 1, or without those among `dim`."""
            ...

        def squeeze_(
            self, *dims: int_ | Sequence[int_], dim: int_ | Sequence[int_] | None = None
        ) -> Tensor:
            """This tensor without its dims of size 1, or without those among `dim`."""
            ...

        def std(
            self,
            dim: int_ | Sequence[int_] | bool_ | None = None,
            unbiased: bool_ | None = None,
            keepdim: bool_ = False,
            *,
            correction: Number | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """The standard deviation over `dim`: the root of the variance. See `var`."""
            ...

        def sub(
            self, other: Tensor | Number, *, alpha: Number = 1, out: Tensor | None = None
        ) -> Tensor:
            """`input - alpha * other`, broadcast. Raises: NotImplementedError for bools."""
            ...

        def sub_(self, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
            """In-place version of `sub`."""
            ...

        def subtract(
            self, other: Tensor | Number, *, alpha: Number = 1, out: Tensor | None = None
        ) -> Tensor:
            """`input - alpha * other`, broadcast. Raises: NotImplementedError for bools."""
            ...

        def sum(
            self,
            dim: int_ | Sequence[int_] | None = None,
            keepdim: bool_ = False,
            *,
            dtype: Dtype | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """The sum over `dim`, or over everything; bools and integers count in int64."""
            ...

        def sum_to_size(self, *size: Sequence[int_] | int_) -> Tensor:
            """The tensor summed to `size`, undoing a broadcast. Source: ATen/ExpandUtils.h
            sum_to.
            """
            ...

        def swapaxes(self, axis0: int_, axis1: int_) -> Tensor:
            """`transpose` under NumPy's name."""
            ...

        def swapaxes_(self, axis0: int_, axis1: int_) -> Tensor:
            """`transpose_` under NumPy's name."""
            ...

        def swapdims(self, dim0: int_, dim1: int_) -> Tensor:
            """`transpose` under another name."""
            ...

        def swapdims_(self, dim0: int_, dim1: int_) -> Tensor:
            """`transpose_` under another name."""
            ...

        def t(self) -> Tensor:
            """The transpose of a matrix; a tensor of fewer dims as it is."""
            ...

        def t_(self) -> Tensor:
            """This matrix transposed; a tensor of fewer dims as it is."""
            ...

        def take(self, index: Tensor, *, out: Tensor | None = None) -> Tensor:
            """The elements at `index`, counted in row-major order, in the shape of `index`."""
            ...

        def take_along_dim(
            self, indices: Tensor, dim: int_ | None = None, *, out: Tensor | None = None
        ) -> Tensor:
            """The elements at `indices` along `dim`, all other dims broadcast; flat without a
            `dim`.
            """
            ...

        def tan(self, *, out: Tensor | None = None) -> Tensor:
            """The tangent."""
            ...

        def tan_(self) -> Tensor:
            """In-place version of `tan`."""
            ...

        def tanh(self, *, out: Tensor | None = None) -> Tensor:
            """The hyperbolic tangent."""
            ...

        def tanh_(self) -> Tensor:
            """In-place version of `tanh`."""
            ...

        def tensor_split(
            self,
            indices_or_sections: int_ | Sequence[int_] | Tensor | None = None,
            dim: int_ = 0,
            *,
            sections: int_ | None = None,
            indices: Sequence[int_] | None = None,
            tensor_indices_or_sections: Tensor | None = None,
        ) -> tuple[Tensor, ...]:
            """The tensor cut along `dim` before each index, or into so many pieces, the first
            ones larger.
            """
            ...

        def tile(self, *dims: Sequence[int_] | int_) -> Tensor:
            """The tensor repeated so many times along its last dims."""
            ...

        def to(
            self,
            *args: Dtype | type_ | str | int_ | Device | Tensor | None,
            dtype: Dtype | type_ | None = None,
            device: Device | str | int_ | None = None,
            non_blocking: bool_ = False,
            copy: bool_ = False,
            memory_format: MemoryFormat | None = None,
            tensor: Tensor | None = None,
        ) -> Tensor:
            """The tensor in another dtype or memory format; itself when nothing changes and no
            `copy`.
            """
            ...

        def tolist(self) -> list[object] | Number:
            """The elements as nested lists of Python numbers."""
            ...

        def topk(
            self,
            k: int_,
            dim: int_ = -1,
            largest: bool_ = True,
            sorted: bool_ = True,
            *,
            out: tuple[Tensor, Tensor] | None = None,
        ) -> topk_:
            """The k largest (or smallest) elements along `dim`, and where they were."""
            ...

        def trace(self) -> Tensor:
            """The sum of a matrix's diagonal; integers count in int64."""
            ...

        def transpose(self, dim0: int_, dim1: int_) -> Tensor:
            """The tensor with two dimensions exchanged. Source: ATen/native/TensorShape.cpp
            transpose.
            """
            ...

        def transpose_(self, dim0: int_, dim1: int_) -> Tensor:
            """This tensor with two of its dims exchanged."""
            ...

        def tril(self, diagonal: int_ = 0, *, out: Tensor | None = None) -> Tensor:
            """Each matrix (..., N, M) with zeros above `diagonal`, counted from the main one
            upwards.
            """
            ...

        def tril_(self, diagonal: int_ = 0) -> Tensor:
            """In-place version of `tril`."""
            ...

        def triu(self, diagonal: int_ = 0, *, out: Tensor | None = None) -> Tensor:
            """Each matrix (..., N, M) with zeros below `diagonal`, counted from the main one
            upwards.
            """
            ...

        def triu_(self, diagonal: int_ = 0) -> Tensor:
            """In-place version of `triu`."""
            ...

        def true_divide(
            self,
            other: Tensor | Number,
            *,
            rounding_mode: str | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """`input / other`, broadcast, or the quotient cut to an integer by 'trunc' or
            'floor'.
            """
            ...

        def trunc(self, *, out: Tensor | None = None) -> Tensor:
            """Each element without its fraction, in the same dtype."""
            ...

        def trunc_(self) -> Tensor:
            """In-place version of `trunc`."""
            ...

        @overload
        def type(self, dtype: None = None, non_blocking: bool_ = False) -> str: ...
        @overload
        def type(self, dtype: Dtype | type_ | str, non_blocking: bool_ = False) -> Tensor: ...
        def type(
            self, dtype: Dtype | type_ | str | None = None, non_blocking: bool_ = False
        ) -> Tensor | str:
            """The tensor in another dtype; without one, the old name of its type:
            'torch.FloatTensor'.
            """
            ...

        def type_as(self, other: Tensor) -> Tensor:
            """The tensor in the dtype of `other`."""
            ...

        def unbind(self, dim: int_ = 0) -> tuple[Tensor, ...]:
            """The slices of `dim`, without it; as many as its size. Views, as those of `split`."""
            ...

        def unflatten(self, dim: int_, sizes: Sequence[int_]) -> Tensor:
            """The view with `dim` split into `sizes`, one of which may be -1."""
            ...

        def unfold(self, dimension: int_, size: int_, step: int_) -> Tensor:
            """Windows of `size` elements of `dimension`, one every `step`: (n - size) // step +
            1 of them.
            """
            ...

        def uniform_(
            self, from_: float_ = 0.0, to: float_ = 1.0, *, generator: Generator | None = None
        ) -> Tensor:
            """This tensor filled with uniform numbers in [from, to)."""
            ...

        def unique(
            self,
            sorted: bool_ = True,
            return_inverse: bool_ = False,
            return_counts: bool_ = False,
            dim: int_ | None = None,
        ) -> Tensor | tuple[Tensor, ...]:
            """The distinct elements (or slices along `dim`), always in order; every NaN is
            distinct.
            """
            ...

        def unique_consecutive(
            self,
            return_inverse: bool_ = False,
            return_counts: bool_ = False,
            dim: int_ | None = None,
        ) -> Tensor | tuple[Tensor, ...]:
            """The flattened elements, or the slices along `dim`, with runs of equal ones cut to
            one.
            """
            ...

        def unsafe_chunk(self, chunks: int_, dim: int_ = 0) -> tuple[Tensor, ...]:
            """`chunk` into pieces that may be written to in place; see `unsafe_split`."""
            ...

        def unsafe_split(self, split_size: int_, dim: int_ = 0) -> tuple[Tensor, ...]:
            """`split` into pieces of one size that may be written to in place, as if they were
            copies.
            """
            ...

        def unsafe_split_with_sizes(
            self, split_sizes: Sequence[int_], dim: int_ = 0
        ) -> tuple[Tensor, ...]:
            """`split` into pieces of the given sizes, written to in place as those of
            `unsafe_split`.
            """
            ...

        def unsqueeze(self, dim: int_) -> Tensor:
            """The tensor with a new dimension of size 1 at `dim`. Source:
            ATen/native/TensorShape.cpp.
            """
            ...

        def unsqueeze_(self, dim: int_) -> Tensor:
            """This tensor with a new dim of size 1 at `dim`."""
            ...

        def var(
            self,
            dim: int_ | Sequence[int_] | bool_ | None = None,
            unbiased: bool_ | None = None,
            keepdim: bool_ = False,
            *,
            correction: Number | None = None,
            out: Tensor | None = None,
        ) -> Tensor:
            """The variance over `dim`: squared distances from the mean, summed, divided by n -
            correction.
            """
            ...

        def vdot(self, other: Tensor, *, out: Tensor | None = None) -> Tensor:
            """`dot`, for there is no complex dtype here. Source: ATen/native/Blas.cpp vdot."""
            ...

        def view(
            self,
            *size: int_ | Sequence[int_] | Dtype,
            dtype: Dtype | None = None,
            **named: Sequence[int_],
        ) -> Tensor:
            """The same memory in another shape (`view(2, -1)`, `view((2, -1))`) or as another
            dtype.
            """
            ...

        def view_as(self, other: Tensor) -> Tensor:
            """The tensor as a view of the shape of `other`."""
            ...

        def vsplit(
            self,
            indices_or_sections: int_ | Sequence[int_] | None = None,
            *,
            sections: int_ | None = None,
            indices: Sequence[int_] | None = None,
        ) -> tuple[Tensor, ...]:
            """The tensor cut into rows: along dim 0."""
            ...

        def where(self, condition: Tensor, other: Tensor | Number) -> Tensor:
            """This tensor where the condition holds, `other` elsewhere."""
            ...

        def xlogy(self, other: Tensor | Number, *, out: Tensor | None = None) -> Tensor:
            """`input * log(other)`, 0 where `input` is 0. Source:
            ATen/native/cpu/BinaryOpsKernel.cpp.
            """
            ...

        def xlogy_(self, other: Tensor | Number) -> Tensor:
            """In-place version of `xlogy`."""
            ...

        def zero_(self) -> Tensor:
            """This tensor with every element set to 0."""
            ...
