"""Samples a second from a DataLoader, beside torchvision's way of loading the same images.

torchvision makes a picture of each sample, which ToTensor and Normalize turn into a tensor. Here a
dataset hands over a whole batch, either of pixels that it normalises or of images that were
normalised when it was made. All batches must be equal, bit for bit and in their order.

A turn is one pass that is not timed and two that are, as epochs follow each other: what others left
in the caches is not the loader's.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.digits import MEAN, STD, Digits, digits
from benchmarks.machine import settle
from benchmarks.peers import library
from benchmarks.timing import OURS, Row, take_turns

__all__ = ["rows"]

SAMPLES, BATCH = 10_000, 256
SHARE = 15
TARGETS = {"torchvision": 0.01, "PyTorch": 1.0}


def pixels_dataset(torch: Any, data: Digits) -> Any:
    """A dataset over the pixels that fetches and normalises a batch at once, in either library."""

    class Pixels(torch.utils.data.Dataset):
        def __init__(self) -> None:
            self.images = torch.from_numpy(data.train_images[:SAMPLES]).unsqueeze(1)
            self.labels = torch.from_numpy(data.train_labels[:SAMPLES])
            self.mean = torch.tensor([MEAN]).view(-1, 1, 1)
            self.std = torch.tensor([STD]).view(-1, 1, 1)

        def __len__(self) -> int:
            return len(self.labels)

        def __getitems__(self, indices: Sequence[int]) -> Any:
            rows = torch.tensor(indices)
            images = self.images.index_select(0, rows).float().div_(255)
            return images.sub_(self.mean).div_(self.std), self.labels.index_select(0, rows)

    return Pixels()


def tensor_dataset(torch: Any, data: Digits) -> Any:
    """A TensorDataset of images that were normalised all at once, in either library."""
    pixels = pixels_dataset(torch, data)
    return torch.utils.data.TensorDataset(*pixels.__getitems__(range(SAMPLES)))


def pictures_dataset(torch: Any, data: Digits) -> Any:
    """What torchvision.datasets.MNIST with ToTensor and Normalize is, over the images at hand."""
    transforms = library("torchvision.transforms")
    picture = library("PIL.Image")
    pixels, labels = data.train_images[:SAMPLES], data.train_labels[:SAMPLES]

    class Pictures(torch.utils.data.Dataset):
        def __init__(self) -> None:
            self.data, self.targets = torch.from_numpy(pixels), torch.from_numpy(labels)
            steps = [transforms.ToTensor(), transforms.Normalize((MEAN,), (STD,))]
            self.transform = transforms.Compose(steps)

        def __len__(self) -> int:
            return len(self.data)

        def __getitem__(self, index: int) -> Any:
            image, target = self.data[index], int(self.targets[index])
            return self.transform(picture.fromarray(image.numpy())), target

    return Pictures()


def loader(torch: Any, dataset: Any, whole: bool) -> Iterable[Any]:
    """Shuffled batches; `whole` says that the dataset returns a batch as it is to be."""
    options = {"collate_fn": lambda batch: batch} if whole else {}
    return torch.utils.data.DataLoader(dataset, BATCH, shuffle=True, **options)


def loaders(pixels: bool, data: Digits) -> tuple[dict[str, Any], dict[str, str]]:
    """By candidate: the library and its loader; and why others have none."""
    make = pixels_dataset if pixels else tensor_dataset
    ways = (
        (OURS, "minitorch_np", make, pixels),
        ("PyTorch", "torch", make, pixels),
        ("torchvision", "torch", pictures_dataset, False),
    )
    found: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    for name, module, dataset, whole in ways:
        try:
            torch = library(module)
            found[name] = torch, loader(torch, dataset(torch, data), whole)
        except ImportError as error:
            skipped[name] = str(error)
    return found, skipped


def check(found: dict[str, Any]) -> None:
    """Raise ValueError unless all candidates give the same batches from the same seed."""
    passes: list[list[Any]] = []
    for torch, batches in found.values():
        torch.manual_seed(1)
        passes.append(list(batches))
    for together in zip(*passes, strict=True):
        for same in zip(*together, strict=True):
            first, *others = (tensor.numpy() for tensor in same)
            if not all(np.array_equal(first, other) for other in others):
                raise ValueError("loading: the candidates' batches differ")


def rows(seconds: float) -> Iterator[Row]:
    """Both ways of holding the images; one call is one pass."""
    data = digits()
    for pixels in (True, False):
        found, skipped = loaders(pixels, data)
        check(found)
        settle()
        passes = {n: whole_pass(one) for n, (_, one) in found.items()}
        times = take_turns(passes, SHARE * seconds, kept=2)
        yield Row(
            "loading",
            f"{data.name}, {'pixels' if pixels else 'normalised before'}, batches of {BATCH}",
            times,
            targets={name: most for name, most in TARGETS.items() if name in times},
            facts={
                f"samples/s {name}": f"{SAMPLES / one.best:,.0f}" for name, one in times.items()
            },
            skipped=skipped,
        )


def whole_pass(batches: Iterable[object]) -> Callable[[], None]:
    """One pass over a loader."""

    def run() -> None:
        for _ in batches:
            pass

    return run
