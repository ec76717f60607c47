"""einsum: a sum of products, written as an equation of dimension names.

The operands are permuted and unsqueezed to one order of dimensions (those of the result first), and
multiplied in pairs as batches of matrices. Source: aten/src/ATen/native/Linear.cpp einsum.
"""

import string
from collections.abc import Sequence
from types import EllipsisType
from typing import NamedTuple, cast

from minitorch_np import backends
from minitorch_np.form import Form, Plans
from minitorch_np.graph.modes import WATCHERS, Creation, debugging, state
from minitorch_np.graph.node import is_unmet
from minitorch_np.op import composite
from minitorch_np.ops.products import bmm, is_plain
from minitorch_np.overloads import need_tensors
from minitorch_np.shapes import Shape, cached, numel
from minitorch_np.tensor import Tensor, blank, view_of

__all__ = ["einsum"]

LETTERS = string.ascii_uppercase + string.ascii_lowercase
"""The subscripts, in the order in which an implicit result has them."""
DOTS = "..."


class Plan(NamedTuple):
    """Where everything goes: of each subscript its place among the permuted dims, where the dims
    under an ellipsis start and how many they are, and how many dims the result and all have."""

    places: dict[str, int]
    dots: int
    covered: int
    result: int
    total: int


def _labels(text: str, operands: int) -> list[list[str]]:
    """The subscripts of each operand, an ellipsis as one."""
    found: list[list[str]] = [[]]
    i = 0
    while i < len(text):
        char = text[i]
        at = len(found) - 1
        if char == ".":
            if DOTS in found[-1]:
                raise RuntimeError(
                    f"einsum(): found '.' for operand {at} for which an ellipsis was already found"
                )
            if text[i : i + 3] != DOTS:
                raise RuntimeError(
                    f"einsum(): found '.' for operand {at} that is not part of any ellipsis"
                )
            found[-1].append(DOTS)
            i += 2
        elif char == ",":
            if at + 1 >= operands:
                raise RuntimeError(
                    "einsum(): fewer operands were provided than specified in the equation"
                )
            found.append([])
        elif char != " ":
            if char not in LETTERS:
                raise RuntimeError(
                    f"einsum(): invalid subscript given at index {i} in the equation string, "
                    "subscripts must be in [a-zA-Z]"
                )
            found[-1].append(char)
        i += 1
    if len(found) != operands:
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    return found


def _covered(labels: list[list[str]], ndims: Sequence[int]) -> int:
    """The most dims that an ellipsis stands for."""
    most = 0
    for i, (names, ndim) in enumerate(zip(labels, ndims, strict=True)):
        dots = DOTS in names
        n = len(names) - dots
        if dots:
            most = max(most, ndim - n)
        if n > ndim if dots else n != ndim:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({n}) "
                + ("is more than the number" if dots else "does not match the number")
                + f" of dimensions ({ndim}) for operand {i}"
                + ("" if dots else " and no ellipsis was given")
            )
    return most


def _plan(left: str, right: str | None, labels: list[list[str]], covered: int) -> Plan:
    seen = [name for names in labels for name in names if name != DOTS]
    places: dict[str, int] = {}
    if right is None:
        once = [name for name in LETTERS if seen.count(name) == 1]
        places = {name: covered + i for i, name in enumerate(once)}
        dots, at, has_dots = 0, covered + len(once), True
    else:
        dots, at, has_dots = _explicit(left, right, seen, places, covered)
    result = at
    if not has_dots:
        dots, at = at, at + covered
    for name in LETTERS:
        if name in seen and name not in places:
            places[name] = at
            at += 1
    return Plan(places, dots, covered, result, at)


def _explicit(
    left: str, right: str, seen: list[str], places: dict[str, int], covered: int
) -> tuple[int, int, bool]:
    """Fills `places` from what stands after the arrow; where the ellipsis starts, the number of
    dims, and whether there is an ellipsis."""
    at, dots, has_dots, i = 0, 0, False, 0
    while i < len(right):
        char = right[i]
        if char == ".":
            if has_dots:
                raise RuntimeError(
                    "einsum(): found '.' for output but an ellipsis (...) was already found"
                )
            if right[i : i + 3] != DOTS:
                raise RuntimeError(
                    "einsum(): found '.' for output that is not part of any ellipsis (...)"
                )
            dots, at, has_dots = at, at + covered, True
            i += 2
        elif char != " ":
            if char not in LETTERS:
                raise RuntimeError(
                    f"einsum(): invalid subscript given at index {len(left) + 2 + i} in the "
                    "equation string, subscripts must be in [a-zA-Z]"
                )
            if char in places or char not in seen:
                how = (
                    "appears more than once in the output" if char in places
                    else "does not appear in the equation for any input operand"
                )  # fmt: skip
                raise RuntimeError(f"einsum(): output subscript {char} {how}")
            places[char] = at
            at += 1
        i += 1
    return dots, at, has_dots


