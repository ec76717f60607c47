"""What we can say beyond PyTorch's text of an error: pictures of shapes, and likely mends.

Integers in, sentences out; called where an error is raised already. The text stays PyTorch's.
"""

import difflib
from collections.abc import Iterable, Sequence

__all__ = [
    "bound", "channels", "classes", "clash", "features", "keys", "kinds", "product", "several",
]  # fmt: skip

Shape = tuple[int, ...]
_SHOWN = 6
"""Shapes, or names, that are listed before the rest is only counted."""


def clash(rows: Sequence[tuple[str, Shape]], head: str, at: int | None = None) -> str:
    """Shapes one under the other, aligned at their last dims, and a mark below the dims that clash.

    `at` is the dim that clashes, counted in the longest shape; without it, all that differ.
    """
    ndim = max(len(shape) for _, shape in rows)
    columns = [[""] * (ndim - len(s)) + [str(n) for n in s] for _, s in rows]
    widths = [max(len(row[i]) for row in columns) for i in range(ndim)]
    longest = max(len(name) for name, _ in rows)
    lines = [head]
    for (name, _), row in zip(rows, columns, strict=True):
        sizes = "  ".join(n.rjust(w) for n, w in zip(row, widths, strict=True))
        lines.append(f"  {name}:{' ' * (longest - len(name))} {sizes}")
    differ = [len({row[i] for row in columns}) > 1 for i in range(ndim)] if at is None else []
    marks = [("^" if i == at or (differ and differ[i]) else " ") * w for i, w in enumerate(widths)]
    return "\n".join([*lines, (" " * (longest + 4) + "  ".join(marks)).rstrip()])


def bound(to: Shape, source: Shape) -> str:
    """Why values of shape `source` cannot be written to `to`: what is written to does not grow."""
    head = "What is written to keeps its shape, and cannot be broadcast itself:"
    at = next((i for i, n in enumerate(reversed(source)) if i >= len(to) or to[-1 - i] != n), 0)
    return clash([("written to", to), ("result", source)], head, max(len(to), len(source)) - 1 - at)


def product(left: Shape, right: Shape) -> str:
    """Why two matrices do not multiply, and which transpose would."""
    (m, k), (k2, n) = left, right
    text = f"Each row of the first has {k} numbers, each column of the second {k2}."
    fits = [
        how
        for how, fit in (
            ("first @ second.T", k == n),
            ("first.T @ second", m == k2),
            ("first.T @ second.T", m == n and k != n),
            ("second @ first", n == m and k != n and m != k2),
        )
        if fit
    ]
    return f"{text} {_listed(fits, 'or')} would fit." if fits else text


def features(input: Shape, weight: Shape) -> str:
    """Why `linear` cannot take an input, and what of it would fit.

    `weight` is (out_features, in_features).
    """
    wanted, last = weight[-1], input[-1]
    text = (
        f"The input {_shape(input)} ends in {last}, and the layer wants in_features={wanted}: its "
        f"weight is {_shape(weight)}."
    )
    tail = 1
    for dim in range(len(input) - 1, 0, -1):
        tail *= input[dim]
        if tail == wanted and dim < len(input) - 1:
            return f"{text} Did you mean to flatten? input.flatten({dim}) ends in {wanted}."
    for dim in range(len(input) - 1):
        if input[dim] == wanted:
            swapped = f"input.transpose({dim}, -1)"
            return f"{text} Dimension {dim} has size {wanted}: {swapped} would fit."
    if last == weight[0]:
        return f"{text} It has out_features={last}: are the two swapped?"
    return f"{text} With in_features={last} it would fit."


def kinds(input: str, weight: str) -> str:
    """What to do about an input of another dtype than a layer's parameters."""
    floating = input in ("float16", "bfloat16", "float32", "float64")
    text = f"The input is {input} and the layer's weight {weight}: input.to(torch.{weight})"
    return f"{text} fits it, or layer.to(torch.{input})." if floating else f"{text} fits it."


def channels(input: Shape, wanted: int) -> str:
    """Where the channels of an image are, if not where a convolution looks for them."""
    text = f"Dimension 1 of {_shape(input)} has the channels: {input[1]}, not {wanted}."
    ndim = len(input)
    if input[-1] == wanted:
        order = (0, ndim - 1, *range(1, ndim - 1))
        return f"{text} The last dimension has {wanted}: input.permute{order} would fit."
    if input[0] == wanted:
        return f"{text} Dimension 0 has {wanted}: input.transpose(0, 1) would fit."
    return f"{text} With in_channels={input[1]} the layer would fit."


def several(shapes: Sequence[Shape], dim: int | None = None) -> str:
    """The shapes of tensors to be joined, and which of their dims differ; `dim` may."""
    head = "Joined are tensors of these shapes; all dims must agree"
    head += ":" if dim is None else f" except dim {dim}:"
    rows = [(str(i), s) for i, s in enumerate(shapes)]
    if len({len(s) for s in shapes}) > 1:
        head = "Joined are tensors of these shapes; all must have as many dims:"
        return "\n".join([head, *[f"  {name}: {_shape(s)}" for name, s in rows[:_SHOWN]]])
    first = shapes[0]
    others = [r for r in rows[1:] if any(n != m and d != dim
              for d, (n, m) in enumerate(zip(first, r[1], strict=True)))]  # fmt: skip
    shown = [rows[0], *others[: _SHOWN - 1]]
    wrong = [d for d in range(len(first)) if d != dim and len({s[d] for _, s in shown}) > 1]
    return clash(shown, head, wrong[0]) if len(wrong) == 1 else clash(shown, head)


def classes(count: int) -> str:
    """Which targets there are for so many classes."""
    return f"There are {count} classes in the input, 0 to {count - 1}."


def keys(missing: Sequence[str], unexpected: Sequence[str]) -> str | None:
    """What would make the keys of a state fit a module: a prefix, or names that are much alike."""
    if not missing or not unexpected:
        return None
    for key in unexpected:
        for name in missing:
            if key.endswith(f".{name}"):
                prefix = key.removesuffix(name)
                if set(missing) <= {k.removeprefix(prefix) for k in unexpected}:
                    return (
                        f"The keys fit without their prefix '{prefix}': "
                        f"{{k.removeprefix('{prefix}'): v for k, v in state.items()}}"
                    )
            if name.endswith(f".{key}"):
                prefix = name.removesuffix(key)
                if {f"{prefix}{k}" for k in unexpected} >= set(missing):
                    return (
                        f"The keys fit with the prefix '{prefix}': "
                        f"{{'{prefix}' + k: v for k, v in state.items()}}"
                    )
    alike = [(k, difflib.get_close_matches(k, missing, 1)) for k in unexpected]
    pairs = [f"'{k}' for '{found[0]}'" for k, found in alike if found]
    return f"Perhaps {_listed(pairs, 'and')}." if pairs else None


def _listed(words: Iterable[str], last: str) -> str:
    *most, end = words
    return f"{', '.join(most)} {last} {end}" if most else end


def _shape(shape: Shape) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
