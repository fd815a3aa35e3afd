"""The part of a picture that is scored."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.attribution.candidate import candidates, open_candidate
from artaudit.attribution.known_pictures import as_levels, as_pixels, to_8_bits
from artaudit.attribution.opinion import SIDE, opinions
from artaudit.attribution.statistic import redraw
from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
from artaudit.image import decode


def as_image(levels):
    buffer = io.BytesIO()
    Pillow.fromarray(levels).save(buffer, "PNG")
    return decode(buffer.getvalue(), name="a.png")


@pytest.mark.parametrize("place", [(0, 0), (136, 328)])
def test_the_part_with_the_most_detail_is_scored_on_the_grid_of_the_whole_picture(place):
    top, left = place
    levels = np.full((500, 700, 3), 90, np.uint8)
    busy = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    levels[top : top + SIDE, left : left + SIDE] = busy
    (held,) = opinions(as_image(levels), candidates(("studio-sd1",)), search=False)
    assert held.seen.shape == (1, 3, SIDE, SIDE) and not held.plain
    assert (np.rint(held.seen[0].permute(1, 2, 0).numpy() * 255) == busy).all()


def test_a_picture_without_any_detail_is_plain_and_named_by_nobody():
    held = opinions(as_image(np.full((300, 300, 3), 90, np.uint8)), candidates(("studio-sd1", "studio-flux2")))
    assert all(opinion.plain and not opinion.belongs for opinion in held) and len(held) == 2


def test_a_jpeg_file_is_judged_by_what_is_known_of_files_on_the_blocks_of_the_file():
    rng = np.random.default_rng(0)
    levels = np.full((500, 700, 3), 90, np.uint8)
    levels[136 : 136 + SIDE, 328 : 328 + SIDE] = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    buffer = io.BytesIO()
    Pillow.fromarray(levels).save(buffer, "JPEG", quality=90)
    of_file = decode(buffer.getvalue(), name="a.jpg")
    (held,) = opinions(of_file, candidates(("studio-sd1",)), search=False)
    assert held.stratum.jpeg and held.stratum.side == SIDE
    seen = np.rint(held.seen[0].permute(1, 2, 0).numpy() * 255)
    places = [(top, left) for top in range(0, 500 - SIDE, 16) for left in range(0, 700 - SIDE, 16)]
    assert any((seen == of_file.rgb8[top : top + SIDE, left : left + SIDE]).all() for top, left in places)
    (again,) = opinions(as_image(of_file.rgb8), candidates(("studio-sd1",)), search=False)
    assert not again.stratum.jpeg


def test_what_one_candidate_names_as_it_lies_is_not_searched_by_the_others():
    model = open_candidate(candidates(("studio-sd1",))[0].record)
    name = next(iter(PHOTOGRAPHS))
    crop = np.ascontiguousarray(decode(photograph(name), name=name).rgb8[64:320, 64:320])
    own = as_image(as_levels(to_8_bits(redraw(model, as_pixels([crop]))))[0])
    held = opinions(own, candidates(("studio-sd1", "studio-flux2")))
    assert [(opinion.candidate.record.name, opinion.belongs) for opinion in held] == [
        ("studio-sd1", True),
        ("studio-flux2", False),
    ]
    assert all(opinion.place.scores.numel() == 0 and not opinion.place.tried for opinion in held)
