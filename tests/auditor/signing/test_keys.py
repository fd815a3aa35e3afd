"""Keys are made as standards ask for them, kept under a passphrase, and imported when they fit together."""

import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from artaudit.auditor.signing import keys
from artaudit.errors import UsageError

WORD = "correct horse battery"


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, keys.SigningIdentity]:
    folder = tmp_path_factory.mktemp("keys") / "deep"
    return folder, keys.create(folder, "Ada Lovelace", WORD)


def self_signed(key, days: int = 10, **uses: bool) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7)
    builder = builder.not_valid_before(now - timedelta(days=20)).not_valid_after(now + timedelta(days=days))
    if uses:
        wanted = dict.fromkeys((*keys._USES, *keys._OTHER_USES), False) | uses
        builder = builder.add_extension(x509.KeyUsage(**wanted), critical=True)
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


def as_pem(folder: Path, key, certificate, lock=None) -> tuple[Path, Path]:
    chain_file, key_file = folder / "certificate.pem", folder / "key.pem"
    chain_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock or NoEncryption()))
    return chain_file, key_file


def test_the_certificate_is_for_signing_and_nothing_else(made):
    leaf, root = made[1].chain
    usage = leaf.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical and usage.value.digital_signature and usage.value.content_commitment
    assert not usage.value.key_cert_sign
    purpose = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert purpose.critical and list(purpose.value) == [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert keys.issued(leaf, by=root) and keys.issued(root, by=root) and not keys.issued(root, by=leaf)
    assert isinstance(leaf.public_key().curve, ec.SECP256R1)


def test_openssl_accepts_the_chain(made, openssl, tmp_path):
    folder, identity = made
    (tmp_path / "root.pem").write_bytes(identity.chain[1].public_bytes(Encoding.PEM))
    done = subprocess.run(
        [openssl, "verify", "-x509_strict", "-purpose", "smimesign", "-CAfile", tmp_path / "root.pem",
         folder / keys.CHAIN_FILE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_key_opens_with_its_passphrase_alone_and_only_its_owner_reads_it(made):
    folder, identity = made
    signer = keys.unlock(folder, WORD)
    assert signer.identity == identity == keys.identity(folder)
    assert signer.key.public_key() == identity.leaf.public_key()
    assert stat.S_IMODE((folder / keys.KEY_FILE).stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="passphrase is wrong"):
        keys.unlock(folder, WORD + "!")
    assert "PrivateKey" not in repr(signer)


def test_openssl_opens_the_key_and_many_rounds_stand_before_it(made, openssl):
    output = subprocess.run(
        [openssl, "pkcs12", "-in", made[0] / keys.KEY_FILE, "-passin", f"pass:{WORD}", "-info", "-nodes", "-nocerts"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "BEGIN PRIVATE KEY" in output.stdout
    assert f"Iteration {keys.ROUNDS}" in output.stderr


def test_nothing_is_overwritten_and_short_passphrases_are_refused(made, tmp_path):
    with pytest.raises(UsageError, match="nothing is overwritten"):
        keys.create(made[0], "Someone Else", WORD)
    with pytest.raises(UsageError, match="too short"):
        keys.create(tmp_path / "new", "Ada", "short")
    assert keys.identity(tmp_path / "new") is None


def test_certificates_of_an_authority_are_imported_from_pkcs12(made, tmp_path):
    signer = keys.unlock(made[0], WORD)
    leaf, root = signer.identity.chain
    data = pkcs12.serialize_key_and_certificates(b"x", signer.key, leaf, [root], BestAvailableEncryption(b"theirs 123"))
    (tmp_path / "real.p12").write_bytes(data)
    found = keys.read_pkcs12(tmp_path / "real.p12", "theirs 123")
    assert keys.keep(tmp_path / "mine", found, WORD) == signer.identity
    assert keys.unlock(tmp_path / "mine", WORD).identity == signer.identity


@pytest.mark.parametrize("lock", [None, BestAvailableEncryption(WORD.encode())])
def test_they_are_imported_from_pem_files_too(tmp_path, lock):
    key = rsa.generate_private_key(65537, 2048)
    certificate = self_signed(key)
    found = keys.read_pem(*as_pem(tmp_path, key, certificate, lock), WORD if lock else None)
    assert found.identity.chain == (certificate,)


def test_what_does_not_fit_is_refused(tmp_path):
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    edwards = ed25519.Ed25519PrivateKey.generate()
    for wrong, certificate, words in (
        (other, self_signed(key), "both must belong together"),
        (key, self_signed(key, days=-1), "not valid today"),
        (key, self_signed(key, key_cert_sign=True), "not for signing"),
        (edwards, self_signed(edwards), "use ECDSA or RSA"),
    ):
        with pytest.raises(UsageError, match=words):
            keys.read_pem(*as_pem(tmp_path, wrong, certificate), None)


def test_what_is_no_key_or_certificate_is_a_clear_error(tmp_path):
    words, missing = tmp_path / "words.txt", tmp_path / "missing"
    words.write_text("words")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate, plain = as_pem(tmp_path, key, self_signed(key))
    for arguments in (
        (words, plain, None),
        (certificate, words, None),
        (certificate, plain, WORD),
        (missing, plain, None),
    ):
        with pytest.raises(UsageError, match=r"check|go together"):
            keys.read_pem(*arguments)
    for path in (words, missing):
        with pytest.raises(UsageError, match=r"damaged|check the name"):
            keys.read_pkcs12(path, WORD)


def test_the_folder_is_chosen_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("ARTAUDIT_KEYS", str(tmp_path))
    assert keys.default_folder() == tmp_path
    monkeypatch.delenv("ARTAUDIT_KEYS")
    assert keys.default_folder().name == "keys"
