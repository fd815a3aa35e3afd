"""Every tool that is known is named, with model, prompt and seed, from a file in that tool's own form."""

import io
import json

import numpy as np
import pytest
from PIL import Image as Pillow
from PIL import PngImagePlugin

from artaudit.findings import Finding
from artaudit.image import decode
from artaudit.provenance import FileClaims

PICTURE = np.full((64, 64, 3), 90, np.uint8)
PROMPT, NEGATIVE, SEED = "a castle, at dawn", "people", "4242424242"


def saved(kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(PICTURE).save(buffer, kind, **options)
    return buffer.getvalue()


def png(**texts: object) -> bytes:
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_text(name, text if isinstance(text, str) else json.dumps(text))
    return saved(pnginfo=info)


def exif(comment: object, kind: str = "JPEG", coding: str = "utf-16-be", tags: dict[int, str] | None = None) -> bytes:
    block = Pillow.Exif()
    block.update(tags or {})
    text = comment if isinstance(comment, str) else json.dumps(comment)
    heads = {"utf-16-be": b"UNICODE\0", "ascii": b"ASCII\0\0\0", "utf-8": b""}
    block.get_ifd(0x8769)[0x9286] = heads[coding] + text.encode(coding)
    return saved(kind, exif=block)


def webp(tags: dict[int, str]) -> bytes:
    block = Pillow.Exif()
    block.update(tags)
    return saved("WEBP", exif=block)


def findings_in(data: bytes) -> list[Finding]:
    return FileClaims().examine(decode(data, name="a"))


def web_ui(more: str) -> str:
    return f"{PROMPT}\nNegative prompt: {NEGATIVE}\nSteps: 20, CFG scale: 7, Seed: {SEED}, Size: 64x64, {more}"


def node(kind: str, **inputs: object) -> dict:
    return {"class_type": kind, "inputs": inputs}


def graph(**more: dict) -> dict:
    """Return the graph of ComfyUI's first example."""
    nodes = {
        "1": node("CheckpointLoaderSimple", ckpt_name="own.safetensors"),
        "2": node("CLIPTextEncode", text=NEGATIVE, clip=["1", 1]),
        "3": node("CLIPTextEncode", text=PROMPT, clip=["1", 1]),
        "4": node("EmptyLatentImage", width=64, height=64),
        "5": node(
            "KSampler", seed=int(SEED), steps=20, cfg=7, sampler_name="euler", scheduler="normal", model=["1", 0],
            positive=["3", 0], negative=["2", 0], latent_image=["4", 0],
        ),
        "6": node("VAEDecode", samples=["5", 0], vae=["1", 2]),
        "7": node("SaveImage", images=["6", 0]),
    }  # fmt: skip
    return nodes | more


ASKED = {
    "prompt": PROMPT,
    "negativePrompt": NEGATIVE,
    "seed": int(SEED),
    "steps": 20,
    "cfgScale": 7,
    "sampler": "Euler",
}
MFLUX = {"mflux_version": "0.11.0", "model": "own", "seed": int(SEED), "steps": 4, "guidance": 3.5, "height": 64}
RUINED = {"Prompt": PROMPT, "Negative": NEGATIVE, "seed": int(SEED), "base_model_name": "own", "steps": 30, "cfg": 7}
SPACE = {"prompt": PROMPT, "negative_prompt": NEGATIVE, "seed": int(SEED), "num_inference_steps": 28}
SPACE |= {"guidance_scale": 7, "resolution": "64 x 64", "Model": {"Model": "own", "Model hash": "e3c47aedb0"}}
COMFYROLL = {
    "2": node("CR SDXL Base Prompt Encoder", base_clip=["1", 1], pos_g=PROMPT, pos_l="x", neg_g=NEGATIVE, neg_l="y"),
    "3": node("CR Conditioning Input Switch", Input=1, conditioning1=["2", 0]),
}
COMFYROLL["5"] = {**graph()["5"], "inputs": {**graph()["5"]["inputs"], "positive": ["2", 0], "negative": ["2", 1]}}
SDXL = {
    "2": node("CLIPTextEncodeSDXL", text_g=["9", 0], text_l=["9", 0], width=64, height=64, clip=["1", 1]),
    "3": node("CLIPTextEncodeSDXL", text_g=["8", 0], text_l=["8", 0], width=64, height=64, clip=["1", 1]),
    "8": node("CR Prompt Text", prompt=PROMPT),
    "9": node("CR Prompt Text", prompt=NEGATIVE),
}
EFFICIENT = {
    "1": node("Efficient Loader", ckpt_name="own.safetensors", positive=PROMPT, negative=NEGATIVE, clip_skip=-1),
    "5": node(
        "KSampler (Efficient)", seed=["8", 0], steps=20, cfg=7, sampler_name="euler", model=["1", 0],
        positive=["1", 1], negative=["1", 2], latent_image=["1", 3],
    ),
    "8": node("Seed (rgthree)", seed=int(SEED)),
}  # fmt: skip
FLUX = {
    "2": node("ConditioningZeroOut", conditioning=["3", 0]),
    "5": node("SamplerCustomAdvanced", noise=["8", 0], guider=["9", 0], sampler=["10", 0], latent_image=["4", 0]),
    "8": node("RandomNoise", noise_seed=int(SEED)),
    "9": node("BasicGuider", model=["11", 0], conditioning=["12", 0]),
    "10": node("KSamplerSelect", sampler_name="euler"),
    "11": node("UNETLoader", unet_name="own.safetensors"),
    "12": node("FluxGuidance", guidance=3.5, conditioning=["3", 0]),
}
TWO_PASSES = {
    "3": node("CLIPTextEncode", text=["8", 0], clip=["1", 1]),
    "8": node("DF_Text_Box", Text=PROMPT),
    "7": node("SaveImage", images=["10", 0]),
    "9": node(
        "SamplerCustom", add_noise=False, noise_seed=77, cfg=6, model=["1", 0], positive=["3", 0], negative=["2", 0],
        latent_image=["5", 0],
    ),
    "10": node("VAEDecode", samples=["9", 0], vae=["1", 2]),
}  # fmt: skip
SEARGE = {
    "1": node("SeargeModelSelector", base_checkpoint="own.safetensors", data=["2", 0]),
    "2": node("SeargePromptAdapterV2", main_prompt=["3", 0], negative_main_prompt=["4", 0], data=["5", 0]),
    "3": node("SeargeTextInputV2", prompt=PROMPT),
    "4": node("SeargeTextInputV2", prompt=NEGATIVE),
    "5": node("SeargeGenerationParameters", seed=int(SEED), steps=30, cfg=5),
    "6": node("SeargePreviewImage", images=["1", 0]),
}
TENSOR_ART = {"prompt": PROMPT, "seed": "-1", "baseModel": {"modelFileName": "own"}}
MATRIX = {"PositivePrompt": PROMPT, "NegativePrompt": NEGATIVE, "Seed": int(SEED), "ModelName": "own", "Width": 64}

TOOLS = {
    "AUTOMATIC1111": (
        "AUTOMATIC1111's web UI",
        png(parameters=web_ui("Sampler: Euler a, Model: own, Version: v1.10.1")),
    ),
    "Forge": ("Forge", png(parameters=web_ui("Model: own, Version: f2.0.1v1.10.1-previous-664"))),
    "reForge": ("reForge", png(parameters=web_ui("Model: own, Version: f1.0.0v2-v1.10.1RC-latest-2184"))),
    "EasyReforge": ("EasyReforge", png(parameters=web_ui("Model: own, Version: f1.10.1-v2"))),
    "Forge Neo": ("Forge Neo", png(parameters=web_ui("Model: own, Version: neo-2.1"))),
    "Forge Classic": ("Forge Classic", png(parameters=web_ui("Model: own, Version: classic"))),
    "SD.Next": ("SD.Next", exif(web_ui("Model: own, App: SD.Next, Version: 8b73cb6, Pipeline: Flux"))),
    "stable-diffusion.cpp": (
        "stable-diffusion.cpp",
        png(parameters=web_ui("Model: , RNG: cuda, Unet: own.gguf, Version: stable-diffusion.cpp")),
    ),
    "Civitai, text": ("Civitai's generator", exif(web_ui('Model: own, Civitai resources: [{"type":"checkpoint"}]'))),
    "Civitai, graph": (
        "Civitai's generator (ComfyUI)",
        exif({"resource-stack": graph()["1"], **graph(), "extraMetadata": json.dumps(ASKED)}),
    ),
    "ComfyUI": ("ComfyUI", png(prompt=graph(), workflow={"nodes": [], "links": []})),
    "ComfyUI, comment": ("ComfyUI", exif({"prompt": graph(), "workflow": {"nodes": [], "links": []}})),
    "ComfyUI, re-encoded": ("ComfyUI", exif({"prompt": json.dumps(graph(**SDXL)), "workflow": "{}"}, "WEBP", "ascii")),
    "ComfyUI, WebP": ("ComfyUI", webp({0x0110: "prompt:" + json.dumps(graph())})),
    "ComfyUI, Comfyroll": ("ComfyUI", png(prompt=graph(**COMFYROLL))),
    "ComfyUI, SDXL": ("ComfyUI", png(prompt=graph(**SDXL))),
    "ComfyUI, Efficiency": ("ComfyUI", png(prompt=graph(**EFFICIENT))),
    "ComfyUI, FLUX": ("ComfyUI", png(prompt=graph(**FLUX))),
    "ComfyUI, a second pass without noise": ("ComfyUI", png(prompt=graph(**TWO_PASSES))),
    "ComfyUI, Searge": ("ComfyUI", png(prompt=SEARGE)),
    "Tensor.Art": ("Tensor.Art", png(generation_data=json.dumps(TENSOR_ART) + "\0", prompt=graph())),
    "mflux": ("mflux", exif(MFLUX | {"prompt": PROMPT, "width": 64}, "PNG", "utf-8", {0x0131: "mflux 0.11.0"})),
    "Ruined Fooocus": ("Ruined Fooocus", png(parameters=RUINED | {"software": "RuinedFooocus"})),
    "Fooocus": (
        "Fooocus",
        png(parameters={"prompt": PROMPT, "base_model": "own", "seed": SEED, "version": "Fooocus v2.5.5"}),
    ),
    "SwarmUI": ("SwarmUI", png(parameters={"sui_image_params": {"prompt": PROMPT, "model": "own", "seed": int(SEED)}})),
    "InvokeAI": (
        "InvokeAI",
        png(invokeai_metadata={"positive_prompt": PROMPT, "seed": int(SEED), "model": {"name": "own"}}),
    ),
    "NovelAI": (
        "NovelAI",
        png(Software="NovelAI", Source="own", Description=PROMPT, Comment={"seed": int(SEED), "uc": NEGATIVE}),
    ),
    "NovelAI, WebP": (
        "NovelAI",
        exif(
            {"Source": "own", "Description": f"\0\0{PROMPT}", "Comment": json.dumps({"prompt": PROMPT, "seed": SEED})},
            "WEBP",
            "ascii",
            {0x0131: "NovelAI"},
        ),
    ),
    "Stability Matrix": ("Stability Matrix", png(**{"parameters-json": MATRIX})),
    "Easy Diffusion": ("Easy Diffusion", png(prompt=PROMPT, seed=SEED, use_stable_diffusion_model="own")),
    "a space of Hugging Face": ("a program around diffusers", png(parameters=SPACE)),
}


@pytest.mark.parametrize("name", TOOLS)
def test_each_tool_is_named_with_model_prompt_and_seed(name):
    tool, data = TOOLS[name]
    [finding] = [found for found in findings_in(data) if "prompt" in found.details]
    details = finding.details
    assert details["tool"].startswith(tool)
    assert details["prompt"] == PROMPT
    assert details["seed"] == SEED
    assert details["model"].startswith("own")
    assert details.get("negative_prompt", NEGATIVE) == NEGATIVE


def test_the_counts_over_all_tools():
    found = {"tool": 0, "model": 0, "prompt": 0, "seed": 0}
    for tool, data in TOOLS.values():
        details = findings_in(data)[0].details
        found["tool"] += details.get("tool", "").startswith(tool)
        found["model"] += details.get("model", "").startswith("own")
        found["prompt"] += details.get("prompt") == PROMPT
        found["seed"] += details.get("seed") == SEED
    assert found == dict.fromkeys(found, len(TOOLS))


@pytest.mark.parametrize(
    ("tool", "texts"),
    [
        ("SwarmUI", {"parameters": {"sui_image_params": {"prompt": PROMPT, "model": "own", "seed": int(SEED)}}}),
        ("Stability Matrix", {"parameters": web_ui("Model: own"), "parameters-json": MATRIX}),
        ("ComfyUI", {"parameters": web_ui("Model: own")}),
    ],
)
def test_a_tool_that_runs_another_or_writes_as_another_does_is_told_first(tool, texts):
    first, *others = findings_in(png(prompt=graph(), **texts))
    assert first.details["tool"] == tool
    assert others


def test_an_upscaler_is_not_taken_for_the_model():
    upscaled = {
        "1": node("UpscaleModelLoader", model_name="4x.pth"),
        "2": node("LoadImage", image="a.png"),
        "3": node("ImageUpscaleWithModel", upscale_model=["1", 0], image=["2", 0]),
        "4": node("SaveImage", images=["3", 0]),
    }
    [finding] = findings_in(png(prompt=upscaled))
    assert "model" not in finding.details


def detailed() -> dict:
    """Return a graph that draws, lets a detailer draw the face again, shows one picture and saves the other."""
    return graph(
        **{
            "7": node("PreviewImage", images=["6", 0]),
            "10": node(
                "FaceDetailer", image=["6", 0], model=["11", 0], clip=["11", 1], vae=["11", 2], positive=["13", 0],
                negative=["12", 0], wildcard="", seed=77, steps=9, cfg=5, sampler_name="dpmpp", bbox_detector=["14", 0],
            ),
            "11": node("CheckpointLoaderSimple", ckpt_name="faces.safetensors"),
            "12": node("CLIPTextEncode", text="ugly face", clip=["11", 1]),
            "13": node("CLIPTextEncode", text="a fair face", clip=["11", 1]),
            "14": node("UltralyticsDetectorProvider", model_name="bbox/face.pt"),
            "15": node("SaveImage", images=["10", 0]),
        }
    )  # fmt: skip


def test_every_sampler_of_a_graph_is_told_and_the_saved_one_marked():
    [finding] = findings_in(png(prompt=detailed()))
    saved_one, other = finding.details["samplers"]
    assert (saved_one["kind"], saved_one["saved"], other["kind"], other["saved"]) == (
        "FaceDetailer", True, "KSampler", False,
    )  # fmt: skip
    expected = {"prompt": "a fair face", "negative_prompt": "ugly face", "model": "faces.safetensors", "seed": "77"}
    assert expected.items() <= saved_one.items()
    assert expected.items() <= finding.details.items()
    assert (other["prompt"], other["negative_prompt"], other["model"], other["seed"]) == (
        PROMPT, NEGATIVE, "own.safetensors", SEED,
    )  # fmt: skip


def test_a_detailer_fed_by_a_pipe_does_not_take_the_negative_prompt_for_the_prompt():
    pipe = {
        "2": node("CLIPTextEncode", text=NEGATIVE, clip=["1", 1]),
        "10": node("FaceDetailerPipe", image=["6", 0], detailer_pipe=["16", 0], seed=77, steps=9, cfg=5),
        "16": node("ToDetailerPipe", negative=["2", 0], positive=["3", 0], model=["1", 0], wildcard="", clip=["1", 1]),
        "7": node("SaveImage", images=["10", 0]),
    }
    details = findings_in(png(prompt=graph(**pipe)))[0].details
    assert (details["prompt"], details["negative_prompt"], details["seed"]) == (PROMPT, NEGATIVE, "77")


def test_a_negative_prompt_that_was_zeroed_is_none():
    zeroed = {"2": node("ConditioningZeroOut", conditioning=["3", 0])}
    assert "negative_prompt" not in findings_in(png(prompt=graph(**zeroed)))[0].details


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"prompt": PROMPT, "seed": 7}, {"prompt": PROMPT, "seed": "7"}),
        (
            {"job": {"Prompt": PROMPT, "cfg": 5, "checkpoint": "own"}},
            {"prompt": PROMPT, "model": "own", "guidance": "5"},
        ),
        ({"seed": 7, "steps": 20, "sampler": "euler"}, {"seed": "7", "steps": "20", "sampler": "euler"}),
    ],
)
def test_parameters_that_no_reader_knows_are_unrecognised_and_not_none(values, told):
    for data in (png(parameters=values), png(own_chunk=values), exif(values)):
        [finding] = findings_in(data)
        assert finding.holds is True
        assert finding.claim.startswith("the file holds unrecognised generator parameters")
        assert "tool" not in finding.details
        assert told.items() <= finding.details.items()


@pytest.mark.parametrize(
    "values",
    [
        {"prompt": "Press any key"},
        {"title": "a castle", "steps": 3, "model": "Canon EOS R5"},
        {"camera": {"model": "X-T5", "iso": 100}, "software": "darktable"},
        {"version": 3, "nodes": [1, 2]},
    ],
)
def test_ordinary_json_is_no_generators(values):
    assert [finding.holds for finding in findings_in(png(Comment=values))] == [False]


def test_of_a_graph_of_many_samplers_a_few_are_told():
    ring = {
        str(number): node(
            "KSampler", seed=number, positive=[str((number + 1) % 1000), 0], negative=[str((number * 7) % 1000), 0],
            latent_image=[str((number * 3 + 1) % 1000), 0], model=[str((number + 5) % 1000), 0],
        )
        for number in range(1000)
    }  # fmt: skip
    [finding] = findings_in(png(prompt=ring))
    assert len(finding.details["samplers"]) == 20
