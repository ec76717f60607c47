"""Softmax, its logarithm and their gradients over the middle of flat float32 arrays seen as
(outer, n, inner), each row of 1 or block of `WIDE` columns at once, so that it stays near.
"""

import math

import numpy as np

from . import curves
from .compiler import Doubles, Flat, Real, inlined, jit, part, read, recall, reordered, write
from .compiler import build as build_all
from .reductions import DEEP, PIECE, largest, piece_exponentials, piece_sum
from .shares import shared

F, D = np.float32, np.float64
ZERO, INF = F(0), F(np.inf)
WIDE = 128
NEAR = 8192
"""Elements that stay near while they are read twice."""
NARROW = 32
"""Columns below which loops walk a whole matrix, not its rows: they go by vectors, several at once,
and what is left of a row they walk element by element.
"""


@reordered
def exponentials(a: Flat, out: Flat, most: Real) -> Real:
    """Writes exp(a - most), and returns the sum."""
    total = ZERO
    for i in range(out.size):
        value = curves.exp(read(a, i) - most)
        write(out, i, value)
        total += value
    return total


@shared("pp.", "a.size // n", 0.9)
@jit
def softmax_rows(a: Flat, out: Flat, n: int) -> None:
    """exp(row) over its sum."""
    for first in range(0, a.size, n):
        most = largest(a, first, first + n)
        total = D(0)
        for start in range(first, first + n, PIECE):
            stop = min(start + PIECE, first + n)
            total += D(exponentials(a[start:stop], out[start:stop], most))
        y, divisor = out[first : first + n], F(total)
        for i in range(n):
            write(y, i, recall(y, i) / divisor)


@shared("pp...", "lse.size // length", 0.9)
@jit
def attention_rows(a: Flat, lse: Flat, n: int, length: int, causal: bool) -> None:
    """Each row's softmax in place, and the logarithm of its divisor: 0 for both where all of it is
    minus infinity. `causal` leaves out what comes after the place of a row among `length`.
    """
    for row in range(lse.size):
        first, seen = row * n, min(n, row % length + 1) if causal else n
        x, most = a[first : first + n], largest(a, first, first + seen)
        most = ZERO if most == -INF else most
        total = D(0)
        for start in range(first, first + seen, PIECE):
            total += D(opened(a, start, min(start + PIECE, first + seen), most))
        masked, divisor = total == 0, F(total)
        by = F(1) if masked else divisor
        for i in range(seen):
            write(x, i, recall(x, i) / by)
        for i in range(seen, n):
            write(x, i, ZERO)
        write(lse, row, ZERO if masked else most + curves.log(divisor))


@reordered
def opened(a: Flat, start: int, stop: int, most: Real) -> Real:
    """Writes exp(a - most) in place, and returns the sum."""
    total = ZERO
    for i in range(start, stop):
        value = curves.exp(recall(a, i) - most)
        write(a, i, value)
        total += value
    return total


@shared("pp...", "lse.size // length", 0.5)
@jit
def attention_again(a: Flat, lse: Flat, n: int, length: int, causal: bool) -> None:
    """The softmax of each row, in place, by the logarithm of its divisor."""
    for row in range(lse.size):
        x, less = a[row * n : row * n + n], read(lse, row)
        seen = min(n, row % length + 1) if causal else n
        for i in range(seen):
            write(x, i, curves.exp(recall(x, i) - less))
        for i in range(seen, n):
            write(x, i, ZERO)


