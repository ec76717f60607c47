"""A whole epoch as a user writes it: shuffled batches, the step, then an evaluation.

Loader, module, loss and optimizer are the library's own; the images were normalised beforehand.
"""

from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.digits import MEAN, STD, Digits, digits
from benchmarks.machine import settle
from benchmarks.peers import library, problem
from benchmarks.peers.torch_program import network, optimizer_of
from benchmarks.timing import OURS, Row, take_turns

__all__ = ["Training", "candidates", "rows"]

BATCH = 128
RATE = {"SGD": 0.05, "Adam": 0.001}


class Training:
    """A model at its first weights, and the loop over its epochs, in either library."""

    def __init__(self, name: str, data: Digits, optimizer: str, device: str = "cpu") -> None:
        self.torch = torch = library(name)
        self.device = device
        pairs = ((data.train_images, data.train_labels), (data.test_images, data.test_labels))
        train, self.test = (
            (self.normalised(images), torch.from_numpy(labels)) for images, labels in pairs
        )
        loading = torch.utils.data
        self.batches = loading.DataLoader(loading.TensorDataset(*train), BATCH, shuffle=True)
        torch.manual_seed(0)
        what = problem(BATCH, optimizer)
        self.model = network(torch, what).to(device)
        options = {} if name == "minitorch_np" else {"fused": True}
        parameters = self.model.parameters()
        self.optimizer = optimizer_of(torch, what, parameters, rate=RATE[optimizer], **options)

    def normalised(self, images: Any) -> Any:
        """Pixels as rows of floats."""
        pixels = self.torch.from_numpy(images.reshape(len(images), -1)).float()
        return pixels.div_(255).sub_(MEAN).div_(STD)

    def epoch(self) -> float:
        """Trains on every batch once; the accuracy on the test images."""
        torch, loss_of = self.torch, self.torch.nn.functional.cross_entropy
        for images, labels in self.batches:
            loss = loss_of(self.model(images.to(self.device)), labels.to(self.device))
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        with torch.no_grad():
            images, labels = (t.to(self.device) for t in self.test)
            return (self.model(images).argmax(1) == labels).float().mean().item()


def candidates(data: Digits, optimizer: str) -> tuple[dict[str, Training], dict[str, str]]:
    """Ours, PyTorch and, where there is a GPU, PyTorch on it; and why others are not there."""
    found = {OURS: Training("minitorch_np", data, optimizer)}
    try:
        torch = library("torch")
    except ImportError as error:
        return found, {"PyTorch fused": str(error)}
    found["PyTorch fused"] = Training("torch", data, optimizer)
    if torch.cuda.is_available():
        found["PyTorch CUDA"] = Training("torch", data, optimizer, "cuda")
    return found, {}


def rows(seconds: float) -> Iterator[Row]:
    """A row for each optimizer; one call is one epoch."""
    data = digits()
    for optimizer in RATE:
        trainings, skipped = candidates(data, optimizer)
        settle()
        calls: dict[str, Callable[[], object]] = {n: one.epoch for n, one in trainings.items()}
        yield Row(
            "epoch",
            f"{data.name}, {optimizer}, batches of {BATCH}",
            take_turns(calls, seconds, least=2),
            targets={} if skipped else {"PyTorch fused": 1.0},
            skipped=skipped,
        )
