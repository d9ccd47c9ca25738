"""What the gateway answers when it says no, and the small documents that it says yes with."""

from __future__ import annotations

from lxml import etree


class FaultError(Exception):
    """An answer other than success: the HTTP status, the front end's code for it, and a sentence."""

    def __init__(self, status: int, code: str, summary: str) -> None:
        self.status = status
        self.code = code
        self.summary = summary
        super().__init__(summary)


def status_document(code: str = "ok", summary: str = "", **data: str) -> bytes:
    """A `<status>` document, with `<data name="…">` for every keyword."""
    root = etree.Element("status", code=code)
    if summary:
        etree.SubElement(root, "summary").text = summary
    for name, value in data.items():
        etree.SubElement(root, "data", name=name).text = value
    return document(root)


def document(root: etree._Element) -> bytes:
    """The bytes of a document."""
    return bytes(etree.tostring(root, encoding="utf-8")) + b"\n"


def parse(body: bytes, what: str) -> etree._Element:
    """The root of a document that a client sent.

    Raises:
        FaultError: it is not well-formed (400).
    """
    try:
        return etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=True))
    except etree.XMLSyntaxError as error:
        raise FaultError(400, "validation_failed", f"{what} is not well-formed XML: {error.msg}") from None
