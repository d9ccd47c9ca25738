"""Everything that is wrong with a definition is said at once, each with file, line and the nearest name."""

from __future__ import annotations

import pytest

from generator.condition import Constant, describe
from generator.definition.load import load
from generator.errors import InputError
from generator.origin import origin_of
from generator.render import render
from tests.definition.folders import CHANGES, SMALLEST, definition, folder, own_folder, problems, spec

# A key of the language, a wrong value for it, what is said, and on which line of the value (from 0).
WRONG = [
    ("name", "a b", "not a name", 0),
    ("name", "[a]", "name is one value, not a list", 0),
    ("name", '""', "name is '', not a name", 0),
    ("version", "{a: b}", "version is one value, not a map", 0),
    ("version", "a\\", "ends in a backslash", 0),
    ("version", '"a\\nb"', "version has several lines", 0),
    ("license", "'%{x'", "license opens %{ without a }", 0),
    ("url", "'%(echo'", "url opens %( without a )", 0),
    ("group", "'%[1'", "group opens %[ without a ]", 0),
    ("summary", "{a: b}", "summary is one value", 0),
    ("description", "[a]", "description is one value", 0),
    ("targets", "tumbleweed", "targets is a list", 0),
    ("targets", "[tumbelweed]", "there is no target 'tumbelweed' (did you mean 'tumbleweed'?)", 0),
    ("targets", "[a b]", "targets entry is 'a b', not a name", 0),
    ("targets", "[[a]]", "targets entry is one value", 0),
    ("extends", "{a: b}", "extends is one value", 0),
    ("extends", "nothing", "there is no definition 'nothing'", 0),
    ("copyright", '"a\\nb"', "copyright is 'a\nb', not one line", 0),
    ("macros", "[a]", "macros is a map", 0),
    ("macros", "{ab: c}", "a key of macros is 'ab', not a macro's name", 0),
    ("macros", "{a-b-c: c}", "a key of macros is 'a-b-c'", 0),
    ("macros", "{abc: }", "macros.abc needs 'value'", 0),
    ("macros", "{abc: {value: ' '}}", "macros.abc.value is empty", 0),
    ("macros", "{abc: {valeu: x}}", "no key 'valeu' (did you mean 'value'?)", 0),
    ("macros", "{abc: '%{abd}', abd: '%{abc}'}", "a macro expands itself: abc → abd → abc", 0),
    ("version", "'%{abc}'\nmacros: {abc: '%{version}'}", "expands itself: abc → version → abc", 1),
    ("macros", "{abc: '%{?abc}'}", "a macro expands itself: abc → abc", 0),
    (
        "macros",
        "{m00: x,\n" + "".join(f"  m{n:02}: '%{{m{n - 1:02}}}%{{m{n - 1:02}}}',\n" for n in range(1, 40)) + "  end: x}",
        "grows beyond 65,536 characters when its macros are put in",
        13,
    ),
    ("macros", "{abc: {value: 1, when: with nothing}}", "unknown feature 'nothing'", 0),
    ("conditions", "[a]", "conditions is a map", 0),
    ("conditions", "{and: a}", "a key of conditions is 'and'", 0),
    ("conditions", "{a: {b: c}}", "conditions.a is one value", 0),
    ("conditions", "{a: b ==}", "expected a whole number", 0),
    ("features", "{a-b: always}", "a key of features is 'a-b'", 0),
    ("features", "{a: {on: with b}, b: always}", "unknown feature 'b'", 0),
    ("features", "{a: {onn: always}}", "did you mean 'on'?", 0),
    ("features", "{a: a b}", 'expected "and"', 0),
    ("features", "{a: option b == c}", "unknown option 'b'", 0),
    ("options", "{a: {choices: [b], default: c}}", "default of option 'a' is none of its choices", 0),
    ("options", "{a: {choices: [b]}}", "options.a needs 'default'", 0),
    ("options", "{a: {choices: [b c], default: b}}", "'b c', not a word", 0),
    ("options", "{a: {choices: [b], default: b}}\nmacros: {abc: {value: 1, when: option a == d}}", "no choice 'd'", 1),
    ("trees", "{}\nversion: 2", "already on line", 1),
    ("trees", "{a: {archive: 'a b'}}", "'a b', not a name or pattern without blanks", 0),
    ("trees", "{a: {archive: b, source: -1}}", "trees.a.source is '-1', not a whole number from 0 to 99999", 0),
    ("trees", "{a: {archive: b, source: 1e3}}", "is '1e3', not a whole number", 0),
    ("trees", "{a: {archive: b, package: none}}", "trees: there is no package 'none'", 0),
    ("trees", "{a: {archive: b, macro: abc}}\nmacros: {abc: d}", "the macro 'abc' is defined already", 0),
    (
        "trees",
        "{a: {archive: b, patches: [{file: c, number: 1}, {file: d, number: 1}]}}",
        "number 1 is already that",
        0,
    ),
    ("trees", "{a: {archive: b, patches: [{file: c, number: 1}, {file: c, number: 2}]}}", "c is already patch 1", 0),
    ("trees", "{a: {archive: b, patches: [{file: c/d, number: 1}]}}", "'c/d', not the name of a file", 0),
    ("trees", "{a: {archive: b, patches: [{file: c}]}}", "trees.a.patches entry needs 'number'", 0),
    ("trees", "{a: {archive: b, patches: [{file: c, number: 1, when: x ==}]}}", "expected a whole number", 0),
    ("trees", "{a: {archive: b, patches: [{file: c, number: 1, external: yes}]}}", "'yes', not true or false", 0),
    ("trees", "{a: {archive: b, checkout: {url: c}}}", "trees.a.checkout needs 'revision'", 0),
    ("trees", "{a: {archive: b, checkout: c}}", "trees.a.checkout is a map (known keys: revision, url, version)", 0),
    ("sources", "{x: a}", "a key of sources is 'x', not a whole number", 0),
    ("sources", "{1: a, '01': b}", "sources has '1' twice", 0),
    ("sources", "{0: other.txt}", "source number 0 is already that of sample-1.0.tar.gz", 0),
    ("sources", "{1: none.txt}", "the source none.txt is nowhere", 0),
    ("service", "{mode: by-hand}", "'by-hand', which is none of: manual, buildtime", 0),
    ("requires", "[{dependency: }]", "requires entry.dependency is empty", 0),
    ("requires", "[{dependency: a, for: always}]", "'always', which is none of: pre, post", 0),
    ("requires", "[{when: x, then: {a: b}}]", "requires entry has no key 'a'", 0),
    ("requires", "[{when: x, then: a, els: b}]", "no key 'els' (did you mean 'else'?)", 0),
    ("requires", "[{then: a, else: b}]", "'else' without 'when'", 0),
    ("requires", "[{when: {a: b}, then: c}]", "requires.when is a condition, written as text", 0),
    ("requires", "[{when: with x, then: [[a]]}]", "unknown feature 'x'", 0),
    ("requires", "[{when: with x, then: [[a]]}]", "requires entry is a map", 0),
    ("requires", "[{because: [a], then: b}]", "requires.because is one value", 0),
    ("requires", "{a: b}", "requires is a list (write each entry after a dash)", 0),
    ("requires", '["a\\n%description"]', "dependency has several lines", 0),
    ("requires", "['a\\']", "ends in a backslash", 0),
    ("files", "[usr/bin/x]", "'usr/bin/x', not a path", 0),
    ("files", "['%description']", "'%description', not a path", 0),
    ("files", "[{path: /x, attributes: '%prep'}]", "what %files knows before a path", 0),
    ("files", "[{path: /x, mode: 99}]", "'99', not permission bits such as 0644", 0),
    ("files", "[{path: /x, mode: 0o755}]", "'0o755', not permission bits", 0),
    ("packages", "{a b: {summary: c, description: d}}", "a key of packages is 'a b'", 0),
    ("packages", "{a: {summary: c}}", "packages.a needs 'description'", 0),
    ("packages", "{a: {summary: c, description: d, arch: x86_64}}", "'x86_64', which is none of: noarch", 0),
    ("expect", "[{on: x}]", "an expectation says nothing", 0),
    ("expect", "[{present: a, absent: b}]", "says present and absent", 0),
    ("waive", "[{rule: a}]", "waive entry needs 'reason'", 0),
    ("remove", "{a: [b]}", "remove without extends", 0),
    ("nmae", "x", "there is no key 'nmae' (did you mean 'name'?)", 0),
    ("units", "{x: {}}", "'x', not the name of a systemd unit", 0),
    ("units", "{x.socket: {rc: true}}", "units.x.socket: rc is for services", 0),
    ("units", "{x.service: {package: y}}", "units: there is no package 'y'", 0),
    ("units", "{x.service: {}}", "the source x.service is nowhere", 0),
    ("sysconfig", "{x: {}}", "sysconfig.x needs 'variables'", 0),
    ("sysconfig", "{x: {variables: [{name: 1a, description: b}]}}", "not a variable's name", 0),
    ("sysconfig", "{x: {variables: [{name: A, description: b, type: word}]}}", "'word', not a type", 0),
    ("sysconfig", "{x: {path: Etc, variables: []}}", "'Etc', not a path in YaST's editor", 0),
    ("sysconfig", '{x: {variables: [{name: A, description: "b\\nc"}]}}', "not one line", 0),
    (
        "sysconfig",
        "{x: {variables: [{name: A, description: b}, {name: A, description: c}]}}",
        "sysconfig.x: A is there already",
        0,
    ),
    ("accounts", "{x: {groups: [Docker]}}", "'Docker', not an account's name", 0),
    ("accounts", "{x: {users: [{name: a, description: 'b:c'}]}}", "one line without a colon", 0),
    ("accounts", "{x: {users: [{name: a, home: '%{_localstatedir}'}]}}", "an absolute path without macros", 0),
    ("accounts", "{x: {users: [{name: a, subordinate-ids: 5-1}]}}", "the range 5-1 is empty", 0),
    ("accounts", "{x: {groups: [a, a]}}", "there is already a group a", 0),
    ("accounts", "{x: {groups: [a]}, y: {groups: [b]}}", "already has the sysusers.d file of 'x'", 0),
    ("configuration", "{/etc/x: {}}", "neither a file nor a content", 0),
    ("configuration", "{/etc/x: {file: a, content: b}}", "both a file and a content", 0),
    ("configuration", "{etc/x: {content: b}}", "'etc/x', not a path", 0),
    ("directories", "{/x: {mode: rwx}}", "'rwx', not permission bits", 0),
    ("audit-rules", "{x: {}}", "'x', not the name of a rules file", 0),
    ("udev-rules", "{x: {}}", "'x', not the name of a rules file", 0),
    ("completions", "{csh: x}", "completions has no 'csh'", 0),
    ("completions", "{bash: 'a b'}", "'a b', not a name or pattern", 0),
    ("documentation", "{own: {x: {tree: y}}}", "documentation: there is no tree 'y'", 0),
    ("documentation", "{manuals: {source: man, pages: [x]}}", "'x', not a manual page", 0),
    ("twin", "{original: a, replacement: b}", "this package is 'sample', neither 'a' or 'b'", 0),
    ("twin", "{original: sample, replacement: b, without: [c]}", "twin: there is no package 'c'", 0),
]


