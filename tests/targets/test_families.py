"""The families against the real librpm: specs that use their macros parse on every target, and read sensibly."""

from __future__ import annotations

import pytest

from generator import targets
from generator.librpm import Librpm
from generator.reading import Reading
from generator.sources import SourceFile, Sources
from generator.targets.calls import calls

TARGETS = tuple(map(targets.load, targets.names()))
HEAD = "Name: made-up\nVersion: 1.2\nRelease: 0\nSummary: Made up\nLicense: MIT\n"

SERVICE = (
    HEAD
    + """
Source1: made-up.conf
Requires(post): %fillup_prereq
%{?systemd_ordering}
%{?systemd_requires}
%{sysusers_requires}
PreReq: %insserv_prereq
Requires(post): %install_info_prereq
%{requires_ge foo}
%requires_eq foo bar
%description
Nothing.
%lang_package
%lang_package -n other
%prep
%build
%sysusers_generate_pre %{SOURCE1} made-up made-up.conf
%cmake \\
%if 0%{?suse_version}
  -DSUSE=ON
%else
  -DSUSE=OFF
%endif
make %{?jobs:-j%jobs}
%install
%fdupes -s %{buildroot}%{_prefix}
%suse_update_desktop_file -r made-up System Monitor
%pre
%service_add_pre made-up.service made-up.socket
%post
%service_add_post made-up.service made-up.socket
%{fillup_only -n made-up}
%tmpfiles_create made-up.conf
%set_permissions /usr/bin/made-up
if [ "$1" = 1 ]; then %fillup_and_insserv -f -y made-up; fi
%preun
%service_del_preun made-up.service made-up.socket
%stop_on_removal made-up
%postun
%service_del_postun -n made-up.service made-up.socket
%restart_on_update made-up
%{insserv_cleanup}
%files
%{_unitdir}/made-up.service
%{_mandir}/man8/made-up.8%{ext_man}
%{_docdir}/%{name}
%{_libexecdir}/made-up
%{_sharedstatedir}/made-up
%{_tmpfilesdir}/made-up.conf
"""
)
PYTHON = (
    HEAD.replace("made-up", "python-made-up")
    + """
%{?sle15_python_module_pythons}
BuildRequires: %{python_module requests >= 2.0}
BuildRequires: %{python_module base}
BuildRequires: python-rpm-macros
%ifpython2
Requires: python2-only
%endif
%python_subpackages
%description
Nothing.
%package -n python-made-up-doc
Summary: Made up
%description -n python-made-up-doc
Nothing.
%prep
%build
%pyproject_wheel
%install
%pyproject_install
%python_clone -a %{buildroot}%{_bindir}/made-up
%python_expand %fdupes %{buildroot}%{$python_sitelib}
%{python_expand # twice
$python -m compileall .
}
%check
%pytest -k 'not network'
%post
%python_install_alternative made-up
%files %{python_files}
%python_alternative %{_bindir}/made-up
%{python_sitelib}/made_up
%files %{python_files doc}
%doc README
"""
)
OTHERS = (
    HEAD
    + """
BuildRequires: %{rubygem yast-rake}
BuildRequires: %{kernel_module_package_buildreqs}
%{?perl_requires}
%{go_nostrip}
%{go_provides}
%kernel_module_package -n made-up -f filelist -p preamble -x debug
%description
Nothing.
%ldconfig_scriptlets
%prep
%build
%goprep example.org/made-up
%gobuild -mod=vendor .
for flavour in %flavors_to_build; do make -C %{kernel_source $flavour}; done
%install
%perl_make_install
%perl_process_packlist
%perl_gen_filelist
%yast_install
%yast_metainfo
%meson --prefix=%{_prefix}
%cargo_install
%files
%{perl_vendorarch}/Made
%{yast_clientdir}/made.rb
%{yast_schemadir}
"""
)


def readings(librpm: Librpm, spec: str) -> dict[str, Reading]:
    name = spec.split(None, 2)[1]
    files = {f"{name}.spec": SourceFile(f"{name}.spec", spec.encode())}
    view = librpm.read(Sources(name, files, defined=True), TARGETS)
    return {reading.target: reading for reading in view.readings}


@pytest.mark.parametrize("spec", [SERVICE, PYTHON, OTHERS], ids=["service", "python", "others"])
def test_every_target_reads_it(librpm: Librpm, spec: str) -> None:
    for target, reading in readings(librpm, spec).items():
        complaints = [line for line in reading.log if "prereq is deprecated" not in line]
        assert not reading.error, (target, reading.log)
        assert not complaints, target
        for left in ("%{", "%service", "%python", "%yast", "%go", "%perl", "%cmake", "%_"):
            assert left not in reading.parsed.replace("%{buildroot}", ""), (target, left)


def test_scriptlets_show_their_calls(librpm: Librpm) -> None:
    for target, reading in readings(librpm, SERVICE).items():
        scriptlets = next(package for package in reading.packages if package.name == "made-up").scriptlets
        found = {when: [call[:2] for call in calls(scriptlets[when].text)] for when in ("pre", "post", "postun")}
        units = "made-up.service made-up.socket"
        assert found["pre"] == [("service_add_pre", units)], target
        assert found["post"][:3] == [
            ("service_add_post", units),
            ("fillup_only", "-n made-up"),
            ("tmpfiles_create", "made-up.conf"),
        ]
        assert found["post"][-1] == ("fillup_and_insserv", "-f -y made-up")
        assert found["postun"][0] == ("service_del_postun", f"-n {units}")
        assert ("sysusers_generate_pre", "made-up.conf") in [
            (call.name, call.words[-1]) for call in calls(reading.build)
        ]


def test_what_differs_between_targets(librpm: Librpm) -> None:
    found = readings(librpm, SERVICE)
    needs = {
        name: {dependency.text for dependency in reading.packages[0].dependencies["requires"]}
        for name, reading in found.items()
    }
    assert {"fillup", "coreutils", "sysuser-shadow"} <= needs["sle12"]
    assert {"fillup", "/usr/bin/mkdir", "/usr/bin/touch"} <= needs["tumbleweed"]
    assert "/usr/lib/made-up" in found["sle15"].packages[0].files
    assert "/usr/libexec/made-up" in found["slfo1.2"].packages[0].files
    for reading in found.values():
        assert "/var/lib/made-up" in reading.packages[0].files
        assert "/usr/share/doc/packages/made-up" in reading.packages[0].files
        assert "made-up-lang" in {package.name for package in reading.packages}
        assert "other-lang" in {package.name for package in reading.packages}


def test_singlespec_builds_for_every_flavour(librpm: Librpm) -> None:
    found = readings(librpm, PYTHON)
    needs = {name: {need.text for need in reading.build_requires} for name, reading in found.items()}
    assert "python3-requests >= 2.0" in needs["sle15"]
    assert {"python314-requests >= 2.0", "python313-requests >= 2.0"} <= needs["tumbleweed"]
    assert ": macro fdupes" in found["tumbleweed"].install
    assert "/usr/lib/python3.14/site-packages" in found["tumbleweed"].install
    assert "python2-only" not in {need.text for need in found["sle12"].packages[0].dependencies["requires"]}


def test_kernel_modules_get_a_subpackage(librpm: Librpm) -> None:
    for reading in readings(librpm, OTHERS).values():
        assert "made-up-kmp-default" in {package.name for package in reading.packages}
