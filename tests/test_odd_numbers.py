"""Numbers that no formula is made for, nan and infinity above all, sizes that do not fit, and
NumPy's numbers: each call gives what PyTorch gives, or is refused in its words.
"""

import math
import warnings

import numpy as np
import pytest
import torch

import minitorch_np
from minitorch_np.missing import unpacked_value

CALLS = [
    "T.allclose(T.ones(2),T.ones(2),rtol=nan)",
    "T.allclose(T.ones(2),T.ones(2),atol=nan)",
    "T.isclose(T.ones(2),T.ones(2),rtol=nan)",
    "T.isclose(T.ones(2),T.ones(2),atol=nan)",
    "F.cosine_similarity(T.ones(2,2),T.ones(2,2),eps=nan)",
    "F.huber_loss(T.ones(2),T.ones(2),delta=nan)",
    "F.smooth_l1_loss(T.ones(2),T.ones(2),beta=nan)",
    "T.arange(4.).var(correction=nan)",
    "T.arange(4.).std(correction=nan)",
    "T.arange(4.).var(correction=inf)",
    "T.arange(4.).var(correction=1.5)",
    "T.linalg.vector_norm(T.arange(4.),nan)",
    "F.normalize(T.ones(2,2),p=nan)",
    "F.multi_margin_loss(T.ones(2,3),T.tensor([0,1]),margin=nan)",
    "F.interpolate(T.ones(1,1,4),scale_factor=nan)",
    "F.interpolate(T.ones(1,1,4),scale_factor=inf)",
    "F.interpolate(T.ones(1,1,4),scale_factor=-1.)",
    "T.diff(T.ones(3),0,7)",
    "T.ones(0,3).roll(1,7)",
    "T.ones(3).repeat_interleave(T.tensor([1,2,3]),output_size=7)",
    "T.ones(3).repeat_interleave(T.tensor([1,2,3]),output_size=-1)",
    "T.ones(3).repeat_interleave(2,output_size=7)",
    "T.ones(3).repeat_interleave(T.tensor([1,2,3]),output_size=6)",
    "T.repeat_interleave(T.tensor([1,2,3]),output_size=7)",
    "T.dropout(T.ones(3),nan,True)",
    "F.dropout(T.ones(3),nan)",
    "T.nn.Dropout(nan)",
    "T.bernoulli(T.ones(3),nan)",
    "T.zeros(3).bernoulli_(nan)",
    "T.zeros(3).uniform_(0,nan)",
    "T.zeros(3).normal_(0,nan)",
    "T.zeros(3).exponential_(nan)",
    "T.zeros(3).geometric_(nan)",
    "F.gumbel_softmax(T.ones(3),tau=nan)",
    "T.quantile(T.ones(3),nan)",
    "F.elu(T.ones(3),nan)",
    "F.threshold(T.ones(3),nan,1.)",
    "T.clamp(T.ones(3),nan,1.)",
    "F.hardtanh(T.ones(3),nan,1.)",
    "F.rrelu(T.ones(3),nan,1.,True)",
    "F.celu(T.ones(3),0.)",
    "F.celu(T.ones(3),nan)",
    "T.cdist(T.ones(2,2),T.ones(2,2),p=nan)",
    "T.cdist(T.ones(2,2),T.ones(2,2),p=-1.)",
    "T.pdist(T.ones(2,2),p=nan)",
    "T.renorm(T.ones(2,2),nan,0,1.)",
    "T.histc(T.ones(3),3,nan,1.)",
    "T.arange(0,nan)",
    "T.arange(inf)",
    "T.linspace(0,nan,3)",
    "T.full((2,),nan,dtype=T.int64)",
]

