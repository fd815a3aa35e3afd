"""Why a manifest is invalid is told: only a changed file "does not fit", and nobody is accused for less."""

import http.server
import io
import json
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta

import c2pa
import pytest
from PIL import Image as Pillow

from artaudit.auditor.assessment.sentences import verdict
from artaudit.auditor.assessment.weighing import assess
from artaudit.findings import Finding
from artaudit.image import decode
from artaudit.provenance.signed.causes import CHANGED, EXPIRED, MALFORMED, PROFILE, REVOKED, causes
from artaudit.provenance.signed.examiner import Signatures
from artaudit.provenance.signed.trust import TRUST, Trust, TrustList, read_list, store

MADE = "trainedAlgorithmicMedia"
UNKNOWN_USE = "1.2.3.4.5"


def finding_in(data: bytes, anchors: str = "") -> Finding:
    [finding] = Signatures(anchors).examine(decode(data, name="a"))
    return finding


def flipped(data: bytes) -> bytes:
    changed = bytearray(data)
    changed[-40] ^= 1
    return bytes(changed)


@pytest.mark.parametrize(
    "usages",
    ["1.3.6.1.4.1.62558.2.1", "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.311.76.59.1.9", "emailProtection"],
)
def test_a_certificate_for_any_use_that_c2pa_names_signs_validly(usages, issuer, jpeg):
    maker = issuer("OpenAI", usages)
    data = maker.sign(jpeg, MADE)
    finding = finding_in(data)
    assert finding.details["state"] == "Valid"
    assert "was made with a generative model" in finding.claim
    assert "causes" not in finding.details
    assert finding_in(data, maker.root).details["state"] == "Trusted"


def test_a_certificate_outside_the_profile_changes_nothing_about_the_file(issuer, jpeg):
    maker = issuer("OpenAI", UNKNOWN_USE)
    data = maker.sign(jpeg, MADE)
    for finding in (finding_in(data), finding_in(data, maker.root)):
        assert (finding.details["state"], finding.details["causes"]) == ("Invalid", (PROFILE,))
        assert finding.details["intact"] is True
        assert "does not fit" not in finding.claim
        assert "void" not in finding.claim
        assert "was made with a generative model" in finding.claim
        assert "whose certificate is not of the kind that C2PA allows for signing" in finding.claim
        assert "nothing here says that the file was changed" in finding.details["weight"]
        assert (finding.details["says"], finding.details["trusted"]) == ("machine-made", False)
        assert assess([finding], 0).origin == "cannot tell"
        assert "does not fit" not in verdict([finding], 0)
    both = finding_in(flipped(data))
    assert both.details["causes"] == (PROFILE, CHANGED)
    assert "does not fit it (Invalid)" in both.claim
    assert "says" not in both.details


def test_a_certificate_that_had_run_out_is_no_change_of_the_file(issuer, jpeg):
    soon = datetime.now(UTC) + timedelta(seconds=4)
    maker = issuer("Old", "emailProtection")
    _reissue(maker, soon)
    data = maker.sign(jpeg, MADE)
    time.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds()) + 1.2)
    finding = finding_in(data, maker.root)
    assert finding.details["causes"] == (EXPIRED,)
    assert finding.details["intact"] is True
    assert "whose certificate was not valid at any time of signing that can be proved" in finding.claim
    assert "does not fit" not in finding.claim
    assert finding.details["trusted"] is False


def _reissue(maker, until) -> None:
    """Give the signer a certificate that ends at `until`, as openssl's authority issues one."""
    (maker.folder / "index.txt").write_text("")
    (maker.folder / "serial.txt").write_text("99\n")
    (maker.folder / "ca.cnf").write_text(
        "[ca]\ndefault_ca=it\n[it]\ndatabase=index.txt\nserial=serial.txt\nnew_certs_dir=.\ndefault_md=sha256\n"
        "policy=any\nunique_subject=no\n[any]\ncommonName=supplied\norganizationName=supplied\n"
    )
    days = ("-startdate", "20250101000000Z", "-enddate", until.strftime("%Y%m%d%H%M%SZ"))
    keys = ("-cert", "ca.pem", "-keyfile", "ca.key", "-in", "leaf.csr", "-out", "leaf.pem", "-extfile", "leaf.ext")
    maker.run("ca", "-batch", "-notext", "-config", "ca.cnf", *keys, *days)


TSA = """[tsa]
default_tsa = it
[it]
serial = serial
crypto_device = builtin
signer_cert = leaf.pem
signer_key = leaf.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
"""


@pytest.fixture(scope="module")
def authority(issuer):
    """Start a timestamp authority: a web server around `openssl ts -reply`."""
    maker = issuer("TSA", "critical,timeStamping")
    (maker.folder / "serial").write_text("01\n")
    (maker.folder / "tsa.cnf").write_text(TSA)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            (maker.folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            line = [maker.openssl, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query"]
            body = subprocess.run(line, cwd=maker.folder, capture_output=True, check=True).stdout
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", maker.root
    server.shutdown()
    server.server_close()


def test_a_timestamp_of_a_listed_authority_keeps_a_signature_beyond_its_certificate(issuer, jpeg, authority):
    url, root = authority
    soon = datetime.now(UTC) + timedelta(seconds=4)
    maker = issuer("Old", "emailProtection")
    _reissue(maker, soon)
    data = maker.sign(jpeg, MADE, stamp=url)
    time.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds()) + 1.2)
    image, signers = decode(data, name="a"), TrustList("own", "signers", maker.root)

    def judged(*lists: TrustList) -> dict:
        examiner = Signatures("")
        examiner._trust = Trust(lists)
        return examiner.examine(image)[0].details

    both = judged(signers, TrustList("stamps", "timestamps", root))
    assert (both["state"], both["timestamp"]) == ("Trusted", "trusted")
    alone = judged(signers)
    assert (alone["state"], alone["causes"], alone["timestamp"]) == ("Invalid", (EXPIRED,), "untrusted")
    stamps = judged(TrustList("stamps", "timestamps", root), TrustList("stamps too", "timestamps", maker.root))
    assert (stamps["state"], stamps["trusted"]) == ("Valid", False), "who may timestamp may not vouch for signers"


