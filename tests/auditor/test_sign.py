"""A signed picture carries who made it and that nobody may train on it; its credential outlives being stripped."""

import io
import json
from pathlib import Path

import c2pa
import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.auditor import check
from artaudit.auditor.examiners import read_portfolio
from artaudit.auditor.register import register
from artaudit.auditor.registry import Registry
from artaudit.auditor.sign import sign_picture
from artaudit.auditor.signing import keys
from artaudit.auditor.signing.credentials import KINDS, MARKED, Wish, with_credential
from artaudit.datasets.drawings import draw
from artaudit.datasets.photographs import photograph
from artaudit.errors import ImageError, UsageError
from artaudit.image import decode, forbids_training, read
from artaudit.matching.examiner import PortfolioExaminer
from artaudit.provenance import Signatures


@pytest.fixture(scope="module")
def signer(tmp_path_factory) -> keys.Signer:
    folder = tmp_path_factory.mktemp("keys")
    keys.create(folder, "Ada", "correct horse")
    return keys.unlock(folder, "correct horse")


@pytest.fixture
def drawing(tmp_path) -> Path:
    draw(np.random.default_rng(4)).resize((96, 96)).save(tmp_path / "drawing.png")
    return tmp_path / "drawing.png"


def read_credential(data: bytes, kind: str, signer: keys.Signer) -> dict:
    rules = {"trust": {"user_anchors": signer.identity.authority_pem().decode()}, "verify": {"verify_trust": True}}
    with c2pa.Context.from_dict(rules) as context, c2pa.Reader(kind, io.BytesIO(data), context=context) as reader:
        return json.loads(reader.json())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "AVIF"])
def test_the_credential_is_whole_trusted_and_refuses_training(signer, kind):
    buffer = io.BytesIO()
    draw(np.random.default_rng(1)).resize((64, 64)).save(buffer, kind)
    image = decode(buffer.getvalue(), name="drawing")
    data, manifest = with_credential(image, "A drawing", signer)
    assert len(manifest) > 1000
    credential = read_credential(data, KINDS[kind], signer)
    assert credential["validation_state"] == "Trusted"
    active = credential["manifests"][credential["active_manifest"]]
    assert active["title"] == "A drawing"
    entries = {name: use["use"] for assertion in active["assertions"] if "training-mining" in assertion["label"]
               for name, use in assertion["data"]["entries"].items()}  # fmt: skip
    assert set(entries.values()) == {"notAllowed"}
    assert {"cawg.ai_training", "c2pa.ai_training"} <= entries.keys()


def test_the_pixels_stay_as_they_are(signer, drawing, tmp_path):
    with Registry(tmp_path / "r.db") as registry:
        sign_picture(drawing, tmp_path / "out" / "signed.png", signer, registry)
    assert read(tmp_path / "out" / "signed.png").pixels_sha256 == read(drawing).pixels_sha256


def test_a_changed_byte_is_found(signer, drawing):
    data, _ = with_credential(read(drawing), "t", signer)
    broken = bytearray(data)
    broken[-200] ^= 1
    assert read_credential(bytes(broken), "image/png", signer)["validation_state"] == "Invalid"


def test_the_manifest_is_kept_with_the_work_and_nothing_is_overwritten(signer, drawing, tmp_path):
    target = tmp_path / "signed.png"
    with Registry(tmp_path / "r.db") as registry:
        work = sign_picture(drawing, target, signer, registry).work
        [manifest] = registry.manifests(work.id)
        assert manifest.data[-500:] in target.read_bytes()
        assert work.sha256 == read(drawing).sha256
        assert registry.verify() == []
        with pytest.raises(UsageError, match="nothing is overwritten"):
            sign_picture(drawing, target, signer, registry)
        again = sign_picture(drawing, tmp_path / "again.png", signer, registry)
        assert (again.work.id, again.new) == (work.id, False)
        assert len(registry.manifests(work.id)) == 2


def test_kinds_that_carry_no_credential_are_refused(signer, tmp_path):
    Pillow.new("RGB", (16, 16)).save(tmp_path / "a.bmp")
    with Registry(tmp_path / "r.db") as registry, pytest.raises(ImageError, match="convert it to PNG"):
        sign_picture(tmp_path / "a.bmp", tmp_path / "b.bmp", signer, registry)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "AVIF"])
