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

from artaudit.errors import ImageError
from artaudit.findings import Finding
from artaudit.image import Image, decode
from artaudit.provenance import FileClaims
from artaudit.provenance.fields.containers import all_fields
from artaudit.provenance.fields.limits import KEPT_BYTES, TEXT_BYTES

SETTINGS = 'Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 64x64, Lora: "a: b, Seed: 9", Model: own'
A1111 = f"a castle, at dawn\nNegative prompt: people\n{SETTINGS}"
WEB_UI = "AUTOMATIC1111's web UI, or a tool that writes as it does"
PICTURE = np.full((64, 64, 3), 90, np.uint8)


def saved(kind: str = "PNG", array: np.ndarray = PICTURE, **options: object) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


def png(**chunks: str) -> bytes:
    notes = PngImagePlugin.PngInfo()
    for name, text in chunks.items():
        notes.add_text(name, text)
    return saved(pnginfo=notes)


def findings_in(data: bytes) -> list[Finding]:
    return FileClaims().examine(decode(data, name="a"))


def finding_in(data: bytes) -> Finding:
    [finding] = findings_in(data)
    return finding


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def holding(*chunks: bytes) -> Image:
    """Return a picture whose bytes hold chunks that the decoder itself might refuse."""
    plain = png()
    image = decode(plain, name="a")
    return Image("a", plain[:33] + b"".join(chunks) + plain[33:], image.format, image.stored)


def with_exif(kind: str, tags: dict[int, str], comment: bytes = b"") -> bytes:
    exif = Pillow.Exif()
    exif.update(tags)
    if comment:
        exif.get_ifd(0x8769)[0x9286] = comment
    return saved(kind, exif=exif.tobytes() if kind == "PNG" else exif)


def hidden(signature: bytes, payload: bytes, length: int | None = None) -> bytes:
    """Write the signature, the length in bits and the payload down the columns, into opacity or into colour."""
    bits = np.unpackbits(
        np.frombuffer(signature + (8 * (length or len(payload))).to_bytes(4, "big") + payload, np.uint8)
    )
    channels = 3 if b"rgb" in signature else 1
    plane = np.full(64 * 64 * channels, 254, np.uint8)
    plane[: len(bits)] |= bits
    plane = plane.reshape(64, 64, channels).swapaxes(0, 1)
    return saved(array=plane if channels == 3 else np.dstack([PICTURE, plane]))


def graph(**more: object) -> str:
    nodes = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "own.safetensors"}},
        "2": {"class_type": "CLIPTextEncode", "inputs": {"text": "people", "clip": ["1", 1]}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": "a castle", "clip": ["1", 1]}},
        "4": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 32}},
        "5": {
            "class_type": "KSampler",
            "inputs": {"seed": 2**64 - 1, "steps": 20, "cfg": 7.5, "sampler_name": "euler", "model": ["1", 0]}
            | {"positive": ["3", 0], "negative": ["2", 0], "latent_image": ["4", 0]},
        },
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": "SaveImage", "inputs": {"images": ["6", 0]}, "is_changed": [float("nan")]},
    }
    return json.dumps(nodes | more)


@pytest.mark.parametrize(
    "data",
    [
        png(parameters=A1111),
        png(parameters=A1111.replace("\n", "\r\n")),
        with_exif("JPEG", {}, b"UNICODE\0" + A1111.encode("utf-16-be")),
        with_exif("JPEG", {}, b"UNICODE\0" + A1111.encode("utf-16-le")),
        with_exif("WEBP", {}, b"UNICODE\0" + A1111.encode("utf-16-be")),
        with_exif("PNG", {}, b"ASCII\0\0\0" + A1111.encode()),
        with_exif("TIFF", {0x010E: A1111}),
        saved("JPEG", comment=A1111.encode()),
        hidden(b"stealth_pnginfo", A1111.encode()),
        hidden(b"stealth_pngcomp", gzip.compress(A1111.encode())),
        hidden(b"stealth_rgbinfo", A1111.encode()),
        hidden(b"stealth_rgbcomp", gzip.compress(A1111.encode())),
    ],
)
def test_parameters_are_read_wherever_a_web_ui_writes_them(data):
    finding = finding_in(data)
    assert finding.holds
    assert finding.claim == f"the file says it was made with {WEB_UI}"
    assert "claim, not proof" in finding.details["weight"]
    assert finding.score is None
    assert finding.details["raw"].endswith("Model: own")
    expected = {"prompt": "a castle, at dawn", "negative_prompt": "people", "seed": "42", "steps": "20"}
    expected |= {"sampler": "Euler a", "guidance": "7", "size": "64x64", "model": "own"}
    assert expected.items() <= finding.details.items()


