"""Requests and comments on disk: a file each, written whole and renamed, so that a killed gateway loses nothing."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

from lxml import etree

from generator.obs.gateway.faults import FaultError, document, parse


def write(path: Path, content: bytes) -> None:
    """Replace a file, so that after a crash either the old or the new content is there."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


class Store:
    """The requests, the comments and the acceptances under way of one private server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        for name in ("requests", "accepting", "comments"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def request(self, number: str) -> etree._Element:
        """One request.

        Raises:
            FaultError: there is none (404).
        """
        path = self.folder / "requests" / f"{number}.xml"
        if not number.isdigit() or not path.exists():
            raise FaultError(404, "not_found", f"Couldn't find request with id '{number}'")
        return parse(path.read_bytes(), f"request {number}")

    def requests(self) -> list[etree._Element]:
        """All requests, oldest first."""
        return [self.request(str(number)) for number in self._numbers("requests")]

    def next_number(self) -> str:
        """The number of the next request."""
        return str(max(self._numbers("requests"), default=0) + 1)

    def save(self, request: etree._Element) -> None:
        """Write a request."""
        write(self.folder / "requests" / f"{request.get('id')}.xml", document(request))

    def begin(self, number: str, before: list[dict[str, str]]) -> None:
        """Note that a request is being accepted, with what every target held before."""
        write(self.folder / "accepting" / f"{number}.json", json.dumps(before).encode())

    def begun(self) -> dict[str, list[dict[str, str]]]:
        """The acceptances that were begun and have not ended."""
        return {
            str(number): json.loads((self.folder / "accepting" / f"{number}.json").read_bytes())
            for number in self._numbers("accepting")
        }

    def end(self, number: str) -> None:
        """Note that an acceptance has ended, either way."""
        (self.folder / "accepting" / f"{number}.json").unlink(missing_ok=True)

    def comments(self) -> list[dict[str, Any]]:
        """All comments, oldest first."""
        return [
            json.loads((self.folder / "comments" / f"{number}.json").read_bytes())
            for number in self._numbers("comments")
        ]

    def add_comment(self, subject: str, who: str, when: str, text: str) -> None:
        """Keep a comment about a subject such as `request/3` or `package/PROJECT/NAME`."""
        with self.lock:
            number = max(self._numbers("comments"), default=0) + 1
            comment = {"id": str(number), "subject": subject, "who": who, "when": when, "text": text}
            write(self.folder / "comments" / f"{number}.json", json.dumps(comment).encode())

    def remove_comment(self, number: str, login: str, administrator: bool) -> None:
        """Remove a comment.

        Raises:
            FaultError: there is none (404), or it is somebody else's (403).
        """
        for comment in self.comments():
            if comment["id"] == number:
                if comment["who"] != login and not administrator:
                    raise FaultError(403, "no_permission", "only the author may remove a comment")
                (self.folder / "comments" / f"{number}.json").unlink()
                return
        raise FaultError(404, "not_found", f"Couldn't find comment with id '{number}'")

    def _numbers(self, kind: str) -> list[int]:
        return sorted(
            int(path.stem)
            for path in (self.folder / kind).iterdir()
            if path.stem.isdigit() and path.suffix in (".xml", ".json")
        )
