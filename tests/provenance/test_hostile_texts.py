"""What any reader says of hostile texts shows every character and is of bounded length: each reader, each place."""

import io
import json
import re
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import PngImagePlugin

from artaudit.findings import Finding
from artaudit.image import decode
from artaudit.provenance import FileClaims
from artaudit.provenance.claimed.examiner import READERS
from artaudit.provenance.claimed.unrecognised import read_unrecognised
from artaudit.provenance.fields.claims import gather
from artaudit.provenance.fields.limits import KEPT_BYTES

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egpj.\u2066\u200b\u200e\x7f\r\u2028\U000e0041"
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\U000e0041\ud800-\udfff]")
LONG = "x" * 100_000
UUID = "01234567-0123-0123-0123-0123456789ab"
GRAPH = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": EVIL}},
    "2": {"class_type": "CLIPTextEncode", "inputs": {"text": EVIL, "clip": ["1", 1]}},
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 1,
            "steps": EVIL,
            "cfg": 7,
            "sampler_name": EVIL,
            "scheduler": EVIL,
            "model": ["1", 0],
            "positive": ["2", 0],
            "negative": ["2", 0],
            "latent_image": ["4", 0],
        },
    },
    "4": {"class_type": "EmptyLatentImage", "inputs": {"width": EVIL, "height": 64}},
    "5": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}},
}
FLAT = dict.fromkeys(("prompt", "negative_prompt", "seed", "steps", "sampler", "model", "width", "c", "uc"), EVIL)

WRITTEN = {
    "automatic1111": {"parameters": f"{EVIL}\nNegative prompt: {EVIL}\nSteps: 20, Seed: {EVIL}, Model: {EVIL}"},
    "comfyui": {"prompt": json.dumps(GRAPH)},
    "invokeai": {"invokeai_metadata": json.dumps({"model": {"name": EVIL}, "positive_prompt": EVIL, "seed": EVIL})},
    "invokeai, older": {"sd-metadata": json.dumps({"model_weights": EVIL, "image": {"prompt": EVIL, "seed": EVIL}})},
    "invokeai, oldest": {"Dream": f'"{EVIL} [{EVIL}]" -s 50 -S {EVIL}'},
    "novelai": {"Software": f"NovelAI {EVIL}", "Source": EVIL, "Comment": json.dumps({"prompt": EVIL, "seed": EVIL})},
    "fooocus": {"parameters": json.dumps({**FLAT, "base_model_hash": EVIL, "version": f"Fooocus {EVIL}"})},
    "mflux": {"ImageDescription": json.dumps({**FLAT, "mflux_version": EVIL})},
    "swarmui": {"parameters": json.dumps({"sui_image_params": FLAT})},
    "comfyui, tensor.art": {
        "prompt": json.dumps(GRAPH),
        "generation_data": json.dumps({"baseModel": {"modelFileName": EVIL}, "prompt": EVIL}),
    },
    "stability_matrix": {
        "parameters-json": json.dumps(
            dict.fromkeys(("ModelName", "ModelHash", "PositivePrompt", "NegativePrompt", "Sampler", "Width"), EVIL)
        )
    },
    "draw_things": {"exif:UserComment": json.dumps(FLAT)},
    "easy_diffusion": {"use_stable_diffusion_model": EVIL, "prompt": EVIL, "seed": EVIL, "width": EVIL},
    "source_type": {"Iptc4xmpExt:DigitalSourceType": "trainedAlgorithmicMedia"},
    "ai_fields": {"Iptc4xmpExt:AISystemUsed": EVIL, "Iptc4xmpExt:AIPromptInformation": EVIL},
    "tc260": {"AIGC": json.dumps({"Label": "1", "ContentProducer": EVIL})},
    "vendor": {"Software": f"Midjourney {EVIL}"},
    "vendor, prompt": {"Description": f"{EVIL} Job ID: {UUID}"},
    "vendor, model": {"Software": "AI generated;txt2img;flux", "Model": EVIL, "ImageDescription": EVIL},
    "unrecognised": {"odd": json.dumps(FLAT)},
}
"""By reader, and where it reads several forms by form, texts with hostile values in every free place."""


def told(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from told(name)
            yield from told(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from told(inner)


def harmless(findings: list[Finding]) -> None:
    assert findings
    for finding in findings:
        for text in told(finding.as_dict()):
            assert not UNSEEN.search(text), repr(text)
            assert len(text.encode()) <= KEPT_BYTES + 100
        assert len(finding.claim) < 2000
        assert len(json.dumps(finding.as_dict())) < 40 * KEPT_BYTES


def png(texts: dict[str, str]) -> bytes:
    notes = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        notes.add_itxt(name, text)
    buffer = io.BytesIO()
    Pillow.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(buffer, "PNG", pnginfo=notes)
    return buffer.getvalue()


def test_there_are_hostile_texts_for_every_reader():
    for read in (*READERS, read_unrecognised):
        name = read.__name__.removeprefix("read_")
        assert any(form.partition(",")[0] == name for form in WRITTEN), name
        for form, texts in WRITTEN.items():
            if form.partition(",")[0] == name:
                assert read(gather("PNG text", texts.items())) is not None, form


@pytest.mark.parametrize("form", WRITTEN)
@pytest.mark.parametrize("length", ["short", "long"])
def test_no_reader_passes_on_what_does_not_show(form, length):
    texts = WRITTEN[form]
    if length == "long":
        plain = json.dumps(EVIL)[1:-1]
        texts = {name: text.replace(plain, plain + LONG).replace(EVIL, EVIL + LONG) for name, text in texts.items()}
    findings = FileClaims().examine(decode(png(texts), name="a"))
    harmless(findings)
    assert length == "long" or any(finding.holds for finding in findings)


def exif() -> dict[str, object]:
    block = Pillow.Exif()
    block[0x0131], block[0x010E] = f"Midjourney {EVIL}", EVIL
    return {"exif": block}


def xmp() -> dict[str, object]:
    tags = 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Midjourney \u202egpj.\u200b\x7f\u2066"'
    rdf = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    return {"xmp": f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}<rdf:Description {tags}/></rdf:RDF></x:xmpmeta>'.encode()}


def comment() -> dict[str, object]:
    return {"comment": f"{EVIL}\nSteps: 20, Seed: {EVIL}".encode()}


@pytest.mark.parametrize(
    ("kind", "options"), [("JPEG", exif()), ("WEBP", exif()), ("JPEG", xmp()), ("JPEG", comment())]
)
def test_no_place_in_a_file_passes_on_what_does_not_show(kind, options):
    buffer = io.BytesIO()
    Pillow.fromarray(np.full((64, 64, 3), 90, np.uint8)).save(buffer, kind, **options)
    findings = FileClaims().examine(decode(buffer.getvalue(), name="a"))
    harmless(findings)
    assert any(finding.holds for finding in findings)


def test_names_of_texts_that_cannot_be_read_show_too():
    findings = FileClaims().examine(decode(png({f"n{EVIL[:5]}": "{broken", "parameters": "{also"}), name="a"))
    harmless(findings)
