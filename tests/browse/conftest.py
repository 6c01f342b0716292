"""An open release with awkward records."""

import pytest
from tests.browse.released import make_release

from iomld.browse.view import ReleaseView, open_view


@pytest.fixture(scope="session")
def view(tmp_path_factory: pytest.TempPathFactory) -> ReleaseView:
    """The small release, open."""
    return open_view(make_release(tmp_path_factory.mktemp("release")))
