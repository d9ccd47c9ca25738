"""The words that rpm itself knows in a spec file (rpm 4.11 to 6.0: `build/parseSpec.c`, `build/files.c`,
`rpmio/macro.c`, `build/parsePrep.c`)."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Sections, all at the beginning of a line; the preamble has no word.
SECTIONS = _words(
    "package description prep generate_buildrequires conf build install check clean files changelog sepolicy "
    "pre post preun postun pretrans posttrans preuntrans postuntrans verifyscript "
    "trigger triggerin triggerun triggerprein triggerpostun "
    "filetriggerin filetriggerun filetriggerpostun transfiletriggerin transfiletriggerun transfiletriggerpostun "
    "sourcelist patchlist"
)

# Scripts that run while the package is built.
BUILD_SECTIONS = _words("prep generate_buildrequires conf build install check clean")

# Scripts that run on the machine where the package is installed.
SCRIPTLETS = frozenset(name for name in SECTIONS if name.startswith(("pre", "post", "trigger", "file", "trans"))) - {
    "prep",
    "files",
} | {"verifyscript"}

CONDITIONALS = _words("if ifarch ifnarch ifos ifnos elif elifarch elifos else endif")

# What stands before a path in %files.
FILE_DIRECTIVES = _words(
    "dir doc docdir license readme config attr defattr verify defverify ghost lang caps exclude missingok artifact dev "
    "pubkey"
)

# Built into rpm's macro engine and spec parser: never defined in a file, never unknown.
BUILTINS = _words(
    "define global undefine include expand expr eval lua load dump trace verbose echo warn error dnl "
    "basename dirname suffix quote shrink url2path u2p getenv getncpus getconfdir uncompress exists shescape "
    "len lower upper reverse sub gsub rep span xdg rpmversion macrobody S P F setup patch "
    "SOURCE PATCH sources patches"
)
