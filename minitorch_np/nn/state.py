"""The state dict: what a module's tensors are called, and how they are saved and loaded.

Source: torch/nn/modules/module.py.
"""

import warnings
from collections import OrderedDict
from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple, cast

from minitorch_np import dtypes, notes
from minitorch_np.flight import depth
from minitorch_np.graph.handle import RemovableHandle, registered
from minitorch_np.graph.modes import no_grad
from minitorch_np.nn.conversion import Conversion
from minitorch_np.nn.hooks import Hook, Hooks
from minitorch_np.nn.parameter import Parameter
from minitorch_np.ops.copy import copy_
from minitorch_np.ops.from_data import from_numpy
from minitorch_np.shapes import noted
from minitorch_np.tensor import Tensor

__all__ = ["IncompatibleKeys", "StateDict", "Stateful", "from_foreign"]

StateDict = MutableMapping[str, Any]
_EXTRA = "_extra_state"


class IncompatibleKeys(NamedTuple):
    """The names that a loaded state dict lacked, and those that meant nothing to the module."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return (
            f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, "
            f"unexpected_keys={self.unexpected_keys!r})"
        )


def from_foreign(value: object) -> Tensor | None:
    """A tensor of ours over the same memory as one of PyTorch's; None for anything else.

    bfloat16 crosses as a float32 copy, for NumPy has no bfloat16 to share.
    """
    if isinstance(value, Tensor):
        return value
    if not hasattr(value, "__torch_function__"):
        return None
    foreign = cast(Any, value).detach()
    if str(foreign.dtype) == "torch.bfloat16":
        return from_numpy(foreign.float().numpy()).to(dtypes.bfloat16)
    return from_numpy(foreign.numpy())


def _copy_error(name: str, mine: Tensor, given: Tensor, error: Exception) -> str:
    return (
        f'While copying the parameter named "{name}", whose dimensions in the model are '
        f"{mine.size()} and whose dimensions in the checkpoint are {given.size()}, an exception "
        f"occurred : {error.args}."
    )


class Stateful(Conversion):
    """A registry with a state dict. `Module` is what one derives from."""

    _version: int = 1
    """Saved with the state; a subclass that renames what it holds counts it up."""

    _state_dict_hooks: Hooks
    _state_dict_pre_hooks: Hooks
    _load_state_dict_pre_hooks: Hooks
    _load_state_dict_post_hooks: Hooks

    def get_extra_state(self) -> object:
        """What a subclass wants saved beside its tensors; override it with `set_extra_state`."""
        raise RuntimeError(
            "Reached a code path in Module.get_extra_state() that should never be called. Please "
            "file an issue at "
            "https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml to report this "
            "bug."
        )

    def set_extra_state(self, state: object) -> None:  # noqa: ARG002
        """Take back what `get_extra_state` returned."""
        raise RuntimeError(
            "Reached a code path in Module.set_extra_state() that should never be called. Please "
            "file an issue at "
            "https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml to report this "
            "bug."
        )

    def _overrides(self, name: str) -> bool:
        return getattr(type(self), name) is not getattr(Stateful, name)

    def _persistent(self) -> list[tuple[str, Tensor]]:
        """(name, tensor) of this module's own entries in the state dict."""
        entries: list[tuple[str, Tensor | None]] = [*self._parameters.items()]
        entries += [
            (k, v) for k, v in self._buffers.items() if k not in self._non_persistent_buffers_set
        ]
        return [(name, tensor) for name, tensor in entries if tensor is not None]

    def _save_to_state_dict(self, destination: StateDict, prefix: str, keep_vars: bool) -> None:
        for name, tensor in self._persistent():
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if self._overrides("get_extra_state"):
            destination[f"{prefix}{_EXTRA}"] = self.get_extra_state()

    def state_dict(
        self,
        *args: Any,  # noqa: ANN401
        destination: StateDict | None = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> dict[str, Any]:
        """Path -> parameter or persistent buffer, of this module and all below it.

        The tensors share memory with the module's and have no history, unless `keep_vars`.
        """
        if args:
            warnings.warn(
                "Positional args are being deprecated, use kwargs instead. Refer to "
                "https://pytorch.org/docs/main/generated/torch.nn.Module.html"
                "#torch.nn.Module.state_dict for details.",
                FutureWarning,
                stacklevel=depth(),
            )
            given = dict(zip(("destination", "prefix", "keep_vars"), args, strict=False))
            destination = given["destination"] if destination is None else destination
            prefix = prefix or given.get("prefix", "")
            keep_vars = keep_vars or given.get("keep_vars", False)
        if destination is None:
            destination = OrderedDict()
            cast(Any, destination)._metadata = OrderedDict()
        metadata: dict[str, object] = {"version": self._version}
        if hasattr(destination, "_metadata"):
            cast(Any, destination)._metadata[prefix[:-1]] = metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                inner = f"{prefix}{name}."
                module.state_dict(destination=destination, prefix=inner, keep_vars=keep_vars)
        return self._after_saving(destination, prefix, metadata)

    def _after_saving(
        self, destination: StateDict, prefix: str, metadata: dict[str, object]
    ) -> dict[str, Any]:
        for hook in self._state_dict_hooks.values():
            changed = hook(self, destination, prefix, metadata)
            if changed is None:
                continue
            if getattr(hook, "_from_public_api", False):
                raise RuntimeError("state_dict post-hook must return None")
            destination = changed
        return cast("dict[str, Any]", destination)

    def register_state_dict_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before this module's state is gathered."""
        return registered(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` afterwards; it may edit."""
        cast(Any, hook)._from_public_api = True
        return registered(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, ...)` before this module's tensors are loaded."""
        return registered(self._load_state_dict_pre_hooks, hook)

    def register_load_state_dict_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after loading; it may edit the keys' lists."""
        return registered(self._load_state_dict_post_hooks, hook)

    def _load_from_state_dict(
        self,
        state_dict: Mapping[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        lists = missing_keys, unexpected_keys, error_msgs
        for hook in self._load_state_dict_pre_hooks.values():
            hook(self, state_dict, prefix, local_metadata, strict, *lists)
        mine = self._persistent()
        assign = bool(local_metadata.get("assign_to_params_buffers", False))
        for name, tensor in mine:
            if prefix + name in state_dict:
                error = self._load(name, prefix, tensor, state_dict[prefix + name], assign)
                error_msgs += [error] if error else []
            elif strict:
                missing_keys.append(prefix + name)
        extra = f"{prefix}{_EXTRA}"
        if self._overrides("set_extra_state"):
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            names = {name for name, _ in mine}
            unexpected_keys += self._unknown(state_dict, prefix, extra, names)

    def _load(
        self, name: str, prefix: str, mine: Tensor, value: object, assign: bool
    ) -> str | None:
        """Copy one value in, or put it in its place; what went wrong, if something did."""
        key = prefix + name
        given = from_foreign(value)
        if given is None:
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
                f"object from checkpoint but received {type(value)}"
            )
        if not mine.sizes and given.sizes == (1,):
            given = given.detach().reshape(())  # as versions of torch before 0.4 saved them
        if given.sizes != mine.sizes:
            return (
                f"size mismatch for {key}: copying a param with shape {given.shape} from "
                f"checkpoint, the shape in current model is {mine.shape}."
            )
        try:
            with no_grad():
                if not assign:
                    copy_(mine, given)
                    return None
                if isinstance(mine, Parameter):
                    if not isinstance(given, Parameter):
                        given = Parameter(given, requires_grad=mine.requires_grad)
                    given.requires_grad_(mine.requires_grad)
                setattr(self, name, given)
        except Exception as error:  # noqa: BLE001  # reported with the other keys' errors
            return _copy_error(key, mine, given, error)
        return None

    def _unknown(
        self, state_dict: Mapping[str, Any], prefix: str, extra: str, names: set[str]
    ) -> list[str]:
        """The keys below `prefix` that are neither this module's nor a submodule's."""
        found: list[str] = []
        for key in state_dict:
            if not key.startswith(prefix) or key == extra:
                continue
            name, dot, _ = key[len(prefix) :].partition(".")
            if name not in (self._modules if dot else names):
                found.append(key)
        return found

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy the tensors of a state dict in, ours or PyTorch's; which keys did not match.

        With `assign` the tensors themselves take the places of this module's.
        Raises: RuntimeError for shapes that differ and, if `strict`, for missing and unknown keys.
        """
        if not isinstance(state_dict, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata: Mapping[str, dict[str, Any]] | None = getattr(state_dict, "_metadata", None)
        own: OrderedDict[str, Any] = OrderedDict(state_dict)
        if metadata is not None:
            cast(Any, own)._metadata = metadata
        keys = IncompatibleKeys([], [])
        errors: list[str] = []
        self._load_all(own, "", metadata, assign, keys, errors)
        if strict:
            for kind, names in (
                ("Missing", keys.missing_keys),
                ("Unexpected", keys.unexpected_keys),
            ):
                if names:
                    listed = ", ".join(f'"{name}"' for name in names)
                    at = 1 if kind == "Unexpected" and keys.missing_keys else 0
                    errors.insert(at, f"{kind} key(s) in state_dict: {listed}. ")
        if errors:
            listed = "\n\t".join(errors)
            text = f"Error(s) in loading state_dict for {self._get_name()}:\n\t{listed}"
            note = notes.keys(keys.missing_keys, keys.unexpected_keys) if strict else None
            raise noted(RuntimeError(text), note)
        return keys

    def _load_all(
        self,
        state_dict: Mapping[str, Any],
        prefix: str,
        metadata: Mapping[str, dict[str, Any]] | None,
        assign: bool,
        keys: IncompatibleKeys,
        errors: list[str],
    ) -> None:
        local: dict[str, Any] = {} if metadata is None else metadata.get(prefix[:-1], {})
        if assign:
            local["assign_to_params_buffers"] = assign
        self._load_from_state_dict(
            state_dict, prefix, local, True, keys.missing_keys, keys.unexpected_keys, errors
        )
        for name, child in self._modules.items():
            if child is not None:
                inner = f"{prefix}{name}."
                below = {k: v for k, v in state_dict.items() if k.startswith(inner)}
                child._load_all(below, inner, metadata, assign, keys, errors)
        for hook in self._load_state_dict_post_hooks.values():
            if hook(self, keys) is not None:
                raise AssertionError(
                    "Hooks registered with ``register_load_state_dict_post_hook`` are not expected "
                    "to return new values, if incompatible_keys need to be modified, it should be "
                    "done inplace."
                )
