"""What the router has learnt from messages: features of a text, a linear model over them, and how it is trained."""

import os
from pathlib import Path

# numpy would start a thread for each core at its import, and one message's few rows need none.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

SHIPPED = Path(__file__).parent / "shipped.npz"
"""The model that comes with the program; `make model` builds it."""