@pytest.mark.parametrize(
    ("key", "value", "message", "line"), WRONG, ids=[f"{key}-{at}" for at, (key, *_) in enumerate(WRONG)]
)
def test_a_wrong_value_is_said_with_its_line(key, value, message, line):
    kept = [text for text in SMALLEST.splitlines() if not text.startswith(f"{key}:")]
    if key == "trees":
        kept = kept[:-1]
    text = "\n".join([*kept, f"{key}: {value}", ""])
    found = problems(text)
    assert [at for at, said in found if message in said] == [len(kept) + 1 + line], found


def test_everything_at_once():
    text = SMALLEST.replace("license: MIT\n", "licence: MIT\n") + (
        "features: {fast: alwys and, slow: {onn: never}}\n"
        "requires:\n"
        "  - {when: with fsat, then: a}\n"
        "  - [b]\n"
        "packages:\n"
        "  doc:\n"
        "    sumary: c\n"
        "    arch: any\n"
        "units: {x.socket: {rc: true}}\n"
    )  # fmt: skip
    assert problems(text) == [
        (1, "specs/sample/package.yaml:1: the definition needs 'license'"),
        (5, "specs/sample/package.yaml:5: there is no key 'licence' (did you mean 'license'?)"),
        (9, "specs/sample/package.yaml:9: features.slow has no key 'onn' (did you mean 'on'?)"),
        (9, "specs/sample/package.yaml:9: condition 'alwys and': expected a condition after 'and'"),
        (11, "specs/sample/package.yaml:11: condition 'with fsat': unknown feature 'fsat' (did you mean 'fast'?)"),
        (12, "specs/sample/package.yaml:12: requires entry is a map"),
        (15, "specs/sample/package.yaml:15: packages.doc has no key 'sumary' (did you mean 'summary'?)"),
        (15, "specs/sample/package.yaml:15: packages.doc needs 'summary'"),
        (15, "specs/sample/package.yaml:15: packages.doc needs 'description'"),
        (16, "specs/sample/package.yaml:16: packages.doc.arch is 'any', which is none of: noarch"),
        (17, "specs/sample/package.yaml:17: units.x.socket: rc is for services (leave it out)"),
    ]


