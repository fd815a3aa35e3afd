"""Freed memory is used again, once it is asked for."""

import resource
import subprocess
import sys

import pytest

FAULTS = """
import resource
from artaudit.memory import keep_freed_memory
{call}
for _ in range(8):
    b"x" * (1 << 26)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc's allocator has these settings")
def test_pages_of_freed_arrays_are_not_asked_for_again():
    def faults(call: str) -> int:
        script = FAULTS.format(call=call)
        return int(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True).stdout)

    pages = 8 * (1 << 26) // resource.getpagesize()
    assert faults("") - faults("keep_freed_memory()") > pages / 2
