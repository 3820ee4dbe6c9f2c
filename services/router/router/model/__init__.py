"""What the router has learnt from messages: features of a text, a linear model over them, and how it is trained."""

from pathlib import Path

SHIPPED = Path(__file__).parent / "shipped.npz"
"""The model that comes with the program; `make model` builds it."""
