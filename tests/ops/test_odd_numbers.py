"""Numbers that no formula is made for, nan and infinity above all, and sizes that do not fit: each
call gives what PyTorch gives, or is refused in its words.
"""

import math
import warnings

import pytest
import torch

import minitorch_np

CALLS = [
    "T.allclose(T.ones(2),T.ones(2),rtol=nan)",
    "T.allclose(T.ones(2),T.ones(2),atol=nan)",
    "T.isclose(T.ones(2),T.ones(2),rtol=nan)",
    "T.isclose(T.ones(2),T.ones(2),atol=nan)",
    "F.cosine_similarity(T.ones(2,2),T.ones(2,2),eps=nan)",
    "F.huber_loss(T.ones(2),T.ones(2),delta=nan)",
    "F.smooth_l1_loss(T.ones(2),T.ones(2),beta=nan)",
    "T.arange(4.).var(correction=nan)",
    "T.arange(4.).std(correction=nan)",
    "T.arange(4.).var(correction=inf)",
    "T.arange(4.).var(correction=1.5)",
    "T.linalg.vector_norm(T.arange(4.),nan)",
    "F.normalize(T.ones(2,2),p=nan)",
    "F.multi_margin_loss(T.ones(2,3),T.tensor([0,1]),margin=nan)",
    "F.interpolate(T.ones(1,1,4),scale_factor=nan)",
    "F.interpolate(T.ones(1,1,4),scale_factor=inf)",
    "F.interpolate(T.ones(1,1,4),scale_factor=-1.)",
    "T.diff(T.ones(3),0,7)",
    "T.ones(0,3).roll(1,7)",
    "T.ones(3).repeat_interleave(T.tensor([1,2,3]),output_size=7)",
    "T.ones(3).repeat_interleave(T.tensor([1,2,3]),output_size=-1)",
    "T.ones(3).repeat_interleave(2,output_size=7)",
    "T.ones(3).repeat_interleave(T.tensor([1,2,3]),output_size=6)",
    "T.repeat_interleave(T.tensor([1,2,3]),output_size=7)",
    "T.dropout(T.ones(3),nan,True)",
    "F.dropout(T.ones(3),nan)",
    "T.nn.Dropout(nan)",
    "T.bernoulli(T.ones(3),nan)",
    "T.zeros(3).bernoulli_(nan)",
    "T.zeros(3).uniform_(0,nan)",
    "T.zeros(3).normal_(0,nan)",
    "T.zeros(3).exponential_(nan)",
    "T.zeros(3).geometric_(nan)",
    "F.gumbel_softmax(T.ones(3),tau=nan)",
    "T.quantile(T.ones(3),nan)",
    "F.elu(T.ones(3),nan)",
    "F.threshold(T.ones(3),nan,1.)",
    "T.clamp(T.ones(3),nan,1.)",
    "F.hardtanh(T.ones(3),nan,1.)",
    "F.rrelu(T.ones(3),nan,1.,True)",
    "F.celu(T.ones(3),0.)",
    "F.celu(T.ones(3),nan)",
    "T.cdist(T.ones(2,2),T.ones(2,2),p=nan)",
    "T.cdist(T.ones(2,2),T.ones(2,2),p=-1.)",
    "T.pdist(T.ones(2,2),p=nan)",
    "T.renorm(T.ones(2,2),nan,0,1.)",
    "T.histc(T.ones(3),3,nan,1.)",
    "T.arange(0,nan)",
    "T.arange(inf)",
    "T.linspace(0,nan,3)",
    "T.full((2,),nan,dtype=T.int64)",
]


def outcome(library: object, call: str) -> str:
    """The result as text, or the error."""
    space = {"T": library, "F": library.nn.functional, "nan": math.nan, "inf": math.inf}  # pyright: ignore[reportAttributeAccessIssue]
    library.manual_seed(0)  # pyright: ignore[reportAttributeAccessIssue]
    try:
        with warnings.catch_warnings(action="ignore"):
            return repr(eval(call, space))
    except Exception as error:  # noqa: BLE001  # whatever PyTorch raises
        return f"{type(error).__name__}: {error}".partition("\nException raised")[0]


@pytest.mark.parametrize("call", CALLS)
def test_as_in_pytorch(call: str) -> None:
    assert outcome(minitorch_np, call) == outcome(torch, call)
