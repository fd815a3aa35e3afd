"""The bias audit refuses data sets whose containers tell the labels apart, and no others."""

import numpy as np
import pytest

from artaudit.datasets.bias import BAR, MOST, bias
from artaudit.datasets.manifest import Row
from artaudit.errors import ArtauditError


def rows(count: int, seed: int = 0, **of_generated) -> list[Row]:
    """Return as many real as generated pictures of one mixture of containers, but for what is told."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(2 * count):
        width = int(rng.choice([320, 500, 640]))
        facts = {
            "codec": "JPEG",
            "quality": int(rng.integers(70, 100)),
            "subsampling": str(rng.choice(["4:2:0", "4:4:4"])),
            "width": width,
            "height": 400,
            "bytes": int(width * 400 * rng.uniform(0.1, 0.6)),
        }
        label = "real" if number % 2 else "generated"
        made.append(Row(f"{number}.jpg", label, **{**facts, **(of_generated if label == "generated" else {})}))
    return made


@pytest.mark.slow
def test_equal_mixtures_pass():
    found = bias(rows(300))
    assert not found.biased and not found.culprits
    assert found.whole.low <= 0.5 <= found.whole.high
    assert "does not give the label away" in str(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fact", "of_generated"),
    [
        ("format", {"codec": "PNG"}),
        ("quality", {"quality": 95}),
        ("subsampling", {"subsampling": "4:2:2"}),
        ("progressive", {"progressive": True}),
        ("size", {"width": 512, "height": 512, "bytes": 80_000}),
        ("bytes a pixel", {"width": 500, "bytes": 250_000}),
    ],
)
def test_a_fact_that_differs_is_found_and_named(fact, of_generated):
    found = bias(rows(60, **of_generated))
    assert found.biased and found.whole.auc > 0.8
    assert fact in found.culprits
    assert fact in str(found)
    words = next(told for told in found.facts if told.fact == fact)
    assert words.real != words.generated


@pytest.mark.slow
def test_facts_that_tell_nothing_alone_may_tell_together():
    rng = np.random.default_rng(3)
    made = []
    for number in range(400):
        png = bool(rng.integers(2))
        label = "real" if number % 2 else "generated"
        square = png == (label == "real")
        made.append(Row(f"{number}", label, codec="PNG" if png else "WEBP", width=400, height=400 if square else 300))
    found = bias(made)
    assert found.biased and not found.culprits
    assert "together" in str(found)


@pytest.mark.slow
def test_pairs_in_equal_containers_pass():
    found = bias(
        [
            Row(f"{row.path}-{label}", label, "", "", "", row.path, bytes=row.bytes, quality=row.quality)
            for row in rows(40)
            for label in ("real", "generated")
        ]
    )
    assert found.whole.auc <= BAR


def test_a_group_that_repeats_does_not_count_as_many():
    """Generated pictures of one group share a quality: learned by heart it would look like a bias."""
    with pytest.raises(ArtauditError, match="Only 1 independent pictures are generated"):
        bias(
            [Row(f"{n}.png", "real", quality=n) for n in range(20)]
            + [Row(f"g{n}.png", "generated", group="one", quality=50) for n in range(20)]
        )


@pytest.mark.slow
def test_few_pictures_leave_a_doubt_that_is_said():
    found = bias(rows(15, seed=4))
    assert found.whole.high - found.whole.low > 0.2
    if found.biased:
        assert found.whole.low > 0.5 or "may be chance" in str(found)
    else:
        assert "cannot rule a bias out" in str(found)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_numbers_and_large_sets_are_sampled():
    many = rows(MOST)
    first, second = bias(many, seed=1), bias(many, seed=1)
    assert first == second
    assert MOST <= first.pictures <= MOST + 1


@pytest.mark.parametrize("label", ["real", "generated"])
def test_one_label_alone_cannot_be_audited(label):
    with pytest.raises(ArtauditError, match="Only 0 independent pictures"):
        bias([Row(f"{number}.png", label) for number in range(50)])
