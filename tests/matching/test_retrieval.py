"""The right work gets the most votes, whatever part of it the suspect shows."""

import cv2
import numpy as np
import pytest

from artaudit.matching.keypoints import Keypoints, extract, extract_suspect
from artaudit.matching.retrieval import CANDIDATES, POOLED, candidates, pool, pooled
from artaudit.matching.vocabulary import WORDS, vocabulary


@pytest.fixture(scope="module")
def known(works):
    return {number: extract(rgb8) for number, rgb8 in enumerate(works.values(), start=1)}


@pytest.fixture(scope="module")
def whole(known):
    return pool((number, pooled(keypoints)) for number, keypoints in known.items())


def best(rgb8, whole):
    candidate = candidates(extract_suspect(np.ascontiguousarray(rgb8)), whole)[0]
    return candidate.work, candidate.mirrored, candidate.inverted


def test_the_pool_keeps_a_share_of_each_work(known, whole):
    names, counts = np.unique(whole.owners, return_counts=True)
    assert names.tolist() == [number for number, keypoints in known.items() if len(keypoints)]
    assert counts.max() <= POOLED
    assert (np.diff(whole.words.astype(int)) >= 0).all()
    assert (whole.starts[0], whole.starts[-1], len(whole.starts)) == (0, len(whole.owners), WORDS + 1)


def test_a_crop_votes_for_its_work_as_it_lies(works, whole):
    for number, title in ((1, "china.jpg"), (2, "flower.jpg")):
        crop = works[title][100:330, 200:550]
        assert best(crop, whole) == (number, False, False)
        assert best(crop[:, ::-1], whole) == (number, True, False)
        assert best(255 - crop, whole) == (number, False, True)
        assert best(255 - crop[:, ::-1], whole) == (number, True, True)


def test_a_small_copy_in_a_page_is_not_outvoted_by_its_letters(works, whole, in_page):
    assert best(in_page(works["flower.jpg"][:, ::-1], 300), whole) == (2, True, False)


def test_both_works_of_a_collage_come_first(works, whole):
    both = np.concatenate([works["china.jpg"], works["flower.jpg"]], axis=1)
    assert {candidate.work for candidate in candidates(extract_suspect(both), whole)[:2]} == {1, 2}


def test_two_files_of_one_work_do_not_compete(works, known):
    files = [*known.items(), (1, extract(works["china.jpg"]))]
    whole = pool([(number, pooled(keypoints)) for number, keypoints in files])
    assert candidates(known[1], whole)[0].work == 1


def test_no_more_works_are_returned_than_asked_for(known, whole):
    assert len(candidates(known[1], whole, count=1)) == 1
    assert len(candidates(known[1], whole)) <= CANDIDATES


def test_works_in_several_pools_get_the_votes_that_they_get_in_one(works, known, whole):
    apart = [pool([(number, pooled(keypoints))]) for number, keypoints in known.items()]
    suspect = extract_suspect(works["china.jpg"])
    assert candidates(suspect, *apart) == candidates(suspect, whole)


def test_nothing_votes_for_nothing(known, whole):
    empty = Keypoints(np.empty((0, 2), np.float32), np.empty((0, 128), np.uint8), (10, 10))
    assert candidates(empty, whole) == []
    assert candidates(known[1], pool([])) == candidates(known[1]) == []
    assert candidates(known[1], pool([(7, pooled(empty))])) == []


def test_the_first_of_several_words_is_the_nearest_one(known):
    descriptors = known[1].descriptors[:200]
    nearest, several = vocabulary().words(descriptors), vocabulary().words(descriptors, 3)
    assert several.shape == (200, 9)
    assert (several[:, 0] == nearest[:, 0]).all()
    assert several.min() >= 0 and several.max() < WORDS


def test_signatures_of_a_blurred_copy_stay_nearer_than_those_of_other_features(works):
    known = vocabulary()
    sharp = extract(works["china.jpg"])
    soft = extract(cv2.GaussianBlur(works["china.jpg"], (0, 0), 1))
    apart = np.linalg.norm(sharp.points[:, None] - soft.points[None], axis=2)
    ours, theirs = (known.signatures(keypoints.descriptors) for keypoints in (sharp, soft))
    differ = np.bitwise_count(ours[:, None] ^ theirs[None]).sum(axis=2)
    assert np.median(differ[apart < 0.7]) < 32 < np.quantile(differ[apart > 50], 0.05)
