from __future__ import annotations

import socket
from pathlib import Path

from generator.obs.gateway import Gateway


def test_a_folder_is_served_at_its_address_again_if_that_is_free(tmp_path: Path) -> None:
    with Gateway(tmp_path, 1) as first:
        url = first.url
    with Gateway(tmp_path, 1) as again:
        assert again.url == url
    with socket.create_server(("127.0.0.1", int(url.rpartition(":")[2]))):
        with Gateway(tmp_path, 1) as elsewhere:
            other = elsewhere.url
        assert other != url
    with Gateway(tmp_path, 1) as last:
        assert last.url == other
