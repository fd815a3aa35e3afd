"""Certificates made by openssl, and pictures signed with them by c2pa-python."""

import io
import json
import subprocess
from pathlib import Path

import c2pa
import numpy as np
import pytest
from PIL import Image as Pillow

TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
LEAF = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature,nonRepudiation
extendedKeyUsage={usages}
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Issuer:
    """An authority of openssl's making, with one certificate for signing that has the given extended key usages."""

    def __init__(self, openssl: str, folder: Path, name: str, usages: str, *more: str) -> None:
        self.openssl, self.folder, self.usages = openssl, folder, usages
        folder.mkdir()
        subject, used = ("-subj", f"/CN={name} root/O={name}"), ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self.run("req", "-x509", *CURVE, "-keyout", "ca.key", "-out", "ca.pem", "-days", "99", *subject, *used)
        self.run("req", *CURVE, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", f"/CN={name}/O={name} Inc")
        (folder / "leaf.ext").write_text(LEAF.format(usages=usages))
        issued = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "leaf.ext")
        self.run("x509", "-req", "-in", "leaf.csr", "-out", "leaf.pem", *issued, *(more or ("-days", "30")))

    def run(self, *words: str) -> None:
        subprocess.run([self.openssl, *words], cwd=self.folder, check=True, capture_output=True)

    @property
    def root(self) -> str:
        return (self.folder / "ca.pem").read_text()

    def sign(
        self,
        data: bytes,
        *made: str,
        kind: str = "image/jpeg",
        parts=(),
        more=(),
        stamp: str | None = None,
        tool: str = "tool",
    ):
        """Sign a picture with an action for each source type; `parts` are (relation, title, file) of ingredients."""
        opened = [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["part0"]}}] if parts else []
        actions = opened + [
            {"action": "c2pa.edited" if parts else "c2pa.created", "digitalSourceType": TYPES + name} for name in made
        ]
        assertions = [{"label": "c2pa.actions.v2", "data": {"actions": actions}}] if actions else []
        manifest = {"claim_generator_info": [{"name": tool, "version": "1"}], "assertions": [*assertions, *more]}
        rules = {"builder": {"thumbnail": {"enabled": False}}, "verify": {"verify_after_sign": False}}
        rules |= {"trust": {"trust_config": "\n".join(word for word in self.usages.split(",") if word[0] in "12")}}
        chain = (self.folder / "leaf.pem").read_bytes() + (self.folder / "ca.pem").read_bytes()
        key = (self.folder / "leaf.key").read_bytes()
        info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=chain, private_key=key, ta_url=stamp and stamp.encode())
        out = io.BytesIO()
        with (
            c2pa.Context(c2pa.Settings.from_dict(rules)) as context,
            c2pa.Builder(manifest, context=context) as builder,
            c2pa.Signer.from_info(info) as pen,
        ):
            for number, (relation, title, part) in enumerate(parts):
                told = {"title": title, "relationship": relation, "label": f"part{number}"}
                builder.add_ingredient(json.dumps(told), "image/jpeg", io.BytesIO(part))
            builder.sign(pen, kind, io.BytesIO(data), out)
        return out.getvalue()


@pytest.fixture(scope="module")
def issuer(openssl, tmp_path_factory):
    """Return a function that makes an authority and a certificate with these usages."""
    folder = tmp_path_factory.mktemp("issuers")

    def make(name: str, usages: str = "emailProtection,1.3.6.1.4.1.62558.2.1", *more: str) -> Issuer:
        return Issuer(openssl, folder / f"{name}-{len(list(folder.iterdir()))}", name, usages, *more)

    return make


@pytest.fixture(scope="session")
def jpeg() -> bytes:
    """Return a picture of noise as JPEG."""
    buffer = io.BytesIO()
    array = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Pillow.fromarray(array).save(buffer, "JPEG")
    return buffer.getvalue()