@cached
def _read(equation: str, ndims: Shape) -> tuple[list[list[str]], Plan]:
    """What an equation says of operands of so many dims: their subscripts, and where those go."""
    left, arrow, right = equation.partition("->")
    labels = _labels(left, len(ndims))
    return labels, _plan(left, right if arrow else None, labels, _covered(labels, ndims))


def _aligned(
    operands: Sequence[Tensor], labels: list[list[str]], plan: Plan
) -> tuple[list[Tensor], list[int]]:
    """The operands with all dims of the plan, and how many have each with a size other than 1."""
    sizes: dict[str | int, int] = {}
    counts = [0] * plan.total
    aligned: list[Tensor] = []
    for i, (t, names) in enumerate(zip(operands, labels, strict=True)):
        order = [-1] * plan.total
        dim = 0
        for name in names:
            if name == DOTS:
                ndim = operands[i].ndim - (len(names) - 1)
                for j in range(plan.covered - ndim, plan.covered):
                    if t.sizes[dim] != 1:
                        if sizes.setdefault(j, t.sizes[dim]) != t.sizes[dim]:
                            raise RuntimeError(
                                f"einsum(): dimension {dim} covered by ellipsis in operand {i}has "
                                f"size {t.sizes[dim]} which does not broadcast with previously "
                                f"seen ellipsis with size {sizes[j]} for the respective dimension"
                            )
                        counts[plan.dots + j] += 1
                    order[plan.dots + j] = dim
                    dim += 1
                continue
            place = plan.places[name]
            if order[place] != -1:
                t = _diagonal(t, name, i, dim, order[place])
                continue
            if t.sizes[dim] != 1:
                if sizes.setdefault(name, t.sizes[dim]) != t.sizes[dim]:
                    raise RuntimeError(
                        f"einsum(): subscript {name} has size {t.sizes[dim]} for operand {i} which "
                        f"does not broadcast with previously seen size {sizes[name]}"
                    )
                counts[place] += 1
            order[place] = dim
            dim += 1
        for place, old in enumerate(order):
            if old == -1:
                t = t.unsqueeze(dim)
                order[place] = dim
                dim += 1
        aligned.append(t.permute(tuple(order)))
    return aligned, counts


def _diagonal(t: Tensor, name: str, operand: int, dim: int, before: int) -> Tensor:
    """`t` with a repeated subscript's two dims made one."""
    if t.sizes[dim] != t.sizes[before]:
        raise RuntimeError(
            f"einsum(): subscript {name} is repeated for operand {operand} but the sizes don't "
            f"match, {t.sizes[dim]} != {t.sizes[before]}"
        )
    return t.diagonal(0, before, dim).movedim(-1, before)


class Factors(NamedTuple):
    """The sum of a product as one batched product of matrices: both, whether they changed places,
    and the shape and the order of dims that make the result of what comes out."""

    left: Tensor
    right: Tensor
    swapped: bool
    shape: Shape
    back: Shape


def _factors(left: Tensor, right: Tensor, summed: Sequence[int]) -> Factors:
    """The operands as batches of matrices, once the dims that only one of them has are summed."""
    both: list[int] = []
    ours: list[int] = []
    theirs: list[int] = []
    size = 1
    for i in range(left.ndim):
        n, m = left.sizes[i] != 1, right.sizes[i] != 1
        if i in summed:
            if n and m:
                size *= left.sizes[i]
            elif n:
                left = left.sum(i, True)
            elif m:
                right = right.sum(i, True)
        else:
            (both if n and m else ours if n else theirs).append(i)
    # then the product has the order of the result
    swapped = bool(ours and theirs and theirs[-1] < ours[0])
    if swapped:
        left, right, ours, theirs = right, left, theirs, ours
    many = numel(tuple([left.sizes[i] for i in both]))
    rows = numel(tuple([left.sizes[i] for i in ours]))
    columns = numel(tuple([right.sizes[i] for i in theirs]))
    shape = [left.sizes[i] for i in (*both, *ours)] + [1] * len(summed)
    shape += [right.sizes[i] for i in theirs]
    order = [*both, *ours, *summed, *theirs]
    left = left.permute(tuple(order)).reshape(many, rows, size)
    right = right.permute((*both, *summed, *theirs, *ours)).reshape(many, size, columns)
    back = tuple([order.index(i) for i in range(len(order))])
    return Factors(left, right, swapped, tuple(shape), back)


def sumproduct_pair(left: Tensor, right: Tensor, summed: Sequence[int]) -> Tensor:
    """`(left * right).sum(summed, keepdim=True)` as one batched product of matrices."""
    if not summed:
        return left * right
    left, right, _, shape, back = _factors(left, right, summed)
    return bmm(left, right).view(shape).permute(back)


