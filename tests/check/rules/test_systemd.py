from tests.check.rules.conftest import Findings
from tests.check.rules.spec import line, spec

FILES = "%files\n%{_unitdir}/demo.service\n%{_unitdir}/demo.socket\n%{_unitdir}/demo@.service\n"
MACROS = """\
%pre
%service_add_pre demo.service demo.socket
%post
%service_add_post demo.service demo.socket
%preun
%service_del_preun demo.service demo.socket
%postun
%service_del_postun demo.service demo.socket
"""


def test_all_units_in_all_macros(findings: Findings) -> None:
    assert findings("unit-without-macro", spec("", MACROS + FILES)) == []
    assert findings("service-macro-repeated", spec("", MACROS + FILES)) == []
    restart = MACROS.replace("%service_del_postun", "%service_del_postun_without_restart")
    assert findings("unit-without-macro", spec("", restart + FILES)) == []


def test_a_unit_that_one_macro_forgets(findings: Findings) -> None:
    text = spec(
        "", MACROS.replace("%service_add_post demo.service demo.socket", "%service_add_post demo.service") + FILES
    )
    (found,) = findings("unit-without-macro", text)
    assert found.line == line(text, "/demo.socket")
    assert found.message == "demo installs demo.socket, which %service_add_post does not name"


def test_a_unit_without_any_macro(findings: Findings) -> None:
    units = "".join(f"%{{_unitdir}}/%{{name}}{number}.path\n" for number in range(6))
    text = spec("", f"%files\n{units}%{{_unitdir}}/*.service\n")
    (found,) = findings("unit-without-macro", text)
    assert found.line == line(text, "}0.path")
    named = "demo0.path, demo1.path, demo2.path, demo3.path and 2 more"
    assert found.message == f"demo installs {named}, which no service macro names"


def test_the_macros_of_systemd_itself(findings: Findings) -> None:
    own = "%post\n%systemd_post demo.service demo.socket\n%preun\n%systemd_preun demo.service demo.socket\n"
    own += "%postun\n%systemd_postun_with_restart demo.service demo.socket\n"
    assert findings("unit-without-macro", spec("", own + FILES)) == []


def test_macros_of_a_subpackage(findings: Findings) -> None:
    sub = "%package sub\nSummary: S\n%description sub\nS\n"
    files = "%files sub\n%{_unitdir}/sub.service\n"
    macros = MACROS.replace("%p", "%p").replace("demo.service demo.socket", "sub.service")
    for word in ("pre", "post", "preun", "postun"):
        macros = macros.replace(f"%{word}\n", f"%{word} sub\n")
    assert findings("unit-without-macro", spec("", sub + macros + files)) == []
    (found,) = findings("unit-without-macro", spec("", sub + macros.replace(" sub\n", "\n") + files))
    assert found.message.startswith("demo-sub installs sub.service")


def test_a_macro_twice_or_in_the_wrong_place(findings: Findings) -> None:
    twice = MACROS.replace(
        "%service_add_pre demo.service demo.socket", "%service_add_pre demo.service\n%service_add_pre demo.socket"
    )
    text = spec("", twice + FILES)
    (found,) = findings("service-macro-repeated", text)
    assert (found.line, found.severity) == (line(text, "%service_add_pre demo.service"), "warning")
    assert found.message == f"%service_add_pre is called again on line {found.line + 1}"
    wrong = spec("", MACROS.replace("%post\n%service_add_post", "%post\n%service_add_pre") + FILES)
    (found,) = findings("service-macro-repeated", wrong)
    assert found.message == "%service_add_pre stands in %post"
    branches = twice.replace("%service_add_pre demo.service\n", "%if 1\n%service_add_pre demo.service\n%else\n")
    branches = branches.replace("%service_add_pre demo.socket\n", "%service_add_pre demo.socket\n%endif\n")
    assert findings("service-macro-repeated", spec("", branches + FILES)) == []


UNIT = "[Service]\nExecStart=/usr/bin/demo\nEnvironmentFile={}/etc/sysconfig/demo\n"


def test_an_environment_file_that_nobody_makes(findings: Findings) -> None:
    files = {"demo.spec": spec("Source1: demo.service\n", FILES), "demo.service": UNIT.format("")}
    (found,) = findings("environment-file-missing", files)
    assert (found.file, found.line, found.severity) == ("demo.service", 3, "error")
    (optional,) = findings("environment-file-missing", {**files, "demo.service": UNIT.format("-")})
    assert optional.severity == "note"
    shipped = spec("Source1: demo.service\n", FILES + "/usr/share/fillup-templates/sysconfig.demo\n")
    assert findings("environment-file-missing", {**files, "demo.spec": shipped}) == []
