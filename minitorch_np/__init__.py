"""PyTorch's eager core, readable, on NumPy: `import minitorch_np as torch`."""

from typing import NoReturn

from minitorch_np import autograd, backends, cuda, linalg, return_types
from minitorch_np.absent import absent
from minitorch_np.dtypes import *
from minitorch_np.dtypes import bool_ as bool
from minitorch_np.dtypes import float_ as float
from minitorch_np.dtypes import int_ as int
from minitorch_np.graph.modes import *
from minitorch_np.kernels.threads import get_num_threads, set_num_threads
from minitorch_np.memory_format import *
from minitorch_np.ops.binary import *
from minitorch_np.ops.activation import *
from minitorch_np.ops.bitwise import *
from minitorch_np.ops.compare import *
from minitorch_np.ops.conditional import *
from minitorch_np.ops.power import *
from minitorch_np.ops.smooth import *
from minitorch_np.ops.special import *
from minitorch_np.ops.trig import *
from minitorch_np.ops.unary import *
from minitorch_np.ops.copy import *
from minitorch_np.ops.creation import *
from minitorch_np.ops.dlpack import *
from minitorch_np.ops.factory import layout, strided
from minitorch_np.ops.from_data import *
from minitorch_np.ops.addmm import *
from minitorch_np.ops.linalg import *
from minitorch_np.ops.products import *
from minitorch_np.ops.protocol import *
from minitorch_np.ops.ranges import *
from minitorch_np.ops.extremes import *
from minitorch_np.ops.matrix import *
from minitorch_np.ops.median import *
from minitorch_np.ops.norm import *
from minitorch_np.ops.reduce import *
from minitorch_np.ops.counting import *
from minitorch_np.ops.einsum import *
from minitorch_np.ops.scan import *
from minitorch_np.ops.softmax import *
from minitorch_np.ops.sort import *
from minitorch_np.ops.variance import *
from minitorch_np.ops.random_creation import *
from minitorch_np.ops.sampling import *
from minitorch_np.ops.join import *
from minitorch_np.ops.rearrange import *
from minitorch_np.ops.embedding import *
from minitorch_np.ops.index import *
from minitorch_np.ops.index_dim import *
from minitorch_np.ops.mask import *
from minitorch_np.ops.scatter import *
from minitorch_np.ops.permute import *
from minitorch_np.ops.slicing import *
from minitorch_np.ops.split import *
from minitorch_np.ops.triangle import *
from minitorch_np.ops.view import *
from minitorch_np.printing import get_printoptions, set_printoptions
from minitorch_np.random import Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from minitorch_np.shapes import Size
from minitorch_np.tensor import Tensor, device
import minitorch_np.graph.hooks
import minitorch_np.ops.operators
import minitorch_np.ops.restride
from minitorch_np import nn, optim, testing, utils
from minitorch_np.nn.parameter import typename
from minitorch_np.serialization import load, save
import minitorch_np.ops.subscript


def __getattr__(name: str) -> NoReturn:
    raise absent(__name__, name)
