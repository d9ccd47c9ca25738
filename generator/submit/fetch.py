"""Reading a package on a server as Sources."""

from __future__ import annotations

from collections.abc import Mapping

from generator.obs.records import Listing, md5
from generator.obs.server import Server
from generator.sources import External, SourceFile, Sources

LARGEST = 4 * 1024 * 1024  # bytes; what people write is smaller
ARCHIVES = (
    ".tar",
    ".gz",
    ".xz",
    ".bz2",
    ".zst",
    ".zip",
    ".tgz",
    ".txz",
    ".obscpio",
    ".gem",
    ".whl",
    ".rpm",
    ".jar",
    ".7z",
)


def fetch(server: Server, listing: Listing, ours: Mapping[str, SourceFile] | None = None) -> Sources:
    """A revision as Sources: what people write is read, archives are externals.

    A file whose bytes we have is not read again.

    Raises:
        ServerError: the server is away.
    """
    files, externals = {}, []
    for name, digest in listing.files.items():
        mine = (ours or {}).get(name)
        if mine is not None and md5(mine.content) == digest:
            files[name] = SourceFile(name, mine.content)
        elif name.endswith(ARCHIVES) or listing.sizes.get(name, 0) > LARGEST:
            externals.append(External(name))
        else:
            files[name] = SourceFile(name, server.read(listing, name))
    return Sources(listing.place.package, dict(sorted(files.items())), externals=tuple(externals))
