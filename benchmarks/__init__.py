"""Side by side timings: one process, candidates in turns, ratios rather than times."""

__all__ = ["OPTIONAL", "SUITES"]

SUITES = {
    "matmul": "products of matrices of all sizes and layouts, beside NumPy's and PyTorch's",
    "elementwise": "elementwise ops and reductions, beside NumPy and PyTorch",
    "threads": "what a second thread gains, of one op a family",
    "overhead": "what an op costs on 4x4 tensors, beside PyTorch",
    "everyday": "what people call all day, on a few numbers, beside PyTorch",
    "layers": "layers of small models, one way and both, beside PyTorch",
    "step": "a training step of the MNIST MLP, in every library that is there",
    "alone": "the same step in a process that never loads PyTorch",
    "epoch": "a whole epoch: loader, steps and evaluation",
    "loading": "samples a second, beside torchvision's transforms",
    "startup": "imports, and the first matmul warm and cold",
    "memory": "the most bytes of tensors in a training step",
    "scaling": "how a step grows with batch, width and depth",
    "accuracy": "time until 97.8% of the test images are told right (minutes)",
}
OPTIONAL = ("accuracy",)
"""Suites that run only when they are named."""
