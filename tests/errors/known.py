"""Programs that fail otherwise than in PyTorch, and why; one that agrees may not stand here."""

__all__ = ["KNOWN"]

KNOWN: dict[str, str] = {}
