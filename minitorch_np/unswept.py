"""Times in which Python does not look for garbage.

Importing and compiling make hundreds of thousands of objects. The collector visits those that stay
again and again: a seventh of the time of an import, a quarter of a kernel's.
"""

import gc

__all__ = ["Unswept"]


class Unswept:
    """The collector rests while one of these lives, or within a `with` of it.

    That of an import lives in the namespace of the package: should the import fail, it dies with
    it. Where the collector is off already, it stays so.
    """

    __slots__ = ("rests", "stay")

    def __init__(self, *, stay: bool) -> None:
        """Args: stay: whether what is made meanwhile is there for good. Then it is taken for old at
        once; else the collector looks at it when it works again."""
        self.rests, self.stay = gc.isenabled(), stay
        gc.disable()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        self.end()

    def __del__(self) -> None:
        self.end()

    def end(self) -> None:
        """Let the collector work again, if it did before."""
        if not self.rests:
            return
        self.rests = False
        if self.stay and not gc.get_freeze_count():
            gc.freeze()  # makes objects of every age eternal,
            gc.unfreeze()  # and these just old
        gc.enable()
