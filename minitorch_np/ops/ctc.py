"""Connectionist temporal classification: the loss of all alignments of labels with a sequence.

Labels L are read with blanks between and around them, 2 L + 1 states; alpha and beta hold the
logarithms of the sums over all ways to and from each state. Graves et al., "Connectionist Temporal
Classification", ICML 2006. Source: aten/src/ATen/native/LossCTC.cpp.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from minitorch_np import dtypes
from minitorch_np.kernels.large import dense, loop
from minitorch_np.loops import finish, not_implemented, quietly
from minitorch_np.op import composite, op
from minitorch_np.ops.compare import eq
from minitorch_np.ops.conditional import where_self
from minitorch_np.ops.copy import zeros
from minitorch_np.ops.from_data import tensor
from minitorch_np.ops.loss import check_reduction
from minitorch_np.tensor import Tensor

__all__: list[str] = []

Array = NDArray[Any]
Lengths = tuple[int, ...]


class CtcLoss(NamedTuple):
    """Minus the logarithm of the probability of each sample's labels (N), and alpha (N, T, S)."""

    result0: Tensor
    result1: Tensor


_WHERE = "(while checking arguments for ctc_loss_allocate_outputs)"


def check_arguments(
    log_probs: Tensor, targets: Tensor, input_lengths: Lengths, target_lengths: Lengths, blank: int
) -> None:
    """Nothing, when shapes and lengths belong together. Raises: RuntimeError."""
    if log_probs.ndim != 3:
        raise RuntimeError(
            f"Expected 3-dimensional tensor, but got {log_probs.ndim}-dimensional tensor for "
            f"argument #1 'log_probs' {_WHERE}"
        )
    if targets.ndim not in (1, 2):
        raise RuntimeError(
            f"Expected 1 to 2 dimensions, but got {targets.ndim}-dimensional tensor for argument "
            f"#2 'targets' {_WHERE}"
        )
    steps, batch, classes = log_probs.sizes
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    for name, lengths in (("input", input_lengths), ("target", target_lengths)):
        if len(lengths) != batch:
            raise RuntimeError(f"{name}_lengths must be of size batch_size")
    for n in target_lengths:
        check_length("target_lengths", n, None)
    rows = sum(target_lengths) if targets.ndim == 1 else batch
    if targets.sizes[0] != rows:
        raise RuntimeError(
            f"Expected tensor to have size {rows} at dimension 0, but got size "
            f"{targets.sizes[0]} for argument #2 'targets' {_WHERE}"
        )
    longest = max(target_lengths, default=0)
    if targets.ndim == 2 and targets.sizes[1] < longest:
        raise RuntimeError(
            f"Expected tensor to have size at least {longest} at dimension 1, but got size "
            f"{targets.sizes[1]} for argument #2 'targets' {_WHERE}"
        )
    for n in input_lengths:
        check_length("input_lengths", n, steps)


def check_length(name: str, length: int, most: int | None) -> None:
    """Nothing, when a length is in range. Raises: RuntimeError."""
    for wrong, limit in (("least 0", length < 0), (f"most {most}", most and length > most)):
        if limit:
            raise RuntimeError(
                f"Expected {name} to have value at {wrong}, but got value {length} {_WHERE}"
            )


def states(targets: Tensor, target_lengths: Lengths, blank: int, classes: int) -> Array:
    """The class of each state, (N, S): labels between blanks; blanks too after a sample's last.

    Raises: IndexError for a label that is no class, which PyTorch does not look for.
    """
    longest = max(target_lengths, default=0)
    found = np.full((len(target_lengths), 2 * longest + 1), blank, np.int64)
    labels, at = targets.array.astype(np.int64), 0
    for row, n in enumerate(target_lengths):
        found[row, 1 : 2 * n : 2] = labels[at : at + n] if labels.ndim == 1 else labels[row, :n]
        at += n
    wrong = found[(found < 0) | (found >= classes)]
    if wrong.size:
        raise IndexError(f"Target {wrong[0]} is out of bounds.")
    return found


def counted(n: int) -> Array:
    """0 to n - 1."""
    return np.arange(n)


def summed(a: Array, b: Array, c: Array) -> Array:
    """The logarithm of the sum of numbers that are given by their logarithms."""
    most = np.maximum(np.maximum(a, b), c)
    most[np.isneginf(most)] = 0
    return np.log(np.exp(a - most) + np.exp(b - most) + np.exp(c - most)) + most


def joined(a: Array, b: Array) -> Array:
    """`summed` of two. In ATen's steps, or float32 would differ in what matters to gradients."""
    most = np.maximum(a, b)
    most = np.where(np.isneginf(most), np.zeros_like(most), most)
    return np.log(np.exp(a - most) + np.exp(b - most)) + most


