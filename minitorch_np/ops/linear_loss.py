"""Cross-entropy of a linear layer's output, some rows at a time, never all logits at once.

The gradients are made on the way, while the logits are at hand, or, for losses that are not
reduced, made from the logits anew. Source: torch/nn/modules/linear_cross_entropy.py.
"""

from collections.abc import Iterator
from typing import NamedTuple

from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.graph.modes import is_grad_enabled
from minitorch_np.op import op
from minitorch_np.ops.compare import eq
from minitorch_np.ops.conditional import where_self
from minitorch_np.ops.copy import zeros
from minitorch_np.ops.linalg import linear
from minitorch_np.ops.products import mm
from minitorch_np.tensor import Tensor

__all__: list[str] = []

_NODE = "GeneratedBackwardFor_torch_nn__linear_cross_entropy_batch_chunked{}_defaultBackward"


class Gradients:
    """What a reduced loss keeps for the way back: its gradients by the input, weight and bias.

    Only those that are `wanted` are made. Unless they may be asked for again, they are handed out
    once, and written to.
    """

    def __init__(self, wanted: tuple[bool, bool, bool], again: bool) -> None:
        self.wanted = wanted
        self.again = again
        self.kept: list[Tensor | None] = [None, None, None]

    def times(self, g: Tensor, which: int) -> Tensor:
        """One of them, times that of the loss. Raises: RuntimeError when it was handed out."""
        kept = self.kept[which]
        if kept is None:
            raise RuntimeError(
                "linear_cross_entropy chunked backward called twice; "
                "retain_graph=True / double backward are not supported."
            )
        if self.again:
            return kept * g
        self.kept[which] = None
        return kept.mul_(g)


class Chunk(NamedTuple):
    """Some rows: of the input, the logarithm of what softmax divides by, softmax; of the target,
    the weight of each row, and the weights of classes, of probabilities, or the indices."""

    rows: slice
    input: Tensor
    softmax: Tensor
    target: Tensor
    weight: Tensor
    loss: Tensor


class Rows:
    """The operands of a loss, in the dtype that it is summed in, and the weight of each row."""

    def __init__(
        self,
        input: Tensor,
        linear_weight: Tensor,
        target: Tensor,
        linear_bias: Tensor | None,
        weight: Tensor | None,
        ignore_index: int,
        acc_dtype: Dtype,
    ) -> None:
        self.dtype = acc_dtype
        self.input = input.untracked()
        self.matrix = linear_weight.untracked().to(acc_dtype)
        self.bias = None if linear_bias is None else linear_bias.untracked().to(acc_dtype)
        self.soft = target.dtype.is_floating_point
        self.target = target.untracked()
        classes = None if weight is None else weight.untracked().to(acc_dtype)
        if self.soft:
            self.target = self.target.to(acc_dtype)
            if classes is not None:
                self.target = self.target * classes
            self.weight = self.target.sum(1)
            return
        ignored = eq(self.target, ignore_index)
        if not 0 <= ignore_index < linear_weight.sizes[0]:
            self.target = where_self(ignored, 0, self.target)
        if classes is None:
            self.weight = ignored.logical_not().to(acc_dtype)
        else:
            self.weight = where_self(ignored, 0, classes.index_select(0, self.target))

    def divisor(self) -> Tensor | float:
        """What a mean divides by: the weights, or the rows of probabilities; nan for none."""
        if self.soft:
            return self.input.sizes[0] or float("nan")
        total = self.weight.sum()
        return total.masked_fill(eq(total, 0), float("nan"))

    def chunks(self, size: int) -> Iterator[Chunk]:
        """So many rows at a time, with the loss of each."""
        for start in range(0, self.input.sizes[0], size):
            rows = slice(start, start + size)
            x, target, weight = (
                self.input[rows].to(self.dtype),
                self.target[rows],
                self.weight[rows],
            )
            logits = linear(x, self.matrix, self.bias)
            logits = logits - logits.amax(1, True)
            if self.soft:
                aimed = (target * logits).sum(1)
            else:
                aimed = logits.gather(1, target.unsqueeze(1)).squeeze(1) * weight
            powers = logits.exp_()
            total = powers.sum(1, True)
            loss = total.log().squeeze(1) * weight - aimed
            yield Chunk(rows, x, powers.div_(total), target, weight, loss)

    def slopes(self, chunk: Chunk, scale: Tensor) -> Tensor:
        """The gradient by the logits, of rows that are weighed by `scale`, (N, 1) or ()."""
        slopes = chunk.softmax.mul_(chunk.weight.unsqueeze(1))
        if self.soft:
            slopes.sub_(chunk.target)
        else:
            slopes.scatter_add_(1, chunk.target.unsqueeze(1), -chunk.weight.unsqueeze(1))
        return slopes.mul_(scale)


