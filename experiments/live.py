"""The tensors of a training step by name, for an observer; the same for every engine."""

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
