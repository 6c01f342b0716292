"""The packets between a pool and its workers, the shared table of jobs, and the configuration of a worker.

What travels between the pool and its workers.

Both ways are SOCK_SEQPACKET sockets: a packet arrives whole or not at all, and many workers may read one socket.
What does not fit a packet travels in an anonymous file (memfd), whose descriptor goes along (SCM_RIGHTS).

A table in shared memory that says which job each worker holds, and since when.

What a worker process is told when it starts.
"""

import array
import json
import mmap
import os
import socket
import struct
from dataclasses import asdict, dataclass
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


_WORDS_PER_SLOT = 8  # a cache line for each worker, so that they do not slow each other down
_JOB, _START = 0, 1


class JobTable:
    """One slot a worker: job number (0 for none) and start (CLOCK_MONOTONIC, ns).

    A worker writes its own slot and the pool reads it. Each word is written by one aligned store of eight bytes,
    so a reader never sees half a number.
    """

    def __init__(self, fd: int, count: int) -> None:
        """Map the table.

        Args:
            fd: An anonymous file of at least the size of the table; stays the caller's.
            count: Number of slots.
        """
        self._memory = mmap.mmap(fd, count * _WORDS_PER_SLOT * 8)
        self._words = memoryview(self._memory).cast("Q")

    def hold(self, slot: int, job: int, start_ns: int) -> None:
        """Write that the worker of this slot holds a job."""
        self._words[slot * _WORDS_PER_SLOT + _START] = start_ns
        self._words[slot * _WORDS_PER_SLOT + _JOB] = job

    def clear(self, slot: int) -> None:
        """Write that the worker of this slot holds none."""
        self._words[slot * _WORDS_PER_SLOT + _JOB] = 0

    def job(self, slot: int) -> int:
        """Number of the job held, or 0."""
        return self._words[slot * _WORDS_PER_SLOT + _JOB]

    def start_ns(self, slot: int) -> int:
        """When the job was taken."""
        return self._words[slot * _WORDS_PER_SLOT + _START]

    def close(self) -> None:
        """Unmap the table."""
        self._words.release()
        self._memory.close()


def job_table_file(count: int) -> int:
    """Make the anonymous file for a table; the descriptor is the caller's."""
    fd = os.memfd_create("iomld-slots", os.MFD_CLOEXEC)
    os.ftruncate(fd, count * _WORDS_PER_SLOT * 8)
    return fd


EXIT_MEMORY = 70  # a worker's exit code when Python itself runs out of memory (sysexits.h: internal fault)


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """What sort of worker to start.

    Attributes:
        handler: Where the handler's factory is: `package.module:name`.
        argument: What the factory is called with, by custom a JSON text.
        memory_limit_bytes: Address space a worker may take beyond what it has mapped once it is ready.
        max_answer_bytes: Largest body of an answer.
    """

    handler: str
    argument: str = ""
    memory_limit_bytes: int = 1 << 30
    max_answer_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """A worker's specification, with the descriptors it inherits and its slot; written as JSON."""

    parent: int
    jobs_fd: int
    replies_fd: int
    slots_fd: int
    slot: int
    handler: str
    argument: str
    memory_limit_bytes: int
    max_answer_bytes: int

    def to_json(self) -> str:
        """As text for a command line."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "WorkerConfig":
        """The orders that `to_json` wrote."""
        return WorkerConfig(**json.loads(text))
