"""The torch-like libraries that the harness must follow alike."""

import minitorch_np
import torch

LIBRARIES = [torch, minitorch_np] if hasattr(minitorch_np, "nn") else [torch]
