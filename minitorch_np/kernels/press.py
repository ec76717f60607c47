"""What stamps run: compiled code that makes the objects that a recipe describes.

A recipe is a row of words, laid out by `stamps.cut` in the order in which they are read here.
"""

from .compiler import call_int, part, peek, poke, room
from .fastcall import DATA, DIMS, TYPE, hold

__all__ = ["LARGEST", "press", "press_blank"]

LARGEST = 32
"""Objects that a stamp knows at most: those that it makes, and its arguments."""


def press(holder: int, arguments: int, count: int) -> int:
    """The first of the objects that a recipe describes, made; or what the function that it was made
    for says, where the arguments are not those that it is for.

    Objects are known by their number, first those made and then the arguments. Nothing of Python's
    can run between the first field that is set and the last.
    """
    recipe = peek(holder, DATA)
    at = behind_asks(recipe, arguments, count)
    if at == 0:
        return call_int(peek(recipe, 24), (peek(recipe, 32), arguments, count, 0))
    call, drop, known, made = peek(recipe, 48), peek(recipe, 56), room(LARGEST), peek(at, 0)
    for nr in range(made):  # the types of what is made
        at += 8
        new = call_int(peek(recipe, 40), (peek(at, 0) or peek(arguments, 0), 0))
        poke(known, 8 * nr, new)
        if new == 0:
            for earlier in range(nr):
                _ = call_int(drop, (peek(known, 8 * earlier),))
            return 0
    for nr in range(count):
        poke(known, 8 * (made + nr), peek(arguments, 8 * nr))
    at = fill(at + 8, known, call)
    for _ in range(peek(at, 0)):  # what fields of arguments held before
        at += 8
        _ = call_int(drop, (peek(at, 0),))
    for nr in range(1, made):  # all but the first are held by fields, and the first is returned
        _ = call_int(drop, (peek(known, 8 * nr),))
    return peek(known, 0)


@part
def behind_asks(recipe: int, arguments: int, count: int) -> int:
    """Where a recipe goes on behind what it asks of the arguments; 0 if they are not like that, or
    if its switch is on."""
    if count != peek(recipe, 0) or peek(peek(recipe, 8), 0):
        return 0
    at = recipe + 72
    for _ in range(peek(at, -8)):  # arguments of these types, or of types below them
        given, wanted = peek(peek(arguments, peek(at, 0)), TYPE), peek(at, 8)
        if given != wanted and call_int(peek(recipe, 16), (given, wanted)) & 1 == 0:
            return 0
        at += 16
    at += 8
    for _ in range(peek(at, -8)):  # fields that must be there, and be a certain object, or must not
        field = peek(peek(arguments, peek(at, 0)), peek(at, 8))
        if field == 0 or (field == peek(at, 16)) != (peek(at, 24) == 1):
            return 0
        at += 32
    at += 8
    for _ in range(peek(at, -8)):  # fields of those, likewise
        field = peek(peek(peek(arguments, peek(at, 0)), peek(at, 8)), peek(at, 16))
        if field == 0 or (field == peek(at, 24)) != (peek(at, 32) == 1):
            return 0
        at += 40
    return at


@part
def fill(at: int, known: int, call: int) -> int:
    """Set the fields; where the recipe goes on."""
    at += 8
    for _ in range(peek(at, -8)):  # to constants
        poke(peek(known, peek(at, 0)), peek(at, 8), hold(peek(at, 16), call))
        at += 24
    at += 8
    for _ in range(peek(at, -8)):  # to objects
        poke(peek(known, peek(at, 0)), peek(at, 8), hold(peek(known, peek(at, 16)), call))
        at += 24
    at += 8
    for _ in range(peek(at, -8)):  # to fields of objects
        value = peek(peek(known, peek(at, 16)), peek(at, 24))
        poke(peek(known, peek(at, 0)), peek(at, 8), hold(value, call))
        at += 32
    at += 8
    for _ in range(peek(at, -8)):  # to fields of those
        value = peek(peek(peek(known, peek(at, 16)), peek(at, 24)), peek(at, 32))
        poke(peek(known, peek(at, 0)), peek(at, 8), hold(value, call))
        at += 40
    return at


def press_blank(holder: int, arguments: int, count: int) -> int:
    """`press`, with a new ndarray of the form that is the only argument for a second one; the
    words are those of `stamps.blank`."""
    words, form = peek(holder, DATA), peek(arguments, 0)
    none = dims = peek(words, 16)
    if count == 1 and peek(form, TYPE) == peek(words, 24):
        dims = peek(form, peek(words, 32))
    if dims == none:
        return call_int(peek(words, 0), (peek(words, 8), arguments, count, 0))
    # the function for a new ndarray takes over the reference to its dtype
    kind = hold(peek(peek(form, peek(words, 40)), peek(words, 48)), peek(words, 56))
    shape = peek(peek(dims, DIMS), 0), peek(dims, DATA)
    array = call_int(peek(words, 64), (peek(words, 72), kind, *shape, 0, 0, 0, 0))
    if array == 0:
        return 0
    given = room(2)
    poke(given, 0, form)
    poke(given, 8, array)
    made = call_int(peek(words, 80), (peek(words, 88), given, 2))
    _ = call_int(peek(words, 96), (array,))
    return made
