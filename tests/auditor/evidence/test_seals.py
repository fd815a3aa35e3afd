"""What is signed and timestamped can be verified by openssl alone, and every change to it is found."""

import io
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from artaudit.auditor.evidence import Seal, Trust, verify_package, write_package
from artaudit.auditor.evidence.package import MANIFEST, SUMS, TAG_MANIFEST, bag, pack
from artaudit.auditor.evidence.reporting.first_page import STAMPED_BY
from artaudit.auditor.signing import keys
from artaudit.auditor.signing.cms import leads_to, sign, signed_by
from artaudit.auditor.signing.timestamps import read_stamp, stamp
from artaudit.errors import PackageError, UsageError


@pytest.fixture(scope="module")
def sealed(case, signer, authority) -> bytes:
    return write_package(case, Seal(signer, (authority.url, authority.url)))


@pytest.fixture
def opened(sealed, tmp_path) -> Path:
    (tmp_path / "case.zip").write_bytes(sealed)
    with zipfile.ZipFile(tmp_path / "case.zip") as package:
        package.extractall(tmp_path / "bag")
    return tmp_path / "bag"


def contents(package: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(package)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def by_tools(folder: Path, authority, names: tuple[str, ...] = ("digests", "cms", "ts")) -> bool:
    """Whether the commands that VERIFY.txt gives accept an unpacked package."""
    tokens = sorted(folder.glob("*.tsr"))
    lines = {
        "digests": [["sha256sum", "--strict", "--quiet", "-c", name] for name in (TAG_MANIFEST, MANIFEST, SUMS)],
        "cms": [
            ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", f"{TAG_MANIFEST}.p7s", "-content",
             TAG_MANIFEST, "-CAfile", "signer-ca.pem", "-partial_chain", "-purpose", "any", "-no_check_time", "-out",
             "/dev/null"]
        ],
        "ts": [
            ["openssl", "ts", "-verify", "-in", token, "-data", TAG_MANIFEST, "-CAfile", authority.folder / "root.pem"]
            for token in tokens
        ],
    }  # fmt: skip
    assert all(lines[name] for name in names)
    return all(
        subprocess.run(line, cwd=folder, capture_output=True, check=False).returncode == 0
        for name in names
        for line in lines[name]
    )


def test_a_sealed_package_is_intact_and_says_who_and_when(tmp_path, sealed, signer, authority):
    target = tmp_path / "case.zip"
    target.write_bytes(sealed)
    result = verify_package(target, Trust((signer.identity.chain[-1],), (authority.root,)))
    assert result.ok, result.problems
    assert result.summary["signer"]["trusted"] is True
    assert "Ada Lovelace" in result.summary["signer"]["subject"]
    assert [stamped["trusted"] for stamped in result.summary["timestamps"]] == [True, True]
    stamped_at = datetime.fromisoformat(result.summary["timestamps"][0]["at"])
    assert abs(datetime.now(UTC) - stamped_at) < timedelta(minutes=5)
    unknown = verify_package(target)
    assert unknown.ok
    assert unknown.summary["signer"]["trusted"] is None


def test_its_report_says_who_signed_and_who_timestamped(opened, authority):
    page = (opened / "data" / "report.html").read_text()
    assert "<dt>signed</dt><dd>by Ada Lovelace</dd>" in page
    asked = STAMPED_BY.format(addresses=f"{authority.url}, {authority.url}")
    assert f"<dt>timestamped</dt><dd>{asked}</dd>" in page
    verify = (opened / "VERIFY.txt").read_text()
    assert verify.count("openssl ts -verify") == 2
    assert "openssl cms -verify" in verify


def test_openssl_and_sha256sum_verify_it_alone(opened, authority):
    assert by_tools(opened, authority)


