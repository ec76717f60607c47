"""torch.utils' namespace, as far as it goes here: data loading."""

from minitorch_np.utils import data

__all__ = ["data"]
