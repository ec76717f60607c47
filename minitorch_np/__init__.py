"""PyTorch's eager core, readable, on NumPy: `import minitorch_np as torch`."""

from minitorch_np import autograd
from minitorch_np.dtypes import *
from minitorch_np.graph.modes import *
from minitorch_np.memory_format import *
from minitorch_np.ops.binary import *
from minitorch_np.ops.copy import *
from minitorch_np.ops.creation import *
from minitorch_np.ops.from_data import *
from minitorch_np.ops.addmm import *
from minitorch_np.ops.linalg import *
from minitorch_np.ops.products import *
from minitorch_np.ops.protocol import *
from minitorch_np.ops.ranges import *
from minitorch_np.ops.reduce import *
from minitorch_np.ops.sampling import *
from minitorch_np.ops.join import *
from minitorch_np.ops.rearrange import *
from minitorch_np.ops.slicing import *
from minitorch_np.ops.split import *
from minitorch_np.ops.triangle import *
from minitorch_np.ops.view import *
from minitorch_np.tensor import Tensor
import minitorch_np.graph.hooks
import minitorch_np.ops.operators
import minitorch_np.ops.restride
