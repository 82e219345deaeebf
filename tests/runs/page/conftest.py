import pytest


@pytest.fixture(autouse=True)
def few_points():
    """Not here: pages are of as many points as users see."""
