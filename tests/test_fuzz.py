"""Every fuzz target holds on the files that it starts from, on those that failed before, and on some made up here."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import fuzz


@pytest.mark.slow
@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_what_readers_of_strangers_files_are_fed_does_no_harm(target):
    start = fuzz.known(target)
    for data in start:
        fuzz.harmless(target, data)

    @settings(max_examples=30, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(start), fuzz.EDITS)
    def run(data, edits):
        fuzz.harmless(target, fuzz.edited(data, edits))

    run()
