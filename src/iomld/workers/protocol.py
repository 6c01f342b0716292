"""The protocol between a pool and its workers: configuration, packets, and a shared table of running jobs.

Jobs and replies are packets on SOCK_SEQPACKET sockets: a packet arrives whole or not at all, and several workers may
read from one socket. What is too large for a packet is sent in an anonymous file (memfd), whose descriptor accompanies
the packet (SCM_RIGHTS). The table is shared memory; it says which job each worker has, and since when.
"""

import array
import json
import mmap
import os
import socket
import struct
import sys
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import BinaryIO

INLINE_BYTES = 64 * 1024  # largest payload or body in a packet; several packets fit in the default socket buffer
HEAD_BYTES = 16 * 1024  # largest head of an answer

JOB_HEADER = struct.Struct("=QQQ")  # job number, deadline (CLOCK_MONOTONIC, ns), size of the payload
REPLY_HEADER = struct.Struct("=QBIQQ")  # job number, status, size of the head, size of the body, run time (ns)
EXIT_REQUEST = 0  # in place of a job number: the worker that receives it exits; jobs count from 1
EXIT_MEMORY = 70  # exit code of a worker in which Python ran out of memory (sysexits.h: internal fault)

_PACKET_BYTES = REPLY_HEADER.size + HEAD_BYTES + INLINE_BYTES
_ANCILLARY_BYTES = socket.CMSG_SPACE(4)
_WORDS_PER_SLOT = 8  # a cache line for each worker, so that they do not slow each other down
_JOB_WORD, _START_WORD = 0, 1


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """The kind of worker to start.

    Attributes:
        handler: The factory of the handler, as `package.module:name`.
        argument: The argument of the factory; JSON, by convention.
        memory_limit_bytes: Address space that a worker may use in addition to what it has mapped once it is ready.
        max_answer_bytes: Maximum size of the body of an answer.
    """

    handler: str
    argument: str = ""
    memory_limit_bytes: int = 1 << 30
    max_answer_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """The configuration of one worker process, passed to it as JSON.

    Attributes:
        parent: Process id of the pool.
        jobs_fd: Inherited descriptor of the socket with jobs.
        replies_fd: Inherited descriptor of the socket for replies.
        table_fd: Inherited descriptor of the job table.
        slot: Its slot in the job table.
        handler: See `WorkerSpec`, as for the attributes below.
    """

    parent: int
    jobs_fd: int
    replies_fd: int
    table_fd: int
    slot: int
    handler: str
    argument: str
    memory_limit_bytes: int
    max_answer_bytes: int

    def to_json(self) -> str:
        """Write it for the command line."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> "WorkerConfig":
        """Read a configuration that `to_json` wrote."""
        return WorkerConfig(**json.loads(text))


class Status(IntEnum):
    """The status of a reply."""

    READY = 0  # the handler is open; sent once, without a job
    FAILED = 1  # the handler could not be opened; the head says why
    ANSWER = 2
    FAULT = 3  # the request is at fault; the head says how
    SKIPPED = 4  # the deadline had passed before the worker received the job


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer, in memory or, when large, in an open file.

    Attributes:
        fault: Whether the request is at fault; the head then says how.
        head: Bytes in which the handler describes the body or the fault.
        body: The body, unless it is in `file`.
        file: An anonymous file with the body; the owner of the reply must close it.
        size: Size of the body in bytes.
        took_s: Seconds that the handler took.
    """

    fault: bool
    head: bytes
    body: bytes
    file: BinaryIO | None
    size: int
    took_s: float = 0.0

    def read(self) -> bytes:
        """Read the whole body and close the reply."""
        if self.file is None:
            return self.body
        with self.file:
            self.file.seek(0)
            return self.file.read()

    def close(self) -> None:
        """Close the file, if there is one."""
        if self.file is not None:
            self.file.close()


