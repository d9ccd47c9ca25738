"""Small stand-ins for what a docker package takes from elsewhere: three upstream archives, patches, a test script.

Each file says what it is in its first line (`hollow: engine README.md`), so that an installed file tells where it came
from. Each tree keeps a file `.series`; a stand-in patch adds its own name right under that file's heading, so that a
tree tells which patches it got, the last one first. What a build calls in a tree goes through `hollow-record`.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping

SERIES = "# patches, the last one first\n"


def label(what: str) -> str:
    """The first line of a stand-in."""
    return f"hollow: {what}\n"


def produced(tree: str, *paths: str) -> str:
    """Shell lines that make files as a build of `tree` would; the mode is one that nothing is installed with."""
    return "".join(
        f"mkdir -p {path.rpartition('/')[0]} && printf '%s\\n' '{label(f'{tree} {path}').strip()}' >{path}"
        f" && chmod 0700 {path}\n"
        for path in paths
    )


def recipe(name: str, commands: str) -> str:
    """A rule of a Makefile."""
    return f"{name}:\n" + "".join(f"\t{line}\n" for line in commands.splitlines())


GO_MODULE = {name: label(f"TREE {name}") for name in ("vendor.mod", "vendor.sum")}

ENGINE = {
    **GO_MODULE,
    "README.md": label("engine README.md"),
    "LICENSE": label("engine LICENSE"),
    "hack/make.sh": '#!/bin/bash\nset -e\nhollow-record hack/make.sh "$@"\n'
    'test -e go.mod && test -e go.sum && test "$*" = dynbinary\n'
    + produced("engine", "bundles/dynbinary-daemon/dockerd", "bundles/dynbinary-daemon/docker-proxy"),
    "contrib/dockerd-rootless.sh": label("engine contrib/dockerd-rootless.sh"),
    "contrib/dockerd-rootless-setuptool.sh": label("engine contrib/dockerd-rootless-setuptool.sh"),
    "integration/build/build_test.go": label("engine integration/build/build_test.go"),
    "integration-cli/main_test.go": label("engine integration-cli/main_test.go"),
}
CLI = {
    **GO_MODULE,
    "README.md": label("cli README.md"),
    "LICENSE": label("cli LICENSE"),
    "Makefile": ".PHONY: dynbinary manpages\n"
    + recipe("dynbinary", "test -e go.mod && test -e go.sum\n" + produced("cli", "build/docker"))
    + recipe(
        "manpages",
        "test -e go.mod && test -e go.sum\n"
        + produced(
            "cli",
            *(f"man/man1/{page}.1" for page in ("docker", "docker-build", "docker-run")),
            *("man/man5/Dockerfile.5", "man/man5/docker-config-json.5", "man/man8/dockerd.8"),
        ),
    ),
    "contrib/completion/bash/docker": label("cli contrib/completion/bash/docker"),
    "contrib/completion/zsh/_docker": label("cli contrib/completion/zsh/_docker"),
    "contrib/completion/fish/docker.fish": label("cli contrib/completion/fish/docker.fish"),
}
BUILDX = {
    "README.md": label("buildx README.md"),
    "LICENSE": label("buildx LICENSE"),
    "Makefile": ".PHONY: build\n" + recipe("build", produced("buildx", "bin/build/docker-buildx")),
}
TREES = {"docker-cli-": ("cli", CLI), "docker-buildx-": ("buildx", BUILDX), "docker-": ("engine", ENGINE)}


def archive(name: str) -> bytes:
    """The stand-in for the upstream archive `name`, whose top folder has its name."""
    top = name.removesuffix(".tar.xz")
    tree, files = next(found for prefix, found in TREES.items() if name.startswith(prefix))
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:xz", preset=0) as tar:
        for path, text in {".series": SERIES, **files}.items():
            data = text.replace("TREE", tree).encode()
            member = tarfile.TarInfo(f"{top}/{path}")
            member.size = len(data)
            member.mode = 0o755 if text.startswith("#!") else 0o644
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def patch(name: str) -> bytes:
    """A stand-in patch that writes its name into the series of the tree it is applied to."""
    return f"{name}\n--- a/.series\n+++ b/.series\n@@ -1,0 +2 @@\n+{name}\n".encode()


def script(name: str) -> bytes:
    """The stand-in for docker-integration.sh, with the line that the build fills in."""
    return f'#!/bin/bash\n# {label(name)}__DOCKER_BUILDIR="@@docker_builddir@@"\n'.encode()


def missing(declared: Mapping[str, bool]) -> dict[str, bytes]:
    """Stand-ins for those declared files that come from elsewhere, by their names; `declared` says who is there."""
    found = {}
    for name, there in declared.items():
        if there:
            continue
        if name.endswith(".tar.xz"):
            found[name] = archive(name)
        elif name.endswith(".patch"):
            found[name] = patch(name)
        elif name == "docker-integration.sh":
            found[name] = script(name)
    return found


#: Programs on the build's PATH. `hollow-record NAME ARGUMENTS` keeps a call; the rest record themselves first.
PROGRAMS = {
    "hollow-record": r"""#!/bin/bash
set -e
calls=("$HOLLOW_CALLS"/*)
[ -e "${calls[0]}" ] || calls=()
call=$HOLLOW_CALLS/$(printf %03d "${#calls[@]}")
mkdir "$call"
env -0 >"$call/environment"
printf '%s\0' "$@" >"$call/arguments"
printf '%s' "$PWD" >"$call/folder"
[ ! -e .series ] || cp .series "$call/series"
for module in mod sum; do
  if [ -L "go.$module" ]; then echo "go.$module links to $(readlink "go.$module")"
  elif [ -e "go.$module" ] && cmp -s "vendor.$module" "go.$module"; then echo "go.$module is a copy of vendor.$module"
  elif [ -e "go.$module" ]; then echo "go.$module differs from vendor.$module"
  fi
done >"$call/modules"
""",
    # in place of the host's brp scripts: manual pages are compressed, and the trees' series are kept
    "hollow-finish": r"""#!/bin/bash
pages=$RPM_BUILD_ROOT/usr/share/man
[ ! -d "$pages" ] || find "$pages" -type f -exec gzip -9n {} +
for series in "$RPM_BUILD_DIR"/*/.series; do
  [ ! -e "$series" ] || cp "$series" "$HOLLOW_TREES/$(basename "${series%/*}")"
done
""",
    "make": '#!/bin/bash\nhollow-record make "$@" && exec /usr/bin/make --silent "$@"\n',
    "fdupes": '#!/bin/bash\nexec hollow-record fdupes "$@"\n',
    "generate-sysusers": '#!/bin/bash\nset -e\nhollow-record generate-sysusers "$@"\n'
    'echo "generated-accounts $(basename "$1") $3" >"$2.pre"\n',
    "go": r"""#!/bin/bash
set -e
hollow-record go "$@"
case "$1 $*" in
list*)
  for pattern in "$@"; do
    case $pattern in
    ./*/...) find "${pattern%/...}" -name '*_test.go' -printf "$PWD/%h\n" | sed 's|/\./|/|' ;;
    esac
  done | sort -u ;;
test*)
  while [ $# -gt 0 ]; do
    [ "$1" != -o ] || echo "hollow: engine test of ${PWD##*/}" >"$2"
    shift
  done ;;
esac
""",
}
