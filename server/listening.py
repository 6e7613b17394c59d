"""The port that a server listens on."""

from __future__ import annotations

import socket


class PortTaken(Exception):
    """The port cannot be had; the message is a sentence for the person who started the server."""


def listen(host: str, port: int) -> socket.socket:
    """The port, taken before anything else is done, so that a second server on it says so at once. 0: any free one."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTaken(f"Cannot listen on {host}, port {port}: {error.strerror}. PORT chooses another one.") from None
    return listening
