"""What every REST endpoint shares: actor, permissions, pages, one shape of errors."""
