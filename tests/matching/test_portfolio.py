"""A portfolio finds edited copies of its works and nothing in other pictures."""

import cv2
import numpy as np
import pytest

from artaudit.datasets.drawings import draw
from artaudit.errors import RegistryError
from artaudit.matching import Portfolio, PortfolioEntry, fingerprint
from artaudit.matching.keypoints import extract


def cropped(rgb8):
    rows, columns = (round(side * 0.3**0.5) for side in rgb8.shape[:2])
    return rgb8[40 : 40 + rows, 60 : 60 + columns]


def captioned(rgb8):
    marked = rgb8.copy()
    for line in (0.3, 0.5, 0.7):
        place = (8, round(rgb8.shape[0] * line))
        cv2.putText(marked, "ALL RIGHTS RESERVED", place, cv2.FONT_HERSHEY_SIMPLEX, 1.6, (255, 255, 255), 6)
    return marked


def noisy(rgb8):
    signs = np.random.default_rng(0).choice([-8, 8], rgb8.shape)
    return np.clip(rgb8 + signs, 0, 255).astype(np.uint8)


EDITS = {
    "crop to 30 %": (cropped, None),
    "crop and JPEG": (cropped, 60),
    "JPEG 15": (lambda a: a, 15),
    "mirror": (lambda a: a[:, ::-1], None),
    "turn by 90°": (np.rot90, None),
    "half the size": (lambda a: cv2.resize(a, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), None),
    "stretch": (lambda a: cv2.resize(a, None, fx=1.4, fy=1, interpolation=cv2.INTER_AREA), None),
    "caption": (captioned, None),
    "noise of 8/255": (noisy, None),
    "inverted colours": (lambda a: 255 - a, None),
    "crop of inverted colours": (lambda a: 255 - cropped(a), None),
}
ORIENTATION = {
    "mirror": "mirrored",
    "turn by 90°": "rotated by 90° counterclockwise",
    "inverted colours": "colours inverted",
    "crop of inverted colours": "colours inverted",
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize(("number", "title"), [(1, "china.jpg"), (2, "flower.jpg")])
def test_an_edited_copy_is_found_and_placed(portfolio, works, as_image, edit, number, title):
    change, quality = EDITS[edit]
    matches = portfolio.matches(as_image(change(works[title]), quality))
    assert [(match.work, match.title, match.band) for match in matches] == [(number, title, "copy")]
    assert matches[0].orientation == ORIENTATION.get(edit, "as registered")
    assert matches[0].confirmation.confirmed


@pytest.mark.slow
def test_a_mirrored_copy_in_a_page_is_found(portfolio, works, as_image, in_page):
    for number, title in ((1, "china.jpg"), (2, "flower.jpg")):
        [match] = portfolio.matches(as_image(in_page(works[title][:, ::-1])))
        assert (match.work, match.tier, match.band, match.orientation) == (number, "keypoints", "copy", "mirrored")


def test_the_cheapest_comparison_that_finds_is_named(portfolio, works, as_image):
    work = works["china.jpg"]
    same = as_image(work)
    assert portfolio.matches(same)[0].tier == "file"
    resaved = Portfolio([PortfolioEntry(1, "china.jpg", "0" * 64, same.pixels_sha256, **fingerprint(same))])
    assert resaved.matches(same)[0].tier == "pixels"
    assert portfolio.matches(as_image(work, 60))[0].tier == "pdq"
    assert portfolio.matches(as_image(cropped(work)))[0].tier == "keypoints"


def test_every_match_crosses_its_threshold(portfolio, works, as_image):
    for change in (lambda a: a, np.rot90, cropped):
        [match] = portfolio.matches(as_image(change(works["flower.jpg"])))
        crossed = match.score <= match.threshold if match.tier == "pdq" else match.score >= match.threshold
        assert crossed


def test_a_few_agreeing_points_make_a_candidate_for_a_person_to_look_at(works, as_image):
    image = as_image(works["china.jpg"])
    few = extract(image.rgb8).spread(13).to_bytes()
    [match] = Portfolio([PortfolioEntry(1, "china.jpg", "0" * 64, "0" * 64, keypoints=few)]).matches(image)
    assert (match.tier, match.band) == ("keypoints", "candidate")
    assert match.score < match.threshold


def test_unrelated_and_flat_pictures_give_nothing(portfolio, as_image):
    drawings = [np.asarray(draw(np.random.default_rng(seed))) for seed in range(100, 108)]
    flat = [np.full((240, 320, 3), level, np.uint8) for level in (0, 127, 255)]
    noise = [np.random.default_rng(5).integers(0, 256, (300, 300, 3), dtype=np.uint8)]
    for rgb8 in [*drawings, *flat, *noise]:
        assert portfolio.matches(as_image(rgb8)) == []


def test_a_flat_work_is_found_by_its_digests_alone(as_image):
    white, nearly = as_image(np.full((200, 200, 3), 255, np.uint8)), as_image(np.full((200, 200, 3), 254, np.uint8))
    only = Portfolio([PortfolioEntry(4, "white", white.sha256, white.pixels_sha256, **fingerprint(white))])
    assert [(match.work, match.tier) for match in only.matches(white)] == [(4, "file")]
    assert only.matches(white)[0].confirmation is None
    assert only.matches(nearly) == []


def test_both_works_of_a_collage_are_found(portfolio, works, as_image):
    both = np.concatenate([works["china.jpg"], works["flower.jpg"][:, ::-1]], axis=0)
    orientations = {match.work: match.orientation for match in portfolio.matches(as_image(both))}
    assert orientations == {1: "as registered", 2: "mirrored"}


def test_a_cloaked_version_names_its_work(portfolio, works, as_image):
    cloaked = as_image(noisy(works["china.jpg"]))
    version = PortfolioEntry(1, "china.jpg", cloaked.sha256, cloaked.pixels_sha256, cloaked=True)
    [match] = Portfolio([*portfolio.entries, version]).matches(cloaked)
    assert (match.work, match.tier, match.cloaked, match.sha256) == (1, "file", True, cloaked.sha256)
    assert match.confirmation.confirmed


def test_a_work_is_found_among_more_than_are_all_confirmed(portfolio, works, as_image):
    fillers = []
    for number in range(20, 45):
        image = as_image(np.asarray(draw(np.random.default_rng(number))))
        fillers.append(
            PortfolioEntry(number, f"filler {number}", image.sha256, image.pixels_sha256, **fingerprint(image))
        )
    many = Portfolio([*fillers, *portfolio.entries])
    for change in (cropped, lambda a: a[:, ::-1], lambda a: 255 - cropped(a)):
        assert [match.work for match in many.matches(as_image(change(works["flower.jpg"])))] == [2]


def test_an_empty_portfolio_finds_nothing(works, as_image):
    assert Portfolio([]).matches(as_image(works["china.jpg"])) == []


def test_a_damaged_fingerprint_is_reported(works, as_image):
    damaged = Portfolio([PortfolioEntry(1, "damaged", "0" * 64, "0" * 64, b"short", b"AKP1")])
    with pytest.raises(RegistryError, match="audit db verify"):
        damaged.matches(as_image(works["china.jpg"]))
