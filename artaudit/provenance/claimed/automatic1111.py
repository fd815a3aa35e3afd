"""Parameters in the format of AUTOMATIC1111's web UI, Forge and many others: prompt, "Steps: …, Seed: …".

Sources: https://github.com/AUTOMATIC1111/stable-diffusion-webui (PNG text "parameters", EXIF UserComment),
https://github.com/leejet/stable-diffusion.cpp , https://github.com/vladmandic/sdnext .
"""

from __future__ import annotations

import re

from artaudit.provenance.fields.claims import Claim, Fields, make_claim

_NAMES = ("parameters", "UserComment", "Comment", "ImageDescription")
_SETTINGS = re.compile(r"^Steps: *\d", re.MULTILINE)
_PAIR = re.compile(r'([\w][\w \-/]{0,60}): *("(?:[^"\\]|\\.){0,4000}+"|[^,\n]*)')
_SETTINGS_LENGTH = 20_000
_NEGATIVE = "Negative prompt:"


def read_automatic1111(fields: Fields) -> Claim | None:
    """Return the claim of a text in this format, None without one."""
    for name in _NAMES:
        text = fields.texts.get(name, "").replace("\r\n", "\n")
        start = list(_SETTINGS.finditer(text))
        if start and name not in fields.objects:
            return _claim(fields, name, text[: start[-1].start()], text[start[-1].start() :][:_SETTINGS_LENGTH])
    return None


def _claim(fields: Fields, name: str, words: str, settings: str) -> Claim:
    prompt, _, negative = _split_negative(words)
    values = {key.strip(): value.strip().strip('"') for key, value in _PAIR.findall(settings)}
    return make_claim(
        _tool(values, settings),
        fields,
        [name],
        prompt=prompt,
        negative_prompt=negative,
        model=values.get("Model") or values.get("Unet"),
        model_hash=values.get("Model hash"),
        seed=values.get("Seed"),
        steps=values.get("Steps"),
        sampler=values.get("Sampler"),
        guidance=values.get("CFG scale"),
        size=values.get("Size"),
    )


def _split_negative(words: str) -> tuple[str, str, str]:
    """Split at the line that begins with "Negative prompt:", which may be the first."""
    if words.startswith(_NEGATIVE):
        return "", _NEGATIVE, words.removeprefix(_NEGATIVE)
    return words.partition("\n" + _NEGATIVE)


_VERSIONS = (
    (r"Fooocus", "Fooocus"),
    (r"ComfyUI$", "ComfyUI"),
    (r"stable-diffusion\.cpp", "stable-diffusion.cpp"),
    (r"neo", "Forge Neo"),
    (r"classic$", "Forge Classic"),
    (r"f\d+\.\d+(\.\d+)?-v", "EasyReforge"),
    (r"f\d+\.\d+(\.\d+)?v\d+-v", "reForge"),
    (r"f\d", "Forge"),
)
"""The tool that writes a version which begins so; the first that fits counts."""


def _tool(values: dict[str, str], settings: str) -> str:
    """Return the tool that writes these settings, as far as it is known."""
    version, program = values.get("Version", ""), values.get("App", "")
    for pattern, tool in _VERSIONS:
        if re.match(pattern, version):
            return tool
    if program.startswith("SD.Next"):
        return "SD.Next"
    if "Civitai resources:" in settings:
        return "Civitai's generator"
    return "AUTOMATIC1111's web UI, or a tool that writes as it does"
