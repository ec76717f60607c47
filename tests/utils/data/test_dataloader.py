"""Loading: PyTorch's batches in PyTorch's order from the same seed, and its refusals."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch_np
from tests.oracle import same

OPTIONS: dict[str, dict[str, Any]] = {
    "in order": {"batch_size": 4},
    "shuffled": {"batch_size": 4, "shuffle": True},
    "last dropped": {"batch_size": 4, "shuffle": True, "drop_last": True},
    "one by one": {},
    "no batches": {"batch_size": None},
    "own sampler": {"batch_size": 3, "sampler": [9, 1, 4, 4]},
    "own batches": {"batch_sampler": [[0, 1], [5, 3, 2]]},
    "from the end": {"batch_size": 2, "sampler": [-1, 3, -3, -2]},
    "numpy's numbers": {"batch_size": 2, "sampler": np.array([4, 0, 7])},
    "follow one another but once": {"batch_sampler": [[2, 4, 4, 5], [2, 3, 4, 5]]},
}


def dataset(torch: Any) -> Any:
    x = torch.arange(30.0).view(10, 3)
    return torch.utils.data.TensorDataset(x, torch.arange(10))


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize("kind", ["tensors", "subset", "concat", "plain"])
def test_batches(name: str, kind: str) -> None:
    def f(torch: Any) -> Any:
        data = torch.utils.data
        source = dataset(torch)
        if kind == "subset":
            source = data.Subset(source, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])
        elif kind == "concat":
            source = data.ConcatDataset([source, dataset(torch)])
        elif kind == "plain":
            source = [(i, float(i), {"a": np.float32(i), "b": [i, "x"]}) for i in range(10)]
        torch.manual_seed(3)
        loader = data.DataLoader(source, **OPTIONS[name])
        return len(loader), list(loader), list(loader), torch.rand(2)

    same(f)


@pytest.mark.parametrize("shuffle", [False, True])
def test_strides_of_batches(shuffle: bool) -> None:
    """Whatever the order of the memory that they are taken from."""

    def f(torch: Any) -> Any:
        x = torch.arange(360.0).view(6, 3, 4, 5)
        tensors = (
            x.contiguous(memory_format=torch.channels_last),
            torch.arange(360.0).view(4, 5, 6, 3).permute(2, 3, 0, 1),
            torch.arange(24.0).view(4, 6).t(),
            torch.arange(4.0).view(4, 1).expand(4, 6).t(),
            x[:, :, 0, 0],
        )
        data = torch.utils.data.TensorDataset(*tensors)
        torch.manual_seed(7)
        return list(torch.utils.data.DataLoader(data, 4, shuffle=shuffle))

    same(f)


@pytest.mark.parametrize("options", [{}, {"drop_last": True}, {"batch_size": 5}])
def test_a_pass_that_is_left_early(options: dict[str, Any]) -> None:
    """The generator of the order is where PyTorch's is, after some batches and after all."""

    def f(torch: Any) -> Any:
        g = torch.Generator().manual_seed(11)
        loader = torch.utils.data.DataLoader(
            dataset(torch), **{"batch_size": 4, **options}, shuffle=True, generator=g
        )
        first = next(iter(loader))
        some = g.get_state()
        return first, some, list(loader), g.get_state(), torch.rand(1)

    same(f)


def test_own_generator() -> None:
    def f(torch: Any) -> Any:
        g = torch.Generator().manual_seed(5)
        loader = torch.utils.data.DataLoader(dataset(torch), 4, shuffle=True, generator=g)
        return list(loader), torch.rand(2, generator=g)

    same(f)


def test_a_batch_is_a_copy() -> None:
    def f(torch: Any) -> Any:
        source = dataset(torch)
        for x, _ in torch.utils.data.DataLoader(source, 4):
            x.zero_()
        return source.tensors

    same(f)


def test_collate_fn() -> None:
    def f(torch: Any) -> Any:
        def pairs(batch: Any) -> Any:
            return [y * 2 for _, y in batch]

        return list(torch.utils.data.DataLoader(dataset(torch), 4, collate_fn=pairs))

    same(f)


def test_a_stream() -> None:
    def f(torch: Any) -> Any:
        class Count(torch.utils.data.IterableDataset):
            def __iter__(self) -> Any:
                return iter(range(7))

        data = torch.utils.data
        return list(data.DataLoader(Count(), 3)), list(data.DataLoader(Count(), 3, drop_last=True))

    same(f)


