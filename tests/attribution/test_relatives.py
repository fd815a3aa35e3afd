"""Models whose pictures cannot be told apart are told together: one decoder in two precisions, one tuned a little."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from artaudit.attribution.candidate import Candidate, candidates
from artaudit.attribution.enrolment import learn
from artaudit.attribution.standing_in import standing_in
from artaudit.generators import pool

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def original() -> Candidate:
    (found,) = candidates(("studio-sd1",))
    return Candidate(found.record, None)


def changed(original: Candidate, folder, name, change) -> Candidate:
    """Return a model whose decoder's weights went through `change`."""
    folder = folder / name
    folder.mkdir()
    files = []
    for file, _ in original.record.files:
        state = load_file(original.record.folder / file)
        if file.startswith("decoder"):
            state = {key: change(value) if value.is_floating_point() else value for key, value in state.items()}
        save_file(state, folder / file)
        files.append(folder / file)
    about = original.record
    made = pool.record_of(name, about.kind, files, family=about.family, licence=about.licence, use=about.use)
    return Candidate(made, None)


def tuned(share: float):
    """Return what turns every weight by Gaussian noise of this share of it."""
    chance = torch.Generator().manual_seed(0)
    return lambda weight: (weight.float() * (1 + share * torch.randn(weight.shape, generator=chance))).to(weight.dtype)


def enrolled(candidate: Candidate, other: Candidate):
    return learn(candidate, [other], standing_in(12), method="octaves", most=12)


def test_the_same_weights_in_another_precision_are_a_twin(original, tmp_path):
    other = changed(original, tmp_path, "in-float32", lambda weight: weight.float())
    learned = enrolled(original, other)
    assert learned.twins == ("in-float32",) and learned.relatives == ()


def test_a_decoder_tuned_a_little_is_a_twin_or_a_relative_and_does_not_lift_the_bar(original, tmp_path):
    learned = enrolled(original, changed(original, tmp_path, "tuned", tuned(0.002)))
    assert "tuned" in learned.twins + learned.relatives
    assert all("drawn by tuned" not in stratum.aucs for stratum in learned.strata)


def test_a_decoder_tuned_far_is_told_apart(original, tmp_path):
    learned = enrolled(original, changed(original, tmp_path, "another", tuned(0.2)))
    assert "another" not in learned.twins + learned.relatives
    assert learned.first.aucs["drawn by another"] > 0.9
