"""Signed statements are checked offline, their state is never mixed up, and nothing signed can do harm."""

import base64
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import c2pa
import cv2
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from diffusers.pipelines.stable_diffusion_xl.watermark import WATERMARK_BITS
from hypothesis import given, settings
from hypothesis import strategies as st
from imwatermark import WatermarkEncoder
from PIL import Image as Pillow
from PIL import PngImagePlugin

from artaudit.auditor.assessment.sentences import verdict
from artaudit.auditor.assessment.weighing import assess
from artaudit.errors import UsageError
from artaudit.findings import Finding
from artaudit.image import Image, decode, read
from artaudit.provenance import Watermarks
from artaudit.provenance.signed.examiner import Signatures
from artaudit.provenance.signed.trust import TRUST

TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
PICTURE = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
KINDS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "TIFF": "image/tiff"}


def saved(kind: str = "PNG", array: np.ndarray = PICTURE, **options: object) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


def findings_in(data: bytes, anchors: str = "", **options: str) -> list[Finding]:
    return Signatures(anchors, **options).examine(decode(data, name="a"))


def finding_in(data: bytes, anchors: str = "", **options: str) -> Finding:
    [finding] = findings_in(data, anchors, **options)
    return finding


def certificate(subject, issuer, public, key, *extensions) -> x509.Certificate:
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]) for common in (subject, issuer)]
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
    for critical, extension in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, hashes.SHA256())


class Signer:
    """A signer with an authority of their own."""

    def __init__(self) -> None:
        root, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        identifier = x509.SubjectKeyIdentifier.from_public_key(root.public_key())
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
        ) | {"decipher_only": False}
        authority = certificate(
            "Own CA",
            "Own CA",
            root.public_key(),
            root,
            (True, x509.BasicConstraints(ca=True, path_length=None)),
            (True, x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **usage)),
            (False, identifier),
        )
        own = certificate(
            "A Painter",
            "Own CA",
            leaf.public_key(),
            root,
            (True, x509.BasicConstraints(ca=False, path_length=None)),
            (True, x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **usage)),
            (True, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])),
            (False, x509.SubjectKeyIdentifier.from_public_key(leaf.public_key())),
            (False, x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)),
        )
        pem = serialization.Encoding.PEM
        self.anchors = authority.public_bytes(pem).decode()
        self._chain = own.public_bytes(pem) + authority.public_bytes(pem)
        form = serialization.PrivateFormat.PKCS8
        self._key = leaf.private_bytes(pem, form, serialization.NoEncryption())

    def sign(
        self, data: bytes, kind: str = "PNG", made: str = TYPES + "digitalCreation", assertions: tuple = ()
    ) -> bytes:
        action = {"action": "c2pa.created", "digitalSourceType": made}
        actions = {"label": "c2pa.actions.v2", "data": {"actions": [action]}}
        manifest = {
            "claim_generator_info": [{"name": "own brush", "version": "1"}],
            "assertions": [actions, *assertions],
        }
        rules = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}}})
        info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=self._chain, private_key=self._key, ta_url=None)
        signed = io.BytesIO()
        with (
            c2pa.Context(rules) as context,
            c2pa.Builder(manifest, context=context) as builder,
            c2pa.Signer.from_info(info) as signer,
        ):
            builder.sign(signer, KINDS[kind], io.BytesIO(data), signed)
        return signed.getvalue()


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.mark.parametrize("kind", KINDS)
def test_a_signer_is_trusted_only_when_the_user_says_so(signer, kind):
    data = signer.sign(saved(kind), kind, TYPES + "trainedAlgorithmicMedia")
    finding = finding_in(data)
    assert finding.holds
    assert finding.details["tier"] == "signed"
    assert finding.details["state"] == "Valid"
    assert "was made with a generative model" in finding.claim
    assert "A Painter" in finding.claim
    assert "on no trust list of yours" in finding.claim
    assert "anyone can make such a signature" in finding.details["weight"]
    assert finding_in(data, signer.anchors).details["state"] == "Trusted"
    assert "who is on your trust list" in finding_in(data, signer.anchors).claim
    assert finding_in(data, Signer().anchors).details["state"] == "Valid"


def test_a_changed_picture_has_an_invalid_manifest_whoever_signed(signer):
    data = bytearray(signer.sign(saved("JPEG"), "JPEG", TYPES + "trainedAlgorithmicMedia"))
    data[-40] ^= 1
    finding = finding_in(bytes(data), signer.anchors)
    assert finding.details["state"] == "Invalid"
    assert finding.details["problems"] == ("assertion.dataHash.mismatch",)
    assert "void" in finding.claim
    assert "generative" not in finding.claim


