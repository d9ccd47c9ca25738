"""XML of the few small files that the Open Build Service keeps in a package: elements with their lines.

No document types, no entities but XML's own five, nothing from outside the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from xml.parsers import expat  # entities and document types are refused below; expat itself loads nothing

import msgspec

from generator.errors import InputError
from generator.origin import Origin

# The files have three levels.
_DEEPEST = 20


class Element(msgspec.Struct):
    """An element: its name, attributes, text (that of its children not included), children, and line from 1."""

    name: str
    attributes: Mapping[str, str]
    line: int
    text: str = ""
    children: list[Element] = []

    def all(self, name: str) -> Iterator[Element]:
        """The children of this name."""
        return (child for child in self.children if child.name == name)


def parse_xml(name: str, content: bytes) -> Element:
    """The root element of a file.

    Raises:
        InputError: it is not well-formed, or has a document type, entities or a processing instruction; with its line.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    stack: list[Element] = [Element("", {}, 0)]

    def fail(message: str, line: int) -> InputError:
        return InputError(message, Origin(PurePosixPath(name), line))

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(stack) > _DEEPEST:
            raise fail("XML: nested too deeply", parser.CurrentLineNumber)
        element = Element(tag, attributes, parser.CurrentLineNumber)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_tag: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        stack[-1].text += data

    def refuse(*_arguments: object) -> None:
        raise fail("XML: document types, entities and instructions are not read here", parser.CurrentLineNumber)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ProcessingInstructionHandler = refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise fail(f"XML: {expat.ErrorString(error.code)}", error.lineno) from None
    except (LookupError, ValueError):
        # The declared encoding is one that Python does not have, or cannot use here.
        raise fail("XML: unknown encoding", 1) from None
    return stack[0].children[0]
