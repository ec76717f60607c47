"""What the suites compare is the same work, and what they leave out they name."""

import dataclasses
import itertools
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from benchmarks import digits, everyday, layers, loading, machine, memory, overhead, peers, threads
from benchmarks.peers.by_hand import numpy_by_hand
from benchmarks.peers.torch_program import program
from benchmarks.step import MAKERS
from benchmarks.timing import OURS
from tests.oracle import assert_same

EVERYWHERE = (OURS, "PyTorch for-loop", "PyTorch foreach", "PyTorch fused", "NumPy by hand")


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_losses_are_equal(optimizer: str) -> None:
    what = peers.problem(8, optimizer, (12, 9, 7, 5))
    makers = {name: make for name, make in MAKERS.items() if name != "torch.compile"}
    steps, skipped, difference = peers.built(makers, what, judge="PyTorch for-loop")
    assert set(EVERYWHERE) <= set(steps)
    assert difference < 1e-5
    assert all("not installed" in why or "no " in why for why in skipped.values())


def test_another_computation_is_left_out() -> None:
    def bolder(what: peers.Problem) -> peers.Step:
        return numpy_by_hand(dataclasses.replace(what, images=what.images * np.float32(1.1)))

    def broken(what: peers.Problem) -> peers.Step:
        raise RuntimeError("no luck\nat all")

    what = peers.problem(8, "SGD", (12, 9, 5))
    makers = {OURS: partial(program, "minitorch_np"), "bolder": bolder, "broken": broken}
    steps, skipped, _ = peers.built(makers, what, judge=OURS)
    assert set(steps) == {OURS}
    assert skipped["broken"] == "RuntimeError: no luck"
    assert "its losses differ by" in skipped["bolder"]
    with pytest.raises(RuntimeError, match="no luck"):
        peers.built({OURS: broken}, what, judge=OURS)


def test_a_candidate_left_out_is_not_even_made(monkeypatch: Any) -> None:
    def never(what: Any) -> Any:
        raise AssertionError(what)

    monkeypatch.setattr(machine, "LEFT_OUT", {"slow to make"})
    makers = {OURS: partial(program, "minitorch_np"), "slow to make": never}
    steps, skipped, _ = peers.built(makers, peers.problem(2, "SGD", (3, 2)), judge=OURS)
    assert list(steps) == [OURS] and skipped == {"slow to make": "left out"}


def test_what_is_not_installed_is_named() -> None:
    def absent(what: peers.Problem) -> peers.Step:
        return peers.library("no_such_library").step

    makers = {OURS: partial(program, "minitorch_np"), "absent": absent}
    _, skipped, _ = peers.built(makers, peers.problem(2, "SGD", (3, 2)), judge=OURS)
    assert skipped == {"absent": "no_such_library is not installed, or left out"}


def test_flop_counts_products() -> None:
    # forward 2 * 10 * (3*4 + 4*2), weights' gradients as many, the inputs' of the second layer
    assert peers.problem(10, "SGD", (3, 4, 2)).flop == 2 * 10 * (20 + 20 + 8)


@pytest.fixture
def few(monkeypatch: Any) -> digits.Digits:
    """A few made-up images, and passes over as few."""
    monkeypatch.setattr(loading, "SAMPLES", 40)
    monkeypatch.setattr(loading, "BATCH", 16)
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (50, 28, 28), np.uint8), random.integers(0, 10, 50)
    return digits.Digits("made up", images, labels, images[:9], labels[:9])


@pytest.mark.parametrize("pixels", [True, False])
def test_loaders_give_the_same_bits(few: digits.Digits, pixels: bool) -> None:
    found, skipped = loading.loaders(pixels, few)
    assert list(found) == [OURS, "PyTorch", "torchvision"] and not skipped
    loading.check(found)
    first = next(iter(found[OURS][1]))
    assert first[0].shape == (16, 1, 28, 28)
    other = few._replace(train_images=few.train_images ^ np.uint8(1))
    found[OURS] = loading.loaders(pixels, other)[0][OURS]
    with pytest.raises(ValueError, match="batches differ"):
        loading.check(found)


def test_torch_peak_counts_gradients_once() -> None:
    what = peers.problem(4, "SGD", (100, 300, 10))
    weights = 4 * (100 * 300 + 300 + 300 * 10 + 10)
    activations = 4 * 4 * 300  # the hidden layer's
    assert memory.held(what) == 3 * weights + 4 * 4 * 100 + 8 * 10 * 4
    assert activations < memory.torch_peak(what) - memory.held(what) < weights