def gathered(
    rows: Rows, chunk: Chunk, slopes: Tensor, wanted: tuple[bool, bool, bool], into: list[Tensor]
) -> None:
    """Add the gradients of a chunk, by the gradient by its logits, to those that are wanted."""
    if wanted[0]:
        into[0][chunk.rows] = mm(slopes, rows.matrix)
    if wanted[1]:
        into[1].add_(mm(slopes.t(), chunk.input))
    if wanted[2]:
        into[2].add_(slopes.sum(0))


def blank_gradients(input: Tensor, linear_weight: Tensor, dtype: Dtype) -> list[Tensor]:
    """Zeros by the input, the weight and the bias."""
    shapes = (input.sizes, linear_weight.sizes, linear_weight.sizes[:1])
    return [zeros(input.untracked(), shape).to(dtype) for shape in shapes]


@op("contiguous", method=False, node=_NODE.format(""))
def linear_cross_entropy_chunked(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    linear_bias: Tensor | None,
    weight: Tensor | None,
    reduction: str,
    ignore_index: int,
    chunk_size: int,
    acc_dtype: Dtype,
    gradients: Gradients,
) -> Tensor:
    """The mean or the sum of the losses, and the gradients, which `gradients` keeps."""
    rows = Rows(input, linear_weight, target, linear_bias, weight, ignore_index, acc_dtype)
    mean = reduction == "mean"
    one = zeros(rows.weight, ()).fill_(1)
    scale = one / rows.divisor() if mean else one
    total = zeros(rows.weight, ())
    made = blank_gradients(input, linear_weight, acc_dtype)
    for chunk in rows.chunks(chunk_size):
        total.add_(chunk.loss.sum())
        if any(gradients.wanted):
            gathered(rows, chunk, rows.slopes(chunk, scale), gradients.wanted, made)
    gradients.kept = [
        t.to(input.dtype) if wanted else None
        for t, wanted in zip(made, gradients.wanted, strict=True)
    ]
    return (total * scale).to(input.dtype)


linear_cross_entropy_chunked.vjp(
    input=lambda g, gradients: gradients.times(g, 0),
    linear_weight=lambda g, gradients: gradients.times(g, 1),
    linear_bias=lambda g, gradients: gradients.times(g, 2),
    target=None,
    weight=None,
)
linear_cross_entropy_chunked.jvp("refused")


@op("contiguous", method=False, node=_NODE.format("_no_reduction"))
def linear_cross_entropy_chunked_rows(
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    linear_bias: Tensor | None,
    weight: Tensor | None,
    ignore_index: int,
    chunk_size: int,
    acc_dtype: Dtype,
) -> Tensor:
    """The loss of each row."""
    rows = Rows(input, linear_weight, target, linear_bias, weight, ignore_index, acc_dtype)
    losses = zeros(input.untracked(), input.sizes[:1])
    for chunk in rows.chunks(chunk_size):
        losses[chunk.rows] = chunk.loss
    return losses


def _again(
    which: int,
    g: Tensor,
    input: Tensor,
    linear_weight: Tensor,
    target: Tensor,
    linear_bias: Tensor | None,
    weight: Tensor | None,
    ignore_index: int,
    chunk_size: int,
    acc_dtype: Dtype,
) -> Tensor:
    """One of the gradients of the losses of rows, from the logits, which are made once more.

    Raises: RuntimeError where they are to be differentiated again, in PyTorch's words.
    """
    if g.requires_grad and is_grad_enabled() and g.numel():
        raise RuntimeError(
            "div(): functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad."
        )
    rows = Rows(input, linear_weight, target, linear_bias, weight, ignore_index, acc_dtype)
    wanted = (which == 0, which == 1, which == 2)
    made = blank_gradients(input, linear_weight, acc_dtype)
    scale = g.untracked().to(acc_dtype).unsqueeze(1)
    for chunk in rows.chunks(chunk_size):
        gathered(rows, chunk, rows.slopes(chunk, scale[chunk.rows]), wanted, made)
    return made[which].to(input.dtype)


linear_cross_entropy_chunked_rows.vjp(
    input=lambda g, input, linear_weight, target, linear_bias, weight, ignore_index, chunk_size, acc_dtype: _again(  # noqa: E501
        0, g, input, linear_weight, target, linear_bias, weight, ignore_index, chunk_size, acc_dtype
    ),
    linear_weight=lambda g, input, linear_weight, target, linear_bias, weight, ignore_index, chunk_size, acc_dtype: _again(  # noqa: E501
        1, g, input, linear_weight, target, linear_bias, weight, ignore_index, chunk_size, acc_dtype
    ),
    linear_bias=lambda g, input, linear_weight, target, linear_bias, weight, ignore_index, chunk_size, acc_dtype: _again(  # noqa: E501
        2, g, input, linear_weight, target, linear_bias, weight, ignore_index, chunk_size, acc_dtype
    ),
    target=None,
    weight=None,
)  # fmt: skip
linear_cross_entropy_chunked_rows.jvp("refused")
