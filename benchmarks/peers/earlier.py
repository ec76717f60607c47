"""The engine of another checkout in the same process, for timings before and after a change."""

import importlib
import sys
from pathlib import Path
from typing import Any

__all__ = ["engine_of"]

PACKAGE = "minitorch_np"


def _taken() -> dict[str, Any]:
    """The package's modules, taken out of those that are loaded."""
    names = [name for name in sys.modules if name.partition(".")[0] == PACKAGE]
    return {name: sys.modules.pop(name) for name in names}


def engine_of(folder: str) -> Any:
    """The package as it is in `folder`; what is loaded already stays what `import` finds.

    Raises: ImportError where there is none.
    """
    if not (Path(folder) / PACKAGE).is_dir():
        raise ImportError(f"{folder} holds no {PACKAGE}")
    ours = _taken()
    sys.path.insert(0, str(Path(folder).resolve()))
    try:
        return importlib.import_module(PACKAGE)
    finally:
        sys.path.pop(0)
        _taken()
        sys.modules.update(ours)