def test_our_peak_leaves_out_what_others_hold(monkeypatch: Any) -> None:
    what = peers.problem(4, "SGD", (100, 300, 10))
    counts = {"allocated_bytes.all.current": 5000, "allocated_bytes.all.peak": 99_999}

    def reset() -> None:
        counts["allocated_bytes.all.peak"] = 7000

    monkeypatch.setattr(minitorch_np, "memory_stats", lambda: counts, raising=False)
    monkeypatch.setattr(minitorch_np, "reset_peak_memory_stats", reset, raising=False)
    assert memory.our_peak(what) == 2000 + memory.held(what)
    [row, *_] = memory.rows(0.0)
    assert set(row.times) == {OURS, "PyTorch"}
    assert row.unit == "B" and row.targets == {"PyTorch": 1.0}


def test_overhead_rows() -> None:
    engines = list(overhead.candidates())
    row = overhead.row(engines, "add, with graph", overhead.FORWARD["add"], True, 0.0)
    assert set(row.times) == {OURS, "PyTorch"}
    assert row.targets == {"PyTorch": 1.0}


@pytest.mark.parametrize(
    "case", sorted(set(everyday.CASES) - {"rand", "randn", "dropout", "numpy"})
)
def test_everyday_cases_do_the_same(case: str) -> None:
    mine, theirs = everyday.given(minitorch_np), everyday.given(torch)
    f = everyday.CASES[case]
    assert_same(f(minitorch_np, mine), f(torch, theirs), exact=False)
    assert_same(mine.b, theirs.b)  # some write to it


def test_everyday_rows() -> None:
    row = next(everyday.rows(0.0))
    assert row.case == next(iter(everyday.CASES))
    assert set(row.times) == {OURS, "PyTorch"}
    assert not row.targets


@pytest.mark.parametrize("case", list(layers.CASES))
def test_layers_do_the_same(case: str) -> None:
    wide = 1e-4, 3e-4  # attention's sums are of hundreds, and images are steep between points
    results: list[Any] = []
    for library in (minitorch_np, torch):
        library.manual_seed(0)
        f, tensors = layers.CASES[case](library)
        library.manual_seed(0)
        results.append(layers.first(f(*tensors)).detach())
    assert_same(*results, tol=wide)


def test_layers_rows() -> None:
    one, both = itertools.islice(layers.rows(0.0), 2)
    assert both.case == f"{one.case}, forward and backward"
    assert set(one.times) == set(both.times) == {OURS, "PyTorch"}
    assert not one.targets


def test_layers_go_back_to_inputs_and_parameters() -> None:
    layer, (x,) = layers.CASES["conv2d 1x1"](torch)
    call = layers.both_ways(torch, lambda _: (layer, (x,)))
    assert call is not None
    call()
    assert x.grad is not None and all(p.grad is not None for p in layer.parameters())


def test_another_checkout_takes_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEFORE", str(Path(__file__).parents[2]))
    (_, ours), _, (name, load) = overhead.candidates()
    assert name == "before"
    assert load() is not ours()
    assert (load().ones(2) + 1).tolist() == [2, 2]
    assert load().ones(2).__class__ is not ours().ones(2).__class__
    monkeypatch.setenv("BEFORE", "/")
    with pytest.raises(ImportError, match="holds no minitorch_np"):
        list(overhead.candidates())


def test_digits_without_data(monkeypatch: Any, tmp_path: Any) -> None:
    monkeypatch.setenv("MINITORCH_DATA", str(tmp_path))
    found = digits.digits()
    assert found.name == "made-up digits"
    assert found.train_images.shape == (60_000, 28, 28)
    assert found.test_images.shape == (10_000, 28, 28)
    assert set(found.test_labels.tolist()) == set(range(10))


def test_every_family_is_timed_on_one_thread_and_on_two(monkeypatch: Any) -> None:
    monkeypatch.setattr(threads, "LEAST", 1)
    before = minitorch_np.get_num_threads()
    found = list(threads.rows(0.0))
    assert [row.case for row in found] == list(threads.CASES)
    assert all({*row.times} == {OURS, threads.ONE} == {OURS, *row.targets} for row in found)
    assert minitorch_np.get_num_threads() == before
