"""What a machine finds out by reading the OpenAPI document and trying everything that it allows."""

import pytest

pytestmark = pytest.mark.slow