def test_a_manifest_goes_when_the_picture_is_saved_again(signer):
    signed = Pillow.open(io.BytesIO(signer.sign(saved())))
    finding = finding_in(saved(array=np.asarray(signed)))
    assert finding.holds is False
    assert "absence says nothing" in finding.details["weight"]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (TYPES + "compositeWithTrainedAlgorithmicMedia", "was made with a generative model, in part"),
        (TYPES + "digitalCapture", "was taken by a camera"),
        (TYPES + "somethingNew", "is of the digital source type somethingNew"),
        (TYPES + "digitalCreation", "was made by a person with a computer"),
    ],
)
def test_the_source_type_is_put_in_words(signer, made, words):
    assert words in finding_in(signer.sign(saved(), made=made)).claim


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ("trainedAlgorithmicMedia", "machine-made"),
        ("compositeWithTrainedAlgorithmicMedia", "machine-made"),
        ("digitalCapture", "not machine-made"),
        ("digitalCreation", "not machine-made"),
        ("algorithmicMedia", None),
        ("somethingNew", None),
    ],
)
def test_what_a_source_type_says_of_the_making_counts_only_with_a_trusted_signer(signer, made, says):
    data = signer.sign(saved(), made=TYPES + made)
    untrusted, trusted = finding_in(data), finding_in(data, signer.anchors)
    assert [finding.details.get("says") for finding in (untrusted, trusted)] == [says, says]
    assert [finding.details["trusted"] for finding in (untrusted, trusted)] == [False, True]
    assert assess([untrusted], 0).origin == "cannot tell"
    assert assess([trusted], 0).origin == (says or "cannot tell")


def test_a_changed_file_says_nothing_of_its_making_and_is_trusted_by_nobody(signer):
    data = bytearray(signer.sign(saved("JPEG"), "JPEG", TYPES + "trainedAlgorithmicMedia"))
    data[-40] ^= 1
    finding = finding_in(bytes(data), signer.anchors)
    assert ("says" in finding.details, finding.details["trusted"]) == (False, False)
    assert "does not fit it (Invalid)" in verdict([finding], 1)


def test_a_camera_that_signed_a_picture_with_a_generators_code_in_it_contradicts_it(signer):
    array = cv2.resize(np.random.default_rng(3).integers(60, 196, (9, 9, 3)).astype(np.uint8), (320, 320))
    coder = WatermarkEncoder()
    coder.set_watermark("bits", WATERMARK_BITS)
    marked = coder.encode(array[..., ::-1].copy(), "dwtDct")[..., ::-1]
    image = decode(signer.sign(saved(array=np.ascontiguousarray(marked)), made=TYPES + "digitalCapture"), name="a")
    findings = [*Signatures(signer.anchors).examine(image), *Watermarks().examine(image)]
    weighed = assess(findings, 0)
    assert (weighed.origin, weighed.basis) == ("not machine-made", "signed")
    [conflict] = weighed.conflicts
    assert conflict.startswith("These contradict each other: its pixels carry the code that Stable Diffusion XL hides")
    assert "was taken by a camera" in conflict
    assert verdict(findings, 0).endswith(conflict)


def test_what_is_said_about_training_is_kept(signer):
    entries = {"cawg.ai_generative_training": {"use": "notAllowed"}}
    assertion = {"label": "cawg.training-mining", "data": {"entries": entries}}
    details = finding_in(signer.sign(saved(), assertions=(assertion,))).details
    assert details["training"] == {"cawg.ai_generative_training": "notAllowed"}
    assert details["generator"].startswith("own brush 1")


