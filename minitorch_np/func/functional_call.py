"""Modules as functions of their parameters. Source: torch/_functorch/functional_call.py."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from minitorch_np.nn.module import Module
from minitorch_np.ops.join import stack
from minitorch_np.tensor import Tensor

__all__ = ["functional_call", "stack_module_state"]

A = Any
Tensors = dict[str, Tensor]
_MISSING = object()


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Tensors | Sequence[Tensors],
    args: A = None,
    kwargs: dict[str, A] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> A:
    """`module(*args, **kwargs)` with other tensors in the places of its parameters and buffers.

    They are named as in the state dict, in one dict or in several; those not named stay. What the
    module assigns to a name given is found in the dict afterwards. `tie_weights` puts a tensor in
    all places that share one; `strict` wants every name. `args` may be one argument.
    Raises: ValueError for a name given twice, RuntimeError for other names if `strict`.
    Source: functional_call; torch/nn/utils/stateless.py.
    """
    given = _joined(parameter_and_buffer_dicts)
    arguments: tuple[A, ...] = () if args is None else (args,)
    if isinstance(args, tuple):
        arguments = cast("tuple[A, ...]", args)
    with _in_place_of(module, given, tie_weights, strict):
        return cast("Callable[..., A]", module)(*arguments, **(kwargs or {}))


def _joined(dicts: object) -> Tensors:
    """One dict of all tensors. Raises: ValueError for a name in several."""
    if isinstance(dicts, dict):
        return cast(Tensors, dicts)
    if not isinstance(dicts, Sequence):
        raise ValueError(
            "Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got "
            f"{type(dicts)}"
        )
    several = cast("Sequence[object]", dicts)
    if not all(isinstance(one, dict) for one in several):
        raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    names = [name for one in cast("Sequence[Tensors]", several) for name in one]
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise ValueError(
            f"{repeated} appeared in multiple dictionaries; behavior of functional call is "
            "ambiguous"
        )
    return {name: t for one in cast("Sequence[Tensors]", several) for name, t in one.items()}


def _named_tensors(module: Module) -> Iterator[tuple[str, Tensor]]:
    yield from module.named_parameters(remove_duplicate=False)
    yield from module.named_buffers(remove_duplicate=False)


def _untied(module: Module, given: Mapping[str, Tensor]) -> Tensors:
    """The tensors given, also under the names that share their place's tensor.

    Raises: ValueError where such names were given different tensors.
    """
    names: dict[int, set[str]] = {}
    for name, tensor in _named_tensors(module):
        names.setdefault(id(tensor), set()).add(name)
    tied = {name: group for group in names.values() if len(group) > 1 for name in group}
    mine = [name for name in given if name in tied]
    for name in mine:
        group = tied[name]
        if len(group.intersection(mine)) > 1 and len({id(given[n]) for n in group}) != 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(group)}, which are tied. "
                "Consider using tie_weights=False"
            )
    whole = dict(given)
    for name in mine:
        whole.update(dict.fromkeys(tied[name], given[name]))
    return whole


def _check_names(module: Module, given: Mapping[str, Tensor]) -> None:
    known = [name for name, _ in _named_tensors(module)]
    unexpected = sorted(set(given).difference(known))
    missing = sorted(set(known).difference(given))
    told: list[str] = []
    if unexpected:
        told.append(f"Unexpected key(s): {', '.join(map(repr, unexpected))}.")
    if missing:
        told.append(f"Missing key(s): {', '.join(map(repr, missing))}.")
    if told:
        raise RuntimeError(
            f"Error(s) in reparametrizing for {type(module).__name__}:\n\t" + "\n\t".join(told)
        )


@contextmanager
def _in_place_of(module: Module, given: Tensors, tie: bool, strict: bool) -> Generator[None]:
    """A stretch in which a module has other tensors; then it has its own again."""
    whole = _untied(module, given) if tie else given
    if strict:
        _check_names(module, whole)
    own: dict[str, object] = {}
    try:
        for name, tensor in whole.items():
            own[name] = _swapped(module, name, tensor)
        yield
    finally:
        after = {name: _swapped(module, name, tensor) for name, tensor in own.items()}
        for name in given:
            if name in after:
                given[name] = cast(Tensor, after[name])


def _owner(module: Module, name: str) -> tuple[Module, str]:
    """The submodule that has a tensor, and its name there."""
    path, _, last = name.rpartition(".")
    at = ""
    for part in path.split(".") if path else []:
        at = f"{at}.{part}" if at else part
        try:
            found = getattr(module, part)
        except AttributeError as error:
            raise AttributeError(f"{type(module).__name__} has no attribute `{part}`") from error
        if not isinstance(found, Module):
            raise TypeError(f"submodule `{at}`: {found} is not an instance of torch.nn.Module")
        module = found
    return module, last


def _swapped(module: Module, name: str, tensor: object) -> object:
    """The tensor that was in a place; `tensor` is there now, or nothing for `_MISSING`."""
    owner, last = _owner(module, name)
    if tensor is not _MISSING and tensor is not None and not isinstance(tensor, Tensor):
        raise TypeError(f"{tensor} is not an instance of torch.Tensor")
    own = vars(owner)
    for places in (own["_parameters"], own["_buffers"]):
        if last in places:
            before: object = places[last]
            if tensor is _MISSING:
                del places[last]
            else:
                places[last] = cast(A, tensor)
            return before
    before = getattr(owner, last, _MISSING)
    if before is not _MISSING and before is not None and not isinstance(before, Tensor):
        raise TypeError(f"attribute `{last}`: {before} is not an instance of torch.Tensor")
    if tensor is not _MISSING:
        setattr(owner, last, tensor)
    elif hasattr(owner, last):
        delattr(owner, last)
    return before


def stack_module_state(models: Sequence[Module]) -> tuple[Tensors, Tensors]:
    """The parameters and the buffers of several models of one class, each stacked along dim 0.

    Two dicts by the names of the state dict, for `functional_call` under `vmap`. Parameters are
    new leaves. Raises: RuntimeError for no models, or for models that are not alike.
    Source: stack_module_state.
    """
    if not len(models):
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({m.training for m in models}) > 1:
        raise RuntimeError(
            "stack_module_state: Expected all models to have the same training/eval mode."
        )
    if any(type(m) is not type(models[0]) for m in models):
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    parameters: list[Tensors] = [dict(m.named_parameters()) for m in models]
    buffers: list[Tensors] = [dict(m.named_buffers()) for m in models]
    return _stacked(parameters), _stacked(buffers)


def _stacked(states: Sequence[Tensors]) -> Tensors:
    return {name: _stacked_leaf([one[name] for one in states], name) for name in states[0]}


def _stacked_leaf(tensors: Sequence[Tensor], name: str) -> Tensor:
    """One tensor of several, a leaf that requires a gradient if they all do."""
    wanted = {t.requires_grad for t in tensors}
    if len(wanted) > 1:
        raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
    whole = stack(tensors)
    return whole.detach().requires_grad_() if wanted == {True} else whole