NUMPYS = [
    "T.nn.Linear(i8(3),i8(2))(T.ones(1,3)).shape",
    "T.nn.Conv2d(i8(1),i8(2),i8(3))(T.ones(1,1,5,5)).shape",
    "T.nn.Conv2d(1,2,(i8(3),i8(2)),stride=i8(2),padding=i8(1),dilation=i8(1),groups=i8(1))(T.ones(1,1,5,5)).shape",
    "T.nn.Conv2d(1,2,T.tensor(3))(T.ones(1,1,5,5)).shape",
    "T.nn.ConvTranspose2d(i8(1),i8(2),i8(3),output_padding=i8(0))(T.ones(1,1,5,5)).shape",
    "T.nn.MaxPool2d(i8(2),i8(1))(T.ones(1,1,4,4)).shape",
    "T.nn.AvgPool2d(i8(2))(T.ones(1,1,4,4)).shape",
    "T.nn.AdaptiveAvgPool2d(i8(2))(T.ones(1,1,4,4)).shape",
    "T.nn.AdaptiveAvgPool2d((i8(2),None))(T.ones(1,1,4,4)).shape",
    "T.nn.AdaptiveMaxPool2d(i8(2))(T.ones(1,1,4,4)).shape",
    "T.nn.LPPool2d(2,i8(2))(T.ones(1,1,4,4)).shape",
    "T.nn.Embedding(i8(4),i8(3),padding_idx=i8(1))(T.tensor([1,2])).shape",
    "T.nn.EmbeddingBag(i8(4),i8(3))(T.tensor([[1,2]])).shape",
    "T.nn.LayerNorm(i8(3))(T.ones(2,3)).shape",
    "T.nn.LayerNorm([i8(3)])(T.ones(2,3)).shape",
    "T.nn.RMSNorm(i8(3))(T.ones(2,3)).shape",
    "T.nn.GroupNorm(i8(1),i8(3))(T.ones(2,3)).shape",
    "T.nn.BatchNorm1d(3,momentum=None)(T.ones(2,3)).shape",
    "T.nn.InstanceNorm1d(i8(3))(T.ones(2,3,2)).shape",
    "T.nn.LSTM(i8(3),i8(2),num_layers=i8(2))(T.ones(2,1,3))[0].shape",
    "T.nn.GRU(i8(3),i8(2))(T.ones(2,1,3))[0].shape",
    "T.nn.RNNCell(i8(3),i8(2))(T.ones(2,3)).shape",
    "T.nn.MultiheadAttention(i8(4),i8(2))(*[T.ones(2,1,4)]*3)[0].shape",
    "T.nn.TransformerEncoderLayer(i8(4),i8(2),i8(8))(T.ones(2,1,4)).shape",
    "T.nn.Bilinear(i8(2),i8(2),i8(2))(T.ones(1,2),T.ones(1,2)).shape",
    "T.nn.Flatten(i8(1))(T.ones(2,2,2)).shape",
    "T.nn.Unflatten(i8(1),(i8(2),2))(T.ones(2,4)).shape",
    "T.nn.Unflatten(1,[i8(2),2])(T.ones(2,4)).shape",
    "T.nn.PixelShuffle(i8(2))(T.ones(1,4,2,2)).shape",
    "T.nn.Upsample(scale_factor=i8(2))(T.ones(1,1,2,2)).shape",
    "T.nn.Upsample(size=i8(4))(T.ones(1,1,2,2)).shape",
    "T.nn.Upsample(scale_factor=f4(2))(T.ones(1,1,2,2)).shape",
    "T.nn.ZeroPad2d(i8(1))(T.ones(1,1,2,2)).shape",
    "T.nn.ConstantPad1d(i8(1),f4(2))(T.ones(1,1,2))",
    "T.nn.ReflectionPad1d(i8(1))(T.ones(1,1,4))",
    "T.nn.Unfold(i8(2))(T.ones(1,1,4,4)).shape",
    "T.nn.Fold((i8(4),4),i8(2))(T.ones(1,4,9)).shape",
    "T.nn.Dropout(f4(.5))(T.ones(3)).shape",
    "T.nn.Softmax(i8(1))(T.ones(2,2)).shape",
    "T.nn.LeakyReLU(f4(.1))(T.ones(2)-2)",
    "T.nn.Threshold(f4(.1),f4(2))(T.ones(2)-2)",
    "T.nn.CrossEntropyLoss(label_smoothing=f4(.1))(T.ones(2,3),T.tensor([0,1]))",
    "T.nn.SmoothL1Loss(beta=f4(2))(T.ones(2),T.zeros(2))",
    "T.nn.TripletMarginLoss(f4(1))(T.ones(2,2),T.zeros(2,2),T.ones(2,2))",
    "T.nn.CosineSimilarity(i8(1))(T.ones(2,2),T.ones(2,2))",
    "T.nn.AlphaDropout(f4(.1))(T.ones(2)).shape",
    "T.nn.LocalResponseNorm(i8(2))(T.ones(1,4,2)).shape",
    "T.nn.GLU(i8(1))(T.ones(1,4)).shape",
    "T.nn.ParameterList([T.ones(2)])[i8(0)].shape",
    "T.nn.ModuleList([T.nn.ReLU()])[i8(0)]",
    "T.nn.Sequential(T.nn.ReLU(),T.nn.Tanh())[i8(1)]",
    "T.nn.ModuleList([T.nn.ReLU()])[T.tensor(0)]",
    "list(T.utils.data.DataLoader(list(range(5)),batch_size=i8(2)))",
    "list(T.utils.data.DataLoader(T.utils.data.TensorDataset(T.arange(5)),batch_size=i8(2)))",
    "T.utils.data.TensorDataset(T.arange(5))[i8(2)]",
    "T.utils.data.TensorDataset(T.arange(5))[T.tensor(2)]",
    "T.utils.data.TensorDataset(T.arange(5))[np.array([2,3])]",
    "T.utils.data.TensorDataset(T.arange(5))[[2,3]]",
    "T.utils.data.Subset(T.utils.data.TensorDataset(T.arange(5)),np.array([1,2]))[0]",
    "T.utils.data.Subset(T.utils.data.TensorDataset(T.arange(5)),T.tensor([1,2]))[0]",
    "list(T.utils.data.DataLoader(T.utils.data.Subset(T.utils.data.TensorDataset(T.arange(5)),np.array([1,2])),batch_size=2))",
    "[len(s) for s in T.utils.data.random_split(list(range(6)),[i8(2),i8(4)])]",
    "list(T.utils.data.BatchSampler(range(5),i8(2),False))",
    "list(T.utils.data.RandomSampler(range(5),num_samples=i8(3),replacement=True)).__len__()",
    'T.optim.SGD([T.ones(2,requires_grad=True)],lr=f4(.1)).defaults["lr"]',
    "T.optim.lr_scheduler.MultiStepLR(T.optim.SGD([T.ones(2,requires_grad=True)],lr=.1),[i8(2),i8(3)]).get_last_lr()",
    "T.optim.lr_scheduler.CosineAnnealingLR(T.optim.SGD([T.ones(2,requires_grad=True)],lr=.1),i8(2)).get_last_lr()",
    "T.nn.init.uniform_(T.ones(2),f4(0),f4(1)).shape",
    "T.nn.init.constant_(T.ones(2),f4(3))",
    "T.nn.init.constant_(T.ones(2),T.tensor(3.))",
    "T.nn.init.kaiming_uniform_(T.ones(2,2),a=f4(1)).shape",
    "T.nn.init.xavier_uniform_(T.ones(2,2),gain=f4(1)).shape",
    'T.nn.init.calculate_gain("leaky_relu",f4(.2))',
    'T.nn.init.calculate_gain("leaky_relu",i8(1))',
    "T.nn.utils.clip_grad_norm_([T.ones(2,requires_grad=True)],f4(1))",
    "T.manual_seed(i8(3)).initial_seed()",
    "T.manual_seed(np.uint64(3)).initial_seed()",
    "T.manual_seed(T.tensor(3)).initial_seed()",
    "T.Generator().manual_seed(i8(3)).initial_seed()",
    "T.full((i8(2),),f4(3))",
    "T.full((2,),i8(3))",
    "T.full((2,),np.bool_(True))",
    "T.full((2,),T.tensor(3))",
    "T.tensor(i8(3)).dtype",
    "T.tensor([i8(3),2]).dtype",
    "T.tensor([f4(3),2]).dtype",
    "T.tensor([np.array([1,2]),np.array([3,4])])",
    "T.tensor([T.tensor(1),T.tensor(2)])",
    "T.ones(2)*i8(3)",
    "T.ones(2)*f4(3)",
    "T.arange(3)*f4(3)",
    "i8(3)*T.ones(2)",
    "f4(3)*T.ones(2)",
    "T.ones(2)+np.array(3.)",
    "T.ones(2)+np.array([3.,2.])",
    "np.array([3.,2.])+T.ones(2)",
    "T.ones(2)**i8(2)",
    "T.arange(3)//i8(2)",
    "T.arange(3)%i8(2)",
    "T.arange(3)<<i8(1)",
    "T.arange(3)&i8(1)",
    "T.ones(2)==f4(1)",
    "T.where(T.ones(2)>0,f4(1),f4(2))",
    "T.clamp(T.ones(2),f4(0),f4(.5))",
    "T.ones(3)[i8(1)]",
    "T.ones(3)[np.array([0,1])]",
    "T.ones(3)[[i8(0),i8(1)]]",
    "T.ones(3)[np.array([True,False,True])]",
    "T.ones(3)[i8(0):i8(2)]",
    "T.ones(3,3)[i8(0),np.array([0,1])]",
    "T.ones(3)[np.array(1)]",
    "T.ones(3)[T.tensor(1,dtype=T.uint8)]",
    "T.arange(i8(3))",
    "T.arange(f4(3))",
    "T.linspace(f4(0),f4(1),i8(3))",
    "T.randperm(i8(3)).shape",
    "T.randint(i8(0),i8(3),(i8(2),)).shape",
    "T.eye(i8(2))",
    "T.cat([T.ones(2)],dim=i8(0))",
    "T.stack([T.ones(2)],dim=i8(0))",
    "T.ones(2,2).transpose(i8(0),i8(1)).shape",
    "T.ones(2,2).permute(i8(1),i8(0)).shape",
    "T.ones(2,2).view(i8(4)).shape",
    "T.ones(2,2).reshape([i8(4)]).shape",
    "T.ones(2,2).sum(i8(1))",
    "T.ones(2,2).mean((i8(0),i8(1)))",
    "T.ones(1,2).expand(i8(2),i8(2)).shape",
    "T.ones(2).repeat(i8(2)).shape",
    "T.ones(2).unsqueeze(i8(0)).shape",
    "T.ones(4).chunk(i8(2))[0].shape",
    "T.ones(4).topk(i8(2))[0]",
    "T.ones(4).narrow(i8(0),i8(1),i8(2)).shape",
    "T.ones(4).index_select(i8(0),T.tensor([1])).shape",
]


