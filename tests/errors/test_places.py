"""Warnings point at the line of the program that calls, however deep the engine was."""

import warnings

import pytest
import torch

import minitorch_np
from tests.errors.table import names

PROGRAMS = (
    "torch.ones(2, 1).cov()",
    "torch.cov(torch.ones(2, 1))",
    "torch.corrcoef(torch.ones(2, 1))",
    "torch.cross(torch.ones(2, 3), torch.ones(2, 3))",
    "torch.ones(2, 3).cross(torch.ones(2, 3))",
    "s.adjoint()",
    "s.mH",
    "torch.ones(2, 3, 4).T",
    "torch.arange(4, out=torch.ones(2).long())",
    "torch.add(v, 1, out=torch.ones(2))",
    "torch.outer(v, v, out=torch.ones(3))",
    "torch.matmul(m, m.T, out=torch.ones(3))",
    "torch.max(m, m, out=torch.ones(3))",
    "torch.square(v, out=torch.ones(2))",
    "torch.vstack([v], out=torch.ones(2))",
    "F.conv1d(torch.ones(1, 1, 5), torch.ones(1, 1, 2), padding='same')",
    "F.rms_norm(m, (3,), v.double())",
    "torch.where(v.byte(), v, v)",
    "v.where(v.byte(), v)",
    "torch.bucketize(m.t(), v)",
    "torch.searchsorted(m.t(), torch.ones(3, 2))",
    "torch.ones(1).std()",
    "torch.std_mean(torch.ones(1))",
    "torch.meshgrid(v, v)",
    "torch.ones(1, 3).expand(2, 3).masked_fill_(b, 0)",
    "torch.ones(1, 3).expand(2, 3).index_fill_(0, torch.tensor([0]), 0)",
    "v[v.byte()]",
    "v.index_reduce(0, torch.tensor([0]), torch.ones(1), 'prod')",
    "v.scatter(0, torch.tensor([0]), torch.ones(1), reduce='add')",
    "torch.tensor(v)",
    "v.new_tensor(v)",
    "F.l1_loss(v, m)",
    "F.softmax(v)",
)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_callers_line(program: str) -> None:
    code = compile(program, "<program>", "exec")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(code, names(minitorch_np))
    assert {w.filename for w in caught} == {"<program>"}
    with warnings.catch_warnings(record=True) as theirs:
        warnings.simplefilter("always")
        always = torch.is_warn_always_enabled()
        torch.set_warn_always(True)  # or C++ warns once in each process
        exec(code, names(torch))
        torch.set_warn_always(always)
    assert [w.category for w in caught] == [w.category for w in theirs]
