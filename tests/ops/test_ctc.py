"""ctc_loss against PyTorch's: repeated labels, samples of all lengths, what is not checked."""

import pytest
import torch

import minitorch_np
import minitorch_np.nn.functional
from tests.oracle import same, sample

PROBS = sample(5, 2, 4, dtype=torch.float64, grad=False).log_softmax(2).requires_grad_()
SIDE_BY_SIDE = torch.tensor([[1, 2], [2, 3]])


def compare(probs=PROBS, targets=SIDE_BY_SIDE, steps=(5, 4), sizes=(2, 2), *, tol=None, **options):
    def f(torch, probs, targets, steps, sizes):
        return torch.nn.functional.ctc_loss(probs, targets, steps, sizes, **options)

    same(f, probs, targets, steps, sizes, tol=tol)


@pytest.mark.parametrize("zero_infinity", [True, False])
@pytest.mark.parametrize("flat", [True, False])
def test_many_samples_in_float32(flat, zero_infinity):
    """Samples without labels, without steps, too short for their labels, and with labels twice."""
    probs = sample(40, 8, 20, dtype=torch.float32, grad=False).log_softmax(2).requires_grad_()
    steps, sizes = (40, 39, 7, 0, 0, 12, 30, 1), (6, 0, 9, 0, 3, 10, 1, 1)
    labels = torch.randint(1, 4, (sum(sizes),) if flat else (8, 10))
    compare(probs, labels, steps, sizes, reduction="none", zero_infinity=zero_infinity)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "other"])
@pytest.mark.parametrize("zero_infinity", [True, False])
@pytest.mark.parametrize(
    "targets, steps, sizes",
    [
        ([[1, 2], [2, 3]], (5, 4), (2, 2)),
        ([[1, 1], [2, 3]], (2, 3), (2, 2)),  # a label twice wants a blank between
        ([1, 1, 3], (2, 3), (3, 0)),
        ([1, 1, 3], (5, 3), (1, 2)),
        ([[1, 1, 2], [3, 2, 0]], (5, 0), (3, 2)),
        ([[1, 1, 2], [3, 2, 0]], (5, 0), (3, 0)),
        ([[1, 1, 2], [3, 2, 0]], (1, 1), (0, 1)),
    ],
)
def test_lengths(targets, steps, sizes, reduction, zero_infinity):
    options = {"reduction": reduction, "zero_infinity": zero_infinity}
    compare(PROBS, torch.tensor(targets), steps, sizes, **options)
    compare(PROBS, torch.tensor(targets), torch.tensor(steps), torch.tensor(sizes), **options)


def test_another_blank_and_layouts():
    labels = torch.tensor([[1, 1], [0, 3]])
    compare(targets=labels, blank=2)
    compare(targets=labels.t().contiguous().t(), blank=2)
    compare(PROBS.detach().permute(2, 0, 1).contiguous().permute(1, 2, 0).requires_grad_())
    compare(PROBS.detach()[:, 0].clone().requires_grad_(), SIDE_BY_SIDE[0], (5,), (2,))
    compare(PROBS.detach()[:, 0], SIDE_BY_SIDE[0], (5,), (2,), reduction="none")


def test_long_sequences_in_float32():
    generator = torch.Generator().manual_seed(0)
    probs = torch.randn(60, 8, 10, generator=generator).log_softmax(2).requires_grad_()
    targets = torch.randint(1, 10, (8, 20), generator=generator)
    compare(probs, targets, (60,) * 8, tuple(range(13, 21)), reduction="none")


@pytest.mark.parametrize(
    "changed",
    [
        {"steps": torch.tensor([5.0, 4])},
        {"steps": torch.tensor([True, True])},
        {"steps": (6, 4)},
        {"steps": (-1, 4)},
        {"sizes": (-1, 2)},
        {"sizes": (3, 2)},
        {"steps": (5,)},
        {"sizes": (2,)},
        {"blank": 4},
        {"blank": -1},
        {"targets": torch.tensor([1, 2, 2])},
        {"targets": torch.tensor([1, 2, 2, 3], dtype=torch.int32)},
        {"targets": torch.tensor(1)},
        {"targets": torch.ones(2, 2, 2, dtype=torch.int64)},
        {"targets": torch.ones(3, 2, dtype=torch.int64)},
        {"probs": PROBS.detach()[0]},
        {"probs": PROBS.detach()[None]},
        {"probs": PROBS.detach().half()},
        {"probs": PROBS.detach().long()},
        {"probs": torch.zeros(0, 2, 4), "steps": (0, 0)},
    ],
)
def test_errors(changed):
    given = {"steps": (5, 4), "sizes": (2, 2), **changed}
    if any(isinstance(v, torch.Tensor) for v in (given["steps"], given["sizes"])):
        given = {k: torch.as_tensor(v) if k in ("steps", "sizes") else v for k, v in given.items()}
    compare(**given)


def test_labels_that_are_no_classes_raise():
    """PyTorch reads whatever memory they lead to."""
    with pytest.raises(IndexError, match=r"Target 7 is out of bounds\."):
        minitorch_np.nn.functional.ctc_loss(
            minitorch_np.zeros(3, 1, 4), minitorch_np.tensor([[7]]), (3,), (1,)
        )


def test_no_second_derivative():
    def f(torch, probs):
        loss = torch.nn.functional.ctc_loss(probs, torch.tensor([[1, 2], [2, 3]]), (5, 4), (2, 2))
        (g,) = torch.autograd.grad(loss, probs, create_graph=True)
        assert g.grad_fn.name() == "torch::autograd::NotImplemented"
        return torch.autograd.grad(g.sum(), probs)

    same(f, PROBS)
