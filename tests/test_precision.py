"""The precision of float32 products: what is told is kept, and changes no product."""

import subprocess
import sys
from typing import Any

import pytest

import minitorch_np
from tests.oracle import same, sample


@pytest.mark.parametrize("told", ["highest", "high", "medium", "low", 3, None])
def test_what_is_told_is_kept(told: Any) -> None:
    def f(torch: Any) -> Any:
        torch.set_float32_matmul_precision("highest")
        try:
            torch.set_float32_matmul_precision(told)
        finally:
            found = torch.get_float32_matmul_precision()
            torch.set_float32_matmul_precision("highest")
        return found, torch.get_float32_matmul_precision()

    same(f)


def test_products_keep_their_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minitorch_np.precision, "_precision", "highest")
    x = minitorch_np.tensor(sample(200, 200).detach().tolist())
    whole = x @ x
    minitorch_np.set_float32_matmul_precision("medium")
    assert (x @ x).equal(whole)


@pytest.mark.parametrize("value", [True, False, 1, "x", None])
def test_tf32_is_the_same_setting(value: Any) -> None:
    def f(torch: Any) -> Any:
        matmul = torch.backends.cuda.matmul
        torch.set_float32_matmul_precision("highest")
        before = matmul.allow_tf32
        try:
            matmul.allow_tf32 = value
            found = torch.get_float32_matmul_precision(), matmul.allow_tf32
            torch.set_float32_matmul_precision("medium")
            return before, found, matmul.allow_tf32
        finally:
            torch.set_float32_matmul_precision("highest")

    same(f)


def test_an_unknown_setting() -> None:
    same(lambda torch: torch.backends.cuda.matmul.nonsense)


@pytest.mark.parametrize("flag", ["enabled", "benchmark", "deterministic", "allow_tf32"])
@pytest.mark.parametrize("value", [True, False, 1, None])
def test_flags_of_cudnn(flag: str, value: Any) -> None:
    def f(torch: Any) -> Any:
        cudnn = torch.backends.cudnn
        before = getattr(cudnn, flag)  # other tests change PyTorch's
        try:
            setattr(cudnn, flag, value)
            return getattr(cudnn, flag)
        finally:
            setattr(cudnn, flag, before)

    same(f)


def test_there_is_neither_cuda_nor_metal() -> None:
    same(lambda torch: (torch.backends.mps.is_available(), torch.backends.mps.is_built()))
    assert not minitorch_np.backends.cuda.is_built()
    assert not minitorch_np.backends.cudnn.is_available()
    assert minitorch_np.backends.cudnn.version() is None


def test_flags_as_they_are_at_first() -> None:
    program = """
import {0}
flags = {0}.backends.cudnn
print(flags.enabled, flags.benchmark, flags.deterministic, flags.allow_tf32)
print({0}.get_float32_matmul_precision(), {0}.backends.cuda.matmul.allow_tf32)
"""
    ours, theirs = (
        subprocess.run(
            [sys.executable, "-c", program.format(name)], capture_output=True, text=True, check=True
        ).stdout
        for name in ("minitorch_np", "torch")
    )
    assert ours == theirs != ""
