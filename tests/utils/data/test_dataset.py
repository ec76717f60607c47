"""Datasets of datasets: side by side and one after the other, as PyTorch puts them together."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.oracle import same


def rows(torch: Any) -> Any:
    return torch.utils.data.TensorDataset(torch.arange(14.0).view(7, 2), torch.arange(7))


def stacked(torch: Any) -> dict[str, Any]:
    """Stacks of every kind, of seven samples each."""
    data = torch.utils.data
    subset = data.Subset(rows(torch), [6, 5, 4, 3, 2, 1, 0])
    return {
        "tuple": data.StackDataset(rows(torch), range(7)),
        "dict": data.StackDataset(x=rows(torch), name="abcdefg"),
        "several at once": data.StackDataset(subset, range(7), subset),
        "several at once by name": data.StackDataset(first=subset, second=range(7)),
        "one": data.StackDataset(range(7)),
        "nested": data.StackDataset(data.StackDataset(a=range(7)), data.StackDataset(subset)),
    }


STACKS = ["tuple", "dict", "several at once", "several at once by name", "one", "nested"]


@pytest.mark.parametrize("name", STACKS)
def test_stacks(name: str) -> None:
    def f(torch: Any) -> Any:
        stack = stacked(torch)[name]
        several = stack.__getitems__([2, 0, -1, 2])
        kinds = [type(stack[0]).__name__, type(several[0]).__name__, type(stack.datasets).__name__]
        assert type(several) is list
        return len(stack), stack[3], stack[-2], several, stack.__getitems__([]), kinds

    same(f)


@pytest.mark.parametrize("name", STACKS)
@pytest.mark.parametrize("options", [{"batch_size": 3, "shuffle": True}, {"batch_size": None}])
def test_stacks_through_a_loader(name: str, options: dict[str, Any]) -> None:
    def f(torch: Any) -> Any:
        torch.manual_seed(4)
        loader = torch.utils.data.DataLoader(stacked(torch)[name], **options)
        return len(loader), list(loader), list(loader), torch.rand(1)

    same(f)


def test_a_stack_asks_each_dataset_once_for_a_batch() -> None:
    def f(torch: Any) -> Any:
        asked: list[Any] = []

        class Noting:
            def __init__(self, name: str) -> None:
                self.name = name

            def __len__(self) -> int:
                return 3

            def __getitems__(self, indices: list[int]) -> list[int]:
                asked.append((self.name, list(indices)))
                return [10 * i for i in indices]

        stack = torch.utils.data.StackDataset(Noting("a"), range(3), Noting("b"))
        return list(torch.utils.data.DataLoader(stack, 2)), asked

    same(f)


def count(torch: Any, n: int, sized: bool = True) -> Any:
    """The stream 0, ..., n - 1."""

    class Count(torch.utils.data.IterableDataset):  # type: ignore[misc]
        def __iter__(self) -> Any:
            return iter(range(n))

        def __repr__(self) -> str:
            return "Count"

    if sized:
        Count.__len__ = lambda self: n  # type: ignore[attr-defined]
    return Count()


def test_chains() -> None:
    def f(torch: Any) -> Any:
        data = torch.utils.data
        chain = data.ChainDataset([count(torch, 3), count(torch, 0), count(torch, 4)])
        added = count(torch, 2) + count(torch, 3)
        more = added + count(torch, 1)
        kinds = [type(each).__name__ for each in (added, more)]
        assert isinstance(chain, data.IterableDataset)
        return list(chain), list(chain), len(chain), list(added), list(more), len(more), kinds

    same(f)


def test_a_chain_of_an_iterator_is_passed_once() -> None:
    def f(torch: Any) -> Any:
        streams = (count(torch, n) for n in (2, 1))
        chain = torch.utils.data.ChainDataset(streams)
        return list(chain), list(chain), len(chain)

    same(f)


@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize(
    "options", [{"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": None}]
)
def test_chains_through_a_loader(sized: bool, options: dict[str, Any]) -> None:
    def f(torch: Any) -> Any:
        data = torch.utils.data
        torch.manual_seed(4)
        chain = data.ChainDataset([count(torch, 4, sized), count(torch, 3, sized)])
        loader = data.DataLoader(chain, **options)
        batches = list(loader), list(loader)
        return batches, torch.rand(1), len(loader) if sized else None

    same(f)


def test_a_chain_gives_what_comes_before_the_wrong_one() -> None:
    def f(torch: Any) -> Any:
        seen = []
        chain = torch.utils.data.ChainDataset([count(torch, 2), [5]])
        with pytest.raises(AssertionError, match="only supports IterableDataset"):
            seen.extend(iter_into(chain, seen))
        return seen

    same(f)


def iter_into(stream: Any, seen: list[Any]) -> list[Any]:
    """Append the samples one by one, so that an error leaves those before it."""
    for sample in stream:
        seen.append(sample)  # noqa: PERF402
    return []


class Short:
    """Two samples, of which it gives one."""

    def __len__(self) -> int:
        return 2

    def __getitems__(self, indices: list[int]) -> list[int]:
        return [0]


REFUSED: dict[str, Callable[[Any], Any]] = {
    "nothing to stack": lambda t: t.utils.data.StackDataset(),
    "both kinds": lambda t: t.utils.data.StackDataset([1], a=[1]),
    "lengths": lambda t: t.utils.data.StackDataset([1, 2], [3]),
    "lengths by name": lambda t: t.utils.data.StackDataset(a=[1, 2], b=[3]),
    "no length": lambda t: t.utils.data.StackDataset(3),
    "a stream": lambda t: t.utils.data.StackDataset([1], t.utils.data.IterableDataset()),
    "past the end": lambda t: t.utils.data.StackDataset([1], [2])[1],
    "too few": lambda t: t.utils.data.StackDataset([1, 2], Short()).__getitems__([0, 1]),
    "too few by name": lambda t: t.utils.data.StackDataset(a=Short()).__getitems__([0, 1]),
    "one by one": lambda t: t.utils.data.StackDataset(Short())[0],
    "no streams": lambda t: list(t.utils.data.ChainDataset([[1], [2]])),
    "length of no streams": lambda t: len(t.utils.data.ChainDataset([[1]])),
    "length of streams without": lambda t: len(
        t.utils.data.ChainDataset([count(t, 1), count(t, 1, sized=False)])
    ),
    "a loader's length": lambda t: len(
        t.utils.data.DataLoader(t.utils.data.ChainDataset([count(t, 1, sized=False)]))
    ),
    "nothing to go through": lambda t: list(t.utils.data.ChainDataset(3)),
    "a sum with no stream": lambda t: list(count(t, 2) + [5]),
    "an item of a chain": lambda t: t.utils.data.ChainDataset([count(t, 2)])[0],
    "shuffled": lambda t: t.utils.data.DataLoader(
        t.utils.data.ChainDataset([count(t, 2)]), shuffle=True
    ),
    "not one after the other": lambda t: t.utils.data.ConcatDataset([count(t, 1)]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_as_pytorch_refuses(name: str) -> None:
    same(lambda torch: REFUSED[name](torch))
