"""Detached signatures over bytes, as CMS that `openssl cms` reads too.

RFC 5652, https://www.rfc-editor.org/rfc/rfc5652.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from artaudit.auditor.signing.keys import UNFIT, Signer, SigningIdentity, chain_of
from artaudit.errors import PackageError

MALFORMED = (*UNFIT, AttributeError, LookupError, OverflowError, RecursionError)
"""Errors that malformed ASN.1 causes."""
HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


def sign(data: bytes, signer: Signer) -> bytes:
    """Return a detached signature of `data` in DER, with the certificates below the root inside."""
    leaf, *above = signer.identity.chain
    builder = pkcs7.PKCS7SignatureBuilder().set_data(data).add_signer(leaf, signer.key, hashes.SHA256())
    for certificate in above[:-1]:
        builder = builder.add_certificate(certificate)
    options = pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities
    return builder.sign(Encoding.DER, list(options))


def signed_by(signature: bytes, data: bytes, pool: Sequence[x509.Certificate] = ()) -> SigningIdentity:
    """Return the signer of a detached signature of `data`; `pool` holds more certificates that may complete the chain.

    Raises PackageError when it is no signature of these bytes.
    """
    try:
        signed = cms.ContentInfo.load(signature, strict=True)["content"]
        if signed["encap_content_info"]["content"].native is not None:
            raise PackageError("a signature that holds other data itself: it is not one of a package.")
        return signer_of(signed, data, pool)
    except MALFORMED as error:
        raise PackageError("it is no signature of these bytes: they, or it, were changed.") from error


def signer_of(signed: cms.SignedData, content: bytes, pool: Sequence[x509.Certificate] = ()) -> SigningIdentity:
    """Return the signer of `content`; raises one of MALFORMED where this is no signature of it."""
    [info] = signed["signer_infos"]
    embedded = [x509.load_der_x509_certificate(choice.chosen.dump()) for choice in signed["certificates"]]
    sid = info["sid"].chosen
    [leaf] = [certificate for certificate in embedded if certificate.serial_number == sid["serial_number"].native]
    if leaf.issuer.public_bytes() != sid["issuer"].dump():
        raise ValueError("the certificate is not the signer's")
    attributes = {attribute["type"].native: attribute["values"] for attribute in info["signed_attrs"]}
    method = info["digest_algorithm"]["algorithm"].native
    if attributes["message_digest"][0].native != hashlib.new(method, content).digest():
        raise ValueError("other bytes were signed")
    if attributes["content_type"][0].native != signed["encap_content_info"]["content_type"].native:
        raise ValueError("another kind of content was signed")
    _compare_names(leaf, attributes)
    _verify(leaf, info, HASHES[method])
    return SigningIdentity(tuple(chain_of(leaf, [*embedded, *pool])))


def leads_to(identity: SigningIdentity, roots: Sequence[x509.Certificate], at: datetime) -> bool:
    """Whether a signer's chain leads to one of `roots`, with every certificate on the way valid at the time `at`."""
    chain = chain_of(identity.leaf, [*identity.chain[1:], *roots])
    for certificate in chain:
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            return False
        if certificate in roots:
            return True
    return False


def _compare_names(leaf: x509.Certificate, attributes: dict[str, Any]) -> None:
    """Compare a certificate with the digest of it among the signed attributes of timestamps (RFC 5035)."""
    for name in ("signing_certificate", "signing_certificate_v2"):
        if name in attributes:
            certificate_id = attributes[name][0]["certs"][0]
            method = certificate_id["hash_algorithm"]["algorithm"].native if name.endswith("v2") else "sha1"
            if certificate_id["cert_hash"].native != hashlib.new(method, leaf.public_bytes(Encoding.DER)).digest():
                raise ValueError("another certificate was named")


def _verify(leaf: x509.Certificate, info: cms.SignerInfo, digest: hashes.HashAlgorithm) -> None:
    """Verify the signature over the signed attributes, which are hashed as a SET OF."""
    public, signature, signed = leaf.public_key(), info["signature"].native, info["signed_attrs"].untag().dump()
    name = info["signature_algorithm"]["algorithm"].native
    if isinstance(public, ec.EllipticCurvePublicKey):
        used = HASHES[name.removesuffix("_ecdsa")] if name.endswith("_ecdsa") else digest
        public.verify(signature, signed, ec.ECDSA(used))
    elif isinstance(public, rsa.RSAPublicKey) and name == "rsassa_pss":
        mask = padding.PSS(padding.MGF1(digest), info["signature_algorithm"]["parameters"]["salt_length"].native)
        public.verify(signature, signed, mask, digest)
    elif isinstance(public, rsa.RSAPublicKey):
        used = HASHES[name.removesuffix("_rsa")] if name.endswith("_rsa") else digest
        public.verify(signature, signed, padding.PKCS1v15(), used)
    else:
        raise TypeError("the signer's kind of key is not known")
