"""Random conditions and situations."""

from __future__ import annotations

from hypothesis import strategies as st

from generator.condition import (
    And,
    Architecture,
    Condition,
    Constant,
    Defined,
    Feature,
    Macro,
    Not,
    Option,
    Or,
    Situation,
    String,
)

MACROS = ("suse_version", "sle_version", "is_opensuse", "_fillupdir", "flavour_number")
FEATURES = ("buildx", "suseconnect")
ARCHITECTURES = ("x86_64", "aarch64", "s390x", "ppc64le")
OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
NUMBERS = (0, 1, 1315, 1500, 1600, 1699, 120000, 150000, 150600, 2**31 - 1)
NUMBER_MACROS = tuple(name for name in MACROS if name != "_fillupdir")

literals = st.sampled_from(["", "docker", "docker-stable", "27.4.1_ce", "/var/adm", "a b", "it's", "größer", "1"])

spec_atoms: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Macro, st.sampled_from(NUMBER_MACROS)),
    st.builds(Macro, st.sampled_from(NUMBER_MACROS), st.sampled_from(OPERATORS), st.sampled_from(NUMBERS)),
    st.builds(String, st.sampled_from(["name", "version", "flavour"]), st.sampled_from(OPERATORS[:2]), literals),
    st.builds(Defined, st.sampled_from(MACROS)),
    st.builds(Feature, st.sampled_from(FEATURES)),
    st.builds(
        lambda names: Architecture(tuple(names)),
        st.lists(st.sampled_from(ARCHITECTURES), min_size=1, max_size=3, unique=True),
    ),
    st.builds(Constant, st.booleans()),
)
options: st.SearchStrategy[Condition] = st.builds(
    Option, st.sampled_from(["secrets", "data-root"]), st.sampled_from(["spec", "cli", "engine", "with", "a b"])
)


def trees(leaves: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    """Conditions over these leaves, well formed as the parser makes them."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(lambda parts: And(tuple(parts)), st.lists(inner, min_size=2, max_size=4)),
            st.builds(lambda parts: Or(tuple(parts)), st.lists(inner, min_size=2, max_size=4)),
        ),
        max_leaves=8,
    )


conditions = trees(spec_atoms)
conditions_with_options = trees(st.one_of(spec_atoms, options))
situations = st.builds(
    Situation,
    st.fixed_dictionaries(
        {"name": st.sampled_from(["docker", "docker-stable"]), "version": st.just("27.4.1_ce")},
        optional={
            "suse_version": st.sampled_from(["1315", "1500", "1699", "0", ""]),
            "sle_version": st.sampled_from(["120000", "150600", "0150"]),
            "is_opensuse": st.sampled_from(["1", "0", ""]),
            "flavour": literals,
            "_fillupdir": st.just("/usr/share/fillup-templates"),
        },
    ),
    st.fixed_dictionaries({}, optional={name: st.booleans() for name in FEATURES}),
    st.sampled_from(ARCHITECTURES),
)
