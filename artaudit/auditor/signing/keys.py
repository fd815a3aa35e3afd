"""The certificate and key that evidence is signed with: made here, or imported from an authority.

The profile of the certificate is that of C2PA 2.2, https://spec.c2pa.org/specifications/specifications/2.2/, with
nonRepudiation added, which PAdES asks for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import platformdirs
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, load_pem_private_key, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from artaudit.errors import UsageError
from artaudit.image import write_atomically

KEY_FILE, CHAIN_FILE = "signer.p12", "signer.pem"
ROUNDS = 600_000
"""Rounds of PBKDF2 between the passphrase and the key at rest."""
SHORTEST = 8
"""Characters a passphrase has at least."""
YEARS = 5

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
UNFIT = (
    InvalidSignature,
    UnsupportedAlgorithm,
    TypeError,
    ValueError,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
)
"""Errors that malformed or wrong certificates and signatures cause."""
_USES = ("digital_signature", "content_commitment", "key_cert_sign", "crl_sign")
_OTHER_USES = ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """A signer's certificate chain: their own certificate first, each followed by its issuer's, the root last."""

    chain: tuple[x509.Certificate, ...]

    @property
    def leaf(self) -> x509.Certificate:
        """The signer's own certificate."""
        return self.chain[0]

    def pem(self) -> bytes:
        """Return the whole chain as PEM, the signer's certificate first."""
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.chain)

    def authority_pem(self) -> bytes:
        """Return the issuers' certificates as PEM, the root last; the signer's own where it is self-signed."""
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.chain[1:] or self.chain)

    def as_dict(self) -> dict[str, Any]:
        """Return a record's entry for a signer: names, sha256 of certificate and root, end of validity (ISO 8601)."""
        return {
            "subject": self.leaf.subject.rfc4514_string(),
            "issuer": self.leaf.issuer.rfc4514_string(),
            "sha256": fingerprint(self.leaf),
            "root_sha256": fingerprint(self.chain[-1]),
            "not_after": self.leaf.not_valid_after_utc.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Signer:
    """An identity with its private key, unlocked."""

    identity: SigningIdentity
    key: PrivateKey = field(repr=False)


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the sha256 of a certificate, hexadecimal."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def default_folder() -> Path:
    """Return the folder of keys when none is named: ARTAUDIT_KEYS, else in the platform's data folder."""
    chosen = os.environ.get("ARTAUDIT_KEYS")
    return Path(chosen) if chosen else platformdirs.user_data_path("artaudit") / "keys"


def create(folder: Path, name: str, passphrase: str) -> SigningIdentity:
    """Make a new authority and a certificate signed by it, and write them and the certificate's key into `folder`.

    The authority's own key is never written: it signs this one certificate and can sign no other later.
    Raises UsageError when `folder` holds keys already, or `passphrase` is too short.
    """
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} (own authority)"), organisation])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name), organisation])
    root = _certificate(issuer, issuer, authority_key, authority_key, _USES[2:])
    leaf = _certificate(subject, issuer, key, authority_key, _USES[:2])
    return keep(folder, Signer(SigningIdentity((leaf, root)), key), passphrase)


def keep(folder: Path, signer: Signer, passphrase: str) -> SigningIdentity:
    """Write a signer into `folder`, its key encrypted under `passphrase` and readable by its owner alone.

    Raises UsageError when `folder` holds keys already, or `passphrase` is too short.
    """
    if (folder / KEY_FILE).exists():
        raise UsageError(f"{folder} holds keys already and nothing is overwritten: move them away first.")
    if len(passphrase) < SHORTEST:
        raise UsageError(f"The passphrase is too short: choose one of at least {SHORTEST} characters.")
    chain = signer.identity.chain
    lock = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(ROUNDS).hmac_hash(hashes.SHA256())
    lock = lock.key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
    locked = pkcs12.serialize_key_and_certificates(
        b"artaudit", signer.key, chain[0], chain[1:], lock.build(passphrase.encode())
    )
    write_atomically(folder / CHAIN_FILE, signer.identity.pem())
    _write_private(folder / KEY_FILE, locked)
    return signer.identity


