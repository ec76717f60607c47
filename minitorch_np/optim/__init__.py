"""torch.optim's namespace: optimizers, and schedules of their learning rates."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.optim import lr_scheduler
from minitorch_np.optim.adadelta import Adadelta
from minitorch_np.optim.adafactor import Adafactor
from minitorch_np.optim.adagrad import Adagrad
from minitorch_np.optim.adam import Adam, AdamW
from minitorch_np.optim.adamax import Adamax
from minitorch_np.optim.asgd import ASGD
from minitorch_np.optim.lbfgs import LBFGS
from minitorch_np.optim.muon import Muon
from minitorch_np.optim.nadam import NAdam
from minitorch_np.optim.optimizer import Optimizer
from minitorch_np.optim.radam import RAdam
from minitorch_np.optim.rmsprop import RMSprop
from minitorch_np.optim.rprop import Rprop
from minitorch_np.optim.sgd import SGD

__all__ = [
    "ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "Muon", "NAdam",
    "Optimizer", "RAdam", "RMSprop", "Rprop", "SGD", "lr_scheduler",
]  # fmt: skip


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
