"""A small vocabulary, enough for each rule of linking, and the real one."""

import pytest
from tests.vocabulary import small_vocabulary

from iomld.assets import load_vocabulary
from iomld.link.project import Linker, build_linker
from iomld.vocab import Vocabulary


@pytest.fixture(scope="session")
def small() -> Vocabulary:
    """A vocabulary made by hand."""
    return small_vocabulary()


@pytest.fixture(scope="session")
def linker(small: Vocabulary) -> Linker:
    """The linker of the small vocabulary."""
    return build_linker(small)


@pytest.fixture(scope="session")
def real() -> Vocabulary:
    """The vocabulary that we publish."""
    return load_vocabulary()


@pytest.fixture(scope="session")
def real_linker(real: Vocabulary) -> Linker:
    """The linker of the vocabulary that we publish."""
    return build_linker(real)