def outcome(library: object, call: str) -> str:
    """The result as text, or the error."""
    space = {"T": library, "F": library.nn.functional, "nan": math.nan, "inf": math.inf, "np": np}  # pyright: ignore[reportAttributeAccessIssue]
    space |= {"i8": np.int64, "f4": np.float32}
    library.manual_seed(0)  # pyright: ignore[reportAttributeAccessIssue]
    try:
        with warnings.catch_warnings(action="ignore"):
            return repr(eval(call, space))
    except Exception as error:  # noqa: BLE001  # whatever PyTorch raises
        return f"{type(error).__name__}: {error}".partition("\nException raised")[0]


@pytest.mark.parametrize("call", CALLS + NUMPYS)
def test_as_in_pytorch(call: str) -> None:
    assert outcome(minitorch_np, call) == outcome(torch, call)


def test_a_call_without_ints_in_it_is_tried_once() -> None:
    """What a method refuses is tried again with Python's ints, where that makes a difference."""
    inside = (minitorch_np.tensor(True), 6)
    assert unpacked_value(inside) is inside
    assert unpacked_value((minitorch_np.tensor(2), [np.int64(3)])) == (2, (3,))
    with pytest.raises(TypeError):
        minitorch_np.ones(2, 3).repeat(minitorch_np.tensor(True), 2)
