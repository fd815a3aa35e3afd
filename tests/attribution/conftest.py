"""Pictures and the model that drew some of them."""

import numpy as np
import pytest
import torch

from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.generators import pool
from artaudit.generators.opening import open_model
from artaudit.image import decode


@pytest.fixture(scope="session")
def model():
    return next(open_model(record) for record in pool.embedded() if record.name == "studio-sd1")


@pytest.fixture(scope="session")
def crops():
    """Eight crops of 96 pixels of two photographs."""
    wholes = [decode(photograph(name), name=name).pixels for name in PHOTOGRAPHS]
    parts = [whole[80 : 80 + 96, left : left + 96] for whole in wholes for left in (40, 180, 320, 460)]
    return torch.from_numpy(np.stack(parts).transpose(0, 3, 1, 2).copy())


@pytest.fixture(scope="session")
def own(model, crops):
    """Return the crops as the model redraws them, rounded to 8 bits like a file."""
    with torch.no_grad():
        return (model.decode(model.encode(crops)) * 255).round() / 255
