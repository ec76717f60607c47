"""The methods that ops bind to Tensor, declared for editors and type checkers. Generated."""


class TensorMethods:
    """What Tensor inherits: at run time nothing, for `@op` binds the methods."""

    __slots__ = ()
