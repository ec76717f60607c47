"""Trees of Python's containers, whose leaves are all that is no container: taken apart and built.

A container is a tuple, a namedtuple, a list, a dict, an OrderedDict, a defaultdict, a deque, or of
a class that was registered. None is a leaf. Source: torch/utils/_pytree.py.
"""

from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

__all__ = [
    "PyTree",
    "TreeSpec",
    "register_pytree_node",
    "tree_all",
    "tree_any",
    "tree_flatten",
    "tree_is_leaf",
    "tree_iter",
    "tree_leaves",
    "tree_map",
    "tree_map_",
    "tree_map_only",
    "tree_structure",
    "tree_unflatten",
]

A = Any
PyTree = Any
"""A leaf, or a container of trees."""

IsLeaf = Callable[[A], bool] | None
"""Says of a node whether to stop there, though it is a container."""


Flatten = Callable[[A], tuple[list[A], A]]
"""Gives the children of a container, and all else that building it again needs."""

Unflatten = Callable[[list[A], A], A]
"""Builds a container from its children and that."""


class _Kind(NamedTuple):
    """How one class of containers comes apart, and back together."""

    flatten: Flatten
    unflatten: Unflatten


def _keys(node: dict[A, A]) -> tuple[list[A], A]:
    return list(node.values()), list(node.keys())


def _defaults(node: "defaultdict[A, A]") -> tuple[list[A], A]:
    return list(node.values()), [node.default_factory, list(node.keys())]


def _bounded(node: "deque[A]") -> tuple[list[A], A]:
    return list(node), node.maxlen


def _named(node: tuple[A, ...]) -> tuple[list[A], A]:
    return list(node), type(node)


def _again(made: Callable[[A], A]) -> Unflatten:
    def build(children: list[A], _: A) -> A:
        return made(children)

    return build


def _zipped(made: Callable[[A], A]) -> Unflatten:
    def build(children: list[A], keys: A) -> A:
        return made(zip(keys, children, strict=True))

    return build


def _zipped_with_default(children: list[A], made: A) -> A:
    return defaultdict(made[0], zip(made[1], children, strict=True))


def _bounded_again(children: list[A], most: A) -> A:
    return deque(children, maxlen=most)


def _named_again(children: list[A], made: A) -> A:
    return made(*children)


def _plain(node: A) -> tuple[list[A], A]:
    return list(node), None


_KINDS: dict[A, _Kind] = {
    tuple: _Kind(_plain, _again(tuple)),
    list: _Kind(_plain, _again(list)),
    dict: _Kind(_keys, _zipped(dict)),
    OrderedDict: _Kind(_keys, _zipped(OrderedDict)),
    defaultdict: _Kind(_defaults, _zipped_with_default),
    deque: _Kind(_bounded, _bounded_again),
    namedtuple: _Kind(_named, _named_again),
}
_BUILTIN = frozenset(_KINDS)
_DICTS: frozenset[A] = frozenset([dict, OrderedDict, defaultdict])


def register_pytree_node(cls: type[object], flatten_fn: Flatten, unflatten_fn: Unflatten) -> None:
    """Make the instances of a class containers. Raises: ValueError where they are already.

    `flatten_fn` gives the children and a context, and `unflatten_fn` takes both.
    """
    if cls in _KINDS:
        raise ValueError(f"{cls} is already registered as pytree node.")
    _KINDS[cls] = _Kind(flatten_fn, unflatten_fn)


def _kind_of(node: A) -> A:
    """The class that a node is registered under; all classes of namedtuples are under one name."""
    cls = cast(A, type(node))
    return namedtuple if hasattr(cls, "_fields") and issubclass(cls, tuple) else cls


