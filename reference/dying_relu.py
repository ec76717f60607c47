"""Dying ReLU: a network that cannot learn, shown bit by bit, and the initialisation that can.

Weights -|w|, biases 0, and inputs that are nowhere negative: no unit of the first layer ever turns
on, every later one sees zeros, and the only gradient that is not 0.0 is the output bias's. Beside
it, how an initialisation carries variance through 20 layers, and a grid of what trains.
"""

from itertools import product

import torch
import torch.nn.functional as F
from torch import nn

from experiments.data import load
from experiments.live import live

INITS = {
    "negative": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu").abs_().neg_(),
    "zero": nn.init.zeros_,
    "small normal": lambda w: nn.init.normal_(w, std=0.01),
    "Xavier": nn.init.xavier_uniform_,
    "He uniform": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
    "He normal": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
    "default": nn.Identity(),
}
ACTIVATIONS = {"ReLU": F.relu, "LeakyReLU": F.leaky_relu, "Tanh": torch.tanh, "GELU": F.gelu}
RUNS = {  # initial weights, initial biases, optimizer
    "SGD": ("negative", "zero", lambda p: torch.optim.SGD(p, lr=0.1)),
    "momentum": ("negative", "zero", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    "Adam": ("negative", "zero", lambda p: torch.optim.Adam(p, lr=0.001)),
    "default biases": ("negative", "default", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
    "He": ("He uniform", "zero", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
}
DEPTHS = (2, 6, 12)


class Net(nn.Module):
    """Linear layers with an activation between them; (N, pixels) to every layer's output."""

    @torch.no_grad()
    def __init__(self, sizes, init, activation, bias):
        super().__init__()
        self.layers = nn.ModuleList(map(nn.Linear, sizes, sizes[1:]))
        self.activation = ACTIVATIONS[activation]
        for layer in self.layers:
            INITS[init](layer.weight)
            if bias == "zero":
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        outputs = []
        for layer in self.layers:
            outputs.append(layer(self.activation(outputs[-1]) if outputs else x))
        return outputs


def bits(tensor):
    """The bits of float32 numbers as integers, which tell -0.0 from 0.0."""
    return tensor.detach().view(torch.int32)


def train(name, net, images, labels, optimizer, steps, observe):
    """Full-batch training: its losses, and each hidden layer at the first step."""
    results = {"losses": [], "touched": set()}
    start = {key: bits(p).clone() for key, p in net.named_parameters()}
    for step in range(steps):
        if observe:
            observe("state", step, **live(name, net, optimizer))
        *hidden, logits = net(images)
        for z in hidden:
            z.retain_grad()
        loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            results |= {
                "hidden": [z.detach().cpu().numpy() for z in hidden],
                "variance": [z.square().mean().item() for z in hidden],
                "gradient variance": [z.grad.square().mean().item() for z in hidden],
                "dead": [(z.grad == 0).all(0).float().mean().item() for z in hidden],
            }
        results["touched"] |= {key for key, p in net.named_parameters() if bits(p.grad).any()}
        if observe:
            observe("step", step, **live(name, net, optimizer, loss=loss, logits=logits))
        optimizer.step()
        if observe:
            observe("update", step, **live(name, net, optimizer))
        results["losses"].append(loss.item())
    moved = {key for key, p in net.named_parameters() if (bits(p) != start[key]).any()}
    return results | {"moved": moved}
