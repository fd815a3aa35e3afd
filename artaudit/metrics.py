"""How well scores tell two kinds of pictures apart."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

Scores = Float[np.ndarray, "_"]


def auc(belonging: Scores, others: Scores) -> float:
    """Return the chance that a belonging picture scores above another, ties counted half."""
    from scipy.stats import rankdata  # noqa: PLC0415 - heavy

    count = len(belonging)
    ranks = rankdata(np.concatenate([belonging, others]))[:count].sum()
    return float((ranks - count * (count + 1) / 2) / (count * len(others)))