def test_what_yaml_does_not_have_comes_with_the_rest():
    assert [line for line, _ in problems("name: &x sample\nname: again\nvresion: 1\n")] == [1, 1, 1, 1, 1, 1, 1, 2, 3]


def test_values_know_their_lines():
    head = load(own_folder("docker"), own_folder).head
    lines = own_folder("docker")["package.yaml"].content.decode().splitlines()
    assert lines[head.trees["engine"].patches[0].origin.line - 1].strip() == "- number: 100"
    assert lines[origin_of(head.license).line - 1] == "license: Apache-2.0"
    assert lines[head.macros["use_vendor"].origin.line - 1] == "  use_vendor:"


def test_an_empty_file():
    assert {message.partition(": ")[2] for _, message in problems("")} == {
        f"the definition needs '{key}'"
        for key in ("name", "version", "summary", "description", "license", "targets", "trees")
    }


def test_no_definition_at_all():
    with pytest.raises(InputError, match=r"there is no package.yaml"):
        load({}, own_folder)


def test_no_changes():
    loaded = load(folder("sample", {"package.yaml": SMALLEST}), own_folder)
    with pytest.raises(InputError, match=r"package.yaml:1: sample.changes is missing"):
        render(loaded)
    assert "has no date" in problems(SMALLEST, {"sample.changes": "nothing\n"})[0][1]


