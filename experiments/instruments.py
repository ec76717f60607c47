"""What the programs measure with: tensors of a step by name, and a look into hidden layers.

Only methods of the tensors and modules are called, so one text serves every engine.
"""

from collections.abc import Sequence
from typing import Any


def live(prefix: str, model: Any, optimizer: Any, **results: Any) -> dict[str, Any]:
    """Results, parameters and optimizer state, as "prefix.name"; the tensors themselves."""
    tensors = {f"{prefix}.{name}": tensor for name, tensor in results.items()}
    tensors.update(model.named_parameters(prefix))
    for index, state in optimizer.state_dict()["state"].items():
        for name, tensor in state.items():
            if tensor is not None:
                tensors[f"{prefix}.optimizer.{index}.{name}"] = tensor
    return tensors


def unseen(name: str, step: int, **tensors: Any) -> None:
    """An observer that looks away."""
    del name, step, tensors


def look(hidden: Sequence[Any]) -> dict[str, Any]:
    """Pre-activations (N, units) of each hidden layer, their and their gradients' mean squares,
    and the fraction of dead units: those to which no sample sends a gradient other than 0.
    """
    return {
        "hidden": [z.detach().cpu().numpy() for z in hidden],
        "variance": [z.pow(2).mean().item() for z in hidden],
        "gradient variance": [z.grad.pow(2).mean().item() for z in hidden],
        "dead": [z.grad.eq(0).all(0).float().mean().item() for z in hidden],
    }
