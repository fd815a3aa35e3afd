"""What generators write is read, called a claim, and nothing written can do harm."""

import gzip
import io
import json
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import PngImagePlugin

from artaudit.auditor.signals import FileClaims
from artaudit.auditor.signals.containers import MOST_TEXT, _png_texts
from artaudit.errors import ImageError
from artaudit.evidence import Finding
from artaudit.image import decode

SETTINGS = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 64x64, Model: own"
A1111 = f"a castle, at dawn\nNegative prompt: people\n{SETTINGS}"
PICTURE = np.full((64, 64, 3), 90, np.uint8)


def png(**chunks: str) -> bytes:
    notes = PngImagePlugin.PngInfo()
    for name, text in chunks.items():
        notes.add_text(name, text)
    buffer = io.BytesIO()
    Pillow.fromarray(PICTURE).save(buffer, "PNG", pnginfo=notes)
    return buffer.getvalue()


def said(data: bytes) -> Finding:
    [finding] = FileClaims().examine(decode(data, name="a"))
    return finding


def with_chunk(kind: bytes, body: bytes) -> bytes:
    plain = png()
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return plain[:33] + chunk + plain[33:]


def hidden(text: str) -> bytes:
    packed = gzip.compress(text.encode())
    payload = b"stealth_pngcomp" + (8 * len(packed)).to_bytes(4) + packed
    bits = np.unpackbits(np.frombuffer(payload, np.uint8))
    alpha = np.full(64 * 64, 254, np.uint8)
    alpha[: len(bits)] |= bits
    buffer = io.BytesIO()
    Pillow.fromarray(np.dstack([PICTURE, alpha.reshape(64, 64).T])).save(buffer, "PNG")
    return buffer.getvalue()


def jpeg(order: str) -> bytes:
    exif = Pillow.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + A1111.encode(order)
    buffer = io.BytesIO()
    Pillow.fromarray(PICTURE).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize("data", [png(parameters=A1111), jpeg("utf-16-be"), jpeg("utf-16-le"), hidden(A1111)])
def test_a1111_is_read_from_text_exif_and_alpha(data):
    finding = said(data)
    assert finding.holds
    assert finding.details["prompt"] == "a castle, at dawn"
    assert finding.details["negative_prompt"] == "people"
    assert (finding.details["seed"], finding.details["model"]) == ("42", "own")
    assert "claim, not proof" in finding.details["weight"]


def test_nothing_found_is_said_with_what_it_means():
    finding = said(png())
    assert finding.holds is False
    assert "absence says nothing" in finding.details["weight"]


def test_comfyui_graphs_are_recognised_by_their_nodes():
    graph = {"3": {"class_type": "KSampler", "inputs": {"seed": 8, "steps": 20, "sampler_name": "euler"}}}
    assert said(png(prompt=json.dumps(graph))).details["seed"] == 8
    assert said(png(prompt='{"3": {"not": "a node"}}')).holds is False


REAL = {
    "automatic1111-automatic1111_cropped.jpg": ("AUTOMATIC1111 or Forge", "235284042"),
    "automatic1111-automatic1111_cropped.png": ("AUTOMATIC1111 or Forge", "235284042"),
    "automatic1111-automatic1111_stealth.png": ("AUTOMATIC1111 or Forge", "2015833630"),
    "bad_images-empty_file.png": None,
    "bad_images-empty_image.jpg": ("", ""),
    "bad_images-empty_image.png": ("", ""),
    "bad_images-text_after_idat.png": ("AUTOMATIC1111 or Forge", "235284042"),
    "comfyui-flux_schnell_example.png": ("ComfyUI", "112298569477003"),
    "comfyui-img2img_cropped.png": ("ComfyUI", "280823642470253"),
    "comfyui-night_evening_day_morning_cropped.png": ("ComfyUI", "335608130539327"),
    "comfyui-noisy_latents_3_subjects_cropped.png": ("ComfyUI", "1084614416978598"),
    "comfyui-sd3_simple_example.png": ("ComfyUI", "125338548270506"),
    "comfyui-sdxl_simple_example.png": ("ComfyUI", "721897303308196"),
    "comfyui-unclip_2pass_cropped.png": ("ComfyUI", "1106257833005336"),
    "fooocus-fooocus1_cropped.png": ("Fooocus", "6952411511246973023"),
    "invokeai-invokeai_dream1.png": ("InvokeAI", "2980747362"),
    "invokeai-invokeai_imeta1.png": ("InvokeAI", "3293022630"),
    "invokeai-invokeai_sdmeta1.png": ("InvokeAI", "2980747362"),
    "novelai-novelai1_cropped.png": ("NovelAI", "2253955223"),
}


@pytest.mark.parametrize("name", REAL)
def test_files_of_real_tools_are_read_right(shared, name):
    data = (shared / "metadata" / name).read_bytes()
    if REAL[name] is None:
        with pytest.raises(ImageError):
            said(data)
        return
    tool, seed = REAL[name]
    details = said(data).details
    assert (details.get("tool", ""), str(details.get("seed", ""))) == (tool, seed)


def test_untouched_pictures_claim_nothing(shared):
    for path in sorted((shared / "real" / "kodak").glob("*.png"))[:4]:
        assert said(path.read_bytes()).holds is False


def test_bombs_are_cut():
    bomb = zlib.compress(b"a" * (64 << 20))
    data = with_chunk(b"zTXt", b"parameters\0\0" + bomb)
    [(_, text)] = _png_texts(data)
    assert len(text) == MOST_TEXT
    with pytest.raises(ImageError, match="too large"):
        decode(data, name="a")
    assert said(png(prompt="[" * 100_000)).holds is False
    assert said(png(prompt='{"a":' * 50_000)).holds is False


KINDS = st.sampled_from([b"tEXt", b"zTXt", b"iTXt"])


@given(KINDS, st.sampled_from([b"parameters", b"prompt", b"Comment"]), st.binary())
def test_no_chunk_makes_the_reader_fail(kind, name, body):
    try:
        image = decode(with_chunk(kind, name + b"\0" + body), name="a")
    except ImageError:
        return
    [finding] = FileClaims().examine(image)
    assert finding.holds in (True, False)


SHORT = st.text(max_size=8)
JSON = st.recursive(st.none() | st.integers() | SHORT, lambda x: st.lists(x) | st.dictionaries(SHORT, x), max_leaves=8)
CHUNKS = ["prompt", "workflow", "sd-metadata", "invokeai_metadata", "Comment", "parameters"]
KEYS = [*CHUNKS, "image", "model", "nodes", "inputs", "class_type", "Software", "width", "height"]


@given(st.sampled_from(CHUNKS), st.dictionaries(st.sampled_from(KEYS), JSON))
def test_no_json_makes_the_reader_fail(name, value):
    json.dumps(said(png(**{name: json.dumps(value), "Software": "NovelAI"})).as_dict())