def test_options_are_decided():
    text = SMALLEST + (
        "options: {speed: {choices: [slow, fast], default: slow}}\n"
        "features: {x: {on: option speed == fast}}\n"
        "requires:\n"
        "  - {when: option speed == fast, then: hare, else: tortoise}\n"
        "  - {dependency: grass, when: option speed == fast}\n"
        "  - {dependency: shell, when: option speed == slow}\n"
        "packages:\n"
        "  hare: {summary: a, description: b, when: option speed == fast}\n"
    )  # fmt: skip
    slow = definition(text)
    fast = load(folder("sample", {"package.yaml": text, "sample.changes": CHANGES}), own_folder, {"speed": "fast"})
    assert [item.value.dependency for item in slow.head.requires] == ["tortoise", "shell"]
    assert [item.value.dependency for item in fast.head.requires] == ["hare", "grass"]
    assert not any(item.guard for item in (*slow.head.requires, *fast.head.requires))
    assert (slow.features["x"], fast.features["x"]) == (Constant(False), Constant(True))
    assert (list(slow.head.packages), list(fast.head.packages)) == ([], ["hare"])


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"sped": "slow"}, r"--set sped: there is no such option \(did you mean 'speed'\?\)"),
        ({"speed": "x"}, r"--set speed=x: there is no such choice \(choices: slow, fast\)"),
    ],
)
def test_choices_that_do_not_exist(chosen, message):
    text = SMALLEST + "options: {speed: {choices: [slow, fast], default: slow}}\n"
    with pytest.raises(InputError, match=message):
        load(folder("sample", {"package.yaml": text, "sample.changes": CHANGES}), own_folder, chosen)
    with pytest.raises(InputError, match="there is no such option"):
        load(folder("sample", {"package.yaml": SMALLEST, "sample.changes": CHANGES}), own_folder, chosen)


