"""Macro files for the proofs: a target's values, and scriptlet macros that only say that they were called.

The same text serves librpm (the contract) and rpmbuild (the hollow build, with programs of these names on PATH).
"""

from __future__ import annotations

from generator.targets import Target

MARKERS = """\
%sysusers_requires Requires(pre): sysuser-shadow
%sysusers_generate_pre() generate-sysusers "%1" "%2" "%3"
%fdupes() fdupes %*
%service_add_pre() service-add-pre %*
%service_add_post() service-add-post %*
%service_del_preun() service-del-preun %*
%service_del_postun() service-del-postun %*
%fillup_only(dans) fillup-only %{-n:%{1}}%{!-n:%{name}}
%tmpfiles_create() tmpfiles-create %*
"""


def marker_macros(target: Target) -> str:
    """The macro file of `target`: its plain values, then the markers, which win over what the target says."""
    return (
        "".join("%{} {}\n".format(name, body.replace("\n", "\\\n")) for name, body in target.macros.items()) + MARKERS
    )