def test_samplers() -> None:
    def f(torch: Any) -> Any:
        data = torch.utils.data
        torch.manual_seed(1)
        ten = range(10)
        return (
            list(data.RandomSampler(ten)),
            list(data.RandomSampler(ten, replacement=True, num_samples=70)),
            list(data.RandomSampler(ten, num_samples=25)),
            list(data.SubsetRandomSampler([3, 5, 7])),
            list(data.BatchSampler(data.SequentialSampler(ten), 4, False)),
            len(data.BatchSampler(data.SequentialSampler(ten), 4, True)),
        )

    same(f)


@pytest.mark.parametrize(
    "lengths", [[7, 3], [0.5, 0.3, 0.2], [0.99, 0.01], [1, 2], [0.5, 0.6], [-0.5, 1.5]]
)
def test_random_split(lengths: Any) -> None:
    def f(torch: Any) -> Any:
        torch.manual_seed(2)
        parts = torch.utils.data.random_split(range(10), lengths)
        return [list(p.indices) for p in parts], torch.rand(1)

    same(f)


REFUSED: dict[str, Callable[[Any], Any]] = {
    "batch size": lambda t: t.DataLoader(range(3), batch_size=0),
    "drop_last": lambda t: t.DataLoader(range(3), batch_size=None, drop_last=True),
    "sampler and shuffle": lambda t: t.DataLoader(range(3), sampler=[1], shuffle=True),
    "two batchings": lambda t: t.DataLoader(range(3), batch_size=2, batch_sampler=[[1]]),
    "workers": lambda t: t.DataLoader(range(3), num_workers=-1),
    "timeout": lambda t: t.DataLoader(range(3), timeout=-1),
    "prefetch": lambda t: t.DataLoader(range(3), prefetch_factor=2),
    "waiting": lambda t: list(t.DataLoader(range(3), timeout=1)),
    "persistent": lambda t: t.DataLoader(range(3), persistent_workers=True),
    "context": lambda t: t.DataLoader(range(3), multiprocessing_context="fork"),
    "a new size": lambda t: setattr(t.DataLoader(range(3)), "batch_size", 2),
    "a new sampler": lambda t: setattr(t.DataLoader(range(3)), "sampler", [1]),
    "strings in an array": lambda t: list(t.DataLoader([np.array(["a"])])),
    "no samples": lambda t: t.RandomSampler(range(0)),
    "replacement": lambda t: t.RandomSampler(range(2), replacement="no"),
    "ragged": lambda t: list(t.DataLoader([[1], [1, 2]], batch_size=2)),
    "collate": lambda t: list(t.DataLoader([object()])),
    "abstract": lambda t: t.Dataset()[0],
    "nothing to join": lambda t: t.ConcatDataset([]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_as_pytorch_refuses(name: str) -> None:
    same(lambda torch: REFUSED[name](torch.utils.data))


def test_options_without_effect_here() -> None:
    def f(torch: Any) -> Any:
        torch.manual_seed(0)
        made = torch.Generator().manual_seed(4)
        loader = torch.utils.data.DataLoader(
            range(5), 2, True, None, None, 0, None, False, True, 0, None, None, made,
            prefetch_factor=None, persistent_workers=False, pin_memory_device="", in_order=False,
        )  # fmt: skip
        return list(loader), loader.timeout, loader.in_order, loader.pin_memory

    same(f)


def test_a_stream_longer_than_it_claimed_warns() -> None:
    def f(torch: Any) -> Any:
        class Liar(torch.utils.data.IterableDataset):  # type: ignore[misc]
            def __iter__(self) -> Any:
                return iter(range(4))

            def __len__(self) -> int:
                return 2

            def __repr__(self) -> str:
                return "Liar"

        loader = torch.utils.data.DataLoader(Liar())
        return list(loader), len(loader), list(loader)

    same(f)


def test_an_array_of_strings_is_left_alone() -> None:
    words = minitorch_np.utils.data.default_convert(np.array(["a"]))
    assert isinstance(words, np.ndarray)


def test_pinned_memory_is_ordinary_memory() -> None:
    loader = minitorch_np.utils.data.DataLoader([1, 2], pin_memory=True)
    with pytest.warns(UserWarning, match="'pin_memory' argument is set as true but no accelerator"):
        assert [batch.tolist() for batch in loader] == [[1], [2]]


def test_workers_are_refused_by_name() -> None:

    with pytest.raises(NotImplementedError, match="num_workers=2"):
        minitorch_np.utils.data.DataLoader([1, 2], num_workers=2)
