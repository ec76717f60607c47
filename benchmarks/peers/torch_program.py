"""The step as a user of PyTorch writes it, for either library: a module and an ordinary loop."""

from itertools import cycle, pairwise
from typing import Any

from benchmarks.peers import BETAS, EPS, MOMENTUM, RATE, Problem, Step, library

__all__ = ["compiled", "network", "on_cuda", "optimizer_of", "program"]


def network(torch: Any, what: Problem) -> Any:
    """The module, with the problem's weights."""
    nn, functional = torch.nn, torch.nn.functional

    class MLP(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in pairwise(what.sizes)])

        def forward(self, x: Any) -> Any:
            *hidden, last = self.layers
            for layer in hidden:
                x = functional.relu(layer(x))
            return last(x)

    model = MLP()
    with torch.no_grad():
        for layer, (weight, bias) in zip(model.layers, what.copies(), strict=True):
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(bias))
    return model


def optimizer_of(
    torch: Any, what: Problem, parameters: Any, rate: float = 0.0, **options: bool
) -> Any:
    """The problem's optimizer; `options` choose PyTorch's implementation of it."""
    rate = rate or RATE[what.optimizer]
    if what.optimizer == "SGD":
        return torch.optim.SGD(parameters, lr=rate, momentum=MOMENTUM, **options)
    return torch.optim.Adam(parameters, lr=rate, betas=BETAS, eps=EPS, **options)


def program(name: str, what: Problem, device: str = "cpu", **options: bool) -> Step:
    """The step in the library of that name."""
    torch = library(name)
    model = network(torch, what).to(device)
    optimizer = optimizer_of(torch, what, model.parameters(), **options)
    images = torch.from_numpy(what.images).to(device)
    turns = cycle(torch.from_numpy(what.labels).to(device).unbind())
    loss_of = torch.nn.functional.cross_entropy

    def step() -> object:
        loss = loss_of(model(images), next(turns))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def compiled(what: Problem) -> Step:
    """PyTorch's step with model and loss compiled, and the fused optimizer."""
    torch = library("torch")
    model = network(torch, what)
    optimizer = optimizer_of(torch, what, model.parameters(), fused=True)
    images, turns = torch.from_numpy(what.images), cycle(torch.from_numpy(what.labels).unbind())

    def forward(x: Any, y: Any) -> Any:
        return torch.nn.functional.cross_entropy(model(x), y)

    torch._dynamo.reset()  # a shape met before would be compiled for any batch
    fast = torch.compile(forward, dynamic=False)

    def step() -> object:
        loss = fast(images, next(turns))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return step


def on_cuda(what: Problem) -> Step:
    """PyTorch's step on a GPU with the fused optimizer, until the GPU is done."""
    torch = library("torch")
    if not torch.cuda.is_available():
        raise ImportError("no GPU")
    step = program("torch", what, "cuda", fused=True)

    def finished() -> object:
        loss = step()
        torch.cuda.synchronize()
        return loss

    return finished