def send_packet(sock: socket.socket, packet: bytes, fd: int | None = None) -> None:
    """Send one packet, with a file descriptor if given.

    Raises:
        BlockingIOError: The socket is non-blocking and full.
    """
    if fd is None:
        sock.send(packet)
    else:
        sock.sendmsg([packet], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])


def receive_packet(sock: socket.socket) -> tuple[bytes, int | None]:
    """Receive a packet and the file descriptor sent with it; an empty packet when the other side has closed.

    Raises:
        BlockingIOError: The socket is non-blocking and empty.
    """
    packet, ancillary, _, _ = sock.recvmsg(_PACKET_BYTES, _ANCILLARY_BYTES, socket.MSG_CMSG_CLOEXEC)
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            return packet, int.from_bytes(data[:4], byteorder=sys.byteorder, signed=True)
    return packet, None


def send_job(sock: socket.socket, number: int, deadline_ns: int, payload: bytes) -> None:
    """Send a job; a large payload is sent in a file.

    Raises:
        BlockingIOError: The socket is non-blocking and full.
    """
    header = JOB_HEADER.pack(number, deadline_ns, len(payload))
    if len(payload) <= INLINE_BYTES:
        send_packet(sock, header + payload)
        return
    fd = os.memfd_create("iomld-job", os.MFD_CLOEXEC)
    with os.fdopen(fd, "wb") as file:
        file.write(payload)
        file.flush()
        send_packet(sock, header, fd)


def unpack_payload(packet: bytes, fd: int | None) -> bytes:
    """The payload of a job packet; its file, if there is one, is read and closed."""
    if fd is None:
        return packet[JOB_HEADER.size :]
    with os.fdopen(fd, "rb") as file:
        file.seek(0)
        return file.read()


def unpack_reply(packet: bytes, fd: int | None) -> tuple[int, Status, Reply]:
    """Job number, status and reply of a packet; the reply owns the file."""
    number, status, head_size, size, took_ns = REPLY_HEADER.unpack_from(packet)
    body_start = REPLY_HEADER.size + head_size
    file = None if fd is None else os.fdopen(fd, "rb")
    head = packet[REPLY_HEADER.size : body_start]
    reply = Reply(status == Status.FAULT, head, packet[body_start:], file, size, took_ns / 1e9)
    return number, Status(status), reply


class JobTable:
    """The running jobs in shared memory: a slot for each worker, with job number (0 for none) and start time.

    A worker writes its own slot and the pool reads it. Each number is written by one aligned store of eight bytes, so a
    reader never sees half of it.
    """

    def __init__(self, fd: int, count: int) -> None:
        """Map the table.

        Args:
            fd: Descriptor from `create_table_file`; the caller closes it.
            count: Number of slots.
        """
        self._memory = mmap.mmap(fd, count * _WORDS_PER_SLOT * 8)
        self._words = memoryview(self._memory).cast("Q")

    def start_job(self, slot: int, job: int, start_ns: int) -> None:
        """Record that the worker of this slot has started a job."""
        self._words[slot * _WORDS_PER_SLOT + _START_WORD] = start_ns
        self._words[slot * _WORDS_PER_SLOT + _JOB_WORD] = job

    def clear(self, slot: int) -> None:
        """Record that the worker of this slot has no job."""
        self._words[slot * _WORDS_PER_SLOT + _JOB_WORD] = 0

    def job(self, slot: int) -> int:
        """Number of the job of this worker, or 0."""
        return self._words[slot * _WORDS_PER_SLOT + _JOB_WORD]

    def start_ns(self, slot: int) -> int:
        """When this worker started its latest job (CLOCK_MONOTONIC, ns)."""
        return self._words[slot * _WORDS_PER_SLOT + _START_WORD]

    def close(self) -> None:
        """Unmap the table."""
        self._words.release()
        self._memory.close()


def create_table_file(count: int) -> int:
    """Create the anonymous file for a table of this many slots; the caller closes the descriptor."""
    fd = os.memfd_create("iomld-slots", os.MFD_CLOEXEC)
    os.ftruncate(fd, count * _WORDS_PER_SLOT * 8)
    return fd
