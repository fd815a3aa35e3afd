"""Every layout's reader understands a tree that lies as its authors publish it."""

import pytest

from artaudit import catalog
from artaudit.datasets.listing import Found, Layout, Left
from artaudit.datasets.manifest import Row
from artaudit.errors import UsageError


def told(name, root) -> dict[str, Row]:
    found = list(catalog.load(catalog.LAYOUTS, name)().find(root))
    assert all(isinstance(picture, Found) for picture in found), found
    assert all(picture.read() for picture in found)
    return {picture.told.path: picture.told for picture in found}


@pytest.mark.parametrize("name", catalog.LAYOUTS)
def test_every_layout_keeps_the_protocol_and_refuses_what_is_not_there(name, tmp_path):
    layout = catalog.load(catalog.LAYOUTS, name)()
    assert isinstance(layout, Layout)
    with pytest.raises(UsageError):
        list(layout.find(tmp_path / "missing"))


def test_plain_folders_are_labelled_by_their_names(put):
    root = put("real/kodak/a.png", "generated/glide/b.png", "c.jpg", ".hidden/d.png", "real/.e.png")
    (root / "real" / "notes.txt").write_text("no picture")
    assert told("folder", root) == {
        "c.jpg": Row("c.jpg", ""),
        "real/kodak/a.png": Row("real/kodak/a.png", "real", source="kodak"),
        "generated/glide/b.png": Row("generated/glide/b.png", "generated", generator="glide"),
    }


def test_links_to_folders_are_not_followed(put, tmp_path):
    root = put("set/real/a.png", "elsewhere/b.png")
    (root / "set" / "real" / "loop").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert list(told("folder", root / "set")) == ["real/a.png"]


def test_a_table_tells_what_its_columns_hold(put):
    root = put("pictures/a.png")
    (root / "manifest.csv").write_text("path,label,group,mood\npictures/a.png,real,g1,glad\n")
    assert told("table", root) == {"pictures/a.png": Row("pictures/a.png", "real", group="g1")}


def test_genimage_tells_generator_split_and_class(put):
    midjourney = "Midjourney/imagenet_midjourney"
    root = put(
        f"{midjourney}/train/ai/7_midjourney_199.png",
        f"{midjourney}/val/nature/n01440764_10026.jpeg",
        f"{midjourney}/val/nature/ILSVRC2012_val_00000001.jpeg",
        "ADM/imagenet_ai_0508_adm/val/ai/12_adm_4.PNG",
    )
    rows = told("genimage", root)
    fake = rows[f"{midjourney}/train/ai/7_midjourney_199.png"]
    assert (fake.label, fake.generator, fake.split, fake.group) == ("generated", "Midjourney", "train", "imagenet-7")
    real = rows[f"{midjourney}/val/nature/n01440764_10026.jpeg"]
    assert (real.label, real.generator, real.source, real.group) == ("real", "", "imagenet", "imagenet-n01440764")
    assert rows[f"{midjourney}/val/nature/ILSVRC2012_val_00000001.jpeg"].group == ""
    assert rows["ADM/imagenet_ai_0508_adm/val/ai/12_adm_4.PNG"].generator == "ADM"


def test_one_generator_of_genimage_is_enough(put):
    root = put("glide/imagenet_glide/train/ai/7_glide_1.png")
    assert [row.generator for row in told("genimage", root / "glide").values()] == ["glide"]


def test_forensynths_trains_on_progan_and_tests_on_others(put):
    root = put(
        "train/airplane/0_real/1.png",
        "train/airplane/1_fake/1.png",
        "test/cyclegan/apple/1_fake/2.png",
        "test/biggan/0_real/3.png",
    )
    rows = told("forensynths", root)
    assert rows["train/airplane/1_fake/1.png"].generator == "progan"
    assert rows["train/airplane/0_real/1.png"].generator == ""
    assert rows["test/cyclegan/apple/1_fake/2.png"].generator == "cyclegan"
    real = rows["test/biggan/0_real/3.png"]
    assert (real.label, real.split, real.source) == ("real", "test", "forensynths-biggan")


def test_drct_groups_a_photograph_with_the_pictures_of_its_caption(put):
    root = put(
        "MSCOCO/train2017/000000000009.jpg",
        "stable-diffusion-v1-4/train2017/000000000009.png",
        "sd-turbo/val2017/000000000139.png",
    )
    rows = told("drct-2m", root)
    assert [row.group[-3:] for row in rows.values()] == ["009", "139", "009"]
    fake = rows["sd-turbo/val2017/000000000139.png"]
    assert (fake.label, fake.generator, fake.split) == ("generated", "sd-turbo", "val")
    assert rows["MSCOCO/train2017/000000000009.jpg"].label == "real"


def test_synthbuster_groups_by_the_photograph_described(put):
    root = put("dalle3/r000da54ft.png", "RAISE/r000da54ft.png", "glide/r0a1b2c3dt.png")
    rows = told("synthbuster", root)
    assert rows["dalle3/r000da54ft.png"].group == rows["RAISE/r000da54ft.png"].group == "raise-r000da54ft"
    assert [row.label for row in rows.values()] == ["real", "generated", "generated"]


def test_wildrf_names_the_platform(put):
    root = put("train/0_real/a.jpg", "test/reddit/1_fake/b.jpg", "test/facebook/0_real/c.jpg")
    rows = told("wildrf", root)
    assert (rows["test/reddit/1_fake/b.jpg"].label, rows["test/reddit/1_fake/b.jpg"].source) == (
        "generated",
        "wildrf-reddit",
    )
    assert rows["train/0_real/a.jpg"].split == "train"


def test_wikiart_names_the_artist_and_keeps_a_painting_together(put):
    root = put("Cubism/juan-gris_violin.jpg", "Realism/juan-gris_violin.jpg", "Realism/ilya-repin_sadko-1876.jpg")
    rows = list(told("wikiart", root).values())
    assert [row.artist for row in rows] == ["juan-gris", "ilya-repin", "juan-gris"]
    assert rows[0].group == rows[2].group
    assert {row.label for row in rows} == {"real"}


@pytest.mark.parametrize("name", ["genimage", "forensynths", "drct-2m", "synthbuster", "wildrf", "wikiart"])
def test_pictures_that_lie_elsewhere_are_named(put, name):
    root = put("stray.png")
    [left] = catalog.load(catalog.LAYOUTS, name)().find(root)
    assert isinstance(left, Left) and "stray.png" in str(left)


def test_community_forensics_keeps_pictures_in_parquet(tmp_path, encoded):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        {
            "image_data": encoded(1),
            "label": 1,
            "model_name": "sd-x",
            "real_source": "",
            "split": "Train",
            "prompt": "p",
        },
        {"image_data": encoded(2), "label": 0, "model_name": "", "real_source": "FFHQ", "split": "Train", "prompt": ""},
        {"image_data": None, "label": 0, "model_name": "", "real_source": "FFHQ", "split": "Train", "prompt": ""},
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "part-0.parquet")
    (tmp_path / "part-1.parquet").write_bytes(b"damaged")
    fake, real, empty, damaged = catalog.load(catalog.LAYOUTS, "community-forensics")().find(tmp_path)
    assert fake.told == Row(
        "part-0.parquet::0", "generated", generator="sd-x", source="community-forensics", prompt="p", split="train"
    )
    assert (real.told.label, real.told.source, real.read()) == ("real", "FFHQ", encoded(2))
    assert "no bytes" in str(empty) and "left out" in str(damaged)
