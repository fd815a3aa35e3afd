"""The simple properties of an XMP packet (ISO 16684-1), read without entities and without the network."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError

from artaudit.provenance.fields.limits import TEXT_BYTES

_PREFIXES = {
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://www.tc260.org.cn/ns/AIGC/1.0/": "TC260",
}
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


def xmp_texts(packet: bytes) -> list[tuple[str, str]]:
    """Return (prefix:name, text) for each property of the namespaces known here.

    Raises ValueError when the packet is no XML, declares entities or is longer than `TEXT_BYTES`.
    """
    from defusedxml import DefusedXmlException  # type: ignore[import-untyped]  # noqa: PLC0415 - only for XMP
    from defusedxml.ElementTree import fromstring  # type: ignore[import-untyped]  # noqa: PLC0415 - likewise

    if len(packet) > TEXT_BYTES:
        raise ValueError("it is too long")
    try:
        root: Element = fromstring(packet.strip(b"\0 \t\r\n"), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise ValueError("it is no XML") from error
    return [pair for description in root.iter(_RDF + "Description") for pair in _properties(description)]


def _properties(description: Element) -> list[tuple[str, str]]:
    tagged = list(description.attrib.items()) + [(child.tag, _value(child)) for child in description]
    return [(name, text) for name, text in ((_name(tag), text) for tag, text in tagged) if name and text]


def _value(element: Element) -> str:
    """Return the text of the first item if the element holds a list, else its own text or resource."""
    item = element.find(f"*/{_RDF}li")
    return ((element if item is None else item).text or element.get(_RDF + "resource") or "").strip()


def _name(tag: str) -> str:
    namespace, _, name = tag.removeprefix("{").partition("}")
    prefix = _PREFIXES.get(namespace)
    return f"{prefix}:{name}" if prefix and name else ""
