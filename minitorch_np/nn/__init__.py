"""torch.nn's namespace: modules, parameters, and the functions and initial values beside them."""

from typing import NoReturn

from minitorch_np.absent import absent
from minitorch_np.nn import functional, init, parameter, utils
from minitorch_np.nn.activation import (
    CELU,
    ELU,
    GELU,
    GLU,
    SELU,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    Mish,
    PReLU,
    ReLU,
    ReLU6,
    RReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
    Threshold,
)
from minitorch_np.nn.adaptive import AdaptiveLogSoftmaxWithLoss
from minitorch_np.nn.containers import ModuleDict, ModuleList, Sequential
from minitorch_np.nn.distance import CosineSimilarity, PairwiseDistance
from minitorch_np.nn.dropout import (
    AlphaDropout,
    Dropout,
    Dropout1d,
    Dropout2d,
    Dropout3d,
    FeatureAlphaDropout,
)
from minitorch_np.nn.flatten import Flatten, Unflatten
from minitorch_np.nn.linear import Bilinear, Identity, Linear
from minitorch_np.nn.linear_loss_options import LinearCrossEntropyOptions
from minitorch_np.nn.loss import (
    BCELoss,
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from minitorch_np.nn.margin_loss import (
    CosineEmbeddingLoss,
    CTCLoss,
    GaussianNLLLoss,
    HingeEmbeddingLoss,
    LinearCrossEntropyLoss,
    MarginRankingLoss,
    MultiLabelMarginLoss,
    MultiLabelSoftMarginLoss,
    MultiMarginLoss,
    PoissonNLLLoss,
    SoftMarginLoss,
    TripletMarginLoss,
    TripletMarginWithDistanceLoss,
)
from minitorch_np.nn.module import Module
from minitorch_np.nn.parameter import Buffer, Parameter
from minitorch_np.nn.parameter_containers import ParameterDict, ParameterList

__all__ = [
    "AdaptiveLogSoftmaxWithLoss", "AlphaDropout", "BCELoss", "BCEWithLogitsLoss", "Bilinear",
    "Buffer", "CELU", "CTCLoss", "CosineEmbeddingLoss", "CosineSimilarity", "CrossEntropyLoss",
    "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "ELU", "FeatureAlphaDropout", "Flatten",
    "GELU", "GLU", "GaussianNLLLoss", "Hardtanh", "HingeEmbeddingLoss", "HuberLoss", "Identity",
    "KLDivLoss", "L1Loss", "LeakyReLU", "Linear", "LinearCrossEntropyLoss",
    "LinearCrossEntropyOptions", "LogSigmoid", "LogSoftmax", "MSELoss", "MarginRankingLoss",
    "Mish", "Module", "ModuleDict", "ModuleList", "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss", "MultiMarginLoss", "NLLLoss", "PReLU", "PairwiseDistance",
    "Parameter", "ParameterDict", "ParameterList", "PoissonNLLLoss", "RReLU", "ReLU", "ReLU6",
    "SELU", "Sequential", "SiLU", "Sigmoid", "SmoothL1Loss", "SoftMarginLoss", "Softmax",
    "Softplus", "Softsign", "Tanh", "Tanhshrink", "Threshold", "TripletMarginLoss",
    "TripletMarginWithDistanceLoss", "Unflatten", "functional", "init", "parameter", "utils",
]  # fmt: skip


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
