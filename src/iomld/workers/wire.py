"""What travels between the pool and its workers.

Both ways are SOCK_SEQPACKET sockets: a packet arrives whole or not at all, and many workers may read one socket.
What does not fit a packet travels in an anonymous file (memfd), whose descriptor goes along (SCM_RIGHTS).
"""

import array
import os
import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import BinaryIO

INLINE_BYTES = 64 * 1024  # a packet must fit the socket's send buffer (212 992 bytes unless changed) next to others
HEAD_BYTES = 16 * 1024

JOB = struct.Struct("=QQQ")  # number, deadline (CLOCK_MONOTONIC, ns), size of the payload
REPLY = struct.Struct("=QBIQQ")  # number, status, size of the head, size of the body, nanoseconds that it took
LEAVE = 0  # a job of this number asks the worker that takes it to end; jobs count from 1

_PACKET_BYTES = REPLY.size + HEAD_BYTES + INLINE_BYTES
_ANCILLARY_BYTES = socket.CMSG_SPACE(4)


class Status(IntEnum):
    """What a reply tells."""

    READY = 0
    FAILED = 1  # the handler could not be opened; the head says why
    ANSWER = 2
    FAULT = 3  # the one who asked is at fault; the head says how
    SKIPPED = 4  # the deadline had passed before the job was taken


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer, in memory or, when large, in an open file.

    Attributes:
        fault: Whether the one who asked is at fault; the head then says how.
        head: What the handler says about the body.
        body: The body, unless it is in `file`.
        file: An anonymous file with the body; whoever has the reply must close it.
        size: Bytes of the body.
        took_s: Seconds that the worker needed.
    """

    fault: bool
    head: bytes
    body: bytes
    file: BinaryIO | None
    size: int
    took_s: float = 0.0

    def read(self) -> bytes:
        """The whole body; the reply is closed after."""
        if self.file is None:
            return self.body
        with self.file:
            self.file.seek(0)
            return self.file.read()

    def close(self) -> None:
        """Let go of the file, if there is one."""
        if self.file is not None:
            self.file.close()


def send_packet(sock: socket.socket, packet: bytes, fd: int | None = None) -> None:
    """Send one packet, with a file descriptor if given.

    Raises:
        BlockingIOError: The socket does not block, and is full.
    """
    if fd is None:
        sock.send(packet)
    else:
        sock.sendmsg([packet], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])


def receive_packet(sock: socket.socket) -> tuple[bytes, int | None]:
    """One packet and the file descriptor that came with it; an empty packet when the other side has closed.

    Raises:
        BlockingIOError: The socket does not block, and nothing is there.
    """
    packet, ancillary, _, _ = sock.recvmsg(_PACKET_BYTES, _ANCILLARY_BYTES, socket.MSG_CMSG_CLOEXEC)
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            return packet, int.from_bytes(data[:4], byteorder="little" if _LITTLE else "big", signed=True)
    return packet, None


_LITTLE = struct.pack("=H", 1) == struct.pack("<H", 1)


def send_job(sock: socket.socket, number: int, deadline_ns: int, payload: bytes) -> None:
    """Send a job; large payloads travel in a file.

    Raises:
        BlockingIOError: The socket is full.
    """
    head = JOB.pack(number, deadline_ns, len(payload))
    if len(payload) <= INLINE_BYTES:
        send_packet(sock, head + payload)
        return
    fd = os.memfd_create("iomld-job", os.MFD_CLOEXEC)
    with os.fdopen(fd, "wb") as file:
        file.write(payload)
        file.flush()
        send_packet(sock, head, fd)


def unpack_payload(packet: bytes, fd: int | None) -> bytes:
    """The payload of a job packet; closes the file it came in."""
    if fd is None:
        return packet[JOB.size :]
    with os.fdopen(fd, "rb") as file:
        file.seek(0)
        return file.read()


def unpack_reply(packet: bytes, fd: int | None) -> tuple[int, Status, Reply]:
    """Number of the job, status, and the reply, which owns the file."""
    number, status, head_size, size, took_ns = REPLY.unpack_from(packet)
    body_start = REPLY.size + head_size
    file = None if fd is None else os.fdopen(fd, "rb")
    head = packet[REPLY.size : body_start]
    reply = Reply(status == Status.FAULT, head, packet[body_start:], file, size, took_ns / 1e9)
    return number, Status(status), reply
