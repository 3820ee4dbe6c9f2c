"""Where it is: in words, by house number, on the map; and whose that place is."""

import os

# numpy, below shapely, would start a thread for each core at its import and use none of them for a town's few outlines.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
