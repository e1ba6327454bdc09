"""An app for tests only: it holds their `flush`."""
