"""Descriptors come after registration, are vouched for by the log, and follow their work out of checks and back."""

import io
import sqlite3

import numpy as np
import pytest
from PIL import Image as Pillow

from artaudit.auditor.registry import Registry
from artaudit.errors import RegistryError
from artaudit.image import decode


@pytest.fixture
def registry(tmp_path):
    buffer = io.BytesIO()
    Pillow.fromarray(np.full((8, 8, 3), 9, np.uint8)).save(buffer, "PNG")
    with Registry(tmp_path / "registry.db") as opened:
        image = decode(buffer.getvalue(), name="a")
        opened.add_work(image, title="t", fingerprints={"pdq": b"p", "keypoints": b""}, preview=b"")
        yield opened


def test_fingerprints_are_read_one_at_a_time(registry):
    assert registry.fingerprint_store.fingerprint(1, "pdq") == b"p"
    assert registry.fingerprint_store.fingerprint(1, "never") == b""


def test_a_work_gets_the_descriptors_of_a_model_once(registry):
    assert registry.fingerprint_store.descriptor(1, "model@0") == b""
    assert registry.fingerprint_store.add_descriptor(1, "model@0", b"numbers", b"sketch")
    assert not registry.fingerprint_store.add_descriptor(1, "model@0", b"others", b"sketch")
    assert registry.fingerprint_store.add_descriptor(1, "model@1", b"others", b"sketch")
    assert registry.fingerprint_store.descriptor(1, "model@0") == b"numbers"
    assert [event.kind for event in registry.events()] == ["register", "describe", "describe"]
    assert registry.verify() == []


def test_descriptors_of_no_work_are_refused(registry):
    with pytest.raises(RegistryError):
        registry.fingerprint_store.add_descriptor(7, "model@0", b"numbers", b"sketch")
    assert registry.verify() == []


def test_sketches_of_withdrawn_works_are_left_out(registry):
    registry.fingerprint_store.add_descriptor(1, "model@0", b"numbers", b"sketch")
    assert list(registry.fingerprint_store.sketches("model@0")) == [(1, b"sketch")]
    registry.withdraw(1, "sold")
    assert list(registry.fingerprint_store.sketches("model@0")) == []
    registry.restore(1, "back")
    assert list(registry.fingerprint_store.sketches("model@0")) == [(1, b"sketch")]


def test_a_changed_descriptor_is_found(registry):
    registry.fingerprint_store.add_descriptor(1, "model@0", b"numbers", b"sketch")
    behind = sqlite3.connect(registry.path)
    [(guard,)] = behind.execute("SELECT sql FROM sqlite_master WHERE name = 'descriptors_no_update'").fetchall()
    behind.executescript(f"DROP TRIGGER descriptors_no_update; UPDATE descriptors SET data = x'00'; {guard};")
    behind.close()
    assert registry.verify() == ["row 1 of descriptors was changed or removed after event 2"]