def test_a_flipped_byte_in_any_file_is_found_by_the_tools_alone(opened, authority):
    for path in sorted(file for file in opened.rglob("*") if file.is_file()):
        whole = path.read_bytes()
        for place in {0, len(whole) // 3, len(whole) // 2, len(whole) - 1}:
            broken = bytearray(whole)
            broken[place] ^= 1
            path.write_bytes(broken)
            assert not by_tools(opened, authority), (path.name, place)
        path.write_bytes(whole)
    assert by_tools(opened, authority)


@settings(max_examples=60, deadline=None)
@given(draw=st.data())
def test_any_flipped_byte_is_found_by_the_tools_alone_and_by_verify(sealed, authority, tmp_path_factory, draw):
    folder = tmp_path_factory.mktemp("flipped")
    files = contents(sealed)
    name = draw.draw(st.sampled_from(sorted(files)))
    place = draw.draw(st.integers(0, len(files[name]) - 1))
    broken = bytearray(files[name])
    broken[place] ^= 1 << draw.draw(st.integers(0, 7))
    for file, data in {**files, name: bytes(broken)}.items():
        (folder / "bag" / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / "bag" / file).write_bytes(data)
    assert not by_tools(folder / "bag", authority)
    (folder / "case.zip").write_bytes(pack({**files, name: bytes(broken)}))
    assert not verify_package(folder / "case.zip").ok


@pytest.mark.parametrize("name", [f"{TAG_MANIFEST}.p7s", f"{TAG_MANIFEST}.1.tsr"])
def test_no_bit_of_a_seal_changes_unnoticed_though_the_signature_may_still_hold(sealed, tmp_path, name):
    files = contents(sealed)
    for place in range(0, len(files[name]), 19):
        broken = bytearray(files[name])
        broken[place] ^= 1 << place % 8
        (tmp_path / "case.zip").write_bytes(pack({**files, name: bytes(broken)}))
        problems = verify_package(tmp_path / "case.zip").problems
        assert f"{name} was changed: its digest is not the one in {SUMS}" in problems, place


def test_the_digests_of_seals_are_themselves_compared(sealed, problems_of):
    files = contents(sealed)
    assert problems_of(files) == ()
    assert f"{SUMS} is missing" in problems_of({name: data for name, data in files.items() if name != SUMS})
    for more in (files[SUMS], b"words\n", b"0" * 64 + b"  nothing.txt\n"):
        problems = problems_of({**files, SUMS: files[SUMS] + more})
        assert problems == (f"{SUMS} holds lines that do not belong there",)


def test_a_flipped_byte_in_any_file_is_found_by_verify_even_in_a_package_packed_anew(opened, tmp_path):
    files = {file.relative_to(opened).as_posix(): file.read_bytes() for file in opened.rglob("*") if file.is_file()}
    target = tmp_path / "again.zip"
    for name, whole in files.items():
        for place in {0, len(whole) // 3, len(whole) // 2, len(whole) - 1}:
            broken = bytearray(whole)
            broken[place] ^= 1
            target.write_bytes(pack({**files, name: bytes(broken)}))
            assert not verify_package(target).ok, (name, place)


def test_a_changed_package_with_manifests_redone_is_found_by_its_seal(redone, tmp_path, case, signer, authority):
    whole = bag(case, Seal(signer, (authority.url,)))
    seals = {name: data for name, data in whole.items() if name.startswith(f"{TAG_MANIFEST}.")}
    changed = redone({name: data for name, data in whole.items() if name not in seals} | {"VERIFY.txt": b"trust me"})
    assert changed.keys() | seals.keys() == whole.keys()
    (tmp_path / "case.zip").write_bytes(pack(changed | seals))
    problems = verify_package(tmp_path / "case.zip").problems
    assert any(problem.startswith(f"{TAG_MANIFEST}.p7s is no good signature") for problem in problems)
    assert any(problem.startswith(f"{TAG_MANIFEST}.1.tsr is no good timestamp") for problem in problems)


def test_a_seal_that_was_taken_off_or_put_on_is_found(files, case, signer, problems_of):
    whole = bag(case, Seal(signer))
    name = f"{TAG_MANIFEST}.p7s"
    without = problems_of({file: data for file, data in whole.items() if file != name})
    assert without == (f"{name} is missing, though the record says that it was made",)
    assert f"{name} is not named by the record" in problems_of({**files, name: sign(files[TAG_MANIFEST], signer)})


def test_a_seal_of_somebody_else_is_found(tmp_path, case, signer, problems_of):
    whole = bag(case, Seal(signer))
    keys.create(tmp_path, "Somebody Else", "correct horse")
    foreign = sign(whole[TAG_MANIFEST], keys.unlock(tmp_path, "correct horse"))
    problems = problems_of({**whole, f"{TAG_MANIFEST}.p7s": foreign})
    assert f"{TAG_MANIFEST} was signed by somebody else than the record says" in problems


def test_with_roots_given_a_package_nobody_of_them_vouches_for_is_refused(tmp_path, path, sealed, signer, authority):
    target = tmp_path / "sealed.zip"
    target.write_bytes(sealed)
    wrong = Trust((authority.root,), (signer.identity.chain[-1],))
    problems = verify_package(target, wrong).problems
    assert any("for whom no given root vouches" in problem for problem in problems)
    assert any("none of the given roots vouches" in problem for problem in problems)
    assert verify_package(path, wrong).problems == (
        f"{TAG_MANIFEST} is not timestamped",
        f"{TAG_MANIFEST} is not signed",
    )


def test_an_expired_certificate_vouches_no_more(signer):
    root = signer.identity.chain[-1]
    assert leads_to(signer.identity, [root], datetime.now(UTC))
    assert not leads_to(signer.identity, [root], datetime.now(UTC) + timedelta(days=366 * keys.YEARS))


@pytest.mark.parametrize("kind", ["rsa", "secp384r1"])
def test_keys_of_other_kinds_sign_too(kind):
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP384R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "self")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 9, now - timedelta(1), now + timedelta(1))
    signer = keys.Signer(keys.SigningIdentity((builder.sign(key, hashes.SHA256()),)), key)
    signature = sign(b"data", signer)
    assert signed_by(signature, b"data") == signer.identity
    with pytest.raises(PackageError, match="no signature of these bytes"):
        signed_by(signature, b"other")


