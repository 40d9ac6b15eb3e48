"""Arrays on disk, used without reading them."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def map_array(path: Path) -> NDArray[Any]:
    """A `.npy` file as a read-only array over the mapped file; a plain array, since the memmap class is slow to index."""
    try:
        return np.load(path, mmap_mode="r").view(np.ndarray)  # type: ignore[no-any-return]
    except SystemError:  # Python 3.11 parses a header wrongly while another thread parses as well (CPython issue 106905)
        return np.load(path, mmap_mode="r").view(np.ndarray)  # type: ignore[no-any-return]


def map_bytes(path: Path) -> NDArray[np.uint8]:
    """Any file as an array of bytes over the mapped file."""
    if not path.stat().st_size:
        return np.empty(0, np.uint8)
    return np.memmap(path, dtype=np.uint8, mode="r").view(np.ndarray)
