from hypothesis import given
from hypothesis import strategies as st

from generator.sources.patch import Patch

DIFF = b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"
MAIL = (
    b"""\
From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: =?UTF-8?q?J=C3=BCrgen?= Example <j@example.org>
Date: Tue, 3 Dec 2024 10:00:00 +0100
Subject: [PATCH 2/3] secrets: mount them
 for every RUN

The mounts were missing. See gh#moby/moby#12.

Signed-off-by: Someone <s@example.org>
SUSE-Bugs: bsc#1233819, CVE-2024-1
---
 f | 2 +-
 1 file changed, 1 insertion(+), 1 deletion(-)

diff --git a/f b/f
index 1234567..89abcde 100644
"""
    + DIFF
    + b"-- \n2.46.0\n\n"
)


def test_a_mail_from_git():
    patch = Patch.parse("x.patch", MAIL)
    assert patch.to_bytes() == MAIL
    assert patch.subject == "secrets: mount them for every RUN"
    assert patch.author == "Jürgen Example <j@example.org>"
    assert patch.date == "Tue, 3 Dec 2024 10:00:00 +0100"
    assert [(field.name, field.line) for field in patch.fields] == [("From", 2), ("Date", 3), ("Subject", 4)]
    assert patch.body.startswith("The mounts were missing.")
    assert patch.body.endswith("SUSE-Bugs: bsc#1233819, CVE-2024-1")
    assert [(field.name, field.line) for field in patch.trailers] == [("Signed-off-by", 9), ("SUSE-Bugs", 10)]
    assert patch.values("suse-bugs") == ("bsc#1233819, CVE-2024-1",)
    assert [str(reference) for reference in patch.references] == ["gh#moby/moby#12", "bsc#1233819", "CVE-2024-1"]
    assert [file.path for file in patch.files] == ["b/f"]
    assert patch.diff.trailer == (b"-- \n", b"2.46.0\n", b"\n")
    assert len(patch.header_lines) == 14


def test_fields_as_comments_and_without_a_mail():
    patch = Patch.parse("x", b"# From: A <a@b>\n# Subject: Fix it\n# References: bsc#1 bnc#2\n" + DIFF)
    assert (patch.subject, patch.author, patch.values("References")) == ("Fix it", "A <a@b>", ("bsc#1 bnc#2",))
    plain = Patch.parse("x", b"Fix a leak (bsc#5)\nand another\n\n" + DIFF)
    assert (plain.subject, plain.fields, plain.body) == ("", (), "Fix a leak (bsc#5)\nand another")
    assert [str(reference) for reference in plain.references] == ["bsc#5"]
    bare = Patch.parse("x", DIFF)
    assert (bare.subject, bare.body, bare.header_lines, bare.references) == ("", "", (), ())


def test_a_patch_with_carriage_returns_throughout():
    patch = Patch.parse("x", MAIL.replace(b"\n", b"\r\n"))
    assert patch.to_bytes() == MAIL.replace(b"\n", b"\r\n")
    assert patch.subject == "secrets: mount them for every RUN"
    assert patch.body.endswith("SUSE-Bugs: bsc#1233819, CVE-2024-1")
    assert patch.files[0].carriage_returns


def test_no_diff_at_all():
    patch = Patch.parse("x", b"just text\n")
    assert (patch.files, patch.to_bytes()) == ((), b"just text\n")
    assert Patch.parse("x", b"").to_bytes() == b""


def test_encoded_words_that_cannot_be_decoded_stay():
    patch = Patch.parse("x", b"Subject: =?nonsense?q?abc?= and =?UTF-8?b?%%%?=\n\n" + DIFF)
    assert "abc" in patch.subject
    assert Patch.parse("x", b"Subject: =?UTF-8?b?x?=\n\n" + DIFF).subject


@given(
    st.lists(
        st.sampled_from(
            ["From: a", "Subject: [PATCH] ", "# Date: 1", " more", "", "---", "text: x", "bsc#1", "=?u?q?=?=", "\r"]
        )
    )
)
def test_random_headers(lines):
    raw = "\n".join(lines).encode() + b"\n" + DIFF
    patch = Patch.parse("x", raw)
    assert patch.to_bytes() == raw
    assert len(patch.files) == 1
    numbers = [field.line for field in patch.fields + patch.trailers]
    assert numbers == sorted(set(numbers))
    assert isinstance(patch.subject + patch.author + patch.date + patch.body, str)
    text = patch.header_text
    assert all(text[reference.start : reference.end] == reference.text for reference in patch.references)
