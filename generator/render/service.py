"""The `_service` file: how the archives of the trees are made (openSUSE wiki, Source Services; tar_scm, recompress)."""

from __future__ import annotations

import re

from generator.components.facts import Facts
from generator.definition.model import Definition, Tree
from generator.errors import InputError
from generator.origin import Origin, origin_of
from generator.render.lines import Line
from generator.sources.xmltext import element_line, opening_tag


def service(definition: Definition, facts: Facts) -> list[Line]:
    """One tar_scm per tree with a checkout, by source number, then one recompress for all."""
    services = definition.head.service
    assert services is not None  # noqa: S101  (the caller looks)
    trees = sorted((tree for tree in definition.head.trees.values() if tree.checkout), key=lambda tree: tree.source)
    lines = [Line("<services>", services.origin)]
    names = []
    for tree in trees:
        checkout = tree.checkout
        assert checkout is not None  # noqa: S101
        names.append(_filename(tree))
        parameters = {
            "url": checkout.url,
            "scm": "git",
            "exclude": ".git",
            "versionformat": facts.plain(checkout.version or _version(tree)),
            "revision": facts.plain(checkout.revision),
            "filename": names[-1],
        }
        lines += _service("tar_scm", services.mode, parameters, checkout.origin)
    if names:
        stem = _common(names)
        parameters = {"file": f"{stem}*.tar", "compression": services.compression}
        lines += _service("recompress", services.mode, parameters, services.origin)
    lines.append(Line("</services>", services.origin))
    return lines


def _service(name: str, mode: str, parameters: dict[str, str], origin: Origin | None) -> list[Line]:
    lines = [Line(f"  {opening_tag('service', {'name': name, 'mode': mode})}", origin)]
    for key, value in parameters.items():
        text = element_line("param", {"name": key}, value, "    ").rstrip("\n")
        lines.append(Line(text, origin_of(value) or origin))
    lines.append(Line("  </service>", origin))
    return lines


def _common(names: list[str]) -> str:
    """What all archives' names begin with, up to a dash."""
    alike = min(names, key=len)
    while alike and not all(f"{name}-".startswith(f"{alike}-") for name in names):
        alike = alike.rpartition("-")[0]
    return f"{alike}-" if alike else ""


def _version(tree: Tree) -> str:
    """What stands after the name in the folder that the archive unpacks to."""
    found = tree.directory.removeprefix(f"{_filename(tree)}-")
    if found == tree.directory:
        raise InputError(f"{tree.archive} does not tell a version", tree.origin, "give the checkout a version")
    return found


def _filename(tree: Tree) -> str:
    """What stands before the version in the archive's name."""
    return re.split(r"-(?=%\{|v?\d)", tree.archive.rpartition("/")[2])[0]
