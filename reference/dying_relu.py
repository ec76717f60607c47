"""Dying ReLU: a network that cannot learn, shown bit by bit, and the initialisation that can.

Weights -|w|, biases 0, and inputs that are nowhere negative: no unit of the first layer ever turns
on, every later one sees zeros, and the only gradient that is not 0.0 is the output bias's. Beside
it, how an initialisation carries variance through 20 layers, and a grid of what trains.
"""

from itertools import count, islice, product

import torch
from torch import nn

from experiments.data import load
from experiments.instruments import live, look, unseen

INITS = {
    "negative": lambda w: nn.init.kaiming_uniform_(w).abs_().neg_(),
    "negative, default biases": lambda w: nn.init.kaiming_uniform_(w).abs_().neg_(),
    "zero": nn.init.zeros_,
    "small normal": lambda w: nn.init.normal_(w, std=0.01),
    "Xavier": nn.init.xavier_uniform_,
    "He uniform": nn.init.kaiming_uniform_,
    "He normal": nn.init.kaiming_normal_,
    "default": lambda w: w,
}
ACTIVATIONS = {"ReLU": nn.ReLU(), "LeakyReLU": nn.LeakyReLU(), "Tanh": nn.Tanh(), "GELU": nn.GELU()}
OPTIMIZERS = {
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.05),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.02, momentum=0.9),
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=0.001),
}
DEPTHS, SEEDS = (2, 5, 10), range(20)


class Net(nn.Module):
    """Linear layers with an activation between them; (N, pixels) to the output of every layer."""

    @torch.no_grad()
    def __init__(self, sizes, init, activation):
        super().__init__()
        self.layers = nn.ModuleList(map(nn.Linear, sizes, sizes[1:]))
        self.activation = ACTIVATIONS[activation]
        for layer in self.layers:
            INITS[init](layer.weight)
            if "default" not in init:
                layer.bias.zero_()

    def forward(self, x):
        outputs = []
        for layer in self.layers:
            outputs.append(layer(self.activation(outputs[-1]) if outputs else x))
            outputs[-1].retain_grad()
        return outputs


def bits(tensor):
    """The bits of float32 numbers as integers, which tell -0.0 from 0.0."""
    return tensor.detach().view(torch.int32)


def train(title, name, net, x, labels, steps, observe):
    """Losses of full-batch steps, a look at the first, and what got a gradient or moved a bit."""
    optimizer = OPTIMIZERS[name](net.parameters())
    start = {key: bits(p).clone() for key, p in net.named_parameters()}
    losses, touched, seen = [], set(), None
    observe("start", 0, title=title, **live(name, net, optimizer))
    for step in steps:
        observe("state", step, **live(name, net, optimizer))
        *hidden, logits = net(x)
        loss = nn.functional.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        touched |= {key for key, p in net.named_parameters() if bits(p.grad).any()}
        seen = seen or look(hidden)
        observe("step", step, **live(name, net, optimizer, loss=loss, logits=logits))
        optimizer.step()
        observe("update", step, **live(name, net, optimizer))
    moved = {key for key, p in net.named_parameters() if bits(p).ne(start[key]).any()}
    return seen | {"losses": losses, "touched": touched, "moved": moved}


def main(data, *, device="cpu", seed=0, epochs=20, observe=None):
    """Three networks under three optimizers, variance through 20 layers, and the grid."""
    images = torch.from_numpy(data.train_images[:256]).to(device)
    labels = torch.from_numpy(data.train_labels[:256]).to(device)
    faint = images[:16] / images[:16].norm(dim=1, keepdim=True)  # tanh(z) is nearly z there
    clock = count()  # numbers the steps shown: of networks that differ by seed, the first's

    def run(init, activation, depth, optimizer="SGD", x=images, width=64, epochs=epochs, n=0):
        torch.manual_seed(seed + n)
        net = Net([x.shape[1]] + [width] * depth + [10], init, activation).to(device)
        title = f"{init}, {activation}, depth {depth}, {optimizer}"
        steps, shown = (range(epochs), unseen) if n else (islice(clock, epochs), observe or unseen)
        return train(title, optimizer, net, x, labels[: len(x)], steps, shown)

    cases = product(("negative", "negative, default biases", "He uniform"), OPTIMIZERS)
    runs = {(init, name): run(init, "ReLU", 4, name, width=128) for init, name in cases}
    pairs = product(("Xavier", "He uniform"), ("ReLU", "Tanh"))
    flow = {p: [run(*p, 20, x=faint, width=512, epochs=1, n=n) for n in SEEDS] for p in pairs}
    cells = product(INITS, ACTIVATIONS, DEPTHS)
    return {"runs": runs, "flow": flow, "grid": {cell: run(*cell) for cell in cells}}


if __name__ == "__main__":
    print((data := load()).source)
    for (init, name), run in main(data)["runs"].items():
        print(f"{init}, {name}: loss {run['losses'][-1]:.3f}, trained {sorted(run['moved'])}")
