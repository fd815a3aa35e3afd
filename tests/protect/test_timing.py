"""The time for a picture: room is left for what follows the steps; freed memory is used again."""

import resource
import subprocess
import sys

import numpy as np
import pytest

from artaudit.protect.timing import beside_the_steps
from tests.protect.test_cloak import as_image

FAULTS = """
import resource, torch
from artaudit.protect.timing import keep_freed_memory
{call}
for _ in range(8):
    torch.empty(1 << 24).fill_(1.0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def test_the_rest_takes_longer_for_a_larger_picture():
    rng = np.random.default_rng(0)
    small, large = (
        min(beside_the_steps(as_image(rng.integers(0, 256, (side, side, 3), np.uint8))) for _ in range(3))
        for side in (128, 1024)
    )
    assert 0 < small < large


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc's allocator has these settings")
def test_pages_of_freed_arrays_are_not_asked_for_again():
    def faults(call: str) -> int:
        script = FAULTS.format(call=call)
        return int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout)

    pages = 8 * (4 << 24) // resource.getpagesize()
    assert faults("") - faults("keep_freed_memory()") > pages / 2