def test_the_library_of_timestamps_and_openssl_read_the_same(authority, tmp_path):
    token = stamp(authority.url, b"data")
    (tmp_path / "t.tsr").write_bytes(token)
    printed = subprocess.run(
        ["openssl", "ts", "-reply", "-in", tmp_path / "t.tsr", "-text"], capture_output=True, check=True
    )
    timestamp = read_stamp(token, b"data", [authority.root])
    assert f"Serial number: 0x{timestamp.serial:02X}" in printed.stdout.decode()
    assert timestamp.at.strftime("%H:%M:%S") in printed.stdout.decode()


def test_no_byte_of_a_token_changes_what_it_says_unnoticed(authority):
    token = stamp(authority.url, b"data")
    true = read_stamp(token, b"data")
    for place in range(len(token)):
        broken = bytearray(token)
        broken[place] ^= 1
        try:
            read = read_stamp(bytes(broken), b"data")
        except PackageError:
            continue
        assert (read.at, read.serial, read.authority.leaf) == (true.at, true.serial, true.authority.leaf), place


def test_an_authority_that_fails_is_a_clear_error_and_no_package(case, authority, monkeypatch):
    with pytest.raises(UsageError, match="begin with http"):
        stamp("ftp://somewhere", b"data")
    with pytest.raises(PackageError, match="gave no timestamp"):
        write_package(case, Seal(None, ("http://127.0.0.1:9",)))
    old = stamp(authority.url, b"other data")
    monkeypatch.setattr(authority, "reply", lambda: old)
    with pytest.raises(PackageError, match="no timestamp of these bytes"):
        stamp(authority.url, b"data")
    with pytest.raises(PackageError, match="another question"):
        stamp(authority.url, b"other data")
    monkeypatch.setattr(authority, "reply", lambda: b"<html>down</html>")
    with pytest.raises(PackageError, match="gave no timestamp"):
        stamp(authority.url, b"data")


@pytest.mark.parametrize("turned", [False, True])
def test_answers_whose_certificates_are_in_any_order_are_read(start_authority, tmp_path, turned):
    authority = start_authority(tmp_path, "certs = chain.pem\n")
    more = [keys.create(tmp_path / name, name, "correct horse").pem() for name in ("one", "two")]
    chain = [(tmp_path / "root.pem").read_bytes(), *more]
    (tmp_path / "chain.pem").write_bytes(b"".join(chain[::-1] if turned else chain))
    token = stamp(authority.url, b"data")
    assert read_stamp(token, b"data", [authority.root]).authority.leaf.serial_number == 5
    with pytest.raises(PackageError, match="none of the given roots"):
        read_stamp(token, b"data", [keys.identity(tmp_path / "one").chain[-1]])
