"""Writing XML, line by line. The standard library's way would load an HTTP client for four replacements."""

from __future__ import annotations

from collections.abc import Mapping


def escaped(text: str) -> str:
    """The text as content or as an attribute's value in double quotes."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def opening_tag(name: str, attributes: Mapping[str, str]) -> str:
    """`<NAME KEY="VALUE">`, the attributes in their order."""
    return f"<{name}{_written(attributes)}>"


def element_line(name: str, attributes: Mapping[str, str], text: str, indent: str) -> str:
    """One element on a line of its own, with its end of line; without text it closes itself."""
    if not text:
        return f"{indent}<{name}{_written(attributes)}/>\n"
    return f"{indent}{opening_tag(name, attributes)}{escaped(text)}</{name}>\n"


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(f' {key}="{escaped(value)}"' for key, value in attributes.items())