@shared("pppp...", "a.size // n", 0.5)
@jit
def attention_backward(
    a: Flat, weights: Flat, g: Flat, y: Flat, n: int, width: int, factor: Real
) -> None:
    """The gradients of scores, in place of those of weights: less how much of `g` the output has,
    times weight and factor."""
    for row in range(a.size // n):
        less = piece_products(g, y, row * width, row * width + width)
        x, w = a[row * n : row * n + n], weights[row * n : row * n + n]
        for i in range(n):
            write(x, i, (recall(x, i) - less) * (read(w, i) * factor))


@shared("pp.", "a.size // n", 0.9)
@jit
def log_softmax_rows(a: Flat, out: Flat, n: int) -> None:
    """row - log(sum(exp(row))); the logarithms of some rows at once, while those are near."""
    most, less = np.empty(WIDE, np.float32), np.empty(WIDE, np.float32)
    some = max(1, min(WIDE, NEAR // n))
    for top in range(0, a.size, some * n):
        rows = min(some, (a.size - top) // n)
        for row in range(rows):
            first, total = top + row * n, D(0)
            most[row] = largest(a, first, first + n)
            for start in range(first, first + n, PIECE):
                stop = min(start + PIECE, first + n)
                total += D(piece_exponentials(a, start, stop, most[row]))
            less[row] = F(total)
        for row in range(rows):
            write(less, row, curves.log(recall(less, row)))
        for row in range(rows):
            first = top + row * n
            x, y, high, low = a[first : first + n], out[first : first + n], most[row], less[row]
            for i in range(n):
                write(y, i, read(x, i) - high - low)


@reordered
def piece_products(a: Flat, b: Flat, start: int, stop: int) -> Real:
    """The sum of a[start:stop] * b[start:stop]."""
    total = ZERO
    for i in range(start, stop):
        total += read(a, i) * read(b, i)
    return total


@shared("ppp.", "g.size // n", 0.6)
@jit
def softmax_backward_rows(g: Flat, y: Flat, out: Flat, n: int) -> None:
    """(g - sum(g * y)) * y."""
    for first in range(0, g.size, n):
        total = D(0)
        for start in range(first, first + n, PIECE):
            total += D(piece_products(g, y, start, min(start + PIECE, first + n)))
        inner = F(total)
        u, v, w = g[first : first + n], y[first : first + n], out[first : first + n]
        for i in range(n):
            write(w, i, (read(u, i) - inner) * read(v, i))


@shared("ppp.", "g.size // n", 1.0)
@jit
def log_softmax_backward_rows(g: Flat, y: Flat, out: Flat, n: int) -> None:
    """g - exp(y) * sum(g)."""
    for first in range(0, g.size, n):
        total = D(0)
        for start in range(first, first + n, PIECE):
            total += D(piece_sum(g, start, min(start + PIECE, first + n)))
        inner = F(total)
        u, v, w = g[first : first + n], y[first : first + n], out[first : first + n]
        for i in range(n):
            write(w, i, read(u, i) - curves.exp(read(v, i)) * inner)


@part
def largest_columns(a: Flat, at: int, n: int, inner: int, most: Flat) -> None:
    """The largest of each of the columns that begin at `at`; nan if one is."""
    most[:] = -INF
    for row in range(n):
        x = a[at + row * inner : at + row * inner + most.size]
        for j in range(most.size):
            value, found = read(x, j), recall(most, j)
            write(most, j, value if (value > found) | (value != value) else found)


@part
def sum_columns(a: Flat, at: int, n: int, inner: int, less: Flat, total: Doubles) -> None:
    """The sum of exp(a - less) of each of the columns that begin at `at`."""
    total[:] = 0
    part = np.empty(total.size, np.float32)
    for deep in range(0, n, DEEP):
        part[:] = 0
        for row in range(deep, min(deep + DEEP, n)):
            x = a[at + row * inner : at + row * inner + total.size]
            for j in range(total.size):
                write(part, j, recall(part, j) + curves.exp(read(x, j) - recall(less, j)))
        for j in range(total.size):
            write(total, j, recall(total, j) + D(recall(part, j)))


@part
def repeat(x: Flat, inner: int) -> None:
    """Copies the first `inner` elements over all that follow, twice as many each time."""
    done = inner
    while done < x.size:
        some = min(done, x.size - done)
        source, to = x[:some], x[done : done + some]
        for i in range(some):
            write(to, i, recall(source, i))
        done += some


@inlined
def folded(x: Flat, to: Flat, inner: int, largest: bool) -> None:
    """The largest of each column of x, nan if one is, or else the sum, in the first row of `to`:
    the lower half of the rows is folded onto the upper one, until there is one row.
    """
    n, source = x.size // inner, x
    while n > 1:
        more = n - n // 2
        upper, lower = source[: n // 2 * inner], source[more * inner : n * inner]
        if largest:
            for i in range(lower.size):
                value, found = read(lower, i), read(upper, i)
                write(to, i, value if (value > found) | (value != value) else found)
        else:
            for i in range(lower.size):
                write(to, i, read(upper, i) + read(lower, i))
        for i in range(lower.size, more * inner):
            write(to, i, read(source, i))
        n, source = more, to
    if x.size == inner:
        for i in range(inner):
            write(to, i, recall(x, i))


@part
def largest_of_rows(x: Flat, to: Flat, inner: int) -> None:
    """The largest of each column of x in each row of `to`."""
    folded(x, to, inner, True)
    repeat(to, inner)


@part
def sum_of_rows(x: Flat, to: Flat, inner: int) -> None:
    """The sum of each column of x in the first row of `to`."""
    folded(x, to, inner, False)


@part
def softmax_narrow(a: Flat, out: Flat, n: int, inner: int) -> None:
    """exp(column) over its sum, for few columns."""
    spread = np.empty(n * inner, np.float32)
    for at in range(0, a.size, n * inner):
        x, y = a[at : at + n * inner], out[at : at + n * inner]
        largest_of_rows(x, spread, inner)
        for i in range(n * inner):
            write(y, i, curves.exp(read(x, i) - recall(spread, i)))
        sum_of_rows(y, spread, inner)
        repeat(spread, inner)
        for i in range(n * inner):
            write(y, i, recall(y, i) / recall(spread, i))


@part
def log_softmax_narrow(a: Flat, out: Flat, n: int, inner: int) -> None:
    """column - log(sum(exp(column))), for few columns."""
    most, sums = np.empty(n * inner, np.float32), np.empty(n * inner, np.float32)
    for at in range(0, a.size, n * inner):
        x, y = a[at : at + n * inner], out[at : at + n * inner]
        largest_of_rows(x, most, inner)
        for i in range(n * inner):
            write(sums, i, curves.exp(read(x, i) - recall(most, i)))
        sum_of_rows(sums, sums, inner)
        for j in range(inner):
            write(sums, j, curves.log(recall(sums, j)))
        repeat(sums, inner)
        for i in range(n * inner):
            write(y, i, read(x, i) - recall(most, i) - recall(sums, i))


@shared("....<>", "inner", 0.9, WIDE)
@shared("pp....", "a.size // (n * inner)", 0.9)
@jit
def softmax_columns(a: Flat, out: Flat, n: int, inner: int, start: int, stop: int) -> None:
    """exp(column) over its sum."""
    if inner < NARROW and n * inner <= NEAR:
        softmax_narrow(a, out, n, inner)
        return
    most, total = np.empty(WIDE, np.float32), np.empty(WIDE, np.float64)
    for outer in range(0, a.size, n * inner):
        for first in range(start, stop, WIDE):
            wide = min(WIDE, stop - first)
            less, sums = most[:wide], total[:wide]
            largest_columns(a, outer + first, n, inner, less)
            exponential_columns(a, out, outer + first, n, inner, less, sums)


@part
def exponential_columns(
    a: Flat, out: Flat, at: int, n: int, inner: int, less: Flat, total: Doubles
) -> None:
    """Writes exp(a - less) over its sum, for the columns that begin at `at`."""
    wide = less.size
    total[:] = 0
    part = np.empty(wide, np.float32)
    for deep in range(0, n, DEEP):
        part[:] = 0
        for row in range(deep, min(deep + DEEP, n)):
            x = a[at + row * inner : at + row * inner + wide]
            y = out[at + row * inner : at + row * inner + wide]
            for j in range(wide):
                value = curves.exp(read(x, j) - recall(less, j))
                write(y, j, value)
                write(part, j, recall(part, j) + value)
        for j in range(wide):
            write(total, j, recall(total, j) + D(recall(part, j)))
    for j in range(wide):
        part[j] = F(total[j])
    for row in range(n):
        y = out[at + row * inner : at + row * inner + wide]
        for j in range(wide):
            write(y, j, recall(y, j) / recall(part, j))


@shared("....<>", "inner", 0.9, WIDE)
@shared("pp....", "a.size // (n * inner)", 0.9)
@jit
def log_softmax_columns(a: Flat, out: Flat, n: int, inner: int, start: int, stop: int) -> None:
    """column - log(sum(exp(column)))."""
    if inner < NARROW and n * inner <= NEAR:
        log_softmax_narrow(a, out, n, inner)
        return
    most, total = np.empty(WIDE, np.float32), np.empty(WIDE, np.float64)
    logs = np.empty(WIDE, np.float32)
    for outer in range(0, a.size, n * inner):
        for first in range(start, stop, WIDE):
            wide, at = min(WIDE, stop - first), outer + first
            largest_columns(a, at, n, inner, most[:wide])
            sum_columns(a, at, n, inner, most[:wide], total[:wide])
            for j in range(wide):
                write(logs, j, F(recall(total, j)))
            for j in range(wide):
                write(logs, j, curves.log(recall(logs, j)))
            for row in range(n):
                x = a[at + row * inner : at + row * inner + wide]
                y = out[at + row * inner : at + row * inner + wide]
                for j in range(wide):
                    write(y, j, read(x, j) - recall(most, j) - recall(logs, j))


@shared("....<>", "inner", 0.8, WIDE)
@shared("pp....", "a.size // (n * inner)", 0.8)
@jit
def logsumexp_columns(a: Flat, out: Flat, n: int, inner: int, start: int, stop: int) -> None:
    """log(sum(exp(column))) of each column."""
    most, total = np.empty(WIDE, np.float32), np.empty(WIDE, np.float64)
    for outer in range(a.size // (n * inner)):
        for first in range(start, stop, WIDE):
            wide, at = min(WIDE, stop - first), outer * n * inner + first
            largest_columns(a, at, n, inner, most[:wide])
            for j in range(wide):
                most[j] = ZERO if abs(most[j]) == INF else most[j]
            sum_columns(a, at, n, inner, most[:wide], total[:wide])
            for j in range(wide):
                out[outer * inner + first + j] = F(math.log(total[j])) + most[j]


@shared(".....<>", "inner", 0.6, WIDE)
@shared("ppp....", "g.size // (n * inner)", 0.6)
@jit
def softmax_backward_columns(
    g: Flat, y: Flat, out: Flat, n: int, inner: int, start: int, stop: int
) -> None:
    """(g - sum(g * y)) * y."""
    total = np.empty(WIDE, np.float32)
    for outer in range(0, g.size, n * inner):
        for first in range(start, stop, WIDE):
            wide, at = min(WIDE, stop - first), outer + first
            sums = total[:wide]
            sums[:] = 0
            for row in range(n):
                u = g[at + row * inner : at + row * inner + wide]
                v = y[at + row * inner : at + row * inner + wide]
                for j in range(wide):
                    write(sums, j, recall(sums, j) + read(u, j) * read(v, j))
            for row in range(n):
                u = g[at + row * inner : at + row * inner + wide]
                v = y[at + row * inner : at + row * inner + wide]
                w = out[at + row * inner : at + row * inner + wide]
                for j in range(wide):
                    write(w, j, (read(u, j) - recall(sums, j)) * read(v, j))


@shared(".....<>", "inner", 1.0, WIDE)
@shared("ppp....", "g.size // (n * inner)", 1.0)
@jit
def log_softmax_backward_columns(
    g: Flat, y: Flat, out: Flat, n: int, inner: int, start: int, stop: int
) -> None:
    """g - exp(y) * sum(g)."""
    total = np.empty(WIDE, np.float32)
    for outer in range(0, g.size, n * inner):
        for first in range(start, stop, WIDE):
            wide, at = min(WIDE, stop - first), outer + first
            sums = total[:wide]
            sums[:] = 0
            for row in range(n):
                u = g[at + row * inner : at + row * inner + wide]
                for j in range(wide):
                    write(sums, j, recall(sums, j) + read(u, j))
            for row in range(n):
                u = g[at + row * inner : at + row * inner + wide]
                v = y[at + row * inner : at + row * inner + wide]
                w = out[at + row * inner : at + row * inner + wide]
                for j in range(wide):
                    write(w, j, read(u, j) - curves.exp(read(v, j)) * recall(sums, j))


def build() -> None:
    """Compile all loops of this module."""
    build_all(globals())
