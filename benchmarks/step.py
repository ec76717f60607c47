"""One training step of the MNIST MLP, in every library that is there.

784-256-128-10, cross-entropy, SGD with momentum or Adam; the module and the loop that a user of
PyTorch writes. Before anything is timed, all losses of the first steps must agree.
"""

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.machine import settle
from benchmarks.peers import Problem, Step, built, problem
from benchmarks.peers.by_hand import kernels_by_hand, numpy_by_hand
from benchmarks.peers.others import hips_autograd, jax_jit, my_grad, tiny_grad
from benchmarks.peers.torch_program import compiled, on_cuda, program
from benchmarks.timing import OURS, Row, take_turns

__all__ = ["MAKERS", "rows"]

EAGER = {
    "PyTorch for-loop": {"foreach": False, "fused": False},
    "PyTorch foreach": {"foreach": True},
    "PyTorch fused": {"fused": True},
}
MAKERS: dict[str, Callable[[Problem], Step]] = {
    OURS: partial(program, "minitorch_np"),
    **{name: partial(program, "torch", **options) for name, options in EAGER.items()},
    "torch.compile": compiled,
    "PyTorch CUDA": on_cuda,
    "NumPy by hand": numpy_by_hand,
    "kernels by hand": kernels_by_hand,
    "JAX jit": jax_jit,
    "MyGrad": my_grad,
    "HIPS autograd": hips_autograd,
    "tinygrad": tiny_grad,
}
# The most that ours may take of the time of PyTorch's fastest eager setting.
TARGETS = {
    (1, "SGD"): 0.40,
    (1, "Adam"): 0.40,
    (64, "SGD"): 0.70,
    (64, "Adam"): 0.50,
    (512, "SGD"): 0.85,
    (512, "Adam"): 0.75,
}
SHARE = 6
"""How many times as long as a row of two candidates one of ten takes."""


def rows(seconds: float) -> Iterator[Row]:
    """A row for each batch size and optimizer."""
    for (batch, optimizer), bound in TARGETS.items():
        what = problem(batch, optimizer)
        steps, skipped, difference = built(MAKERS, what, judge="PyTorch for-loop")
        skipped.pop("PyTorch CUDA", None)  # a column of machines that have one
        settle()
        times = take_turns(steps, SHARE * seconds, kept=4)
        eager = [name for name in EAGER if name in times]
        bounds = {"torch.compile": 1.0, "JAX jit": 1.0}
        if eager:
            bounds[min(eager, key=lambda name: times[name].best)] = bound
        yield Row(
            "step",
            f"batch {batch}, {optimizer}",
            times,
            flop=what.flop,
            targets={name: most for name, most in bounds.items() if name in times},
            facts={"losses differ by": difference},
            skipped=skipped,
        )
