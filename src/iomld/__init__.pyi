# The types of the public names, which `__init__.py` imports only when they are used.
from iomld.library import Finding as Finding
from iomld.library import IomldError as IomldError
from iomld.library import OpenRelease as OpenRelease
from iomld.library import PublishedProject as PublishedProject
from iomld.library import PublishReport as PublishReport
from iomld.library import Record as Record
from iomld.library import Report as Report
from iomld.library import Severity as Severity
from iomld.library import open_release as open_release
from iomld.library import publish as publish
from iomld.library import read as read
from iomld.library import to_graph as to_graph
from iomld.library import validate as validate

__version__: str