ICA = {"signer_payload": {"sig_type": "cawg.identity_claims_aggregation"}, "pad1": [0]}
DID = b"did:web:identities.example.invalid"


def identity() -> dict:
    """Return a CAWG identity whose issuer only a server can confirm."""
    provider = {"id": "https://example.invalid", "name": "example"}
    named = {"type": "cawg.social_media", "username": "ada", "uri": provider["id"], "provider": provider}
    named["verifiedAt"] = "2026-01-01T00:00:00Z"
    asset = {"referenced_assertions": [{"url": "self#jumbf=c2pa.assertions/c2pa.hash.data", "hash": "AAAA"}]}
    subject = {"verifiedIdentities": [named], "c2paAsset": asset | ICA["signer_payload"]}
    kinds = ["VerifiableCredential", "IdentityClaimsAggregationCredential"]
    spaces = ["https://www.w3.org/ns/credentials/v2", "https://cawg.io/identity/1.1/ica/context/"]
    told = {"@context": spaces, "type": kinds, "issuer": DID.decode(), "validFrom": "2026-01-01T00:00:00Z"}
    payload = json.dumps(told | {"credentialSubject": subject}).encode()
    protected = b"\xa2\x01\x27\x03\x6eapplication/vc"
    head = b"\xd2\x84" + bytes([0x40 | len(protected)]) + protected + b"\xa0"
    cose = head + b"\x59" + len(payload).to_bytes(2) + payload + b"\x58\x40" + bytes(64)
    binding = {"url": "self#jumbf=c2pa.assertions/c2pa.hash.data", "hash": [0] * 32}
    signed = {**ICA["signer_payload"], "referenced_assertions": [binding]}
    return {"label": "cawg.identity", "data": {"signer_payload": signed, "signature": [*cose], "pad1": [0]}}


def test_an_identity_that_only_a_server_confirms_is_left_open_and_no_server_is_asked(issuer, jpeg):
    maker = issuer("Adobe")
    data = maker.sign(jpeg, MADE, more=(identity(),))
    with c2pa.Reader("image/jpeg", io.BytesIO(data)) as reader:
        assert "cawg.ica.did_unavailable" in reader.json(), "the library by itself asks the server"
    finding = finding_in(data, maker.root)
    assert finding.details["state"] == "Trusted"
    assert "causes" not in finding.details
    assert any("identity (CAWG)" in line for line in finding.details["unchecked"])
    assert "does not fit" not in finding.claim
    assert "identity" not in " ".join(finding_in(maker.sign(jpeg, MADE)).details["unchecked"])


def test_that_nobody_was_asked_about_revocation_is_kept(issuer, jpeg):
    [line] = finding_in(issuer("Adobe").sign(jpeg, MADE)).details["unchecked"]
    assert line.startswith("whether the certificate was revoked")


@pytest.mark.parametrize(
    ("own", "parts", "expected"),
    [
        (["signingCredential.untrusted", "signingCredential.ocsp.unknown", "timeStamp.untrusted"], [], ()),
        (["cawg.ica.did_unavailable", "cawg.x509.credential.untrusted"], [], ()),
        (["assertion.dataHash.mismatch", "claimSignature.mismatch", "claimSignature.missing"], [], (CHANGED,)),
        (["assertion.missing", "hashedURI.missing"], [], (CHANGED,)),
        (["assertion.required.missing", "claim.malformed", "assertion.cbor.invalid"], [], (MALFORMED,)),
        (["signingCredential.invalid", "signingCredential.ocsp.revoked"], [], (PROFILE, REVOKED)),
        (["claimSignature.outsideValidity", "signingCredential.expired"], [], (EXPIRED,)),
        ([], ["signingCredential.expired", "signingCredential.untrusted"], ()),
        ([], ["assertion.hashedURI.mismatch"], (CHANGED,)),
    ],
)
def test_every_code_has_its_cause(own, parts, expected):
    assert causes(own, parts) == expected


def test_the_shipped_lists_are_what_a_check_goes_by(issuer, jpeg, tmp_path, monkeypatch):
    monkeypatch.setenv("ARTAUDIT_KEYS", str(tmp_path))
    monkeypatch.delenv(TRUST, raising=False)
    maker = issuer("OpenAI")
    data = maker.sign(jpeg, MADE)
    [finding] = Signatures().examine(decode(data, name="a"))
    assert "who is on no trust list of yours" in finding.claim
    assert finding.details["trust_list"][0].startswith("C2PA-TRUST-LIST of 2026-08-05 (sha256 75cacc98")
    assert any(line.startswith("C2PA-TSA-TRUST-LIST of") for line in finding.details["trust_list"])
    added = read_list(maker.folder / "ca.pem", "OpenAI", "signers")
    store((added,), ())
    [finding] = Signatures().examine(decode(data, name="a"))
    assert finding.details["state"] == "Trusted"
    assert "who is on the trust list C2PA-TRUST-LIST or OpenAI" in finding.claim


def test_credentials_in_heic_are_read(issuer):
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    Pillow.new("RGB", (64, 64), "teal").save(buffer, "HEIF")
    maker = issuer("Phone")
    finding = finding_in(maker.sign(buffer.getvalue(), "digitalCapture", kind="image/heic"), maker.root)
    assert finding.details["state"] == "Trusted"
    assert "was taken by a camera" in finding.claim
