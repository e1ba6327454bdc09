"""What every app stands on: scoping, registries, generic views, encryption, jobs, errors."""
