"""Networks learn from pairs, go on where they were killed, look at what was published, and load published files."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate.state import AcceleratorState
from safetensors.torch import load_file, save_file
from sklearn.base import clone
from torch import nn

from artaudit.detect import storage, training_loop
from artaudit.detect.detectors.checkpoint import CheckpointDetector, finest
from artaudit.detect.detectors.cnn import CnnDetector
from artaudit.detect.detectors.embedding import EmbeddingDetector
from artaudit.detect.detectors.lnp import LnpDetector, wrapped
from artaudit.detect.detectors.npr import NprDetector
from artaudit.detect.detectors.reconstruction import ReconstructionDetector
from artaudit.detect.metrics import labelled_auc
from artaudit.detect.networks import ResidualNetwork
from artaudit.detect.training_loop import RunDirectory, TrainingSchedule
from artaudit.errors import ModelError, UsageError

SIDE = 32


def draw(step, process):
    """Return noise, and noise that was drawn twice as large."""
    rng = np.random.default_rng((step, process))
    real = rng.integers(80, 170, (4, SIDE, SIDE, 3), dtype=np.uint8)
    made = rng.integers(80, 170, (4, SIDE // 2, SIDE // 2, 3), dtype=np.uint8).repeat(2, axis=1).repeat(2, axis=2)
    return torch.from_numpy(np.concatenate([real, made])), torch.arange(8) >= 4


KINDS = {
    "npr": NprDetector(16, 4, side=SIDE, crops=2),
    "cnn": CnnDetector(16, 4, width=4, side=SIDE, crops=2),
    "lnp": LnpDetector("clean", 60, 4, denoiser_steps=20, side=SIDE, crops=2),
    "lnp, paper": LnpDetector("paper", 60, 4, denoiser_steps=20, side=SIDE, crops=2),
}


def pictures(first, count):
    crops, made = zip(*(draw(first + number, 9) for number in range(count)), strict=True)
    return list(torch.cat(crops).numpy().astype(np.float32) / 255), torch.cat(made).numpy()


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_network_tells_new_pictures_apart_and_comes_back_from_the_disk(kind, tmp_path):
    detector = clone(KINDS[kind])
    detector.learn(draw, run=RunDirectory(tmp_path / "run"))
    learned, made = pictures(100, 16)
    detector.fit(learned, made, held_out=pictures(200, 1)[0][:4])
    seen, truth = pictures(300, 6)
    scores = detector.score_samples(seen)
    if kind.startswith("lnp"):
        assert labelled_auc(scores, truth) > 0.7  # noise without content gives a denoiser little to learn from
    else:
        assert scores[truth].min() > scores[~truth].max()
    storage.write(detector, tmp_path / "kept", kind=kind, about={})
    again = storage.read(type(detector), tmp_path / "kept")
    assert np.array_equal(again.score_samples(seen), scores)
    assert {path.suffix for path in (tmp_path / "kept").iterdir()} == {".json", ".safetensors"}


class PowerCutError(Exception):
    """A power cut."""


@pytest.mark.parametrize(("at", "watched"), [(1, None), (7, None), (10, draw), (7, draw)])
def test_a_stopped_run_ends_in_the_same_numbers(tmp_path, at, watched):
    def steps(folder, progress=None):
        torch.manual_seed(0)
        network = nn.Sequential(ResidualNetwork(3, (1, 1)), nn.Dropout(0.1))
        run = RunDirectory(folder, progress)
        training_loop.train(network, draw, loss, TrainingSchedule(11, keep=3), run, watched)
        return network.state_dict(), [
            row.rpartition(', "seconds"')[0] for row in (folder / training_loop.LOG).read_text().split("\n")
        ]

    def loss(network, pixels, made):
        return nn.functional.binary_cross_entropy_with_logits(network(pixels)[:, 0], made.float())

    def stop(done, _total):
        if done == at:
            raise PowerCutError

    whole, log = steps(tmp_path / "whole")
    with pytest.raises(PowerCutError):
        steps(tmp_path / "cut", stop)
    again, same = steps(tmp_path / "cut")
    assert same == log
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_a_watched_network_ends_early_with_the_weights_that_did_best(tmp_path):
    def loss(network, pixels, _made):
        return ((network(pixels.mean(dim=(2, 3))) - (1.0 if network.training else 0.0)) ** 2).mean()

    torch.manual_seed(0)
    network = nn.Linear(3, 1)
    nn.init.zeros_(network.weight)
    nn.init.zeros_(network.bias)
    run, schedule = (
        RunDirectory(tmp_path),
        TrainingSchedule(40, rate=0.1, keep=2, patience=2),
    )
    training_loop.train(network, draw, loss, schedule, run, draw)
    rows = [json.loads(row) for row in (tmp_path / training_loop.LOG).read_text().splitlines()]
    seen = [row["held out"] for row in rows if "held out" in row]
    assert len(rows) == 6
    assert seen[0] == min(seen)
    pixels = draw(0, 0)[0].permute(0, 3, 1, 2).float() / 255
    assert loss(network.eval(), pixels, None).item() == pytest.approx(seen[0], rel=0.05)
    training_loop.train(network, draw, loss, schedule, run, draw)
    assert len((tmp_path / training_loop.LOG).read_text().splitlines()) == 6


@pytest.fixture
def fresh():
    """Let accelerate forget the precision that other runs of this process computed in, before and after."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_and_keeps_whole_weights(precision, tmp_path):
    def loss(network, pixels, made):
        return nn.functional.binary_cross_entropy_with_logits(network(pixels)[:, 0].float(), made.float())

    torch.manual_seed(0)
    network = ResidualNetwork(3, (1,))
    training_loop.train(
        network,
        draw,
        loss,
        TrainingSchedule(2, precision=precision),
        RunDirectory(tmp_path),
    )
    assert {value.dtype for value in network.parameters()} == {torch.float32}
    rows = [json.loads(row) for row in (tmp_path / training_loop.LOG).read_text().splitlines()]
    assert np.isfinite([row["loss"] for row in rows]).all()


