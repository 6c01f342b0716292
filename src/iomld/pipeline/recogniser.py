"""The linker's tables as a recogniser for readers of pages without labels."""

from dataclasses import dataclass

from iomld.link.project import Linker

_SCHEMES = (("status", "status"), ("projectType", "type"), ("coverage", "coverage"), ("region", "region"))


@dataclass(frozen=True, slots=True)
class LinkerRecogniser:
    """Asks the linker's tables; see `iomld.read.options.Recogniser`."""

    linker: Linker

    def fields_of(self, line: str) -> tuple[str, ...]:
        """The fields that the line can be the value of; 'Global' is a coverage and a region."""
        return tuple(field for field, scheme in _SCHEMES if self.linker.concepts[scheme].code(line) is not None)

    def are_states(self, line: str) -> bool:
        """Whether the whole line is read as countries."""
        states = self.linker.gazetteer.states(line)
        return bool(states.codes) and not states.leftovers

    def resembles_state(self, line: str) -> bool:
        """Whether the line looks like a mistyped name."""
        return self.linker.gazetteer.resembles(line)