REMOTE = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dcterms="http://purl.org/dc/terms/"
dcterms:provenance="http://127.0.0.1:9/away.c2pa"/></rdf:RDF></x:xmpmeta>"""


def test_a_manifest_elsewhere_is_named_and_not_fetched():
    finding = finding_in(saved("JPEG", xmp=REMOTE.encode()))
    assert finding.holds is None
    assert finding.details["unread"] == "its manifest lies elsewhere and is not fetched (http://127.0.0.1:9/away.c2pa)"


def test_a_broken_container_cannot_be_told():
    image = decode(saved(), name="a")
    [finding] = Signatures("").examine(Image("a", image.data[:40], "PNG", image.stored))
    assert finding.holds is None
    assert "cannot be read" in finding.details["unread"]


def test_formats_without_manifests_carry_none():
    assert finding_in(saved("BMP")).holds is False


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_changed_manifest_makes_the_reader_fail(signer, data):
    whole = signer.sign(saved("JPEG"), "JPEG")
    place = data.draw(st.integers(2, len(whole) - 1))
    broken = bytearray(whole)
    broken[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    [finding] = Signatures(signer.anchors).examine(Image("a", bytes(broken), "JPEG", PICTURE))
    json.dumps(finding.as_dict(), ensure_ascii=False, allow_nan=False).encode()


def test_the_environment_names_one_more_trust_list(signer, tmp_path, monkeypatch):
    image = decode(signer.sign(saved()), name="a")
    monkeypatch.setenv("ARTAUDIT_KEYS", str(tmp_path))
    monkeypatch.delenv(TRUST, raising=False)
    assert Signatures().examine(image)[0].details["state"] == "Valid"
    assert Signatures("").examine(image)[0].details["trust_list"] == "none configured"
    chosen = tmp_path / "trust.pem"
    chosen.write_text(signer.anchors)
    monkeypatch.setenv(TRUST, str(chosen))
    assert Signatures().examine(image)[0].details["state"] == "Trusted"


@pytest.mark.parametrize("content", [None, "no certificate", "\u00fc"])
def test_a_trust_list_that_cannot_be_read_is_an_error_in_a_sentence(content, tmp_path, monkeypatch):
    chosen = tmp_path / "trust.pem"
    if content is not None:
        chosen.write_text(content, encoding="utf-8")
    monkeypatch.setenv(TRUST, str(chosen))
    with pytest.raises(UsageError, match=r"trust\.pem cannot be read as PEM certificates: correct or unset"):
        Signatures()


C2PA = {
    "A": None,
    "I": None,
    **dict.fromkeys(["C", "CA", "CACA", "CACAICAICICA", "CAI", "CAICA", "CAICAI"], ("Valid", ())),
    **dict.fromkeys(["CI", "CICA", "CICACACA", "CIE-sig-CA", "CII"], ("Valid", ())),
    "E-clm-CAICAI": ("Invalid", ("ingredient.manifest.missing", "assertion.hashedURI.mismatch")),
    "E-dat-CA": ("Invalid", ("assertion.dataHash.mismatch",)),
    "E-sig-CA": ("Invalid", ("claimSignature.mismatch",)),
    "E-uri-CA": ("Invalid", ("assertion.hashedURI.mismatch",)),
    "E-uri-CIE-sig-CA": ("Invalid", ("assertion.hashedURI.mismatch",)),
    "XCA": ("Invalid", ("assertion.dataHash.mismatch",)),
    "XCI": ("Invalid", ("assertion.dataHash.mismatch",)),
}
"""What the public test files are; CIE-sig-CA is intact and says itself that a part it was made from is not."""


@pytest.mark.parametrize("name", C2PA)
def test_public_test_files_are_read_right(shared, name):
    [finding] = Signatures("").examine(read(shared / "c2pa" / f"adobe-20220124-{name}.jpg"))
    if C2PA[name] is None:
        assert finding.holds is False
        return
    assert finding.holds
    assert (finding.details["state"], finding.details.get("problems", ())) == C2PA[name]
    assert finding.details["signer"] == "C2PA Signer of C2PA Test Signing Cert"
    assert ("void" if C2PA[name][0] == "Invalid" else "says nothing about how the picture was made") in finding.claim


def test_the_table_of_public_test_files_is_complete(shared):
    assert {Path(path).stem.removeprefix("adobe-20220124-") for path in (shared / "c2pa").iterdir()} == C2PA.keys()


def test_files_of_generators_without_a_signature_are_not_called_signed(shared):
    for path in sorted((shared / "metadata").glob("[cfin]*.png")):
        assert [finding.holds for finding in Signatures("").examine(read(path))] == [False]


class NovelAI:
    """Someone who signs as NovelAI does, with a key of their own."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        raw = self._private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.key = base64.b64encode(raw).decode()

    def comment(self, array: np.ndarray = PICTURE) -> str:
        words = {"prompt": "a castle \u00fc", "scale": 5.0, "seed": 42}
        signature = self._private.sign(array[..., :3].tobytes() + json.dumps(words).encode())
        return json.dumps(words | {"signed_hash": base64.b64encode(signature).decode()})


def with_comment(comment: str, array: np.ndarray = PICTURE) -> bytes:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Software", "NovelAI")
    texts.add_text("Comment", comment)
    return saved(array=array, pnginfo=texts)


def with_exif(comment: str) -> bytes:
    exif = Pillow.Exif()
    exif[0x0131] = "NovelAI"
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + comment.encode()
    return saved("WEBP", lossless=True, exif=exif)


def test_novelais_signature_is_checked_over_samples_and_text():
    novelai = NovelAI()
    comment = novelai.comment()
    for data in (with_comment(comment), with_exif(comment), with_exif(json.dumps({"Comment": comment}))):
        finding = finding_in(data, novelai_key=novelai.key)
        assert finding.details["tier"] == "signed"
        assert finding.details["state"] == "Valid"
        assert "was made with NovelAI" in finding.claim
        assert "does not fit" in finding_in(data).claim
    opaque = np.dstack([PICTURE, np.full((64, 64), 255, np.uint8)])
    assert finding_in(with_comment(comment, opaque), novelai_key=novelai.key).details["state"] == "Valid"


def test_a_signature_of_novelai_does_not_survive_a_change():
    novelai = NovelAI()
    comment = novelai.comment()
    changed = PICTURE.copy()
    changed[9, 9, 1] ^= 1
    broken = [
        with_comment(comment, changed),
        with_comment(comment.replace("castle", "cottage")),
        with_comment(json.dumps({"signed_hash": "no base64!"})),
        with_comment(json.dumps({"signed_hash": "AAAA"})),
        with_comment(novelai.comment(PICTURE[..., :1]), PICTURE[..., 0]),
    ]
    for data in broken:
        finding = finding_in(data, novelai_key=novelai.key)
        assert finding.details["state"] == "Invalid"
        assert "does not fit the picture" in finding.claim


def test_two_signed_statements_are_two_findings(signer):
    novelai = NovelAI()
    both = findings_in(signer.sign(with_comment(novelai.comment())), novelai_key=novelai.key)
    assert [finding.details["state"] for finding in both] == ["Valid", "Valid"]
