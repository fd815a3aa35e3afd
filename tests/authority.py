"""A timestamp authority of this computer: a web server around OpenSSL's own."""

import http.server
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from artaudit.auditor.signing import keys

CONFIG = """
[tsa]
default_tsa = it
[it]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
signer_key = tsa-key.pem
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
"""


class Authority:
    """A timestamp authority of this computer: a web server around `openssl ts -reply`; `away`, it answers nothing."""

    away = False

    def __init__(self, openssl: str, folder: Path, settings: str = "") -> None:
        self.openssl, self.folder = openssl, folder
        self.root = self._certify(folder)
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(CONFIG + settings)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                (outer.folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(503 if outer.away else 200)
                self.end_headers()
                self.wfile.write(b"" if outer.away else outer.reply())

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reply(self) -> bytes:
        line = [self.openssl, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query"]
        return subprocess.run(line, cwd=self.folder, capture_output=True, check=True).stdout

    @staticmethod
    def _certify(folder: Path) -> x509.Certificate:
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        name = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)]) for common in ("TSA root", "TSA")]
        root = keys._certificate(name[0], name[0], root_key, root_key, keys._USES[2:])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name[0], name[1], key.public_key(), 5, now - timedelta(1), now + timedelta(9))
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        authority_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
        builder = builder.add_extension(purpose, critical=True).add_extension(authority_id, critical=False)
        leaf = builder.sign(root_key, hashes.SHA256())
        (folder / "tsa.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
        (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "tsa-key.pem").write_bytes(pem)
        return root
