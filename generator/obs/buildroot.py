"""The root that a private backend builds in: this machine's own Debian packages, as one RPM.

A build root of a real distribution would have to be downloaded. This one is made of files that are here already, so it
needs no network and takes seconds; what is built in it is no package for anybody, but its builds succeed and fail for
the same reasons as elsewhere.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from generator.errors import RefusalError
from generator.obs.gateway.faults import FaultError
from generator.obs.gateway.upstream import Upstream, path_of

NAME = "obs-buildroot"
PROJECT = "private:buildroot"
REPOSITORY = "standard"
CONFIGURATION = f"Type: spec\nRepotype: rpm-md\nPreinstall: {NAME}\nRequired: rpm-build\n"
SEEDS = (
    *("base-files", "base-passwd", "bash", "bzip2", "coreutils", "cpio", "debianutils", "diffutils", "file"),
    *("findutils", "grep", "gzip", "hostname", "libc-bin", "libpam-modules", "libpam-runtime", "login", "make", "mawk"),
    *("mount", "ncurses-base", "passwd", "patch", "perl-base", "rpm", "sed", "tar", "util-linux", "xz-utils"),
)
"""What obs-build and rpmbuild call; what these depend on comes along."""

NOT_NEEDED = ("debconf", "dpkg", "init-system-helpers", "perl", "rpm2cpio")
"""What Debian's packages need to be installed as Debian packages, and what no build here calls: half of the bytes."""

LEFT_OUT = ("/dev", "/usr/share/doc", "/usr/share/i18n", "/usr/share/info", "/usr/share/locale", "/usr/share/man")

MADE = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nmail:x:8:\ntty:x:5:\nshadow:x:42:\nusers:x:100:\nnogroup:x:65534:\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
    # obs-build changes users with su, from root, which needs nobody's password
    **{f"etc/pam.d/common-{kind}": f"{kind} sufficient pam_permit.so\n" for kind in ("auth", "account", "password")},
    "etc/pam.d/common-session": "session optional pam_permit.so\n",
    "etc/pam.d/common-session-noninteractive": "session optional pam_permit.so\n",
}
"""Files that Debian's packages make when they are installed, by path."""

LINKS = {"usr/bin/awk": "mawk", "usr/bin/sh": "bash"}
"""Links that Debian makes when the packages are installed, or that here lead elsewhere."""

SPEC = """\
Name: {name}
Version: 1
Release: 1
Summary: A root to build in, of the files of this machine
License: Several
Provides: rpm-build
AutoReqProv: no
%define _build_id_links none
%define __os_install_post %{{nil}}
%define debug_package %{{nil}}
%define _binary_payload w.ufdio
%description
Made of Debian packages; a package of its own only inside the private Open Build Service that made it.
%install
mkdir -p %{{buildroot}}
cp -a {tree}/. %{{buildroot}}/
%files -f {listing}
"""


def repository(architecture: str) -> str:
    """What a project's `_meta` has to say for its packages to be built in this root."""
    path = f'<path project="{PROJECT}" repository="{REPOSITORY}"/>'
    return f'<repository name="{REPOSITORY}">{path}<arch>{architecture}</arch></repository>'


def install(upstream: Upstream, architecture: str, folder: Path) -> None:
    """Give a backend the project that others build in, where it has none yet; `folder` is there for a while.

    Raises:
        RefusalError: the root cannot be made here, or the backend does not take it.
    """
    where = f"/build/{PROJECT}/{REPOSITORY}/{architecture}/_repository"
    if f'"{NAME}.rpm"'.encode() in upstream.ask("GET", where).body:
        return
    own = f'<repository name="{REPOSITORY}"><arch>{architecture}</arch></repository>'
    meta = f'<project name="{PROJECT}"><title>Of the files of this machine</title><description/>{own}</project>'
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    rpm = write_rpm(folder).read_bytes()
    shutil.rmtree(folder)
    try:
        upstream.need("PUT", path_of(PROJECT, "_meta"), body=meta.encode())
        upstream.need("PUT", path_of(PROJECT, "_config"), body=CONFIGURATION.encode())
        upstream.need("PUT", f"{where}/{NAME}.rpm", body=rpm)
    except FaultError as fault:
        raise RefusalError(f"the backend does not take the build root: {fault.summary}") from fault


