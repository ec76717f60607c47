"""torch.utils.data's namespace: datasets, samplers, and the loader that makes batches of them."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.utils.data.collate import default_collate, default_convert
from minitorch_np.utils.data.dataloader import DataLoader
from minitorch_np.utils.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from minitorch_np.utils.data.idx import read_idx
from minitorch_np.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

__all__ = [
    "BatchSampler",
    "ChainDataset",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "IterableDataset",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "StackDataset",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "default_collate",
    "default_convert",
    "random_split",
    "read_idx",
]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