def test_groups_of_a_conditional_list():
    head = definition(
        SMALLEST + "requires:\n"
        "  - a\n"
        "  - when: suse_version >= 1500\n"
        "    because: New.\n"
        "    then: [b, {when: suse_version >= 1500, then: c, else: never}]\n"
        "    else:\n"
        "      when: not is_opensuse\n"
        "      then: {dependency: d, because: Old.}\n"
        "  - {dependency: e, when: is_opensuse, for: post}\n"
        "suggests: only\n"
    ).head

    def said(item):
        around = [describe(condition) if kept else f"else {describe(condition)}" for condition, kept in item.guard]
        return item.value.dependency, around, item.because

    assert [said(item) for item in head.requires] == [
        ("a", [], ""),
        ("b", ["suse_version >= 1500"], "New."),
        ("c", ["suse_version >= 1500"], ""),
        ("d", ["else suse_version >= 1500", "else is_opensuse"], "Old."),
        ("e", ["is_opensuse"], ""),
    ]
    assert [item.value.dependency for item in head.suggests] == ["only"]


@pytest.mark.parametrize(
    ("name", "content", "line", "message"),
    [
        ("instal.sh", "", 1, "is no source, and no body of a section of this package (did you mean 'install.sh'?)"),
        ("post-docs.sh", "true\n", 1, "did you mean 'post-doc.sh'?"),
        ("build-doc.sh", "true\n", 1, "no body of a section"),
        ("build.sh", "make\n%install\nmake install\n", 2, "%install begins another section here"),
        ("build.sh", b"make\n\xff\n", 2, "this is not UTF-8"),
        ("build.sh", "make\r\n", 1, "a control character"),
        ("post-doc.last.sh", "%files\n", 1, "%files begins another section"),
    ],
)  # fmt: skip
def test_bodies(name, content, line, message):
    text = SMALLEST + "packages: {doc: {summary: a, description: b}}\n"
    ((at, said),) = problems(text, {name: content})
    assert (at, said.startswith(f"specs/sample/{name}:{line}: ")) == (line, True)
    assert message in said


def test_bodies_that_are_fine():
    text = SMALLEST + "packages: {doc: {summary: a, description: b}}\nsources: {1: run.sh}\n"
    files = {
        name: f"# {name}\n" for name in ("prep.sh", "build.sh", "build.last.sh", "post-doc.sh", "run.sh", "check.sh")
    }
    found = spec(text, files)
    assert all(f"# {name}\n" in found for name in files if name != "run.sh")
    assert "%post doc\n# post-doc.sh\n" in found


def test_a_file_that_is_no_mapping_says_that_alone() -> None:
    assert problems("- a\n- b\n") == [
        (1, "specs/sample/package.yaml:1: this file is no mapping (it consists of `key: value` lines)")
    ]


def test_a_text_of_many_macros_ends_at_its_line() -> None:
    macro, archive = "x" * 1000, "%{long}" * 1000
    text = SMALLEST.replace("sample-1.0.tar.gz", f'"{archive}"') + f"macros: {{long: {macro}}}\n"
    ((line, said),) = problems(text)
    assert line == 8
    assert "grows beyond 65,536 characters" in said