def tree_is_leaf(tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether a tree is one leaf."""
    return (is_leaf is not None and is_leaf(tree)) or _kind_of(tree) not in _KINDS


@dataclass(frozen=True, repr=False)
class TreeSpec:
    """The structure of a tree without its leaves; `type` is None for a leaf."""

    type: A
    context: A
    _children: "list[TreeSpec]"
    num_leaves: int = field(init=False, compare=False)
    num_nodes: int = field(init=False, compare=False)
    num_children: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        leaves = 1 if self.type is None else sum([child.num_leaves for child in self._children])
        object.__setattr__(self, "num_leaves", leaves)
        object.__setattr__(self, "num_nodes", 1 + sum([c.num_nodes for c in self._children]))
        object.__setattr__(self, "num_children", len(self._children))

    def is_leaf(self) -> bool:
        """Whether this is the structure of one leaf."""
        return self.type is None

    def children(self) -> "list[TreeSpec]":
        """The structures of the children."""
        return self._children.copy()

    def child(self, index: int) -> "TreeSpec":
        """The structure of one child."""
        return self._children[index]

    def unflatten(self, leaves: Iterable[A]) -> PyTree:
        """The tree of this structure with these leaves. Raises: ValueError for another number."""
        given = list(leaves)
        if len(given) != self.num_leaves:
            raise ValueError(
                f"treespec.unflatten(leaves): `leaves` has length {len(given)} but the spec refers "
                f"to a pytree that holds {self.num_leaves} items ({self})."
            )
        return self._built(iter(given))

    def _built(self, leaves: Iterator[A]) -> PyTree:
        if self.is_leaf():
            return next(leaves)
        children = [child._built(leaves) for child in self._children]
        return _KINDS[self.type].unflatten(children, self.context)

    def flatten_up_to(self, tree: PyTree) -> list[PyTree]:
        """The parts of `tree` where this structure has leaves.

        Raises: ValueError where its structure is another.
        """
        if self.is_leaf():
            return [tree]
        parts: list[PyTree] = []
        for child, part in zip(self._children, _matched(self, tree), strict=True):
            parts += child.flatten_up_to(part)
        return parts

    def _indented(self, indent: int) -> str:
        if self.is_leaf():
            return "*"
        inner = [child._indented(indent + 2) for child in self._children]
        told = (",\n" + " " * (indent + 2)).join(inner)
        return f"TreeSpec({self.type.__name__}, {self.context}, [{told}])"

    def __repr__(self) -> str:
        return self._indented(0)

    def __hash__(self) -> int:
        return hash((self.type, repr(self.context), tuple(self._children)))


_LEAF = TreeSpec(None, None, [])


def _matched(spec: TreeSpec, node: PyTree) -> list[PyTree]:
    """The children of a node, which must be the container that `spec` is of, in its order."""
    kind = _kind_of(node)
    dicts = kind in _DICTS and spec.type in _DICTS
    builtin = spec.type in _BUILTIN
    if kind != spec.type and not dicts:
        what = "Node type" if builtin else "Type"
        raise ValueError(f"{what} mismatch; expected {spec.type!r}, but got {kind!r}.")
    children, context = _KINDS[kind].flatten(node)
    if len(children) != spec.num_children:
        raise ValueError(
            f"Node arity mismatch; expected {spec.num_children}, but got {len(children)}."
        )
    if dicts:
        return _by_key(spec, node)
    if not builtin and context != spec.context:
        raise ValueError(f"Node context mismatch for custom node type {spec.type!r}.")
    if kind is not deque and context != spec.context:
        raise ValueError(
            f"Node context mismatch for node type {spec.type!r}; expected {spec.context!r}, but "
            f"got {context!r}."
        )
    return children


def _by_key(spec: TreeSpec, node: dict[A, A]) -> list[PyTree]:
    """The values of a dict, in the order of the keys of the dict that `spec` is of."""
    keys = cast("list[A]", spec.context[1] if spec.type is defaultdict else spec.context)
    if set(node) != set(keys):
        missing, extra = set(keys) - set(node), set(node) - set(keys)
        told = f"; missing key(s): {missing}" if missing else ""
        told += f"; extra key(s): {extra}" if extra else ""
        raise ValueError(f"Node keys mismatch{told}.")
    return [node[key] for key in keys]


def _flattened(node: PyTree, leaves: list[A], is_leaf: IsLeaf) -> TreeSpec:
    if tree_is_leaf(node, is_leaf):
        leaves.append(node)
        return _LEAF
    kind = _kind_of(node)
    children, context = _KINDS[kind].flatten(node)
    return TreeSpec(kind, context, [_flattened(child, leaves, is_leaf) for child in children])


def tree_flatten(tree: PyTree, is_leaf: IsLeaf = None) -> tuple[list[A], TreeSpec]:
    """The leaves of a tree from left to right, and its structure."""
    leaves: list[A] = []
    spec = _flattened(tree, leaves, is_leaf)
    return leaves, spec


def tree_unflatten(leaves: Iterable[A], treespec: TreeSpec) -> PyTree:
    """The tree of a structure with these leaves; what `tree_flatten` took apart.

    Raises: TypeError for what is no structure, ValueError for another number of leaves.
    """
    if not isinstance(treespec, TreeSpec):  # pyright: ignore[reportUnnecessaryIsInstance]  # callers may be untyped
        raise TypeError(
            "Expected `treespec` to be an instance of PyTreeSpec but got item of type "
            f"{type(treespec)}."
        )
    return treespec.unflatten(leaves)


def tree_iter(tree: PyTree, is_leaf: IsLeaf = None) -> Iterator[A]:
    """The leaves of a tree, one after the other."""
    if tree_is_leaf(tree, is_leaf):
        yield tree
        return
    for child in _KINDS[_kind_of(tree)].flatten(tree)[0]:
        yield from tree_iter(child, is_leaf)


def tree_leaves(tree: PyTree, is_leaf: IsLeaf = None) -> list[A]:
    """The leaves of a tree, from left to right."""
    return list(tree_iter(tree, is_leaf))


def tree_structure(tree: PyTree, is_leaf: IsLeaf = None) -> TreeSpec:
    """The structure of a tree."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(
    func: Callable[..., A], tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None
) -> PyTree:
    """The tree of what `func` makes of each leaf, and of the parts of `rests` at its place.

    Raises: ValueError where `tree` is no prefix of one of the `rests`.
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    return spec.unflatten(list(map(func, leaves, *[spec.flatten_up_to(rest) for rest in rests])))


def tree_map_(
    func: Callable[..., A], tree: PyTree, *rests: PyTree, is_leaf: IsLeaf = None
) -> PyTree:
    """`tree` itself, after `func` was called with each leaf as `tree_map` does."""
    _ = tree_map(func, tree, *rests, is_leaf=is_leaf)
    return tree


def tree_map_only(
    wanted: type[object] | tuple[type[object], ...],
    func: Callable[..., A],
    tree: PyTree,
    is_leaf: IsLeaf = None,
) -> PyTree:
    """`tree_map` of the leaves that are instances of `wanted`; the others stay."""

    def only(leaf: A) -> A:
        return func(leaf) if isinstance(leaf, wanted) else leaf

    return tree_map(only, tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[A], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether `pred` holds for every leaf."""
    return all(map(pred, tree_iter(tree, is_leaf)))


def tree_any(pred: Callable[[A], bool], tree: PyTree, is_leaf: IsLeaf = None) -> bool:
    """Whether `pred` holds for a leaf."""
    return any(map(pred, tree_iter(tree, is_leaf)))
