"""The time for a picture: room is left for what follows the steps."""

import numpy as np

from artaudit.protect.timing import beside_the_steps
from tests.protect.test_cloak import as_image


def test_the_rest_takes_longer_for_a_larger_picture():
    rng = np.random.default_rng(0)
    small, large = (
        min(beside_the_steps(as_image(rng.integers(0, 256, (side, side, 3), np.uint8))) for _ in range(3))
        for side in (128, 1024)
    )
    assert 0 < small < large