def test_parameters_may_lack_either_prompt():
    assert "negative_prompt" not in finding_in(png(parameters=f"a castle\n{SETTINGS}")).details
    only_negative = finding_in(png(parameters=f"Negative prompt: people\n{SETTINGS}")).details
    assert only_negative["negative_prompt"] == "people"
    assert "prompt" not in only_negative


@pytest.mark.parametrize(
    ("version", "tool"),
    [("f2.0.1v1.10.1", "Forge"), ("v1.10.1", WEB_UI), ("ComfyUI", "ComfyUI"), ("Fooocus v2.5", "Fooocus")],
)
def test_the_version_tells_tools_of_one_format_apart(version, tool):
    assert finding_in(png(parameters=f"a castle\n{SETTINGS}, Version: {version}")).details["tool"] == tool


def test_a_graph_is_read_backwards_from_the_saved_picture():
    unused = {"8": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "unused.safetensors"}}}
    expected = {"tool": "ComfyUI", "model": "own.safetensors", "prompt": "a castle", "negative_prompt": "people"}
    expected |= {"seed": str(2**64 - 1), "steps": "20", "guidance": "7.5", "sampler": "euler", "size": "64x32"}
    for data in (
        png(prompt=graph(**unused)),
        with_exif("WEBP", {0x0110: "prompt:" + graph(**unused)}),
        with_exif("WEBP", {0x010F: "Prompt: " + graph(**unused)}),
    ):
        assert expected.items() <= finding_in(data).details.items()


def test_a_graph_that_runs_in_circles_ends():
    circle = {"5": {"class_type": "KSampler", "inputs": {"seed": 8, "model": ["5", 0], "positive": ["5", 0]}}}
    assert finding_in(png(prompt=json.dumps(circle))).details["seed"] == "8"


def test_a_workflow_alone_names_its_tool():
    details = finding_in(png(workflow=json.dumps({"nodes": [], "links": []}))).details
    assert (details["tool"], details.get("seed")) == ("ComfyUI", None)
    assert finding_in(png(workflow='{"nodes": 3}')).holds is False
    assert finding_in(png(prompt='{"3": {"not": "a node"}}')).holds is False


NOVELAI = {"Software": "NovelAI", "Source": "NovelAI Diffusion V4", "Description": "a castle"}
NOVELAI |= {"Comment": json.dumps({"seed": 42, "uc": "people", "width": 64, "height": 64, "signed_hash": "x"})}


@pytest.mark.parametrize(
    "data",
    [
        png(**NOVELAI),
        hidden(b"stealth_pngcomp", gzip.compress(json.dumps(NOVELAI).encode())),
        with_exif("WEBP", {0x0131: "NovelAI"}, b"ASCII\0\0\0" + json.dumps(NOVELAI).encode()),
    ],
)
def test_novelai_is_read_from_text_opacity_and_exif(data):
    expected = {"tool": "NovelAI", "model": NOVELAI["Source"], "prompt": "a castle", "negative_prompt": "people"}
    assert (expected | {"seed": "42", "size": "64x64"}).items() <= finding_in(data).details.items()


XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/"><exif:UserComment><rdf:Alt>
<rdf:li xml:lang="x-default">{"c": "a castle", "uc": "people", "sampler": "Euler a", "seed": 42, "size": "64x64"}
</rdf:li></rdf:Alt></exif:UserComment></rdf:Description></rdf:RDF></x:xmpmeta>"""

FOOOCUS = {"prompt": "a castle", "negative_prompt": "people", "seed": "42", "resolution": "(64, 64)"}
SWARMUI = {"prompt": "a castle", "negativeprompt": "people", "seed": 42, "width": 64, "height": 64}
EASY = {"prompt": "a castle", "negative_prompt": "people", "seed": "42", "width": "64", "height": "64"}


@pytest.mark.parametrize(
    ("tool", "data"),
    [
        ("Fooocus", png(parameters=json.dumps(FOOOCUS), fooocus_scheme="fooocus")),
        ("Fooocus", with_exif("JPEG", {}, json.dumps(FOOOCUS | {"version": "Fooocus v2.5"}).encode())),
        ("SwarmUI", png(parameters=json.dumps({"sui_image_params": SWARMUI}))),
        ("Easy Diffusion", png(**EASY, use_stable_diffusion_model="own")),
        ("Draw Things", saved("JPEG", xmp=XMP.encode())),
        ("Draw Things", saved("WEBP", xmp=XMP.encode())),
        ("Draw Things", holding(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP.encode())).data),
    ],
)
def test_tools_with_names_of_their_own_are_read(tool, data):
    expected = {"tool": tool, "prompt": "a castle", "negative_prompt": "people", "seed": "42", "size": "64x64"}
    assert expected.items() <= finding_in(data).details.items()


def test_every_claim_of_a_file_is_reported():
    tools = [finding.details["tool"] for finding in findings_in(png(parameters=A1111, prompt=graph(), **NOVELAI))]
    assert tools == ["NovelAI", "ComfyUI", WEB_UI]


def test_nothing_found_is_said_with_what_it_means():
    finding = finding_in(png(Title="a painting", Software="GIMP", Comment="by hand"))
    assert finding.holds is False
    assert "absence says nothing" in finding.details["weight"]


def test_what_is_kept_can_be_written_and_shown_anywhere():
    words = "\x1b[2J\ud800\u202ea\x00" + "ü" * KEPT_BYTES
    [finding] = FileClaims().examine(
        holding(chunk(b"tEXt", b"invokeai_metadata\0" + json.dumps({"positive_prompt": words, "seed": 1e999}).encode()))
    )
    shown = json.dumps(finding.as_dict(), ensure_ascii=False, allow_nan=False).encode()
    assert not {"\x1b", "\x00", "\u202e"} & set(finding.details["prompt"])
    assert "seed" not in finding.details
    assert len(finding.details["prompt"].encode()) <= KEPT_BYTES
    assert len(shown) < 4 * KEPT_BYTES


REAL = {
    "automatic1111-automatic1111_cropped.jpg": (WEB_UI, "235284042", "photo of a duck"),
    "automatic1111-automatic1111_cropped.png": (WEB_UI, "235284042", "photo of a duck"),
    "automatic1111-automatic1111_stealth.png": (WEB_UI, "2015833630", "a circle"),
    "bad_images-empty_file.png": None,
    "bad_images-empty_image.jpg": ("", "", ""),
    "bad_images-empty_image.png": ("", "", ""),
    "bad_images-text_after_idat.png": (WEB_UI, "235284042", "photo of a duck"),
    "comfyui-flux_schnell_example.png": ("ComfyUI", "112298569477003", "a bottle with a beautiful rainbow galaxy"),
    "comfyui-img2img_cropped.png": ("ComfyUI", "280823642470253", "photograph of victorian woman"),
    "comfyui-night_evening_day_morning_cropped.png": ("ComfyUI", "335608130539327", "(masterpiece)"),
    "comfyui-noisy_latents_3_subjects_cropped.png": ("ComfyUI", "1084614416978598", "girl"),
    "comfyui-sd3_simple_example.png": ("ComfyUI", "125338548270506", "a bottle with a pink and red galaxy"),
    "comfyui-sdxl_simple_example.png": ("ComfyUI", "721897303308196", "evening sunset scenery"),
    "comfyui-unclip_2pass_cropped.png": ("ComfyUI", "1106257833005336", "(waifu, anime"),
    "fooocus-fooocus1_cropped.png": ("Fooocus", "6952411511246973023", "a smiling goldfish"),
    "invokeai-invokeai_dream1.png": ("InvokeAI", "2980747362", "professional full body photo"),
    "invokeai-invokeai_imeta1.png": ("InvokeAI", "3293022630", "digital artwork, oil painting"),
    "invokeai-invokeai_sdmeta1.png": ("InvokeAI", "2980747362", "professional full body photo"),
    "novelai-novelai1_cropped.png": ("NovelAI", "2253955223", "masterpiece, best quality,  cat"),
}


@pytest.mark.parametrize("name", REAL)
def test_files_of_real_tools_are_read_right(shared, name):
    data = (shared / "metadata" / name).read_bytes()
    if REAL[name] is None:
        with pytest.raises(ImageError):
            finding_in(data)
        return
    tool, seed, prompt = REAL[name]
    finding = finding_in(data)
    assert finding.holds is bool(tool)
    assert finding.details.get("tool", "") == tool
    assert seed in finding.details.get("seed", "").split(", ")
    assert finding.details.get("prompt", "").startswith(prompt)


def test_the_table_of_real_files_is_complete(shared):
    assert {path.name for path in (shared / "metadata").iterdir()} == REAL.keys()


def test_generated_files_that_kept_their_texts_are_told(shared):
    for path in sorted((shared / "generated" / "stable-diffusion-1.4").glob("*.png")):
        assert finding_in(path.read_bytes()).details["tool"] == "InvokeAI"


def test_untouched_pictures_claim_nothing(shared):
    for path in [*sorted((shared / "real" / "kodak").glob("*.png"))[:4], *sorted((shared / "c2pa").glob("*.jp*g"))[:4]]:
        assert finding_in(path.read_bytes()).holds is False


BOMB = zlib.compress(A1111.encode() + b"\n" + b"a" * (64 << 20))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (chunk(b"zTXt", b"parameters\0\0" + BOMB), "was cut"),
        (chunk(b"iTXt", b"parameters\0\1\0\0\0" + BOMB), "was cut"),
        (chunk(b"tEXt", b"parameters\0" + A1111.encode() + b"\n" + b"a" * TEXT_BYTES), "was cut"),
        (chunk(b"zTXt", b"parameters\0\0" + zlib.compress(A1111.encode() * 99)[:-9]), "cut off"),
        (chunk(b"tEXt", b"parameters\0" + A1111.encode()) + chunk(b"tEXt", b"parameters\0other"), "more than once"),
    ],
)
def test_what_is_too_long_or_cut_is_read_in_part_and_noted(body, words):
    [finding] = FileClaims().examine(holding(body))
    assert finding.holds
    assert finding.details["seed"] == "42"
    assert words in finding.details["unread"]


@pytest.mark.parametrize(
    "image",
    [
        holding(chunk(b"zTXt", b"parameters\0\0no stream")),
        holding(chunk(b"tEXt", b"prompt\0" + b'{"a":' * 50_000)),
        holding(chunk(b"tEXt", b"prompt\0" + b'{"a": ' + b"9" * 5000 + b"}")),
        holding(chunk(b"tEXt", b"prompt\0{" + b'"\\' * 500_000)),
        holding(chunk(b"tEXt", b"prompt\0" + b"{" * 40)[:-30]),
        holding(*(chunk(b"tEXt", b"%d\0a" % number) for number in range(1000))),
        holding(*(chunk(b"zTXt", b"%d\0\0" % number + BOMB) for number in range(20))),
        holding(chunk(b"eXIf", b"II*\0\xff")),
        decode(hidden(b"stealth_pngcomp", b"no stream", 10**6), name="a"),
        holding(chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")),
    ],
)
def test_what_cannot_be_read_cannot_be_told(image):
    [finding] = FileClaims().examine(image)
    assert finding.holds is None
    assert finding.details["unread"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n" + chunk(b"abCd", b"") * 600_000,
        b"\xff\xd8" + b"\xff\xfe\0\2" * 600_000,
        b"RIFF\0\0\0\0WEBP" + b"ABCD\0\0\0\0" * 600_000,
    ],
    ids=["png", "jpeg", "webp"],
)
def test_a_file_of_endless_parts_is_not_walked_to_its_end(data):
    [finding] = FileClaims().examine(Image("a", data, "PNG", PICTURE))
    assert finding.holds is None
    assert "more than 500,000 parts" in finding.details["unread"]


def test_all_texts_of_a_file_together_are_limited():
    image = holding(*(chunk(b"zTXt", b"%d\0\0" % number + BOMB) for number in range(20)))
    kept = sum(len(text) for fields in all_fields(image) for text in fields.texts.values())
    assert kept <= 16 << 20


def checked(image: Image) -> None:
    for finding in FileClaims().examine(image):
        json.dumps(finding.as_dict(), ensure_ascii=False, allow_nan=False).encode()


KINDS = st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"IDAT"])
NAMES = st.sampled_from([b"parameters", b"prompt", b"Comment", b"Dream", b"XML:com.adobe.xmp"])


@given(KINDS, NAMES, st.binary(), st.integers(0, 20))
def test_no_chunk_makes_the_reader_fail(kind, name, body, lost):
    checked(holding(chunk(kind, name + b"\0" + body)[: -lost or None]))


@given(st.sampled_from([b"parameters", b"Dream", b"UserComment"]), st.text(alphabet='aS:"\\,[]-s \n{}0Steps'))
def test_no_words_make_the_reader_fail(name, words):
    checked(holding(chunk(b"tEXt", name + b"\0" + words.encode() + b"\nSteps: 1, " + words.encode())))


@given(st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]), st.binary(max_size=200))
def test_no_exif_makes_the_reader_fail(head, body):
    checked(holding(chunk(b"eXIf", head + body)))


@given(
    st.sampled_from([png(parameters=A1111), with_exif("JPEG", {}, A1111.encode()), saved("WEBP", xmp=XMP.encode())]),
    st.data(),
)
def test_no_changed_file_makes_the_reader_fail(data, draw):
    place = draw.draw(st.integers(0, len(data) - 1))
    broken = bytearray(data)
    broken[place : place + draw.draw(st.integers(0, 3))] = draw.draw(st.binary(max_size=4))
    image = decode(png(), name="a")
    checked(Image("a", bytes(broken), image.format, image.stored))


@given(st.binary(max_size=64), st.integers(0, 2**32 - 1))
def test_no_hidden_text_makes_the_reader_fail(payload, length):
    bits = np.unpackbits(np.frombuffer(b"stealth_pngcomp" + length.to_bytes(4, "big") + payload, np.uint8))
    for side in (1, 30):
        stored = np.zeros((-(-len(bits) // side), side, 2), np.uint8)
        stored[..., 1].T.flat[: len(bits)] = bits
        checked(Image("a", b"", "PNG", stored))


SHORT = st.text(st.characters(), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | SHORT | st.tuples(st.sampled_from("123"), st.just(0))
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(SHORT, inner), max_leaves=8)
CHUNKS = ["prompt", "workflow", "sd-metadata", "invokeai_metadata", "Comment", "parameters", "UserComment"]
KEYS = [*CHUNKS, "image", "model", "nodes", "links", "class_type", "Software", "width", "height", "sui_image_params"]
NODES = st.fixed_dictionaries(
    {"class_type": SHORT, "inputs": st.dictionaries(st.sampled_from(["positive", "text", "seed", "images", "a"]), JSON)}
)


@given(
    st.sampled_from(CHUNKS),
    st.dictionaries(st.sampled_from(KEYS), JSON) | st.dictionaries(st.sampled_from("123"), NODES),
)
def test_no_json_makes_the_reader_fail(name, value):
    text = f"{name}\0{json.dumps(value)}".encode()
    checked(holding(chunk(b"tEXt", text), chunk(b"tEXt", b"Software\0NovelAI"), chunk(b"tEXt", b"fooocus_scheme\0a")))