def identity(folder: Path) -> SigningIdentity | None:
    """Return the identity of the keys in `folder` without unlocking them; None when there are no keys."""
    if not (folder / KEY_FILE).exists():
        return None
    return SigningIdentity(tuple(certificates(folder / CHAIN_FILE)))


def unlock(folder: Path, passphrase: str) -> Signer:
    """Unlock the signer in `folder`; raises UsageError for a wrong passphrase or damaged keys."""
    return read_pkcs12(folder / KEY_FILE, passphrase)


def read_pkcs12(path: Path, passphrase: str) -> Signer:
    """Read a key and its certificates from a PKCS#12 file (.p12, .pfx); raises UsageError when that fails."""
    try:
        key, leaf, others = pkcs12.load_key_and_certificates(_read(path), passphrase.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{path} does not open: the passphrase is wrong or the file is damaged.") from error
    if key is None or leaf is None:
        raise UsageError(f"{path} holds no key with its certificate: export both into one file.")
    return _signer(key, [leaf, *others], path)


def read_pem(certificate: Path, key: Path, passphrase: str | None) -> Signer:
    """Read a signer from a PEM file of certificates and a PEM file of its key; raises UsageError when that fails."""
    try:
        loaded = load_pem_private_key(_read(key), passphrase.encode() if passphrase else None)
    except TypeError as error:
        raise UsageError(f"{key} and the passphrase do not go together: is the key encrypted?") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(f"{key} does not open as a PEM key: check the file and the passphrase.") from error
    return _signer(loaded, certificates(certificate), certificate)


def certificates(path: Path) -> list[x509.Certificate]:
    """Return the certificates in a PEM file; raises UsageError when there are none."""
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError as error:
        raise UsageError(f"{path} holds no certificates in PEM form: check the file.") from error


def _signer(key: object, pool: Sequence[x509.Certificate], path: Path) -> Signer:
    """Join a key with its certificate and chain out of `pool`; raises UsageError when it may not sign evidence."""
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise UsageError(f"{path} is about a kind of key that evidence is not signed with: use ECDSA or RSA.")
    leaf = next((certificate for certificate in pool if certificate.public_key() == key.public_key()), None)
    if leaf is None:
        raise UsageError(f"{path} holds no certificate of the key: both must belong together.")
    if not leaf.not_valid_before_utc <= datetime.now(UTC) <= leaf.not_valid_after_utc:
        raise UsageError(f"The certificate in {path} is not valid today: ask its authority for a new one.")
    if not _may_sign(leaf):
        raise UsageError(f"The certificate in {path} is not for signing: ask for one with digitalSignature.")
    chain = chain_of(leaf, pool)
    if len(chain) == 1 and leaf.issuer != leaf.subject:
        raise UsageError(f"{path} holds nobody who vouches for the certificate: export it with its whole chain.")
    return Signer(SigningIdentity(tuple(chain)), key)


def chain_of(leaf: x509.Certificate, pool: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return `leaf`, its issuer, that one's issuer and so on, as far as `pool` holds them."""
    chain = [leaf]
    while len(chain) <= len(pool):
        issuers = (issuer for issuer in pool if issuer not in chain and issued(chain[-1], by=issuer))
        issuer = next(issuers, None)
        if issuer is None:
            break
        chain.append(issuer)
    return chain


def issued(certificate: x509.Certificate, *, by: x509.Certificate) -> bool:
    """Whether `by` is the certificate of an authority and signed `certificate`."""
    try:
        basic = by.extensions.get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(by)
    except UNFIT:
        return False
    return basic.ca


def _may_sign(leaf: x509.Certificate) -> bool:
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    authority_key: ec.EllipticCurvePrivateKey,
    uses: Sequence[str],
) -> x509.Certificate:
    now, is_authority = datetime.now(UTC), key is authority_key
    public = key.public_key()
    authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    builder = (
        x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(is_authority, 0 if is_authority else None), critical=True)
        .add_extension(
            x509.KeyUsage(**{use: use in uses for use in _USES}, **dict.fromkeys(_OTHER_USES, False)), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(authority_id, critical=False)
    )
    if not is_authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=True)
    return builder.sign(authority_key, hashes.SHA256())


def _write_private(path: Path, data: bytes) -> None:
    """Write a file that was never readable by anybody but its owner."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}): choose another folder.") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}): check the name.") from error
