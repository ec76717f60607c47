"""Storage: aligned memory, shared by views, wrapped where NumPy owns it."""

import itertools
import subprocess
import sys
import threading
import weakref
from typing import Any

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np.storage import ALIGNMENT, allocate, empty_cache, wrap_array
from tests.oracle import ours, same, sample


@pytest.mark.parametrize("nbytes", [0, 1, 63, 64, 65, 4096, 16384, 16385, 1_000_000])
def test_aligned_and_apart(nbytes: int) -> None:
    storages = [allocate(nbytes) for _ in range(70)]
    assert all(s.data_ptr() % ALIGNMENT == 0 and len(s) == nbytes for s in storages)
    starts = sorted(s.data_ptr() for s in storages)
    assert all(b - a >= nbytes for a, b in itertools.pairwise(starts))
    for i, s in enumerate(storages):
        s.bytes()[:] = i
    assert all(set(s.tolist()) <= {i} for i, s in enumerate(storages))


def test_threads_never_share_a_chunk() -> None:
    found: list[int] = []
    kept = []

    def take() -> None:
        mine = [allocate(64) for _ in range(2000)]
        kept.append(mine)
        found.extend(s.data_ptr() for s in mine)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == len(found) == 8000


@pytest.mark.parametrize("index", [np.s_[:], np.s_[1:, ::2], np.s_[:, 1], np.s_[0:0]])
def test_wraps_memory_it_does_not_own(index: object) -> None:
    array = np.arange(12, dtype=np.float32).reshape(3, 4)[index]  # type: ignore[index]
    storage = wrap_array(array)
    span = sum((n - 1) * s for n, s in zip(array.shape, array.strides, strict=True)) + 4
    assert storage.nbytes() == (span if array.size else 0)
    if array.size:
        assert storage.data_ptr() == array.__array_interface__["data"][0]
        storage.bytes()[:4] = 0
        assert array.flat[0] == 0


def test_public_face() -> None:
    def f(torch: object, x: torch.Tensor) -> object:
        s = x.view(-1)[1:].untyped_storage()
        first = s[0]
        s[0] = 7
        return s.nbytes(), s.size(), len(s), s.element_size(), first, s[0], s.tolist(), str(s)[-60:]

    same(f, sample(2, 2, dtype=torch.int16, grad=False))


@pytest.mark.parametrize("size", [0, 3, 8, 16, 30000, 1.5])
def test_resized(size: int) -> None:
    def f(torch: object, x: torch.Tensor) -> object:
        s = x.clone().untyped_storage()
        again = s.resize_(size)
        s.resize_(max(size, 8))
        return again is s, s.nbytes(), s.tolist()[: min(size, 8)], s.resizable()

    same(f, sample(2, 2, dtype=torch.int16, grad=False))


@pytest.mark.parametrize(("rows", "alignment"), [(5, 16), (700, ALIGNMENT)])
def test_results_are_aligned(rows: int, alignment: int) -> None:
    x = ours(sample(rows, 7))
    for t in (x + 1, x.mm(x[:7].t()), x.exp(), minitorch_np.zeros(rows, 7), x.sort().values):
        assert t.data_ptr() % alignment == 0


def test_bytes_are_copied_filled_and_sliced() -> None:
    def f(torch: Any) -> Any:
        x = torch.arange(3)
        storage = x.untyped_storage()
        copy = storage.clone()
        part = storage[8:16]
        part.fill_(1)
        storage[0] = 7
        other = copy[0:8].copy_(part)
        return x, copy.tolist(), part.tolist(), other.tolist(), len(part), storage[5:2].tolist()

    same(f)
    same(lambda torch: torch.arange(3).untyped_storage()[::2])
    for index in (-24, -25, 23, 24):
        same(lambda torch: torch.arange(3).untyped_storage()[index])


def test_large_memory_is_used_again() -> None:
    first = allocate(1 << 20)
    address = first.data_ptr()
    del first
    again = allocate((1 << 20) - 5)  # of the same number of pages
    assert again.data_ptr() == address and again.nbytes() == (1 << 20) - 5
    other = allocate(1 << 20)
    assert other.data_ptr() != address


def test_memory_that_numpy_holds_is_not_used_again() -> None:
    first = allocate(1 << 20)
    array = first.bytes()
    array.fill(7)
    del first
    allocate(1 << 20).bytes().fill(0)
    assert (array == 7).all()


def test_an_emptied_cache_gives_memory_back() -> None:
    empty_cache()  # what others left might fill it
    first = allocate(1 << 20)
    held = weakref.ref(first.buffer)
    del first
    assert held() is not None
    empty_cache()
    assert held() is None


def test_memory_outlives_the_modules() -> None:
    """What another module holds dies when Python has emptied ours already."""
    program = "import threading, minitorch_np as m; threading.kept = m.ones(10000), m.storage"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stderr == ""


def test_memory_is_counted() -> None:
    before = minitorch_np.memory_stats()
    first = minitorch_np.empty(1 << 20)
    view, copy = first[5:], first.clone()
    during = minitorch_np.memory_stats()
    grown = {name: during[name] - value for name, value in before.items()}
    assert grown["allocated_bytes.all.current"] == 2 * first.nbytes
    assert grown["allocated_bytes.all.allocated"] == 2 * first.nbytes
    assert grown["allocated_bytes.all.freed"] == 0
    assert during["allocated_bytes.all.peak"] >= during["allocated_bytes.all.current"]
    del first, copy
    after = minitorch_np.memory_stats()
    assert (
        after["allocated_bytes.all.freed"] - before["allocated_bytes.all.freed"] == view.nbytes + 20
    )
    assert after["reserved_bytes.all.current"] >= after["allocated_bytes.all.current"] + view.nbytes
    minitorch_np.reset_peak_memory_stats()
    minitorch_np.empty_cache()
    last = minitorch_np.memory_stats()
    assert last["allocated_bytes.all.peak"] == last["allocated_bytes.all.current"]
    assert last["reserved_bytes.all.current"] == last["allocated_bytes.all.current"]
