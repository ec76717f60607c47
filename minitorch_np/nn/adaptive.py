"""Softmax over many classes, the rare ones in clusters. Source: torch/nn/modules/adaptive.py."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple, cast

from minitorch_np.devices import device
from minitorch_np.dtypes import dtype
from minitorch_np.nn import functional as F
from minitorch_np.nn.containers import ModuleList, Sequential
from minitorch_np.nn.linear import Linear
from minitorch_np.nn.module import Module
from minitorch_np.ops.extremes import argmax
from minitorch_np.tensor import Tensor

__all__ = ["AdaptiveLogSoftmaxWithLoss"]


class _ASMoutput(NamedTuple):
    """The log-probability of each target, and the loss: minus their mean."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """log_softmax of (N, in_features) over `n_classes`, which are ordered by how often they occur.

    Those below the first of `cutoffs` and one place for each cluster share the `head`; a cluster
    between two cutoffs has two layers in `tail`, narrower by `div_value` each time. Grave et al.,
    "Efficient softmax approximation for GPUs", ICML 2017.
    """

    head: Linear
    tail: ModuleList

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: "device | str | None" = None,
        dtype: dtype | None = None,
    ) -> None:
        super().__init__()
        cutoffs = list(cutoffs)
        check_cutoffs(cutoffs, n_classes)
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            narrow = int(in_features // (div_value ** (i + 1)))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(
                    Linear(in_features, narrow, False, device, dtype),
                    Linear(narrow, size, False, device, dtype),
                )
            )

    def reset_parameters(self) -> None:
        """Draw all parameters anew."""
        self.head.reset_parameters()
        for cluster in self.tail:
            for layer in cast("Sequential", cluster):
                cast("Linear", layer).reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """The log-probability of each target, and the loss: of (N, D) and (N), or (D) and ()."""
        check_target(input_, target_)
        batched = target_.ndim > 0
        input = input_ if batched else input_.unsqueeze(0)
        target = target_ if batched else target_.unsqueeze(0)
        output = input.new_zeros(target.sizes[0])
        places = target.new_empty(target.sizes[0])
        used = 0
        for i, (low, high) in enumerate(itertools.pairwise([0, *self.cutoffs])):
            mask = (target >= low) & (target < high)
            rows = mask.nonzero().squeeze()
            if not rows.numel():
                continue
            if i == 0:
                places.index_copy_(0, rows, target[mask])
            else:
                within = target[mask] - low
                logs = F.log_softmax(self.tail[i - 1](input.index_select(0, rows)), dim=1)
                places.index_fill_(0, rows, self.shortlist_size + i - 1)
                output.index_copy_(0, rows, logs.gather(1, within.unsqueeze(1)).squeeze(1))
            used += rows.numel()
        if used != target.sizes[0]:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{target.array.min()}, {target.array.max()}] were found. "
            )
        logs = F.log_softmax(self.head(input), dim=1)
        output += logs.gather(1, places.unsqueeze(1)).squeeze()
        loss = (-output).mean()
        return _ASMoutput(output if batched else output.squeeze(0), loss)

    def _get_full_log_prob(self, input: Tensor, head_output: Tensor) -> Tensor:
        out = input.new_empty((head_output.size(0), self.n_classes))
        head = F.log_softmax(head_output, dim=1)
        out[:, : self.shortlist_size] = head[:, : self.shortlist_size]
        for i, (start, stop) in enumerate(itertools.pairwise(self.cutoffs)):
            logs = F.log_softmax(self.tail[i](input), dim=1)
            out[:, start:stop] = logs + head[:, self.shortlist_size + i].unsqueeze(1)
        return out

    def log_prob(self, input: Tensor) -> Tensor:
        """The log-probability of every class, (N, n_classes)."""
        return self._get_full_log_prob(input, self.head(input))

    def predict(self, input: Tensor) -> Tensor:
        """The likeliest class of each row: clusters are looked into only where the head says so."""
        head_output = self.head(input)
        output = argmax(head_output, dim=1)
        elsewhere = output >= self.shortlist_size
        if not elsewhere.any():
            return output
        if elsewhere.all():
            return argmax(self._get_full_log_prob(input, head_output), dim=1)
        found = self._get_full_log_prob(input[elsewhere], head_output[elsewhere])
        output[elsewhere] = argmax(found, dim=1)
        return output


def check_cutoffs(cutoffs: list[int], n_classes: int) -> None:
    """Raise ValueError for cutoffs that do not part the classes."""
    if not cutoffs:
        raise ValueError("cutoffs should be a sequence of length larger than 0")
    rising = all(a < b for a, b in itertools.pairwise(cutoffs))
    if (
        not rising
        or min(cutoffs) <= 0
        or max(cutoffs) > n_classes - 1
        or any(int(c) != c for c in cutoffs)
    ):
        raise ValueError(
            "cutoffs should be a sequence of unique, positive integers sorted in an increasing "
            "order, where each value is between 1 and n_classes-1"
        )


def check_target(input: Tensor, target: Tensor) -> None:
    """Raise RuntimeError for inputs and targets that do not belong together."""
    if target.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if target.ndim == 1 and input.size(0) != target.size(0):
        raise RuntimeError("Input and target should have the same size in the batch dimension.")
    if input.ndim != target.ndim + 1:
        raise RuntimeError(
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, "
            f"but found inputs with size {input.size()}"
        )