def _alone(a: Tensor, b: Tensor, plan: Plan, counts: list[int]) -> tuple[Tensor, Tensor, list[int]]:
    """Two operands, each summed over dims that no other has, and the dims that only both have."""
    together: list[int] = []
    alone: tuple[list[int], list[int]] = ([], [])
    for d in range(plan.result, plan.total):
        n, m = a.sizes[d] != 1, b.sizes[d] != 1
        if n and m:
            counts[d] -= 1
            if counts[d] == 1:
                together.append(d)
                counts[d] = 0
        elif counts[d] == 1 and (n or m):
            alone[0 if n else 1].append(d)
            counts[d] = 0
    a = a.sum(alone[0], True) if alone[0] else a
    b = b.sum(alone[1], True) if alone[1] else b
    return a, b, together


class Product(NamedTuple):
    """A product of two operands that are but seen as matrices: of each factor its form and where it
    starts, counted from where its operand does; whether they change places; and the forms of what
    is computed and of the view of it that is the result."""

    left: Form
    left_start: int
    right: Form
    right_start: int
    swapped: bool
    product: Form
    result: Form


_products = Plans[Product | None]()
"""By the equation and the forms of two operands; None where they are not but seen."""


def _note(key: object, operands: Sequence[Tensor], factors: Factors, result: Tensor) -> None:
    """Keep what `_at_once` needs, or that it cannot do this."""
    left, right, swapped, *_ = factors
    a, b = reversed(operands) if swapped else operands
    product = result.base
    if left.memory is not a.memory or right.memory is not b.memory or product is None:
        _products.keep(key, None)
    elif a.dtype is b.dtype and is_plain(product, left):
        starts = left.offset - a.offset, right.offset - b.offset
        forms = left.form, starts[0], right.form, starts[1]
        _products.keep(key, Product(*forms, swapped, product.form, result.form))


def _at_once(a: Tensor, b: Tensor, known: Product) -> Tensor:
    """The sum of the product of two operands of which nothing is recorded."""
    if known.swapped:
        a, b = b, a
    left = view_of(a, known.left, a.offset + known.left_start)
    right = view_of(b, known.right, b.offset + known.right_start)
    product = blank(known.product)
    backends.product(left.array, right.array, product.array)
    result = view_of(product, known.result, 0)
    if not state.route:
        result.creation = Creation.NO_GRAD_MODE
    return result


def _written(operands: Sequence[object]) -> tuple[str, list[Tensor]]:
    """The equation of the other calling form: operand, list of subscripts, ..., result's list."""

    def text(subscripts: object) -> str:
        assert isinstance(subscripts, (list, tuple))
        numbers = cast("Sequence[int | EllipsisType]", subscripts)
        return "".join([LETTERS[s] if isinstance(s, int) else DOTS for s in numbers])

    equation = ",".join([text(subscripts) for subscripts in operands[1::2]])
    tensors = [t for t in operands[::2] if isinstance(t, Tensor)]
    if len(operands) % 2:
        equation += "->" + text(operands[-1])
    return equation, tensors


@composite(method=False, python=True)
def einsum(*args: object) -> Tensor:
    """The sum of products that an equation such as 'bij,bjk->bik' names.

    Names that the result lacks are summed over; without '->' it has those that occur once, in
    alphabetical order. '...' covers the dims without a name.
    """
    equation, *rest = args or ("",)
    if not rest or rest in ([[]], [()]):
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one "
            "operand and its subscripts list"
        )
    if isinstance(equation, str):
        given: Sequence[object] = rest
        if len(rest) == 1 and isinstance(rest[0], (list, tuple)):
            given = cast("Sequence[object]", rest[0])
        need_tensors(given, 1)
        operands = [t for t in given if isinstance(t, Tensor)]
    else:
        equation, operands = _written(args)
    if len(operands) != 2:
        return _contracted(equation, operands)
    a, b = operands
    key = equation, a.form, b.form
    known, watched = _products.get(key), WATCHERS or debugging.recorder
    if known is not None and not watched:
        if not state.route or (is_unmet(a) and is_unmet(b)):
            return _at_once(a, b, known)
    return _contracted(equation, operands, None if watched or key in _products else key)


def _contracted(equation: str, operands: Sequence[Tensor], key: object = None) -> Tensor:
    """The sum of products that an equation names; a product under a new `key` is remembered."""
    labels, plan = _read(equation, tuple([t.ndim for t in operands]))
    aligned, counts = _aligned(operands, labels, plan)
    product, factors = aligned[0], None
    for other in aligned[1:]:
        left, right, summed = _alone(product, other, plan, counts)
        product = sumproduct_pair(left, right, summed)
        if key is not None and summed:
            factors = _factors(left, right, summed)
    done = product
    if plan.total > plan.result:
        done = (
            product.view(product.sizes[: plan.result])
            if len(operands) > 1
            else product.sum(list(range(plan.result, plan.total)))
        )
    if factors is not None:
        _note(key, operands, factors, done)
    return done
