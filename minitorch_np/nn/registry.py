"""What a module holds: parameters, buffers and submodules by name, and walks over all of them.

Source: torch/nn/modules/module.py.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from minitorch_np.absent import absent_member
from minitorch_np.nn.hooks import (
    Hooks,
    buffer_registration_hooks,
    module_registration_hooks,
    parameter_registration_hooks,
)
from minitorch_np.nn.parameter import Buffer, Parameter, typename
from minitorch_np.tensor import Tensor

if TYPE_CHECKING:
    from minitorch_np.nn.module import Module

__all__ = ["Registry"]

V = TypeVar("V")


def _hooked(hooks: Hooks, module: "Registry", name: str, value: V) -> V:
    """What the hooks on a registration make of the value."""
    for hook in hooks.values():
        changed = hook(module, name, value)
        if changed is not None:
            value = changed
    return value


class Registry:
    """The named contents of a module, reached as attributes. `Module` is what one derives from."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: "dict[str, Module | None]"
    _non_persistent_buffers_set: set[str]

    def _check_name(self, kind: str, name: object, taken: Container[str], text: str) -> None:
        """Raise unless `name` may be that of a new entry."""
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if kind == "module" and hasattr(self, name) and name not in taken:
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            raise KeyError(text)
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in taken:
            raise KeyError(f"attribute '{name}' already exists")

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is no parameter; only a `persistent` one is in the state dict."""
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_name("buffer", name, self._buffers, 'buffer name can\'t contain "."')
        if tensor is not None and not isinstance(tensor, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' "
                "(torch Tensor or None required)"
            )
        self._buffers[name] = _hooked(buffer_registration_hooks, self, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, or the name of one that is absent."""
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_name("parameter", name, self._parameters, 'parameter name can\'t contain "."')
        if param is None:
            self._parameters[name] = None
            return
        if not isinstance(param, Parameter):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}' "
                "(torch.nn.Parameter or None required)"
            )
        if param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
                f"created explicitly. To express '{name}' as a function of another Tensor, "
                "compute the value in the forward() method."
            )
        self._parameters[name] = _hooked(parameter_registration_hooks, self, name, param)

    def add_module(self, name: str, module: "Module | None") -> None:
        """Add a submodule, or the name of one that is absent."""
        if module is not None and not isinstance(module, Registry):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise TypeError(f"{typename(module)} is not a Module subclass")
        text = f'module name can\'t contain ".", got: {name}'
        self._check_name("module", name, self._modules, text)
        self._modules[name] = _hooked(module_registration_hooks, self, name, module)

    def register_module(self, name: str, module: "Module | None") -> None:
        """Add a submodule: `add_module` by another name."""
        self.add_module(name, module)

    def __getattr__(self, name: str) -> "Tensor | Module":
        mine = self.__dict__
        held: dict[str, Tensor | Module] | None = mine.get("_parameters")
        if held is not None and name in held:
            return held[name]
        for kind in ("_buffers", "_modules"):
            held = mine.get(kind)
            if held is not None and name in held:
                return held[name]
        raise absent_member(type(self).__name__, "torch.nn.Module", name)

    def __setattr__(self, name: str, value: object) -> None:
        mine = self.__dict__
        if isinstance(value, Parameter):
            if "_parameters" not in mine:
                raise AttributeError("cannot assign parameters before Module.__init__() call")
            self._forget(name, "_parameters")
            self.register_parameter(name, value)
        elif name in mine.get("_parameters", ()):
            if value is not None:
                raise TypeError(
                    f"cannot assign '{typename(value)}' as parameter '{name}' "
                    "(torch.nn.Parameter or None expected)"
                )
            self.register_parameter(name, None)
        elif isinstance(value, Registry) or name in mine.get("_modules", ()):
            self._set_module(name, value)
        elif isinstance(value, Buffer) or name in mine.get("_buffers", ()):
            self._set_buffer(name, value)
        else:
            object.__setattr__(self, name, value)

    def _set_module(self, name: str, value: object) -> None:
        if "_modules" not in self.__dict__:
            raise AttributeError("cannot assign module before Module.__init__() call")
        if isinstance(value, Registry):
            self._forget(name, "_modules")
        elif value is not None:
            raise TypeError(
                f"cannot assign '{typename(value)}' as child module '{name}' "
                "(torch.nn.Module or None expected)"
            )
        self._modules[name] = _hooked(module_registration_hooks, self, name, value)  # pyright: ignore[reportArgumentType]  # Module alone derives from this

    def _set_buffer(self, name: str, value: object) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(
                f"cannot assign '{typename(value)}' as buffer '{name}' "
                "(torch.nn.Buffer, torch.Tensor or None expected)"
            )
        if isinstance(value, Buffer):
            persistent = bool(value.__dict__["persistent"])
        else:
            persistent = name not in self._non_persistent_buffers_set
        self.register_buffer(name, value, persistent)

    def _forget(self, name: str, kept: str) -> None:
        """Remove `name` wherever it means something but in the dict `kept`."""
        self.__dict__.pop(name, None)
        for kind in ("_parameters", "_buffers", "_modules"):
            if kind != kept:
                self.__dict__[kind].pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __delattr__(self, name: str) -> None:
        if name in self._parameters:
            del self._parameters[name]
        elif name in self._buffers:
            del self._buffers[name]
            self._non_persistent_buffers_set.discard(name)
        elif name in self._modules:
            del self._modules[name]
        else:
            object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        held = [*self._parameters, *self._modules, *self._buffers]
        names = [*dir(type(self)), *self.__dict__, *held]
        return sorted(name for name in names if not name[0].isdigit())

    def _get_name(self) -> str:
        return type(self).__name__

    def get_submodule(self, target: str) -> "Module":
        """The submodule at a path such as 'encoder.0'. Raises: AttributeError if there is none."""
        found: Registry = self
        for item in target.split(".") if target else ():
            if not hasattr(found, item):
                raise AttributeError(f"{found._get_name()} has no attribute `{item}`")
            inner: object = getattr(found, item)
            if not isinstance(inner, Registry):
                raise AttributeError(f"`{item}` is not an nn.Module")
            found = inner
        return found  # pyright: ignore[reportReturnType]  # Module alone derives from this

    def set_submodule(self, target: str, module: "Module", strict: bool = False) -> None:
        """Put `module` at a path; with `strict` there has to be one already."""
        if target == "":
            raise ValueError("Cannot set the submodule without a target name!")
        if not isinstance(module, Registry):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
            raise ValueError(f"`module` is not an nn.Module, found {type(module)}")
        path, _, name = target.rpartition(".")
        parent = self.get_submodule(path)
        if strict and not hasattr(parent, name):
            raise AttributeError(f"{parent._get_name()} has no attribute `{name}`")
        if hasattr(parent, name) and not isinstance(getattr(parent, name), Registry):
            raise AttributeError(f"`{name}` is not an nn.Module")
        setattr(parent, name, module)

    def get_parameter(self, target: str) -> Parameter:
        """The parameter at a path such as 'encoder.0.weight'."""
        found = self._at(target)[1]
        if not isinstance(found, Parameter):
            raise AttributeError(f"`{target.rpartition('.')[2]}` is not an nn.Parameter")
        return found

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path such as 'norm.running_mean'."""
        module, found = self._at(target)
        name = target.rpartition(".")[2]
        if name not in module._buffers:
            raise AttributeError(f"`{name}` is not a buffer")
        return found  # pyright: ignore[reportReturnType]  # buffers are tensors

    def _at(self, target: str) -> "tuple[Module, object]":
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{module._get_name()} has no attribute `{name}`")
        return module, getattr(module, name)

    def named_modules(
        self, memo: "set[Module] | None" = None, prefix: str = "", remove_duplicate: bool = True
    ) -> "Iterator[tuple[str, Module]]":
        """(path, module) of this module and all below it, parents first."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)  # pyright: ignore[reportArgumentType]  # Module alone derives from this
        yield prefix, self  # pyright: ignore[reportReturnType]  # Module alone derives from this
        for name, module in self._modules.items():
            if module is not None:
                path = f"{prefix}.{name}" if prefix else name
                yield from module.named_modules(memo, path, remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> "Iterator[Module]":
        """This module and all below it."""
        for _, module in self.named_modules(remove_duplicate=remove_duplicate):
            yield module

    def named_children(self) -> "Iterator[tuple[str, Module]]":
        """(name, module) of the submodules right below this one, each once."""
        seen: set[Module] = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> "Iterator[Module]":
        """The submodules right below this one, each once."""
        for _, module in self.named_children():
            yield module

    def _named_members(
        self,
        members: "Callable[[Module], Iterable[tuple[str, V | None]]]",
        prefix: str,
        recurse: bool,
        remove_duplicate: bool,
    ) -> Iterator[tuple[str, V]]:
        """(path, member) of what `members` finds in this module and, if asked, below it."""
        seen: set[V] = set()
        own = [(prefix, self)]
        walk = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for path, module in walk if recurse else own:
            for name, member in members(module):  # pyright: ignore[reportArgumentType]  # Module alone derives from this
                if member is None or member in seen:
                    continue
                if remove_duplicate:
                    seen.add(member)
                yield f"{path}.{name}" if path else name, member

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """(path, parameter) of this module's and, with `recurse`, of all below it."""
        yield from self._named_members(
            lambda module: module._parameters.items(), prefix, recurse, remove_duplicate
        )

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters of this module and, with `recurse`, of all below it, each once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """(path, buffer) of this module's and, with `recurse`, of all below it."""
        yield from self._named_members(
            lambda module: module._buffers.items(), prefix, recurse, remove_duplicate
        )

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers of this module and, with `recurse`, of all below it, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer
