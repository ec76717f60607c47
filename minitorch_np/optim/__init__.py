"""torch.optim's namespace: optimizers, and schedules of their learning rates."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.optim import lr_scheduler
from minitorch_np.optim.adagrad import Adagrad
from minitorch_np.optim.adam import Adam, AdamW
from minitorch_np.optim.optimizer import Optimizer
from minitorch_np.optim.rmsprop import RMSprop
from minitorch_np.optim.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
