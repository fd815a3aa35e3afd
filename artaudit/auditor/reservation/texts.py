"""What a site owner can say to machines that gather training data, as the texts of files and headers.

robots.txt: RFC 9309, https://www.rfc-editor.org/rfc/rfc9309. tdmrep.json: TDM Reservation Protocol of the W3C community
group, https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240202/. ai.txt: Spawning's proposal of 2023.
Names of crawlers: https://github.com/ai-robots-txt/ai.robots.txt, those whose operators or observers say that what they
gather trains models or is passed on for that.
"""

from __future__ import annotations

import json
import re
from types import MappingProxyType

CRAWLERS = MappingProxyType(
    {
        "AI2Bot": "Ai2",
        "Ai2Bot-Dolma": "Ai2",
        "anthropic-ai": "Anthropic",
        "Applebot-Extended": "Apple",
        "Bytespider": "ByteDance",
        "CCBot": "Common Crawl",
        "ClaudeBot": "Anthropic",
        "cohere-training-data-crawler": "Cohere",
        "Cotoyogi": "ROIS",
        "DeepSeekBot": "DeepSeek",
        "Diffbot": "Diffbot",
        "FacebookBot": "Meta",
        "Google-Extended": "Google",
        "GPTBot": "OpenAI",
        "ICC-Crawler": "NICT",
        "ImagesiftBot": "ImageSift",
        "img2dataset": "whoever runs img2dataset",
        "Kangaroo Bot": "Kangaroo LLM",
        "LAIONDownloader": "LAION",
        "meta-externalagent": "Meta",
        "omgili": "Webz.io",
        "PanguBot": "Huawei",
        "SBIntuitionsBot": "SB Intuitions",
    }
)
"""Crawlers that gather training data, and who runs them. The list ages: more are known to those who keep such lists."""

ROBOTS, AI, TDMREP = "robots.txt", "ai.txt", ".well-known/tdmrep.json"
BEGIN, END = "# BEGIN reservation of rights (artaudit)", "# END reservation of rights (artaudit)"

_MEDIA = ("avif", "bmp", "gif", "jfif", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp")
_RESERVED = {"location": "/", "tdm-reservation": 1}

HEADERS = MappingProxyType(
    {
        "nginx": 'add_header X-Robots-Tag "noai, noimageai" always;\nadd_header tdm-reservation "1" always;',
        "apache": 'Header always set X-Robots-Tag "noai, noimageai"\nHeader always set tdm-reservation "1"',
        "caddy": 'header X-Robots-Tag "noai, noimageai"\nheader tdm-reservation "1"',
        "netlify": "/*\n  X-Robots-Tag: noai, noimageai\n  tdm-reservation: 1",
        "html": '<meta name="robots" content="noai, noimageai">\n<meta name="tdm-reservation" content="1">',
    }
)
"""The lines that make a server, or else each page, say the same with every answer."""


def robots_lines() -> str:
    """Return the lines of robots.txt: one group of all crawlers, to whom the whole site is closed."""
    names = "\n".join(f"User-agent: {name}" for name in CRAWLERS)
    return f"{BEGIN}\n{names}\nDisallow: /\n{END}\n"


def ai_lines() -> str:
    """Return the lines of ai.txt: no picture of the site is for training."""
    kinds = "\n".join(f"Disallow: *.{kind}" for kind in _MEDIA)
    return f"{BEGIN}\nUser-Agent: *\nDisallow: /\n{kinds}\n{END}\n"


def extended(text: str, lines: str) -> str:
    """Return a text with these lines at its end, in place of those that an earlier version wrote."""
    older = re.compile(rf"^{re.escape(BEGIN)}$.*?^{re.escape(END)}$\n?", re.DOTALL | re.MULTILINE)
    rest = older.sub("", text).rstrip("\n")
    return f"{rest}\n\n{lines}" if rest else lines


def tdm_reserved(text: str | None, policy: str = "") -> str:
    """Return tdmrep.json that reserves the whole site, after the entries of an earlier one, which go before it.

    Raises ValueError for an earlier one that is no JSON list of objects.
    """
    entries = [] if text is None else json.loads(text)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("no list of objects")
    others = [entry for entry in entries if entry.get("location") != "/"]
    whole: dict[str, object] = next((entry for entry in entries if entry.get("location") == "/"), {})
    reserved = {**whole, **_RESERVED, **({"tdm-policy": policy} if policy else {})}
    return f"{json.dumps([*others, reserved], indent=2, ensure_ascii=False)}\n"
