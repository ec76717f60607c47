"""What PyTorch says where a file holds more than tensors and plain containers.

Source: torch/serialization.py load, torch/_weights_only_unpickler.py.
"""

__all__ = ["NO_PICKLE", "refused"]

_UNSAFE = (
    "In PyTorch 2.6, we changed the default value of the `weights_only` argument in `torch.load` "
    "from `False` to `True`. Re-running `torch.load` with `weights_only` set to `False` will "
    "likely succeed, but it can result in arbitrary code execution. Do it only if you got the file "
    "from a trusted source."
)
_DOCS = (
    "\n\nCheck the documentation of torch.load to learn more about types accepted by default with "
    "weights_only https://pytorch.org/docs/stable/generated/torch.load.html."
)
NO_PICKLE = (
    f"Weights only load failed. {_UNSAFE}\nPlease file an issue with the following so that "
    "we can make `weights_only=True` compatible with your use case: WeightsUnpickler error: \n\n"
    "Unsupported operand {}" + _DOCS
)


def refused(module: str, name: str) -> str:
    """What PyTorch says of a name that a pickle may not have, with its two ways out.

    Source: torch/_weights_only_unpickler.py, Unpickler.load, and torch/serialization.py, load.
    """
    if module in ("sys", "os", "posix", "nt"):
        return (
            f"Weights only load failed. {_UNSAFE}\n\n\nTrying to load unsupported GLOBAL "
            f"{module}.{name} whose module {module} is blocked.{_DOCS}"
        )
    path = f"{module}.{name}".removeprefix("builtins.").removeprefix("__builtin__.")
    return (
        "Weights only load failed. This file can still be loaded, to do so you have two options, "
        "\033[1mdo those steps only if you trust the source of the checkpoint\033[0m. \n\t(1) "
        f"{_UNSAFE}\n\t(2) Alternatively, to load with `weights_only=True` please check the "
        "recommended steps in the following error message.\n\tWeightsUnpickler error: Unsupported "
        f"global: GLOBAL {path} was not an allowed global by default. Please use "
        f"`torch.serialization.add_safe_globals([{path}])` or the "
        f"`torch.serialization.safe_globals([{path}])` context manager to allowlist this global if "
        f"you trust this class/function.{_DOCS}"
    )
