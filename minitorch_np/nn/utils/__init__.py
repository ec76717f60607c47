"""torch.nn.utils' namespace: gradients clipped, parameters as one vector, sequences padded."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.nn.utils import rnn
from minitorch_np.nn.utils.clip_grad import (
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from minitorch_np.nn.utils.convert_parameters import parameters_to_vector, vector_to_parameters

__all__ = [
    "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm",
    "parameters_to_vector", "rnn", "vector_to_parameters",
]  # fmt: skip


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