def closure(
    seeds: Iterable[str], depends: Mapping[str, str], provides: Mapping[str, str], without: Collection[str] = ()
) -> tuple[str, ...]:
    """The packages with everything that they need but what is to stay out, by name.

    `depends` gives for each installed package its dependencies as Debian writes them, `provides` for each virtual
    package one that provides it. What is not installed is left out: it was not needed here either.
    """
    found: set[str] = set()
    wanted = list(seeds)
    while wanted:
        name = wanted.pop()
        if name in found or name in without or name not in depends:
            continue
        found.add(name)
        for group in depends[name].split(","):
            names = [re.split(r"[ (:]", one.strip())[0] for one in group.split("|")]
            known = [one if one in depends else provides[one] for one in names if one in depends or one in provides]
            wanted += known[:1]
    return tuple(sorted(found))


def write_rpm(folder: Path) -> Path:
    """Make the build root as an RPM in this folder, and give its path.

    Raises:
        RefusalError: this machine is no Debian, or rpmbuild fails.
    """
    if not (shutil.which("dpkg-query") and shutil.which("rpmbuild")):
        raise RefusalError("a build root is made of Debian packages, and this machine has none")
    tree, listing, spec = folder / "tree", folder / "files", folder / f"{NAME}.spec"
    _copy(_files(closure(SEEDS, *_installed(), without=NOT_NEEDED)), tree)
    listing.write_text("".join(f"{line}\n" for line in _listed(tree)), encoding="utf-8")
    spec.write_text(SPEC.format(name=NAME, tree=tree, listing=listing), encoding="utf-8")
    command = ["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {folder}/rpmbuild", str(spec)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RefusalError(f"the build root was not made: {done.stderr.strip()}")
    (made,) = (folder / "rpmbuild" / "RPMS").glob("*/*.rpm")
    shutil.rmtree(tree)
    return made


def _installed() -> tuple[dict[str, str], dict[str, str]]:
    """What each installed package depends on, and who provides each virtual package."""
    form = "${Package}\t${db:Status-Status}\t${Provides}\t${Pre-Depends}, ${Depends}\n"
    told = subprocess.run(["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True).stdout
    depends: dict[str, str] = {}
    provides: dict[str, str] = {}
    for line in told.splitlines():
        name, status, virtual, needs = line.split("\t")
        if status == "installed":
            depends[name] = needs
            for one in filter(None, (re.split(r"[ (:]", part.strip())[0] for part in virtual.split(","))):
                provides.setdefault(one, name)
    return depends, provides


def _files(packages: Iterable[str]) -> list[str]:
    """The paths of everything in these packages, each by its real folder: /bin is a link on a merged system."""
    told = subprocess.run(["dpkg-query", "-L", *packages], capture_output=True, text=True, check=True).stdout
    found = set()
    for line in told.splitlines():
        if line.startswith("/") and line != "/." and os.path.lexists(line):
            path = Path(line)
            found.add(str(path.parent.resolve() / path.name))
    return sorted(path for path in found if not any(f"{path}/".startswith(f"{one}/") for one in LEFT_OUT))


def _copy(paths: Iterable[str], tree: Path) -> None:
    for path in paths:
        target = tree / path[1:]
        kind = os.lstat(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if stat.S_ISLNK(kind.st_mode):
            target.symlink_to(Path(path).readlink())
        elif stat.S_ISDIR(kind.st_mode):
            target.mkdir(exist_ok=True)
            target.chmod(stat.S_IMODE(kind.st_mode))
        elif stat.S_ISREG(kind.st_mode):
            shutil.copy2(path, target)
    for name in ("bin", "sbin", "lib", "lib64"):
        if not os.path.lexists(tree / name):
            (tree / name).symlink_to(f"usr/{name}")
    for name, text in MADE.items():
        (tree / name).write_text(text, encoding="utf-8")
    for name, to in LINKS.items():
        (tree / name).unlink(missing_ok=True)
        (tree / name).symlink_to(to)


def _listed(tree: Path) -> list[str]:
    """The lines of a %files list for a whole tree."""
    found = []
    for folder, names, others in os.walk(tree):
        for name in sorted((*names, *others)):
            path = Path(folder, name)
            mark = "%dir " if path.is_dir() and not path.is_symlink() else ""
            found.append(f'{mark}"/{path.relative_to(tree)}"')
    return found