def stepped(before: Array, skips: Array) -> Array:
    """What reaches each state (N, S): from itself, the one before, and, if it may be skipped, the
    one before that."""
    one, two = np.full_like(before, -np.inf), np.full_like(before, -np.inf)
    one[:, 1:] = before[:, :-1]
    two[:, 2:] = np.where(skips[:, 2:], before[:, :-2], -np.inf)
    return summed(before, one, two)


def skipping(labels: Array) -> Array:
    """Whether a state may follow the one two before it: its class is another."""
    skips = np.zeros(labels.shape, np.bool_)
    skips[:, 2:] = labels[:, 2:] != labels[:, :-2]
    return skips


@op("contiguous", method=False, node="CtcLossBackward0", aten="_ctc_loss", graded=1)
def ctc_loss_forward(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    blank: int,
    zero_infinity: bool,
) -> CtcLoss:
    """The loss of each sample: `log_probs` (T, N, C), `targets` (N, L) or one after another."""
    del zero_infinity  # the gradient minds it
    check_arguments(log_probs, targets, input_lengths, target_lengths, blank)
    if log_probs.dtype not in (dtypes.float32, dtypes.float64):
        raise not_implemented("ctc_loss_cpu", log_probs.dtype)
    labels = states(targets, target_lengths, blank, log_probs.sizes[2])
    alpha = quietly(alphas, log_probs.array, labels, target_lengths)
    losses = np.empty(len(labels), alpha.dtype)
    for row, (steps, n) in enumerate(zip(input_lengths, target_lengths, strict=True)):
        if steps:
            ends = alpha[row, steps - 1, max(2 * n - 1, 0) : 2 * n + 1]
            losses[row] = -quietly(joined, ends[0], ends[-1]) if n else -ends[0]
        else:
            losses[row] = np.inf if n else 0
    return CtcLoss(finish(losses, log_probs.dtype, None), finish(alpha, log_probs.dtype, None))


def spoken(log_probs: Array, labels: Array) -> Array:
    """The logarithms of the probabilities of the states' classes, (T, N, S)."""
    return np.take_along_axis(log_probs, labels[None], 2)


def alphas(log_probs: Array, labels: Array, target_lengths: Lengths) -> Array:
    """alpha, (N, T, S)."""
    if not dense(log_probs):
        return forwards(log_probs, labels, target_lengths)
    steps, batch, classes = log_probs.shape
    alpha = np.empty((batch, steps, labels.shape[1]), log_probs.dtype)
    sizes = np.array(target_lengths, np.int64)
    flat = log_probs.reshape(-1), labels.reshape(-1), sizes, alpha.reshape(-1)
    loop("ctc.forward")(*flat, classes, 0, batch)
    return alpha


def forwards(log_probs: Array, labels: Array, target_lengths: Lengths) -> Array:
    """`alphas` where no loop computes them."""
    given, skips = spoken(log_probs, labels), skipping(labels)
    alpha = np.full((len(labels), len(given), labels.shape[1]), -np.inf, log_probs.dtype)
    if not len(given):
        return alpha
    starts = np.minimum(2, 2 * np.array(target_lengths) + 1)  # without labels, the blank alone
    first = counted(labels.shape[1]) < starts[:, None]
    alpha[:, 0] = np.where(first, given[0], -np.inf)
    for t in range(1, len(given)):
        alpha[:, t] = stepped(alpha[:, t - 1], skips) + given[t]
    return alpha


ctc_loss_forward.vjp(
    log_probs=lambda g_result0, log_probs, targets, input_lengths, target_lengths, result0, result1, blank, zero_infinity: (  # noqa: E501
        ctc_loss_backward(
            g_result0, log_probs, targets, input_lengths, target_lengths, result0, result1, blank,
            zero_infinity,
        )
    ),
    targets=None,
)  # fmt: skip
ctc_loss_forward.jvp("refused")


