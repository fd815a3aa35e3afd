"""The tree is that of RFC 6962, and a proof leads to its root from the proven entry alone."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artaudit.auditor.registry import merkle

ENTRIES = st.lists(st.binary(max_size=6), min_size=1, max_size=40)
VECTOR = [bytes.fromhex(entry) for entry in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip


def by_definition(entries: list[bytes]) -> bytes:
    """Return the root as the RFC defines it: split at the largest power of two below the size."""
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1 << (len(entries) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + by_definition(entries[:split]) + by_definition(entries[split:])).digest()


@pytest.mark.parametrize(
    ("size", "root"),
    [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ],
)
def test_the_published_vectors_hold(size, root):
    assert merkle.root(VECTOR[:size]).hex() == root


@given(ENTRIES)
def test_the_root_is_that_of_the_definition(entries):
    assert merkle.root(entries) == by_definition(entries)


@given(ENTRIES, st.data())
def test_a_proof_leads_from_its_entry_to_the_root(entries, draw):
    index = draw.draw(st.integers(0, len(entries) - 1))
    proof = merkle.proof(merkle.levels(entries), index)
    assert merkle.root_by(proof, entries[index], index, len(entries)) == merkle.root(entries)
    assert len(proof) <= (len(entries) - 1).bit_length()


@given(ENTRIES, st.data())
def test_no_proof_fits_another_entry_place_or_length(entries, draw):
    index, root = draw.draw(st.integers(0, len(entries) - 1)), merkle.root(entries)
    proof = merkle.proof(merkle.levels(entries), index)
    assert merkle.root_by(proof, entries[index] + b"!", index, len(entries)) != root
    assert merkle.root_by([*proof, root], entries[index], index, len(entries)) is None
    assert merkle.root_by(proof[:-1], entries[index], index, len(entries)) != root or not proof
    for elsewhere in {*range(-1, len(entries) + 1)} - {index}:
        assert merkle.root_by(proof, entries[index] + b"!", elsewhere, len(entries)) != root
