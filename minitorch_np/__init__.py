"""PyTorch's eager core, readable, on NumPy: `import minitorch_np as torch`."""

from minitorch_np import autograd
from minitorch_np.dtypes import *
from minitorch_np.graph.modes import *
from minitorch_np.ops.binary import *
from minitorch_np.ops.copy import *
from minitorch_np.ops.linalg import *
from minitorch_np.ops.reduce import *
from minitorch_np.ops.view import *
from minitorch_np.tensor import Tensor
import minitorch_np.graph.hooks
import minitorch_np.ops.operators
