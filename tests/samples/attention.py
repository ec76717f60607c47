"""Normalisation, embedding, attention and recurrent layers."""

from tests.samples.spec import Sample

__all__ = ["BACKWARD", "SAMPLES"]

SAMPLES: list[Sample] = []

BACKWARD: dict[str, str] = {}