def test_a_damaged_state_is_refused(tmp_path):
    (tmp_path / training_loop.STATE).write_bytes(b"no state")
    with pytest.raises(ModelError, match="delete it to begin anew"):
        training_loop.train(
            ResidualNetwork(3, (1,)),
            draw,
            lambda n, p, _: n(p).mean(),
            TrainingSchedule(2),
            RunDirectory(tmp_path),
        )


def test_tensorboard_is_asked_for_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    run = RunDirectory(tmp_path, tensorboard=True)
    with pytest.raises(ModelError, match=r"pip install 'artaudit\[tensorboard\]'"):
        training_loop.train(ResidualNetwork(3, (1,)), draw, lambda n, p, _: n(p).mean(), TrainingSchedule(1), run)


def learn_together(folder, where):
    """Train in one of two processes and write down the weights it ends with."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    network = CnnDetector(width=2).networks()["network_"]
    run = RunDirectory(Path(folder))
    maps = CnnDetector().view
    training_loop.train(
        network,
        draw,
        lambda n, p, m: ((n(maps(p))[:, 0] - m.float()) ** 2).mean(),
        TrainingSchedule(3),
        run,
    )
    name = "first" if training_loop.leads() else "second"
    save_file(dict(network.named_parameters()), Path(where) / f"{name}.safetensors")


@pytest.mark.slow
def test_two_processes_end_with_the_same_weights(tmp_path):
    script = (
        "import sys; sys.path[:0] = [sys.argv[3], sys.argv[4]]\n"
        "from accelerate import debug_launcher\n"
        "from test_networks import learn_together\n"
        "debug_launcher(learn_together, (sys.argv[1], sys.argv[2]), 2)\n"
    )
    here = Path(__file__).parent
    line = [sys.executable, "-c", script, tmp_path / "run", tmp_path, here.parents[1], here]
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (load_file(tmp_path / f"{name}.safetensors") for name in ("first", "second"))
    assert all(torch.equal(first[name], second[name]) for name in first)
    rows = [json.loads(row) for row in (tmp_path / "run" / training_loop.LOG).read_text().splitlines()]
    assert [row["step"] for row in rows] == [0, 1, 2]


def test_the_published_noise_wraps_and_swaps():
    noise = torch.tensor([0.0, 1 / 255, 2 / 255, -0.3, 1.0, 0.2])[None, None, :, None].expand(1, 3, 6, 1).clone()
    noise[:, 2] = 0
    shown = wrapped(noise) * 255
    assert (shown[0, 0] == 0).all()
    assert shown[0, 2, :, 0].round().tolist() == [0, 255, 254, 0, 1, 205]


def test_npr_is_the_difference_to_the_first_pixel_of_each_cell():
    pixels = torch.rand(1, 3, 9, 8)
    near = nn.functional.interpolate(nn.functional.interpolate(pixels[:, :, :8], scale_factor=0.5), scale_factor=2)
    assert torch.equal(NprDetector().view(pixels), (pixels[:, :, :8] - near) * 2 / 3)


def test_the_finest_band_is_that_of_the_wavelet():
    pywt = pytest.importorskip("pywt")
    pixels = torch.rand(1, 3, 16, 24)
    _, (_, _, band) = pywt.dwt2(pixels.double().numpy(), "bior1.3", mode="symmetric")
    wanted = nn.functional.interpolate(torch.from_numpy(band).float(), size=(16, 24), mode="bilinear")
    assert torch.allclose(finest(pixels), wanted, atol=1e-6)


def timm_weights(width=64, layers=2, patch=16, side=64):
    """Return random weights under timm's names of a vision transformer with one output."""
    rng = torch.Generator().manual_seed(0)
    shapes = {"cls_token": (1, 1, width), "pos_embed": (1, (side // patch) ** 2 + 1, width)}
    shapes |= {"patch_embed.proj.weight": (width, 3, patch, patch), "patch_embed.proj.bias": (width,)}
    for number in range(layers):
        block = f"blocks.{number}."
        for name, (out, into) in {
            "attn.qkv": (3 * width, width),
            "attn.proj": (width, width),
            "mlp.fc1": (2 * width, width),
            "mlp.fc2": (width, 2 * width),
        }.items():
            shapes |= {f"{block}{name}.weight": (out, into), f"{block}{name}.bias": (out,)}
        shapes |= {f"{block}norm{number}.{kind}": (width,) for number in (1, 2) for kind in ("weight", "bias")}
    shapes |= {"norm.weight": (width,), "norm.bias": (width,), "head.weight": (1, width), "head.bias": (1,)}
    return {f"vit.{name}": 0.2 * torch.randn(shape, generator=rng) for name, shape in shapes.items()}


def timm_forward(weights, pixels):
    """Compute the same network by hand."""
    plain = {name.removeprefix("vit."): value for name, value in weights.items()}

    def linear(name, x):
        return nn.functional.linear(x, plain[f"{name}.weight"], plain[f"{name}.bias"])

    def norm(name, x):
        return nn.functional.layer_norm(x, x.shape[-1:], plain[f"{name}.weight"], plain[f"{name}.bias"], 1e-6)

    patches = nn.functional.conv2d(pixels, plain["patch_embed.proj.weight"], plain["patch_embed.proj.bias"], 16)
    x = patches.flatten(2).transpose(1, 2)
    x = torch.cat([plain["cls_token"].expand(len(x), -1, -1), x], 1) + plain["pos_embed"]
    for block in ("blocks.0.", "blocks.1."):
        q, k, v = linear(f"{block}attn.qkv", norm(f"{block}norm1", x)).chunk(3, -1)
        x = x + linear(f"{block}attn.proj", torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, -1) @ v)
        x = x + linear(f"{block}mlp.fc2", nn.functional.gelu(linear(f"{block}mlp.fc1", norm(f"{block}norm2", x))))
    return linear("head", norm("norm", x)[:, 0])


def test_a_transformer_that_timm_named_gives_the_log_odds_it_should(tmp_path):
    weights = timm_weights()
    save_file(weights, tmp_path / "vit.safetensors")
    squares = np.random.default_rng(0).random((2, 64, 64, 3), dtype=np.float32)
    found = CheckpointDetector(str(tmp_path / "vit.safetensors"), side=64).describe(squares)
    mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    pixels = torch.from_numpy(((squares - mean) / spread).transpose(0, 3, 1, 2)).float()
    assert found == pytest.approx(timm_forward(weights, pixels).numpy(), abs=1e-4)


def test_safe_gives_the_difference_of_its_outputs(tmp_path):
    torch.manual_seed(0)
    network = ResidualNetwork(3, (3, 4), outputs=2)
    save_file(network.state_dict(), tmp_path / "safe.safetensors")
    squares = np.random.default_rng(0).random((2, 64, 64, 3), dtype=np.float32)
    found = CheckpointDetector(str(tmp_path / "safe.safetensors"), "safe", side=64).describe(squares)
    with torch.no_grad():
        outputs = network.eval()(finest(torch.from_numpy(squares.transpose(0, 3, 1, 2).copy())))
    assert found[:, 0] == pytest.approx((outputs[:, 1] - outputs[:, 0]).numpy(), abs=1e-5)
    with pytest.raises(ModelError, match="holds no weights of vit"):
        CheckpointDetector(str(tmp_path / "safe.safetensors"), "vit", side=64).describe(squares)


@pytest.mark.parametrize("kind", ["clip", "dinov2"])
def test_an_embedding_reads_a_network_from_a_folder(kind, tmp_path):
    import transformers as hub

    size = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 56, "patch_size": 14}
    if kind == "clip":
        hub.CLIPVisionModel(hub.CLIPVisionConfig(**size, intermediate_size=32)).save_pretrained(tmp_path)
    else:
        hub.Dinov2Model(hub.Dinov2Config(**size)).save_pretrained(tmp_path)
    rng = np.random.default_rng(0)
    squares = rng.random((3, 56, 56, 3), dtype=np.float32)
    assert EmbeddingDetector(str(tmp_path), side=56).describe(squares).shape == (3, 32)
    dark, bright = (list(squares * share) for share in (0.2, 1.0))
    detector = EmbeddingDetector(str(tmp_path), side=56)
    detector.fit(dark + bright, np.repeat([False, True], 3), held_out=dark)
    assert detector.score_samples(bright).min() > detector.score_samples(dark).max()


def test_reconstruction_sees_what_its_decoder_drew():
    from artaudit.datasets.photographs import PHOTOGRAPHS, photograph
    from artaudit.generators import pool
    from artaudit.generators.opening import open_model
    from artaudit.image import decode
    from artaudit.tensors import to_array, to_batch

    model = next(open_model(record) for record in pool.embedded() if record.name == "studio-flux2")
    reals = []
    for name in PHOTOGRAPHS:
        whole = decode(photograph(name), name=name).pixels
        reals += [whole[top : top + 64, 100:164] for top in range(0, 320, 64)]
    with torch.no_grad():
        drawn = [to_array(model.decode(model.encode(to_batch(real)))) for real in reals]
    detector = ReconstructionDetector(["studio-flux2"], side=64, crops=1)
    detector.use([model])
    detector.fit(reals[:5] + drawn[:5], np.repeat([False, True], 5), held_out=reals[5:7])
    assert detector.score_samples(drawn[5:]).min() > detector.score_samples(reals[5:]).max()


@pytest.mark.parametrize("detector", [CheckpointDetector(), EmbeddingDetector(), ReconstructionDetector()])
def test_what_is_not_there_is_asked_for(detector):
    with pytest.raises(UsageError, match="needs"):
        detector.describe(np.zeros((1, 64, 64, 3), np.float32))


@pytest.mark.slow
def test_a_killed_process_is_taken_up_by_the_next(tmp_path):
    script = (
        "import sys, torch; sys.path.insert(0, sys.argv[2])\n"
        "from pathlib import Path\n"
        "from artaudit.detect.networks import ResidualNetwork\n"
        "from artaudit.detect.training_loop import RunDirectory, TrainingSchedule, train\n"
        "torch.manual_seed(0); network = ResidualNetwork(3, (1,))\n"
        "def draw(step, process):\n"
        "    g = torch.Generator().manual_seed(step)\n"
        "    return torch.randint(0, 255, (4, 16, 16, 3), generator=g, dtype=torch.uint8), torch.arange(4) >= 2\n"
        "loss = lambda n, p, m: ((n(p)[:, 0] - m.float()) ** 2).mean()\n"
        "tell = lambda done, total: print(done, flush=True)\n"
        "train(network, draw, loss, TrainingSchedule(40, keep=1), RunDirectory(Path(sys.argv[1]), tell))\n"
        "print('end', sum(p.double().sum().item() for p in network.parameters()))\n"
    )
    root = str(Path(__file__).parents[2])

    def run(folder):
        line = [sys.executable, "-c", script, str(folder), root]
        return subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})

    whole = run(tmp_path / "whole")
    with run(tmp_path / "cut") as cut:
        for line in cut.stdout:
            if int(line) >= 5:
                cut.send_signal(signal.SIGKILL)
                break
    wanted = whole.communicate()[0].splitlines()[-1]
    again = run(tmp_path / "cut").communicate()[0].splitlines()
    assert int(again[0]) > 5
    assert again[-1] == wanted
