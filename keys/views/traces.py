"""What every page does that takes a secret: leave no trace of it."""

from __future__ import annotations

from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

# Not in a cache, not in an error report.
no_traces = method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
