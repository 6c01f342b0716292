"""iomld: publish, validate and query development-project records as linked data.

As a library it gives what `__all__` names; nothing else is public (`docs/LIBRARY.md`).
"""

import sys
from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"
__all__ = [
    "Finding",
    "IomldError",
    "OpenRelease",
    "PublishReport",
    "PublishedProject",
    "Record",
    "Report",
    "Severity",
    "open_release",
    "publish",
    "read",
    "to_graph",
    "validate",
]


class _Library(ModuleType):
    """This package as a module that imports `iomld.library` when one of its public names is first used.

    Three public functions have the name of a package. Importing `iomld.read` would make that package an attribute of
    this one, in place of the function; so such an attribute is not set. The packages are imported by their full names.
    """

    def __getattr__(self, name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        return getattr(import_module("iomld.library"), name)

    def __setattr__(self, name: str, value: object) -> None:
        if name not in __all__ or not isinstance(value, ModuleType):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return [*__all__, "__version__"]


sys.modules[__name__].__class__ = _Library