@op(
    "contiguous", method=False, node="torch::autograd::NotImplemented", aten="_ctc_loss_backward"
)  # fmt: skip
def ctc_loss_backward(
    grad: Tensor,
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Lengths,
    target_lengths: Lengths,
    neg_log_likelihood: Tensor,
    log_alpha: Tensor,
    blank: int,
    zero_infinity: bool,
) -> Tensor:
    """The gradient of the losses with respect to `log_probs`; 0 after a sample's last step.

    It is that of softmax and loss together: exp(log_probs) minus how often each class is spoken.
    """
    labels = states(targets, target_lengths, blank, log_probs.sizes[2])
    losses, g = neg_log_likelihood.array, grad.array
    past = counted(log_probs.sizes[0])[:, None] >= np.array(input_lengths, np.int64)  # (T, N)

    def slopes() -> Array:
        probs = log_probs.array
        if dense(probs):
            return slopes_by_loop(
                *(probs, labels, target_lengths, input_lengths, log_alpha.array, losses, g),
                zero_infinity,
            )
        beta = backwards(probs, labels, input_lengths, target_lengths)
        ways = collected(log_alpha.array.transpose(1, 0, 2) + beta, labels, probs)
        values = np.exp(probs) - np.exp(ways + losses[:, None] - probs)
        values = values * g[:, None]
        values[past] = 0
        if zero_infinity:
            values[:, losses == np.inf] = 0
        return values

    return finish(quietly(slopes), log_probs.dtype, None)


def slopes_by_loop(
    log_probs: Array, labels: Array, target_lengths: Lengths, input_lengths: Lengths,
    alpha: Array, losses: Array, g: Array, finite: bool,
) -> Array:  # fmt: skip
    """The gradient with respect to `log_probs`."""
    out = np.empty(log_probs.shape, log_probs.dtype)
    lengths = [np.array(n, np.int64) for n in (target_lengths, input_lengths)]
    rest = [np.ascontiguousarray(a).reshape(-1) for a in (alpha, losses, g)]
    flat = log_probs.reshape(-1), labels.reshape(-1), *lengths, *rest, out.reshape(-1)
    loop("ctc.backward")(*flat, log_probs.shape[2], finite, 0, len(labels))
    return out


def backwards(
    log_probs: Array, labels: Array, input_lengths: Lengths, target_lengths: Lengths
) -> Array:
    """beta, (T, N, S): the sums over all ways from a state to the end of its sample."""
    given, skips = spoken(log_probs, labels), skipping(labels)
    beta = np.full(given.shape, -np.inf, log_probs.dtype)
    places = counted(labels.shape[1])
    ends: Array = 2 * np.array(target_lengths, np.int64)[:, None]
    last: Array = (places <= ends) & (places >= ends - 1)
    steps = np.array(input_lengths, np.int64)
    skips = np.roll(skips, -2, 1)[:, ::-1]  # the same steps, taken the other way
    after = np.full(labels.shape, -np.inf, log_probs.dtype)
    for t in range(len(given) - 1, -1, -1):
        after = stepped(after[:, ::-1], skips)[:, ::-1] + given[t]
        ending = (steps == t + 1)[:, None]
        after = np.where(ending, np.where(last, given[t], -np.inf), after)
        beta[t] = after
    return beta


def collected(ways: Array, labels: Array, log_probs: Array) -> Array:
    """The sums of all ways through each class, (T, N, C), from those through each state."""
    found = np.full(log_probs.shape, -np.inf, log_probs.dtype)
    rows = counted(labels.shape[0])
    for state in range(labels.shape[1] - 1, -1, -1):
        at = (slice(None), rows, labels[:, state])
        found[at] = joined(found[at], ways[:, :, state])
    return found


def lengths_of(name: str, given: Tensor | Sequence[int]) -> Lengths:
    """Lengths as numbers. Raises: RuntimeError for a tensor of no integers."""
    if not isinstance(given, Tensor):
        return tuple([int(n) for n in given])
    if given.dtype.is_floating_point or given.dtype is dtypes.bool_:
        raise RuntimeError(f"{name} must be integral")
    return tuple([int(n) for n in cast("list[int]", given.array.ravel().tolist())])


@composite(method=False)
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """The loss of labels given logarithms of probabilities (T, N, C) or (T, C), reduced.

    'mean' divides each loss by the number of its labels. `zero_infinity` takes losses of labels
    that do not fit into their steps, and their gradients, as 0.
    """
    check_reduction(reduction)
    steps = lengths_of("input_lengths", input_lengths)
    sizes = lengths_of("target_lengths", target_lengths)
    if not log_probs.numel():
        raise RuntimeError("log_probs tensor must not be empty")
    batched = log_probs.ndim == 3
    each = log_probs if batched else log_probs.unsqueeze(1)
    loss = ctc_loss_forward(each, targets, steps, sizes, blank, zero_infinity)[0]
    if zero_infinity:
        loss = where_self(eq(loss, float("inf")), zeros(loss, ()), loss)
    if reduction == "mean":
        return (loss / tensor(sizes, dtype=loss.dtype).clamp_min(1)).mean()
    if reduction == "sum":
        return loss.sum()
    return loss if batched else loss.squeeze(0)
