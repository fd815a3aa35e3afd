"""The right work gets the most votes, whatever part of it the suspect shows."""

import numpy as np
import pytest

from artaudit.auditor.matching import retrieval
from artaudit.auditor.matching.keypoints import Keypoints, extract, extract_suspect
from artaudit.auditor.matching.retrieval import POOLED, candidates, pool


@pytest.fixture(scope="module")
def known(works):
    return {number: extract(rgb8) for number, rgb8 in enumerate(works.values(), start=1)}


def test_the_pool_keeps_a_share_of_each_work(known):
    whole = pool(known.items())
    names, counts = np.unique(whole.owners, return_counts=True)
    assert names.tolist() == [number for number, one in known.items() if len(one)]
    assert counts.max() <= POOLED
    assert (np.diff(whole.owners) >= 0).all()


def test_a_crop_and_its_mirror_image_vote_for_their_work(works, known):
    whole = pool(known.items())
    for number, title in ((1, "china.jpg"), (2, "flower.jpg")):
        crop = works[title][100:330, 200:550]
        for shown in (crop, crop[:, ::-1]):
            assert candidates(extract_suspect(np.ascontiguousarray(shown)), whole)[0] == number


def test_inverted_colours_vote_when_asked_for(works, known):
    found = candidates(extract_suspect(255 - works["china.jpg"]), pool(known.items()), inverted=True)
    assert found[0] == 1


def test_both_works_of_a_collage_come_first(works, known):
    both = np.concatenate([works["china.jpg"], works["flower.jpg"]], axis=1)
    assert set(candidates(extract_suspect(both), pool(known.items()))[:2]) == {1, 2}


def test_two_files_of_one_work_do_not_compete(works, known):
    whole = pool([*known.items(), (1, extract(works["china.jpg"]))])
    assert candidates(known[1], whole)[0] == 1


def test_no_more_works_are_returned_than_asked_for(known):
    assert len(candidates(known[1], pool(known.items()), count=1)) == 1


def test_nothing_votes_for_nothing(known):
    empty = Keypoints(np.empty((0, 2), np.float32), np.empty((0, 128), np.uint8), (10, 10))
    assert candidates(empty, pool(known.items())) == []
    assert candidates(known[1], pool([])) == []
    assert candidates(known[1], pool([(7, empty)])) == []


def test_cutting_the_pool_into_parts_changes_nothing(known, monkeypatch):
    whole = pool(known.items())
    suspects = [known[number] for number in (1, 2, 3)]
    at_once = [candidates(suspect, whole) for suspect in suspects]
    monkeypatch.setattr(retrieval, "_ROWS", 1)
    assert [candidates(suspect, whole) for suspect in suspects] == at_once
