"""New tensors: filled, counted, or made from Python and NumPy data."""

from minitorch_np.dtypes import dtype as Dtype
from minitorch_np.tensor import Tensor

__all__: list[str] = []
