"""What a worker process is told when it starts."""

import json
from dataclasses import asdict, dataclass

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
class Orders:
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
    def from_json(text: str) -> "Orders":
        """The orders that `to_json` wrote."""
        return Orders(**json.loads(text))
