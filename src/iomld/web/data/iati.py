"""The activity of IATI 2.03 about a project, at the address of its document with the suffix `.iati.xml`."""

import io
from datetime import datetime

from fastapi import Request
from starlette.responses import Response

from iomld.browse.view import ReleaseView, license_of, project_document
from iomld.errors import IomldError
from iomld.export.iati import write_iati
from iomld.export.tables import ProjectSource
from iomld.model import IATI_MEDIA_TYPE
from iomld.pipeline.published import project_of
from iomld.web.data.documents import encoded_path
from iomld.web.links import WebLink, link_header
from iomld.web.problems import ProblemError
from iomld.web.releases.request import release_headers, with_release
from iomld.web.responses import answer

IATI_SUFFIX = ".iati.xml"


def iati_response(request: Request, view: ReleaseView, key: str) -> Response:
    """The response with the activity of a project.

    Args:
        request: The request, for its conditions and the release that it chose.
        view: The release.
        key: The key of a project that the release has.

    Raises:
        ProblemError: The record does not state what IATI requires, or the publisher does not report (404).
    """
    quads = project_document(view, key) or ()
    source = ProjectSource(lambda: iter([project_of(quads, key, view.iris)]), dict, view.iris.base)
    output = io.BytesIO()
    try:
        write_iati(source, output)
    except IomldError as error:
        raise ProblemError(404, "no-activity", error.message) from error
    links = [WebLink("alternate", f"{encoded_path('doc', 'project', key)}{with_release(request)}")]
    if license_ := license_of(view, quads):
        links.append(WebLink("license", license_))
    headers = {"Link": link_header(links)} | release_headers(request)
    created = datetime.fromisoformat(view.release.manifest.created)
    return answer(request, output.getvalue(), IATI_MEDIA_TYPE, headers=headers, modified=created)
