"""`audit models`: from a folder, a file or the hub, with the network asked by one command alone."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import diffusers
import pytest
import torch

from artaudit.errors import ModelError
from artaudit.generators.hub import wanted

COMMIT = "0123456789abcdef0123456789abcdef01234567"
CARD = {"license": "apache-2.0"}
BLOCKED = """
import os, socket
def refuse(*address, **options):
    with open(os.environ["REACHED"], "a") as file:
        print(address, file=file)
    raise OSError("blocked")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
"""


class Audit:
    """Runs the real command with models of its own, and notes whether it reached for the network."""

    def __init__(self, home: Path) -> None:
        self.home, self.reached = home, home / "reached"
        (home / "site").mkdir()
        (home / "site" / "sitecustomize.py").write_text(BLOCKED)
        self.env = {
            **os.environ,
            "ARTAUDIT_DB": str(home / "registry.db"),
            "ARTAUDIT_MODELS": str(home / "models"),
            "HF_HOME": str(home / "hub"),
            "REACHED": str(self.reached),
        }

    def __call__(self, *words: object, online: str | None = None) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "artaudit", *map(str, words)]
        env = {"PYTHONPATH": str(self.home / "site")} if online is None else {"HF_ENDPOINT": online}
        return subprocess.run(
            line, env=self.env | env, cwd=self.home, capture_output=True, text=True, check=False, timeout=300
        )


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    blocks = {"block_out_channels": (16, 32, 32, 32), "down_block_types": ("DownEncoderBlock2D",) * 4}
    made = diffusers.AutoencoderKL(**blocks, up_block_types=("UpDecoderBlock2D",) * 4, norm_num_groups=8)
    home = tmp_path_factory.mktemp("autoencoder")
    made.save_pretrained(home)
    (home / "notes.bin").write_bytes(b"x")
    return home


@pytest.mark.slow
def test_a_folder_is_added_listed_verified_and_found_without_the_network(audit, folder, tmp_path):
    done = audit("models", "add", "mine", folder, "--licence", "MIT")
    assert (done.returncode, done.stderr) == (0, "To ask whether it drew a picture: audit attribute enrol mine\n")
    assert "(autoencoder, SD 1.x) lies in" in done.stdout
    listed = audit("models", "list").stdout.splitlines()
    [line] = [line for line in listed if line.startswith("mine  ")]
    digest = done.stdout.split("@")[1][:12]
    place = str(tmp_path / "models" / "mine")
    assert line.split("  ") == ["mine", "SD 1.x", "encoder+autoencoder+attribution", "surrogate", "MIT", digest, place]
    assert any(line.startswith("studio-sd1  ") and line.endswith("  embedded") for line in listed)
    assert any(line.startswith("clip-vit-b16  CLIP  features  ") and line.endswith("  embedded") for line in listed)
    rows = json.loads(audit("models", "list", "--json").stdout)
    assert [row["abilities"] for row in rows if row["name"] == "mine"] == [["encoder", "autoencoder", "attribution"]]
    assert audit("models", "path").stdout.strip() == str(tmp_path / "models")
    assert audit("models", "path", "mine").stdout.strip() == place
    assert audit("models", "path", "other").returncode == 2
    assert "mine: intact" in audit("models", "verify").stdout
    weights = Path(place) / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    broken = audit("models", "verify")
    assert broken.returncode == 3
    assert "is not the file that was pinned" in broken.stderr
    assert "studio-sd1: intact" in broken.stdout
    assert "clip-vit-b16: intact" in broken.stdout
    assert not audit.reached.exists()


@pytest.mark.slow
def test_what_cannot_be_added_is_one_sentence_and_leaves_nothing(audit, folder, tmp_path):
    (tmp_path / "pickle.ckpt").write_bytes(b"\x80\x04")
    for words, code in (
        (["mine", tmp_path / "missing.safetensors"], 3),
        (["mine", tmp_path / "pickle.ckpt"], 3),
        (["mine", folder, folder], 2),
        (["mine", folder, "--kind", "flux"], 2),
        (["../mine", folder], 2),
        (["mine", folder / "config.json", folder / "config.json", "--kind", "studio", "--family", "x"], 3),
    ):
        done = audit("models", "add", *words)
        assert done.returncode == code, done.stderr
        assert done.stderr.startswith("Error: ")
        assert done.stderr.count("\n") == 1
        assert not list((tmp_path / "models").glob("*"))


@pytest.mark.slow
def test_a_cloak_is_made_against_an_added_model_without_the_network(audit, folder, tmp_path):
    from PIL import Image as Pillow

    assert audit("models", "add", "mine", folder).returncode == 0
    Pillow.effect_noise((96, 80), 60).convert("RGB").save(tmp_path / "noise.png")
    done = audit("protect", "noise.png", "--model", "mine", "--time", "1s", "--json")
    assert done.returncode == 0, done.stderr
    [paper] = json.loads(done.stdout)
    assert any("mine@" in json.dumps(entry) for entry in paper["effect"])
    assert not audit.reached.exists()


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as one repository needs: what it holds, and its files at one commit."""

    folder: Path

    def do_HEAD(self) -> None:
        self._file(body=False)

    def do_GET(self) -> None:
        names = sorted(path.name for path in self.folder.iterdir())
        if self.path.startswith(("/api/models/us/tiny/revision/main", f"/api/models/us/tiny/revision/{COMMIT}")):
            siblings = [{"rfilename": name} for name in names]
            self._answer(json.dumps({"id": "us/tiny", "sha": COMMIT, "siblings": siblings, "cardData": CARD}).encode())
        elif self.path.startswith("/api/"):
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._file(body=True)

    def _file(self, *, body: bool) -> None:
        head, _, name = self.path.partition(f"/resolve/{COMMIT}/")
        path = self.folder / name
        assert head == "/us/tiny"
        assert path.suffix in (".json", ".safetensors")
        self._answer(path.read_bytes(), body=body)

    def _answer(self, content: bytes, *, body: bool = True) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(folder):
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Here", (Hub,), {"folder": folder}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.slow
@pytest.mark.parametrize("revision", ["main", COMMIT])
def test_a_model_is_pulled_at_the_commit_that_a_revision_names(audit, hub, folder, tmp_path, revision):
    done = audit("models", "pull", "us/tiny", "--revision", revision, online=hub)
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "models" / "tiny" / "model.json").read_text())
    assert record["origin"] == f"us/tiny@{COMMIT}"
    assert record["licence"] == "apache-2.0"
    assert {file["name"] for file in record["files"]} == {"config.json", "diffusion_pytorch_model.safetensors"}
    for name in ("config.json", "diffusion_pytorch_model.safetensors"):
        assert (tmp_path / "models" / "tiny" / name).read_bytes() == (folder / name).read_bytes()
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tiny"]
    assert audit("models", "verify").returncode == 0