def test_the_files_xmp_refuses_training_too_where_it_holds_any(signer, drawing, tmp_path, kind):
    source, target = tmp_path / f"a.{kind.lower()}", tmp_path / "out" / f"a.{kind.lower()}"
    Pillow.open(drawing).save(source)
    before = read(source)
    with Registry(tmp_path / "r.db") as registry:
        signed = sign_picture(source, target, signer, registry)
    after = read(target)
    assert signed.xmp == forbids_training(after) == (kind in MARKED)
    assert np.array_equal(before.stored, after.stored)
    assert read_credential(after.data, KINDS[kind], signer)["validation_state"] == "Trusted"
    assert source.read_bytes() == before.data


def test_a_signature_can_leave_training_unsaid(signer, drawing, tmp_path):
    with Registry(tmp_path / "r.db") as registry:
        sign_picture(drawing, tmp_path / "b.png", signer, registry, Wish(refuses=False))
    after = read(tmp_path / "b.png")
    assert not forbids_training(after)
    credential = json.dumps(read_credential(after.data, "image/png", signer))
    assert "training-mining" not in credential


def test_an_unknown_picture_becomes_a_work_only_where_that_is_wished_and_said(signer, drawing, tmp_path):
    with Registry(tmp_path / "r.db") as registry:
        unknown = sign_picture(drawing, tmp_path / "a.png", signer, registry, Wish(keeps=False))
        assert (unknown.work, unknown.new, registry.works()) == (None, False, [])
        signed = sign_picture(drawing, tmp_path / "b.png", signer, registry)
        assert (signed.work.id, signed.new) == (1, True)
        resaved = tmp_path / "resaved.png"
        Pillow.open(drawing).save(resaved, compress_level=1)
        assert sign_picture(resaved, tmp_path / "c.png", signer, registry).work.id == 1  # the same pixels


def test_a_copy_that_lost_its_credential_is_led_back_to_it(signer, tmp_path):
    (tmp_path / "flower.jpg").write_bytes(photograph("flower.jpg"))
    with Registry(tmp_path / "r.db") as registry:
        sign_picture(tmp_path / "flower.jpg", tmp_path / "signed.jpg", signer, registry)
        shared = Pillow.open(tmp_path / "signed.jpg").crop((30, 20, 600, 400)).resize((480, 320))
        shared.save(tmp_path / "shared.jpg", quality=80)
        look = [PortfolioExaminer(read_portfolio(registry)), Signatures("")]
        stripped, whole = (check.check(tmp_path / name, registry, look)[1] for name in ("shared.jpg", "signed.jpg"))
        assert [finding.work for finding in stripped.findings if finding.holds] == [1]
        [note] = stripped.notes
        assert note.startswith("work 1 was signed on 20")
        [manifest] = registry.manifests(1)
        rules = {"trust": {"user_anchors": signer.identity.authority_pem().decode()}}
    signatures = [finding for finding in whole.findings if finding.examiner == "signatures" and finding.holds]
    assert len(signatures) == 1
    context = c2pa.Context.from_dict(rules)
    kept = c2pa.Reader("image/jpeg", io.BytesIO((tmp_path / "signed.jpg").read_bytes()), manifest.data, context=context)
    assert json.loads(kept.json())["validation_state"] == "Trusted"


def test_a_signed_copy_of_another_size_belongs_to_its_work(signer, tmp_path):
    (tmp_path / "harbour.jpg").write_bytes(photograph("china.jpg"))
    Pillow.open(tmp_path / "harbour.jpg").resize((320, 214)).save(tmp_path / "small.jpg")
    with Registry(tmp_path / "registry.db") as registry:
        work, _ = register(tmp_path / "harbour.jpg", registry)
        done = sign_picture(tmp_path / "small.jpg", tmp_path / "signed.jpg", signer, registry)
        assert (done.work.id, done.new) == (work.id, False)
        assert len(registry.manifests(work.id)) == 1
        assert register(tmp_path / "signed.jpg", registry)[0].id == work.id
        assert [version.kind for version in registry.versions()] == ["resized", "signed"]
