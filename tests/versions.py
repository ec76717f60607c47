"""Where an older PyTorch answers otherwise than the one that is the specification, 2.15.

One table of texts and one of results, keyed by the version from which 2.15's answer holds. All of
it was seen on PyTorch 2.11; of the versions between nothing is known, and "before 2.15" is the
widest reading. With PyTorch 2.15 installed both are inert.
"""

import re
from typing import NamedTuple

import torch

__all__ = ["TEXTS", "UNLIKE", "VERSION", "Text", "alike", "unlike"]

Version = tuple[int, int]
VERSION: Version = tuple(int(n) for n in torch.__version__.split("+")[0].split(".")[:2])


class Text(NamedTuple):
    """Before `since`, what matches `pattern` reads `common` on either side."""

    since: Version
    pattern: str
    common: str


TEXTS = [
    # A refused dtype raised the class that NotImplementedError is a kind of.
    Text((2, 15), r"^NotImplementedError: ", "RuntimeError: "),
    # The op that made a stale tensor was named by its node: "output 0 of ExpBackward0".
    Text((2, 15), r"(which is output \d+ of \w+?)Backward\d+(, is at version)", r"\1\2"),
    # aminmax had no derivative.
    Text((2, 15), r"^AminmaxBackward0$", "torch::autograd::NotImplemented"),
    # A view that refuses to be written to named the node that made it.
    Text((2, 15), r"(Output \d+ of \w+?)Backward\d+( is a view)", r"\1\2"),
    # A product of matrices that do not fit did not say which product.
    Text((2, 15), r"^(RuntimeError: )(add)?mm: (?=mat1 and |mat2 must |self must )", r"\1"),
    # linear of more than two dimensions ended in a view of its own kind.
    Text((2, 15), r"^(Unsafe)?ViewBackward0$", "ViewBackward0"),
    # Arguments that fit no overload were answered with the list of all, some of them gone since.
    Text((2, 15), r"(?s)^TypeError: (\w+)\(\).*$", r"TypeError: \1()"),
]

UNLIKE = {
    ("aminmax", "all"): ((2, 15), "it has no derivative"),
    ("aminmax-2", "all"): ((2, 15), "it has no derivative"),
    ("clamp-2", "uint8"): ((2, 15), "a bound of -1 wraps around to 255"),
    ("clamp_-2", "uint8"): ((2, 15), "a bound of -1 wraps around to 255"),
    ("fmax", "layouts"): ((2, 15), "the gradient has the stride of the one that comes in"),
    ("fmin", "layouts"): ((2, 15), "the gradient has the stride of the one that comes in"),
    ("trace", "float16"): ((2, 15), "it has no kernel for half types"),
    ("trace", "bfloat16"): ((2, 15), "it has no kernel for half types"),
    ("uniform_", "float16"): ((2, 15), "half types are drawn from other bits"),
    ("uniform_", "bfloat16"): ((2, 15), "half types are drawn from other bits"),
}
"""Samples that answer otherwise, by name and dtype ("layouts", or "all"): until when, and how."""


def alike(ours: str | None, theirs: str | None) -> bool:
    """Whether two texts (`Class: message`, or a node's name) are one answer in this version."""
    if ours is None or theirs is None:
        return ours is theirs
    for text in TEXTS:
        if text.since > VERSION:
            ours, theirs = [re.sub(text.pattern, text.common, t) for t in (ours, theirs)]
    return ours == theirs


def unlike(sample: str, what: str) -> str | None:
    """How the installed PyTorch answers a sample otherwise, or None where it answers as 2.15."""
    since, how = UNLIKE.get((sample, "all")) or UNLIKE.get((sample, what)) or (VERSION, "")
    return how if since > VERSION else None