@pytest.mark.slow
def test_a_repository_that_is_not_there_is_said(audit, hub, tmp_path):
    done = audit("models", "pull", "us/other", "--revision", "main", online=hub)
    assert done.returncode == 3
    assert done.stderr.startswith("Error: The hub has no us/other at main for you")
    assert done.stderr.count("\n") == 1
    assert not list((tmp_path / "models").iterdir())
    assert audit("models", "pull", "us/tiny", online=hub).returncode == 2
    assert audit("models", "pull", "https://example.com/x", "--revision", "main", online=hub).returncode == 2


@pytest.mark.slow
def test_a_hub_that_cannot_be_reached_is_one_sentence(audit, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    done = audit("models", "pull", "us/tiny", "--revision", COMMIT, online=f"http://127.0.0.1:{port}")
    assert done.returncode == 3
    assert done.stderr.startswith(f"Error: us/tiny cannot be fetched from http://127.0.0.1:{port} (")
    assert done.stderr.endswith("go online, or `audit models add` a folder.\n")
    assert done.stderr.count("\n") == 1
    assert not list((tmp_path / "models").iterdir())
    audit.env["HF_HUB_OFFLINE"] = "1"
    assert "cannot be fetched" in audit("models", "pull", "us/tiny", "--revision", COMMIT).stderr
    assert not audit.reached.exists()


def test_of_a_pipeline_no_pickles_and_no_second_copies_are_wanted():
    names = [
        *("model_index.json", "README.md", "v1-5-pruned.safetensors", "v1-5-pruned.ckpt", "evil.py"),
        *("unet/config.json", "unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.bin"),
        *("unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.non_ema.safetensors"),
        *("vae/config.json", "vae/diffusion_pytorch_model.fp16.safetensors"),
        *("text_encoder/config.json", "text_encoder/model-00001-of-00002.safetensors"),
        *("text_encoder/model-00002-of-00002.safetensors", "text_encoder/model.safetensors.index.json"),
        *("tokenizer/vocab.json", "tokenizer/merges.txt", "safety_checker/model.safetensors"),
        *("scheduler/scheduler_config.json", "unet/deep/er.safetensors"),
    ]
    assert set(wanted(names)) == {
        *("model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors", "vae/config.json"),
        *("vae/diffusion_pytorch_model.fp16.safetensors", "text_encoder/config.json", "tokenizer/vocab.json"),
        *("text_encoder/model-00001-of-00002.safetensors", "text_encoder/model-00002-of-00002.safetensors"),
        *("text_encoder/model.safetensors.index.json", "tokenizer/merges.txt", "scheduler/scheduler_config.json"),
    }
    assert len(wanted(names)) == len(set(wanted(names)))
    with pytest.raises(ModelError, match="holds no model of diffusers"):
        wanted(["model.ckpt", "evil.py"])


def test_what_is_plainly_no_model_is_refused_before_any_library_is_loaded(home):
    (home / "evil").mkdir()
    (home / "evil" / "model_index.json").write_text('{"_class_name": "../../evil\\u001b[2J", "auto_map": {"a": "b"}}')
    (home / "pickle.ckpt").write_bytes(b"\x80\x04\x95" + bytes(100))
    code = (
        "import sys; from artaudit.cli import main; sys.argv = ['audit', 'models', 'add', 'x', sys.argv[1]]\n"
        "try:\n    main()\nfinally:\n    assert 'torch' not in sys.modules"
    )
    for name, says in (("evil", "asks for code"), ("pickle.ckpt", "no whole safetensors"), ("gone", "cannot be read")):
        line = [sys.executable, "-c", code, name]
        done = subprocess.run(line, cwd=home, capture_output=True, text=True, check=False)
        assert done.returncode == 3, done.stderr
        assert says in done.stderr
        assert "Traceback" not in done.stderr


def test_what_a_config_calls_itself_is_quoted_and_not_taken_for_the_folder(run_audit, home):
    (home / "evil").mkdir()
    (home / "evil" / "model_index.json").write_text('{"_class_name": "../../evil\\u001b[2J\\n without end"}')
    said = run_audit("models", "add", "x", "evil").stderr
    assert "evil is no pipeline that is known (its config calls it '../../evil[U+001B][2J without end')" in said
