"""Trees are taken apart, built and mapped as torch.utils._pytree does; so are its refusals."""

from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest
import torch.utils._pytree as theirs

import minitorch_np.utils._pytree as mine

Pair = namedtuple("Pair", "left right")  # as users write it
Other = namedtuple("Other", "left right")

TREES = [
    3,
    None,
    (),
    [1, (2, [3, 4]), {"b": 5, "a": (6,)}],
    Pair(1, [2, Pair(3, 4)]),
    OrderedDict([("z", 1), ("y", [2, None])]),
    defaultdict(list, {"q": 1, "p": {"r": 2}}),
    deque([1, (2, 3)], maxlen=4),
    [[], {}, ((), [])],
]


def outcome(f, *args):
    """What a call returns, or the class and text of what it raises."""
    try:
        return f(*args)
    except Exception as error:  # noqa: BLE001  # compared with the other library's
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("tree", TREES, ids=repr)
def test_leaves_structure_and_way_back(tree):
    leaves, spec = mine.tree_flatten(tree)
    expected, expected_spec = theirs.tree_flatten(tree)
    assert leaves == expected
    assert repr(spec) == repr(expected_spec)
    for name in ("num_leaves", "num_nodes", "num_children"):
        assert getattr(spec, name) == getattr(expected_spec, name)
    assert spec.is_leaf() == expected_spec.is_leaf()
    back = mine.tree_unflatten([10 * (x or 0) for x in leaves], spec)
    other = theirs.tree_unflatten([10 * (x or 0) for x in leaves], expected_spec)
    assert back == other and type(back) is type(other)
    assert mine.tree_leaves(tree) == theirs.tree_leaves(tree)
    assert mine.tree_is_leaf(tree) == theirs.tree_is_leaf(tree)


@pytest.mark.parametrize("a", TREES, ids=repr)
@pytest.mark.parametrize("b", TREES, ids=repr)
def test_structures_are_equal_where_torchs_are(a, b):
    same = theirs.tree_structure(a) == theirs.tree_structure(b)
    assert (mine.tree_structure(a) == mine.tree_structure(b)) == same
    if same:
        assert hash(mine.tree_structure(a)) == hash(mine.tree_structure(b))


@pytest.mark.parametrize("a", TREES, ids=repr)
@pytest.mark.parametrize("b", TREES, ids=repr)
def test_maps_over_two_trees(a, b):
    def joined(x, y):
        return (x, y)

    got, expected = outcome(mine.tree_map, joined, a, b), outcome(theirs.tree_map, joined, a, b)
    assert got == expected and type(got) is type(expected)


@pytest.mark.parametrize(
    "a, b",
    [
        ({"a": 1, "b": 2}, {"b": 3, "a": [4]}),
        ({"a": 1}, OrderedDict(a=2)),
        ({"a": 1, "b": 2}, {"a": 3}),
        ({"a": 1}, {"b": 3}),
        (Pair(1, 2), Other(1, 2)),
        (Pair(1, 2), (1, 2)),
        ([1, 2], [1, 2, 3]),
        (deque([1], maxlen=2), deque([1], maxlen=3)),
        (defaultdict(int, a=1), defaultdict(list, a=2)),
    ],
    ids=repr,
)
def test_prefixes(a, b):
    got = outcome(lambda: mine.tree_structure(a).flatten_up_to(b))
    assert got == outcome(lambda: theirs.tree_structure(a).flatten_up_to(b))


def test_where_to_stop():
    def stop(x):
        return isinstance(x, tuple)

    tree = [1, (2, 3), {"a": (4,)}]
    assert mine.tree_flatten(tree, stop)[0] == theirs.tree_flatten(tree, stop)[0]
    assert mine.tree_map(str, tree, is_leaf=stop) == theirs.tree_map(str, tree, is_leaf=stop)


def test_the_other_ways_to_visit():
    tree = [1, "a", (2.0, None)]
    seen = []
    assert mine.tree_map_(seen.append, tree) is tree and seen == [1, "a", 2.0, None]
    for wanted in (int, (int, float)):
        got = mine.tree_map_only(wanted, lambda x: -x, tree)
        assert got == theirs.tree_map_only(wanted, lambda x: -x, tree)
    for f in (lambda x: x is None, lambda x: x is not None, lambda x: x != 7):
        assert mine.tree_all(f, tree) == theirs.tree_all(f, tree)
        assert mine.tree_any(f, tree) == theirs.tree_any(f, tree)


@pytest.mark.parametrize("leaves", [[], [1], [1, 2, 3]])
def test_a_wrong_number_of_leaves(leaves):
    got = outcome(mine.tree_unflatten, leaves, mine.tree_structure([1, {"a": 2}]))
    assert got == outcome(theirs.tree_unflatten, leaves, theirs.tree_structure([1, {"a": 2}]))


def test_a_class_of_ones_own():
    class Box:
        def __init__(self, x, label):
            self.x, self.label = x, label

    got = []
    for library in (mine, theirs):
        library.register_pytree_node(
            Box, lambda b: ([b.x], b.label), lambda c, label: Box(*c, label)
        )
        leaves, spec = library.tree_flatten([Box((1, 2), "a")])
        [back] = library.tree_unflatten([3, 4], spec)
        wrong = outcome(library.tree_map, lambda x, y: x, Box(1, "a"), Box(1, "b"))
        other = outcome(library.tree_map, lambda x, y: x, Box(1, "a"), (1,))
        twice = outcome(library.register_pytree_node, Box, None, None)
        got.append((leaves, back.x, back.label, wrong, other, twice))
    assert got[0] == got[1]
